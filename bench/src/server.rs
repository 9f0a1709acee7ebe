//! The built server, and what it stands on: a folder, a database, a client.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use mamori_tests::cluster;
use serde_json::Value;
use tempfile::TempDir;

use crate::http::{self, Answer};

/// How the service calls itself, whatever port it listens on: a token of one process is then
/// good for the ceilings too, which verify it in the same way.
const PUBLIC_URL: &str = "http://127.0.0.1";
/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// A file beside the server.
    Sqlite,
    /// A server of its own.
    Postgres,
}

impl Engine {
    /// Its name, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A throw-away PostgreSQL that syncs as one in production does.
#[derive(Debug)]
pub(crate) struct Cluster {
    url: String,
    postmaster: u32,
    databases: AtomicU32,
}

impl Cluster {
    /// Starts it; nothing where PostgreSQL is not installed.
    pub(crate) fn start() -> Result<Option<Self>, String> {
        // A checkpoint in the middle of a round would hit one side of a pair only.
        let settings = "-c fsync=on -c shared_buffers=256MB -c max_wal_size=8GB \
                        -c checkpoint_timeout=1h";
        let Some(url) = cluster::throw_away(settings) else { return Ok(None) };
        let first_line = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)";
        let postmaster = psql(&format!("{url}/postgres"), first_line)?;
        let postmaster = postmaster.trim().parse().map_err(|_| "no postmaster.pid".to_owned())?;
        Ok(Some(Self { url, postmaster, databases: AtomicU32::new(0) }))
    }

    /// The parent of all of its processes.
    pub(crate) fn postmaster(&self) -> u32 {
        self.postmaster
    }

    /// Makes an empty database and gives its URL.
    fn database(&self) -> Result<String, String> {
        let name = format!("bench_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        psql(&format!("{}/postgres", self.url), &format!("CREATE DATABASE {name}"))?;
        Ok(format!("{}/{name}", self.url))
    }
}

/// One of PostgreSQL's programs, which Debian keeps out of PATH.
pub(crate) fn postgres_program(name: &str) -> PathBuf {
    let found = cluster::programs().map(|folder| folder.join(name)).filter(|path| path.exists());
    found.unwrap_or_else(|| PathBuf::from(name))
}

/// Runs statements and gives their rows as text.
fn psql(url: &str, statements: &str) -> Result<String, String> {
    let mut child = Command::new(postgres_program("psql"))
        .args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-", "-d", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("psql: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(statements.as_bytes()).map_err(|error| format!("psql: {error}"))?;
    }
    let output = child.wait_with_output().map_err(|error| format!("psql: {error}"))?;
    if !output.status.success() {
        return Err(format!("psql refused: {}", statements.get(..200).unwrap_or(statements)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A migrated database with one client of ours, and the folder that goes with it.
pub(crate) struct Site {
    /// The engine of the database.
    pub(crate) engine: Engine,
    /// The database.
    pub(crate) url: String,
    /// The id of our client.
    pub(crate) client: String,
    secret: String,
    mamori: PathBuf,
    folder: TempDir,
}

impl Site {
    /// Makes the database with the program's own commands.
    pub(crate) fn new(
        mamori: &Path,
        engine: Engine,
        cluster: Option<&Cluster>,
    ) -> Result<Self, String> {
        let mut site = Self::empty(mamori, engine, cluster)?;
        site.command(mamori, &["migrate"])?;
        let client = ["client", "add", "--name", "bench", "--admin", "--json"];
        // The highest rate that the command takes, so that no round runs into it.
        let client = [client.as_slice(), &["--rate-limit", "10000000"]].concat();
        let credentials: Value = serde_json::from_slice(&site.command(mamori, &client)?)
            .map_err(|error| format!("`mamori client add --json`: {error}"))?;
        site.client = text_of(&credentials, "client_id")?;
        site.secret = text_of(&credentials, "client_secret")?;
        Ok(site)
    }

    /// A folder and a database with nothing in them, as on the first start.
    pub(crate) fn empty(
        mamori: &Path,
        engine: Engine,
        cluster: Option<&Cluster>,
    ) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| format!("no folder: {error}"))?;
        let url = match (engine, cluster) {
            (Engine::Sqlite, _) => format!("sqlite:{}", folder.path().join("mamori.db").display()),
            (Engine::Postgres, Some(cluster)) => cluster.database()?,
            (Engine::Postgres, None) => return Err("there is no PostgreSQL".to_owned()),
        };
        let key = folder.path().join("root.key");
        fs::write(&key, "5a".repeat(32)).map_err(|error| format!("no root key: {error}"))?;
        let (client, secret) = (String::new(), String::new());
        Ok(Self { engine, url, client, secret, mamori: mamori.to_owned(), folder })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program in the folder, with the settings of this site and no others.
    fn prepared(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("MAMORI_DATABASE_URL", &self.url)
            .env("MAMORI_ROOT_KEY_FILE", self.folder().join("root.key"))
            .env("MAMORI_PUBLIC_URL", PUBLIC_URL)
            .env("MAMORI_RATE_ANONYMOUS", "1000000000");
        command
    }

    /// Runs a program to its end and gives what it printed.
    fn command(&self, program: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.prepared(program, arguments).output();
        let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(format!("{} {}: {told}", program.display(), arguments.join(" ")))
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn serve(&self) -> Result<Process, String> {
        let command = self.prepared(&self.mamori, &["serve"]);
        Process::start(command, &self.folder().join("server.log"), "/healthz")
    }

    /// Starts one of our own ceilings and waits until it answers.
    pub(crate) fn ceiling(&self, arguments: &[&str], ready: &str) -> Result<Process, String> {
        let bench = std::env::current_exe().map_err(|error| error.to_string())?;
        let arguments = [&["ceiling"], arguments].concat();
        let log = self.folder().join(format!("{}.log", arguments.join("-").replace('/', "_")));
        Process::start(self.prepared(&bench, &arguments), &log, ready)
    }

    /// A token of our client.
    pub(crate) fn token(&self, address: SocketAddr) -> Result<String, String> {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.client, self.secret
        );
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let request = http::request("POST", "/oauth/token", &kind, Some(&form));
        text_of(&http::call(address, &request)?.json()?, "access_token")
    }

    /// Runs statements on the database and gives what they select as text, row by row. With
    /// SQLite they are one transaction.
    pub(crate) fn sql(&self, statements: &str) -> Result<String, String> {
        let Some(path) = self.url.strip_prefix("sqlite:") else {
            return psql(&self.url, statements);
        };
        let told = |error: rusqlite::Error| format!("SQLite: {error}");
        let connection = rusqlite::Connection::open(path).map_err(told)?;
        let settings = "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = OFF;";
        connection.execute_batch(settings).map_err(told)?;
        if statements.starts_with("SELECT") {
            return connection.query_row(statements, [], |row| row.get(0)).map_err(told);
        }
        let whole = format!("BEGIN IMMEDIATE;\n{statements};\nCOMMIT;");
        connection.execute_batch(&whole).map_err(told)?;
        // The first commits of a round would have to carry this log into the file.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(told)?;
        Ok(String::new())
    }
}

impl Site {
    /// Runs selections one after another on one connection and throws away what they find.
    pub(crate) fn sql_all(&self, selections: &[String]) -> Result<(), String> {
        let Some(path) = self.url.strip_prefix("sqlite:") else {
            // What is found goes nowhere: a full pipe would stop psql, and psql us.
            let quiet = format!("\\o /dev/null\n{}", selections.join(";\n"));
            return psql(&self.url, &quiet).map(drop);
        };
        let told = |error: rusqlite::Error| format!("SQLite: {error}");
        let connection = rusqlite::Connection::open(path).map_err(told)?;
        for selection in selections {
            let mut statement = connection.prepare(selection).map_err(told)?;
            let mut rows = statement.query([]).map_err(told)?;
            while let Some(row) = rows.next().map_err(told)? {
                let _: Option<String> = row.get(0).map_err(told)?;
            }
        }
        Ok(())
    }
}

/// A text in a JSON object.
pub(crate) fn text_of(value: &Value, name: &str) -> Result<String, String> {
    let text = value.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| format!("there is no {name} in {value}"))
}

/// A running server, ours or a ceiling; it ends with this value.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start to its first good answer.
    pub(crate) started_in: Duration,
}

impl Process {
    fn start(mut command: Command, log: &Path, ready: &str) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{command:?}: {error}", command = log.display());
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = address.map_err(told)?;
        let output = File::create(log).map_err(told)?;
        command
            .env("MAMORI_LISTEN", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output);
        let began = Instant::now();
        let child = command.spawn().map_err(told)?;
        let mut process = Self { child, address, started_in: Duration::ZERO };
        let request = http::request("GET", ready, &[], None);
        loop {
            let answer = http::exchange(address, &request).and_then(|bytes| Answer::read(&bytes));
            if answer.is_ok_and(|answer| answer.status == 200) {
                process.started_in = began.elapsed();
                return Ok(process);
            }
            let ended = process.child.try_wait().map_err(told)?.is_some();
            if ended || began.elapsed() > PATIENCE {
                let log = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{} did not start: {log}", command.get_program().display()));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many statements the server has sent to its database.
    pub(crate) fn statements(&self, token: &str) -> Result<u64, String> {
        let bearer = format!("Bearer {token}");
        let request = http::request("GET", "/metrics", &[("authorization", &bearer)], None);
        let answer = http::call(self.address, &request)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("mamori_db_statements_total "));
        let count = line.and_then(|count| count.trim().parse().ok());
        count.ok_or_else(|| "no mamori_db_statements_total in /metrics".to_owned())
    }

    /// How many statements one request takes: the least of a few tries, since the service
    /// looks at its epoch each second too.
    pub(crate) fn statements_of(&self, token: &str, requests: &[Vec<u8>]) -> Result<u64, String> {
        let mut least = u64::MAX;
        for request in requests {
            let before = self.statements(token)?;
            http::call(self.address, request)?;
            least = least.min(self.statements(token)? - before);
        }
        Ok(least)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing of it is needed any more, its last words neither.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
