//! `mamori completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

pub(crate) fn run(shell: Shell) -> Result<(), String> {
    // First into memory: clap_complete panics where it can't write, as behind `| head`.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::Cli::command(), "mamori", &mut script);
    super::print(&script)
}
