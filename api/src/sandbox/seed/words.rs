//! The words that the data is made of.

use serde::Deserialize;

const WORDS: &str = include_str!("../../../content/sandbox.toml");

/// The content of `content/sandbox.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) stems: Vec<Word>,
    pub(super) given_names: Vec<String>,
    pub(super) departments: Vec<String>,
    pub(super) sites: Vec<String>,
    pub(super) large_prefectures: Vec<String>,
    pub(super) industries: Vec<Industry>,
    pub(super) assets: Vec<Asset>,
    pub(super) threats: Vec<Threat>,
    pub(super) treatments: Vec<Treatment>,
}

/// A word and its reading.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Word {
    pub(super) name: String,
    pub(super) kana: String,
}

/// An industry, and how its firms call themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Industry {
    pub(super) code: String,
    pub(super) share: u32,
    pub(super) trades: Vec<Word>,
}

/// An information asset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asset {
    pub(super) category: String,
    pub(super) name: String,
    pub(super) medium: String,
    pub(super) department: String,
    #[serde(default)]
    pub(super) personal: bool,
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(default)]
    pub(super) survival: bool,
    pub(super) ratings: [u8; 3],
    pub(super) retention: Option<String>,
}

/// A threat to a medium.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Threat {
    pub(super) medium: String,
    pub(super) threat: String,
}

/// What is done about a risk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Treatment {
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) reason: Option<String>,
    pub(super) cost: Option<u32>,
}

impl Words {
    /// Reads what is built in.
    ///
    /// # Errors
    ///
    /// What is malformed.
    pub(super) fn embedded() -> Result<Self, String> {
        toml::from_str(WORDS).map_err(|error| format!("sandbox.toml: {error}"))
    }
}

/// One of a list.
///
/// # Errors
///
/// Where the list is empty.
pub(super) fn one_of<'w, T>(rng: &mut fastrand::Rng, list: &'w [T]) -> Result<&'w T, String> {
    rng.choice(list).ok_or_else(|| "sandbox.toml: an empty list".to_owned())
}
