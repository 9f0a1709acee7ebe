//! PostgreSQL: one thread a connection, by a driver in pure Rust with rustls.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::Receiver;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;
use crate::connection::AnyConnection;
use crate::door::{Options, Statements};
use crate::lane::{Job, Lane, Mode, Verdict};
use crate::sqlite::spawn;

/// How long a statement may wait for a row that another transaction holds. A retry of a
/// request that is still being worked on is answered 'in flight' after this.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How often a job may run when other transactions get in its way.
const MOST_RUNS: usize = 3;
/// How long a thread waits for work before it ends, with its connection.
const IDLE: Duration = Duration::from_secs(60);

/// Diesel's synchronous connection over the asynchronous driver.
pub(crate) type PgConnection = AsyncConnectionWrapper<AsyncPgConnection, OnThisThread>;

/// Blocks on the runtime of the thread that owns the connection. The driver's own task
/// lives there too, so that a round trip wakes no other thread.
pub(crate) struct OnThisThread;

thread_local! {
    static RUNTIME: std::io::Result<Runtime> =
        Builder::new_current_thread().enable_all().build();
}

impl BlockOn for OnThisThread {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        RUNTIME.with(|runtime| match runtime {
            Ok(runtime) => runtime.block_on(future),
            Err(error) => panic!("no runtime for the database thread: {error}"),
        })
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// Where the server is, and how to speak to it.
#[derive(Clone)]
pub(crate) struct Server {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
    counter: Statements,
}

impl Server {
    /// Reads the URL. Beyond what the driver knows, `sslrootcert=FILE` names the authority
    /// to trust instead of the system's. A certificate is always verified; without
    /// `sslmode`, a local server is spoken to in the clear and any other by TLS alone.
    pub(crate) fn parse(url: &str, counter: &Statements) -> Result<Self, Error> {
        let (url, root) = take_parameter(url, "sslrootcert");
        let (url, mode) = take_parameter(&url, "sslmode");
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|_| Error::unavailable("the PostgreSQL URL can't be read"))?;
        let secure = match mode.as_deref() {
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            None | Some("prefer" | "allow") => !config.get_hosts().iter().all(is_local),
            Some(_) => {
                return Err(Error::unavailable("sslmode is disable, require or verify-full"));
            }
        };
        config.ssl_mode(if secure { SslMode::Require } else { SslMode::Disable });
        config.application_name("mamori").connect_timeout(Duration::from_secs(5));
        let tls = if secure { Some(tls(root.as_deref())?) } else { None };
        Ok(Self { config, tls, counter: Arc::clone(counter) })
    }

    /// Opens a connection, on the thread that will use it.
    pub(crate) fn connect(&self) -> Result<AnyConnection, Error> {
        let opened = OnThisThread.block_on(async {
            match self.tls.clone() {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls).await?;
                    Ok(AsyncPgConnection::try_from_client_and_connection(client, connection).await)
                }
                None => {
                    let (client, connection) = self.config.connect(tokio_postgres::NoTls).await?;
                    Ok(AsyncPgConnection::try_from_client_and_connection(client, connection).await)
                }
            }
        });
        let connection = opened
            .map_err(|error: tokio_postgres::Error| Error::unavailable(plain(&error)))?
            .map_err(|_| Error::unavailable("the server refused its settings"))?;
        let mut connection = AnyConnection::Postgres(connection.into());
        connection.batch(&format!(
            // What went wrong is told apart by its text in English; only a superuser may ask
            // for it, and the others have it from their server, or see 500 for a deadlock.
            "DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false);
             EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
             -- Every query of ours walks one index in its order, whoever asks: a plan for each
             -- value would only cost its planning, and now and then be a worse one.
             SET plan_cache_mode = force_generic_plan;
             SET lock_timeout = {}; SET statement_timeout = 20000;
             SET idle_in_transaction_session_timeout = 30000",
            LOCK_WAIT.as_millis()
        ))?;
        connection.count_statements(Arc::clone(&self.counter));
        Ok(connection)
    }
}

/// The server's reason in its own words, or the driver's; neither repeats the password.
fn plain(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Takes one parameter out of the query of a URL.
fn take_parameter(url: &str, name: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut value = None;
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some((key, found)) if key == name => value = Some(found.replace("%2F", "/")),
            _ => rest.push(pair),
        }
    }
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    (url, value)
}

fn tls(root: Option<&str>) -> Result<MakeRustlsConnect, Error> {
    let mut roots = rustls::RootCertStore::empty();
    let found = match root {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(Path::new(path)).and_then(Iterator::collect);
            read.map_err(|_| Error::unavailable("sslrootcert is not a file of certificates"))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(found);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::unavailable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Opens the lane to the server; a job for which no thread is free starts one.
pub(crate) fn start(server: &Server, options: &Options) -> Lane {
    let (lane, jobs) = Lane::new(options.queue);
    let pool = Pool {
        server: server.clone(),
        jobs,
        most: options.connections.max(1),
        threads: AtomicUsize::new(0),
        idle: AtomicUsize::new(0),
    };
    let pool = Arc::new(pool);
    lane.growing(move || pool.grow())
}

/// The threads behind the lane, each with a connection: as many as there is work for, since one
/// that is held for nothing costs memory here and more of it at the server.
struct Pool {
    server: Server,
    jobs: Receiver<Box<dyn Job>>,
    most: usize,
    threads: AtomicUsize,
    idle: AtomicUsize,
}

impl Pool {
    /// Starts a thread if more jobs wait than threads.
    fn grow(self: &Arc<Self>) {
        let more = |threads| (threads < self.most).then_some(threads + 1);
        if self.jobs.len() <= self.idle.load(Ordering::SeqCst)
            || self.threads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_err()
        {
            return;
        }
        let pool = Arc::clone(self);
        if spawn("postgres", move || pool.work()).is_err() {
            self.threads.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn work(self: Arc<Self>) {
        let mut connection = None;
        loop {
            self.idle.fetch_add(1, Ordering::SeqCst);
            let job = self.jobs.recv_timeout(IDLE);
            self.idle.fetch_sub(1, Ordering::SeqCst);
            // Two jobs may have counted on this one thread.
            self.grow();
            let Ok(mut job) = job else { break };
            if job.abandoned() {
                continue;
            }
            let fate = self.one(&mut connection, job.as_mut());
            if fate.is_err() {
                connection = None;
            }
            job.answer(fate);
        }
        self.threads.fetch_sub(1, Ordering::SeqCst);
        // What came while the last thread went finds another.
        self.grow();
    }

    /// Runs a job. A connection that was lost while it idled shows at its first statement,
    /// when nothing has happened yet, so a new one is tried once.
    fn one(&self, held: &mut Option<AnyConnection>, job: &mut dyn Job) -> Result<(), Error> {
        let idled = held.is_some();
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => self.server.connect()?,
        };
        let mut fate = attempt(&mut connection, job);
        if idled && fate == Err(Attempt::NotBegun) {
            connection = self.server.connect()?;
            fate = attempt(&mut connection, job);
        }
        match fate {
            Ok(()) => {
                *held = Some(connection);
                Ok(())
            }
            Err(_) => Err(Error::unavailable("the connection to the database was lost")),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    NotBegun,
    NotEnded,
}

fn attempt(connection: &mut AnyConnection, job: &mut dyn Job) -> Result<(), Attempt> {
    let begin = match job.mode() {
        Mode::Single => {
            // One statement: if the connection was lost, nothing was answered yet.
            let verdict = job.run(connection);
            return if verdict == Verdict::Again { Err(Attempt::NotBegun) } else { Ok(()) };
        }
        Mode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
    };
    for _ in 0..MOST_RUNS {
        connection.batch(begin).map_err(|_| Attempt::NotBegun)?;
        let verdict = job.run(connection);
        let end = if verdict == Verdict::Keep { "COMMIT" } else { "ROLLBACK" };
        connection.batch(end).map_err(|_| Attempt::NotEnded)?;
        if verdict != Verdict::Again {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_server_is_spoken_to_by_tls_alone() {
        for (url, secure) in [
            ("postgres://u:p@db.example.jp/mamori", true),
            ("postgres://u:p@db.example.jp/mamori?sslmode=disable", false),
            ("postgres://u:p@localhost/mamori", false),
            ("postgres://u:p@127.0.0.1/mamori?sslmode=require", true),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/mamori", false),
        ] {
            let server = Server::parse(url, &Statements::default()).unwrap();
            assert_eq!(server.tls.is_some(), secure, "{url}");
        }
        assert!(Server::parse("postgres://u@db/m?sslmode=maybe", &Statements::default()).is_err());
    }
}
