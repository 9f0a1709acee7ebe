//! The command line.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command answers there")]

mod bank;
mod client;
mod completions;
mod health;
mod manual;
mod mcp;
mod outside;
mod sandbox;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mamori::{Config, RootKey};
use mamori_store::{Context, Options, Schema, Stop, Store, Tx};

/// The path of IPA's security guideline for small companies, as an API.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API.
    Serve(sandbox::Sandbox),
    /// Answer an assistant (Model Context Protocol) on standard input and output.
    Mcp(mcp::Command),
    /// Bring the database schema up to date.
    Migrate,
    /// Add, list, rotate and disable clients.
    #[command(subcommand)]
    Client(client::Command),
    /// Rotate the keys that sign tokens.
    #[command(subcommand)]
    Keys(Keys),
    /// Check question banks.
    #[command(subcommand)]
    Bank(bank::Command),
    /// Write the OpenAPI document, in 3.1 and in 3.0.3, or compare it with what is checked in.
    Openapi {
        /// Compare with the files instead of writing them.
        #[arg(long)]
        check: bool,
        /// The folder of `openapi.json` and `openapi-3.0.json`.
        #[arg(long, default_value = "openapi")]
        folder: std::path::PathBuf,
    },
    /// Ask the service at MAMORI_LISTEN whether it can work, as a probe of containers and units.
    Health(health::Ask),
    /// Print what completes mamori's commands in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write that and one of each command into a folder.
    Man {
        /// The folder, which must be there.
        #[arg(long)]
        out: Option<std::path::PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// List the keys that are not retired.
    List,
    /// Publish a new key; it signs in some minutes, and the old ones retire by themselves.
    Rotate {
        /// Sign with the new key at once and end every token of the old ones: for a key that
        /// has leaked.
        #[arg(long)]
        now: bool,
    },
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(asked) if asked.sandbox => asked.run(),
        Command::Serve(_) => serve::run(),
        Command::Mcp(command) => mcp::run(&command),
        Command::Migrate => migrate(),
        Command::Client(command) => client::run(command),
        Command::Keys(Keys::List) => list_keys(),
        Command::Keys(Keys::Rotate { now }) => rotate(now),
        Command::Bank(command) => bank::run(&command),
        Command::Openapi { check, folder } => openapi(check, &folder),
        Command::Health(ask) => health::run(&ask),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { out } => manual::run(out.as_deref()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mamori: {error}");
            ExitCode::FAILURE
        }
    }
}

fn migrate() -> Result<(), String> {
    let config = Config::load()?;
    let done = Store::migrate(&config.database_url).map_err(|error| error.to_string())?;
    if done.is_empty() {
        println!("the schema is up to date");
    }
    for version in done {
        println!("applied {version}");
    }
    Ok(())
}

fn list_keys() -> Result<(), String> {
    let (_, store) = open()?;
    let work = |tx: &mut Tx<'_>| Ok::<_, Stop<()>>(tx.signing_keys()?);
    let keys = on_a_runtime(async {
        let context = Context::system("keys list");
        store.read_one(context, work).await.map_err(|_| "the database is away".to_owned())
    })?;
    for key in keys {
        let end = key.retired_at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339());
        println!("{}  signs from {}  retires {end}", key.kid, key.active_from.to_rfc3339());
    }
    Ok(())
}

fn rotate(at_once: bool) -> Result<(), String> {
    let (config, store) = open()?;
    let root = RootKey::load(&config.root_key_file()?, false)?;
    let key = on_a_runtime(mamori::rotate_keys(&store, root, at_once))?;
    println!("key {} signs from {}", key.kid, key.active_from);
    Ok(())
}

fn openapi(check: bool, folder: &std::path::Path) -> Result<(), String> {
    for (name, text) in ["openapi.json", "openapi-3.0.json"].iter().zip(mamori::openapi::texts()) {
        let file = folder.join(name);
        let told = |error: std::io::Error| format!("{}: {error}", file.display());
        if !check {
            std::fs::write(&file, text).map_err(told)?;
        } else if std::fs::read_to_string(&file).map_err(told)? != text {
            return Err(format!("{} is stale; write it with `mamori openapi`", file.display()));
        }
    }
    Ok(())
}

/// Prints bytes; who reads only the first of them, as `head` does, is no failure.
fn print(bytes: &[u8]) -> Result<(), String> {
    use std::io::{ErrorKind, Write};

    match std::io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Opens the database for a command; it must be up to date, and SQLite is made so.
fn open() -> Result<(Config, Store), String> {
    let config = Config::load()?;
    let url = &config.database_url;
    let told = |error: mamori_store::Error| error.to_string();
    match Store::schema(url).map_err(told)? {
        Schema::Current => {}
        Schema::New => {
            return Err("the database is newer than this mamori; update mamori".to_owned());
        }
        Schema::Empty | Schema::Old if config.is_sqlite() => {
            Store::migrate(url).map_err(told)?;
        }
        Schema::Empty | Schema::Old => {
            return Err("the database is not up to date; run `mamori migrate` first".to_owned());
        }
    }
    let options = Options { readers: 1, connections: 1, ..Options::default() };
    let store = Store::open(url, &options, outside::environment()).map_err(told)?;
    Ok((config, store))
}

fn on_a_runtime<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(future)
}
