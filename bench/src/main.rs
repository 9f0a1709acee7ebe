//! The built server against its ceilings, in one run on one machine.
//!
//! Requests a second mean nothing on another machine, and little on this one an hour later.
//! So each figure stands beside that of a ceiling, which was measured in turn with it: the same
//! bytes without the work, the same statements without the server.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command answers there")]

mod ceiling;
mod durable;
mod http;
mod load;
mod machine;
mod part;
mod report;
mod seed;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};

use part::{Bench, Part};
use report::Report;
use server::{Cluster, Engine};

/// The server's, so that the ceilings have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the built mamori against its ceilings and prints the ratios.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    /// What to measure; everything if nothing is named.
    parts: Vec<Part>,
    /// On which databases.
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// How long a round lasts.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How many rounds are counted, after one that warms up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=99))]
    rounds: u8,
    /// The built server; the one beside this program by default.
    #[arg(long)]
    mamori: Option<PathBuf>,
    #[command(subcommand)]
    inner: Option<Inner>,
}

#[derive(Debug, Subcommand)]
enum Inner {
    /// Serves a ceiling; this program starts itself so.
    #[command(hide = true)]
    Ceiling(ceiling::Arguments),
}

/// Which databases to measure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.inner {
        Some(Inner::Ceiling(arguments)) => ceiling::run(arguments),
        None => measure(&cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(cli: &Cli) -> Result<(), String> {
    let bench = prepare(cli)?;
    println!("{}", headline()?);
    let parts = if cli.parts.is_empty() { Part::value_variants() } else { &cli.parts };
    let mut report = Report::default();
    let mut failures = Vec::new();
    // What the other parts measure takes minutes too; one that fails stops none of them.
    for part in parts {
        let began = Instant::now();
        eprintln!("measuring {part:?} …");
        match bench.run(*part, &mut report) {
            Ok(()) => eprintln!("… took {} s", began.elapsed().as_secs()),
            Err(error) => failures.push(format!("{part:?}: {error}")),
        }
    }
    println!("{}", report.text());
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn prepare(cli: &Cli) -> Result<Bench, String> {
    let beside = std::env::current_exe().map_err(|error| error.to_string())?;
    let mamori = cli.mamori.clone().unwrap_or_else(|| beside.with_file_name("mamori"));
    let mamori = mamori.canonicalize().map_err(|error| {
        format!("{}: {error}; build it with `cargo build --profile dist`", mamori.display())
    })?;
    let mut engines = match cli.engine {
        Engines::Sqlite => vec![Engine::Sqlite],
        Engines::Postgres => vec![Engine::Postgres],
        Engines::Both => vec![Engine::Sqlite, Engine::Postgres],
    };
    let wanted = engines.contains(&Engine::Postgres);
    let cluster = if wanted { Cluster::start()? } else { None };
    if wanted && cluster.is_none() {
        if cli.engine == Engines::Postgres {
            return Err("PostgreSQL was not found".to_owned());
        }
        println!("PostgreSQL WAS NOT FOUND: measured on SQLite alone");
        engines.retain(|engine| *engine == Engine::Sqlite);
    }
    let round = Duration::from_secs(cli.seconds);
    Ok(Bench { mamori, engines, cluster, round, rounds: usize::from(cli.rounds) })
}

/// What the figures below depend on: when, on how many cores, on what a disk.
fn headline() -> Result<String, String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    // Where the databases will be.
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let sync = machine::sync_time(folder.path())?.as_secs_f64() * 1e3;
    let now = chrono::Utc::now().format("%Y-%m-%d %H:%M UTC");
    Ok(format!("{now}, {cores} CPUs, one fdatasync takes {sync:.2} ms"))
}
