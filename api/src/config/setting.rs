//! The settings as a manual tells them: made of [`Config`] itself, so that none is missing.

use documented::DocumentedFields;
use serde_json::Value;

use super::Config;

/// What the environment can't say, because it is more than one value.
const FILE_ONLY: &[&str] = &["trusted_issuers"];

/// One of the settings.
#[derive(Debug)]
pub struct Setting {
    /// Its name in `mamori.toml`.
    pub name: &'static str,
    /// What it is, in Markdown.
    pub about: &'static str,
    /// What it is where nobody sets it; nothing where `about` says that.
    pub default: Option<String>,
    /// Whether the environment may give it.
    pub in_environment: bool,
}

impl Setting {
    /// All of them, in the order of [`Config`].
    #[must_use]
    pub fn all() -> Vec<Self> {
        let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
        let names = Config::FIELD_NAMES.iter().zip(Config::FIELD_DOCS);
        let setting = |(name, about): (&&'static str, &&'static str)| Self {
            name,
            about,
            default: defaults.get(name).and_then(told),
            in_environment: !FILE_ONLY.contains(name),
        };
        names.map(setting).collect()
    }

    /// Its name in the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("MAMORI_{}", self.name.to_uppercase())
    }
}

fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use figment::Figment;
    use figment::providers::{Format, Serialized, Toml};

    use super::*;

    #[test]
    fn every_setting_is_there_with_what_it_is_and_its_default() {
        let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
        let Value::Object(fields) = defaults else { panic!("settings are an object") };
        let all = Setting::all();
        assert_eq!(all.len(), fields.len());
        for setting in &all {
            assert!(fields.contains_key(setting.name), "{}", setting.name);
            let told = setting.default.is_some() || setting.about.contains("by default");
            assert!(told, "{}: what is it where nobody sets it?", setting.name);
        }
        let listen = all.iter().find(|setting| setting.name == "listen");
        let listen = listen.map(|setting| (setting.variable(), setting.default.as_deref()));
        assert_eq!(listen, Some(("MAMORI_LISTEN".to_owned(), Some("127.0.0.1:8080"))));
    }

    #[test]
    fn the_readme_has_every_setting() {
        let readme = include_str!("../../../README.md");
        for setting in Setting::all() {
            let name =
                if setting.in_environment { setting.variable() } else { setting.name.to_owned() };
            assert!(readme.contains(&format!("`{name}`")), "{name}");
        }
        assert!(readme.contains(&format!("`{}`", Config::FILE)));
    }

    #[test]
    fn the_packaged_file_has_every_setting_with_its_default() {
        let text = include_str!("../../../packaging/debian/mamori.toml");
        let field = |line: &str| line.starts_with(|first: char| first.is_ascii_lowercase());
        let lines = text.lines().filter_map(|line| match line.strip_prefix('#') {
            Some(line) if field(line) || line.starts_with("[[") || line.starts_with("  ") => {
                Some(line)
            }
            Some(_) => None,
            None => Some(line),
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let config: Config = Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string(&text))
            .extract()
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.check(), Ok(()));
        let (told, table) = (serde_json::json!(config), toml::Table::from_str(&text));
        let table = table.unwrap_or_else(|error| panic!("{error}"));
        for setting in Setting::all() {
            assert!(table.contains_key(setting.name), "{}", setting.name);
            // A service has its database at a place of its own.
            if let (Some(default), true) = (setting.default, setting.name != "database_url") {
                assert_eq!(told.get(setting.name).and_then(super::told), Some(default));
            }
        }
    }
}
