//! `mamori bank check FILE`.

use std::path::PathBuf;

use clap::Subcommand;
use mamori_domain::question_bank::{library, read};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a question bank, and say where it is malformed.
    Check {
        /// The file, in TOML.
        file: PathBuf,
    },
}

pub(crate) fn run(command: &Command) -> Result<(), String> {
    let Command::Check { file } = command;
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| told(&error))?;
    match read(&text, &library::text) {
        Ok(bank) => {
            let count = bank.questions.len();
            println!("{} {}: {count} questions, nothing amiss", bank.bank, bank.edition);
            Ok(())
        }
        Err(flaws) => {
            let lines = flaws.iter().map(|flaw| told(flaw)).collect::<Vec<_>>();
            Err(lines.join("\n"))
        }
    }
}
