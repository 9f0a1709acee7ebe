//! `mamori man`: pages of what the command line is declared to be, and of what it does not know.

use std::path::Path;

use chrono::DateTime;
use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use mamori::{Config, Setting};

use super::outside;

/// The sections that nothing in the code declares, as roff.
const WRITTEN: &str = include_str!("manual.roff");

pub(crate) fn run(folder: Option<&Path>) -> Result<(), String> {
    let mut program = super::Cli::command().disable_help_subcommand(true);
    program.build();
    let day = day()?;
    let Some(folder) = folder else { return super::print(&main_page(program, &day)?) };
    write(&program, &day, folder)?;
    std::fs::write(folder.join("mamori.1"), main_page(program, &day)?)
        .map_err(|error| format!("{}: {error}", folder.display()))
}

/// The day that pages are of: that of the build where a package is made, else today.
fn day() -> Result<String, String> {
    let name = "SOURCE_DATE_EPOCH";
    let now = match std::env::var(name) {
        Ok(seconds) => {
            seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        }
        Err(_) => Some(outside::environment().clock.now()),
    };
    let now = now.ok_or_else(|| format!("{name} is no time in seconds"))?;
    Ok(now.format("%Y-%m-%d").to_string())
}

/// One page of each command and of those below it.
fn write(command: &clap::Command, day: &str, folder: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    for below in command.get_subcommands() {
        page(below.clone(), day).generate_to(folder).map_err(told)?;
        write(below, day, folder)?;
    }
    Ok(())
}

fn page(command: clap::Command, day: &str) -> Man {
    let version = env!("CARGO_PKG_VERSION");
    Man::new(command).date(day).source(format!("mamori {version}")).manual("mamori")
}

fn main_page(program: clap::Command, day: &str) -> Result<Vec<u8>, String> {
    let page = page(program, day);
    let mut text = Vec::new();
    let to = &mut text;
    page.render_title(to)
        .and_then(|()| page.render_name_section(to))
        .and_then(|()| page.render_synopsis_section(to))
        .and_then(|()| page.render_description_section(to))
        .and_then(|()| page.render_options_section(to))
        .and_then(|()| page.render_subcommands_section(to))
        .and_then(|()| environment().to_writer(to))
        .map_err(|error| error.to_string())?;
    text.extend_from_slice(WRITTEN.as_bytes());
    Ok(text)
}

/// Every setting, by the name that it has in the environment.
fn environment() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    roff.text(marked(
        "Settings come from the environment, before `mamori.toml`, before the defaults. In the file \
         their names are in lower case and without `MAMORI_`.",
    ));
    let file = "The file to read instead of `mamori.toml` in this folder or the nearest above it; it \
                must be there.";
    entry(&mut roff, vec![bold(Config::FILE)], file);
    for setting in Setting::all() {
        let name = if setting.in_environment {
            vec![bold(setting.variable())]
        } else {
            vec![bold(setting.name), roman(" (only in the file)")]
        };
        let default = setting.default.iter().flat_map(|text| [roman(" ["), bold(text), roman("]")]);
        entry(&mut roff, name.into_iter().chain(default).collect(), setting.about);
    }
    roff
}

fn entry(roff: &mut Roff, name: Vec<Inline>, about: &str) {
    roff.control("TP", []);
    roff.text(name);
    roff.text(marked(about));
}

/// Markdown's `code` in bold.
fn marked(text: &str) -> Vec<Inline> {
    let text = text.replace('\n', " ");
    let part = |(place, part): (usize, &str)| if place % 2 == 0 { roman(part) } else { bold(part) };
    text.split('`').enumerate().map(part).collect()
}
