//! The door to SQL: one place where a transaction begins, and it asks in whose name.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mamori_domain::access::Authority;
use uuid::Uuid;

use crate::connection::{AnyConnection, on_each_backend};
use crate::idempotency::{Idempotency, Reply};
use crate::lane::{Lane, Mode, Task, Verdict};
use crate::migration::{self, Schema};
use crate::types::Uid;
use crate::update::update;
use crate::{Error, Kind, postgres, sqlite};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now; the store keeps microseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// Mints ids.
pub trait Ids: Send + Sync {
    /// A new UUIDv7.
    fn mint(&self) -> Uuid;
}

/// The world outside, as far as the store may know it.
#[derive(Clone)]
pub struct Environment {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Mints ids.
    pub ids: Arc<dyn Ids>,
}

/// How the store uses its database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read, on SQLite; the writer is beside them.
    pub readers: usize,
    /// Connections on PostgreSQL.
    pub connections: usize,
    /// How many requests may wait for a connection before more are refused.
    pub queue: usize,
    /// Whether the data is worth nothing, as a sandbox's: then nothing waits for the disk, and a
    /// copy can be kept and put back. SQLite alone can be so.
    pub disposable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 2, connections: 16, queue: 1024, disposable: false }
    }
}

/// In whose name a transaction acts, and for which request.
#[derive(Debug, Clone)]
pub struct Context {
    /// Bounds every statement.
    pub authority: Authority,
    /// The trace id of the request, kept with every change.
    pub trace_id: String,
}

impl Context {
    /// The service itself, for `reason`.
    #[must_use]
    pub fn system(reason: &'static str) -> Self {
        Self { authority: Authority::System(reason), trace_id: String::new() }
    }
}

/// Why a piece of work ended early.
#[derive(Debug)]
pub enum Stop<E> {
    /// The work itself says no; what it wrote is undone.
    Refused(E),
    /// The store failed; what was written is undone.
    Failed(Error),
}

impl<E> Stop<E> {
    /// Somebody else was faster: run the work again, on what is there now.
    #[must_use]
    pub fn again() -> Self {
        Self::Failed(Error::new(Kind::Again))
    }
}

impl<E> From<Error> for Stop<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A database, ready for use from any thread.
#[derive(Clone)]
pub struct Store {
    reads: Lane,
    writes: Lane,
    environment: Environment,
    statements: Statements,
    disposable: bool,
}

/// Counts the statements that were sent to the database.
pub(crate) type Statements = Arc<AtomicU64>;

/// An open transaction, bounded by an authority.
///
/// Every function of `Tx` that touches a tenant's table filters by that authority, so a
/// query without a tenant can't be written from outside.
pub struct Tx<'c> {
    pub(crate) connection: &'c mut AnyConnection,
    pub(crate) context: &'c Context,
    environment: &'c Environment,
}

enum Engine {
    Sqlite(sqlite::File),
    Postgres(Box<postgres::Server>),
}

/// The file that a URL behind `sqlite:` names, with or without two slashes.
fn sqlite_file(path: &str) -> PathBuf {
    PathBuf::from(path.strip_prefix("//").unwrap_or(path))
}

impl Engine {
    /// Reads the URL. An unknown scheme is refused: taking it for a path would leave empty
    /// files behind every slip of the pen.
    fn of(url: &str, counter: &Statements) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("sqlite", path)) => {
                let path = sqlite_file(path);
                sqlite::prepare(&path).map_err(|error| {
                    Error::unavailable(format!("{} can't be opened: {error}", path.display()))
                })?;
                let counter = Arc::clone(counter);
                Ok(Self::Sqlite(sqlite::File { path, counter, disposable: false }))
            }
            Some(("postgres" | "postgresql", _)) => {
                Ok(Self::Postgres(Box::new(postgres::Server::parse(url, counter)?)))
            }
            _ => Err(Error::unavailable("a database URL begins with `sqlite:` or `postgres:`")),
        }
    }

    fn connect(&self) -> Result<AnyConnection, Error> {
        match self {
            Self::Sqlite(file) => file.connect(),
            Self::Postgres(server) => server.connect(),
        }
    }
}

impl Store {
    /// The file of a database URL that names one.
    #[must_use]
    pub fn file(url: &str) -> Option<PathBuf> {
        url.strip_prefix("sqlite:").map(sqlite_file)
    }

    /// What the schema at `url` is, compared with what this binary knows.
    ///
    /// # Errors
    ///
    /// When the database can't be reached.
    pub fn schema(url: &str) -> Result<Schema, Error> {
        let engine = Engine::of(url, &Statements::default())?;
        on_a_thread(move || migration::look(&mut engine.connect()?))
    }

    /// Brings the schema at `url` up to date, one process at a time.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or is newer than this binary, or a step fails.
    pub fn migrate(url: &str) -> Result<Vec<String>, Error> {
        let engine = Engine::of(url, &Statements::default())?;
        on_a_thread(move || migration::run(&mut engine.connect()?))
    }

    /// Opens the database at `url`, which must be up to date, and starts the threads that
    /// own its connections.
    ///
    /// # Errors
    ///
    /// When the URL is not understood or the database can't be opened.
    pub fn open(url: &str, options: &Options, environment: Environment) -> Result<Self, Error> {
        let statements = Statements::default();
        let (writes, reads) = match Engine::of(url, &statements)? {
            Engine::Sqlite(file) => {
                sqlite::start(&sqlite::File { disposable: options.disposable, ..file }, options)?
            }
            Engine::Postgres(_) if options.disposable => {
                return Err(Error::unavailable("only an SQLite database can be disposable"));
            }
            Engine::Postgres(server) => {
                let lane = postgres::start(&server, options);
                (lane.clone(), lane)
            }
        };
        let disposable = options.disposable;
        Ok(Self { reads, writes, environment, statements, disposable })
    }

    /// Whether what is in it is worth nothing.
    pub(crate) const fn is_disposable(&self) -> bool {
        self.disposable
    }

    /// How many statements this store has sent to its database, transaction control included.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Does `work` in one transaction: all of it, or none. When this returns `Ok`, it is on
    /// disk. The work may run more than once, so it touches nothing but its [`Tx`].
    ///
    /// # Errors
    ///
    /// What `work` refuses, or why the database could not do it.
    pub async fn transact<T, E>(
        &self,
        context: Context,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Stop<E>> + Send + 'static,
    ) -> Result<T, Stop<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.send(&self.writes, Mode::Write, context, work).await
    }

    /// Does `work` once for an Idempotency-Key: a retry with the same key is answered with
    /// the first reply, byte for byte, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Store::transact`]; [`Kind::KeyReused`] where the key came with another request,
    /// [`Kind::InFlight`] where the first is still being worked on,
    /// [`Kind::SecretAlreadyShown`] where the first reply held a secret.
    pub async fn transact_once<E>(
        &self,
        context: Context,
        idempotency: Option<Idempotency>,
        work: impl Fn(&mut Tx<'_>) -> Result<Reply, Stop<E>> + Send + 'static,
    ) -> Result<Reply, Stop<E>>
    where
        E: Send + 'static,
    {
        self.transact(context, move |tx| {
            let Some(idempotency) = &idempotency else { return work(tx) };
            if let Some(reply) = tx.claim(idempotency)? {
                return Ok(reply);
            }
            let reply = work(tx)?;
            tx.settle(idempotency, &reply)?;
            Ok(reply)
        })
        .await
    }

    /// Reads with several statements, all of them over one snapshot.
    ///
    /// # Errors
    ///
    /// What `work` refuses, or why the database could not do it.
    pub async fn read<T, E>(
        &self,
        context: Context,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Stop<E>> + Send + 'static,
    ) -> Result<T, Stop<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.send(&self.reads, Mode::Snapshot, context, work).await
    }

    /// Reads with a single statement, which needs no transaction around it.
    ///
    /// # Errors
    ///
    /// What `work` refuses, or why the database could not do it.
    pub async fn read_one<T, E>(
        &self,
        context: Context,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Stop<E>> + Send + 'static,
    ) -> Result<T, Stop<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.send(&self.reads, Mode::Single, context, work).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        let answer = self
            .read_one(Context::system("readiness"), |tx| tx.epoch().map_err(Stop::<()>::from))
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Refused(())) => Err(Error::internal("nothing refuses a ping")),
        }
    }

    async fn send<T, E>(
        &self,
        lane: &Lane,
        mode: Mode,
        context: Context,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Stop<E>> + Send + 'static,
    ) -> Result<T, Stop<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let environment = self.environment.clone();
        let (task, answer) = Task::new(mode, move |connection: &mut AnyConnection| {
            let mut tx = Tx { connection, context: &context, environment: &environment };
            let outcome = work(&mut tx);
            let verdict = match &outcome {
                Ok(_) => Verdict::Keep,
                Err(Stop::Failed(error)) if *error.kind() == Kind::Again => Verdict::Again,
                Err(Stop::Failed(error))
                    if mode == Mode::Single && *error.kind() == Kind::Unavailable =>
                {
                    Verdict::Again
                }
                Err(_) => Verdict::Undo,
            };
            (verdict, outcome)
        });
        lane.push(Box::new(task))?;
        match answer.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Error::internal("the work was dropped").into()),
        }
    }
}

/// Runs what blocks on a thread of its own, away from any async runtime.
fn on_a_thread<T: Send + 'static>(
    body: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let thread = std::thread::spawn(body);
    thread.join().unwrap_or_else(|_| Err(Error::internal("a database thread panicked")))
}

impl Tx<'_> {
    /// The time now, in microseconds, which is what both databases keep.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let now = self.environment.clock.now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// A new id.
    #[must_use]
    pub fn mint(&self) -> Uuid {
        self.environment.ids.mint()
    }

    /// The client whose organizations this transaction may touch.
    pub(crate) fn custodian(&self) -> Result<Uid, Error> {
        match &self.context.authority {
            Authority::Client { client, .. } => Ok(Uid(*client)),
            Authority::System(_) => Err(Error::internal("a tenant's table without a tenant")),
        }
    }

    /// The one organization that this transaction may touch, if it is narrowed to one.
    pub(crate) fn only_organization(&self) -> Option<Uid> {
        match &self.context.authority {
            Authority::Client { organization, .. } => organization.map(Uid),
            Authority::System(_) => None,
        }
    }

    /// Whether this transaction may touch the organization as far as its token goes.
    #[must_use]
    pub fn reaches(&self, organization: Uuid) -> bool {
        self.only_organization().is_none_or(|only| only.0 == organization)
    }

    /// The epoch: raised by every change that other processes must notice within seconds.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn epoch(&mut self) -> Result<i64, Error> {
        use crate::schema::epoch;
        let value = on_each_backend!(self.connection, |conn| epoch::table
            .find(1)
            .select(epoch::value)
            .first(conn))?;
        Ok(value)
    }

    /// Raises the epoch.
    pub(crate) fn raise_epoch(&mut self) -> Result<(), Error> {
        use crate::schema::epoch;
        let raised = epoch::value.eq(epoch::value + 1);
        on_each_backend!(self.connection, |conn| update(epoch::table, epoch::id.eq(1), raised)
            .execute(conn))?;
        Ok(())
    }
}

/// How far a transaction reaches into the tables of tenants.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    /// Whose organizations.
    pub(crate) custodian: Uid,
    /// The one organization, if only one.
    pub(crate) only: Uid,
    /// Whether it is not only one.
    pub(crate) all: bool,
}

impl Tx<'_> {
    /// What was found, or why nothing can be: a client that was disabled a moment ago sees no
    /// row, and must not take that for an absence.
    pub(crate) fn or_disabled<T>(&mut self, found: Option<T>) -> Result<Option<T>, Error> {
        if found.is_none() {
            self.check_enabled()?;
        }
        Ok(found)
    }

    /// Refuses a client that is disabled.
    pub(crate) fn check_enabled(&mut self) -> Result<(), Error> {
        use crate::schema::client;
        let caller = self.custodian()?;
        let enabled: bool =
            on_each_backend!(self.connection, |conn| diesel::select(diesel::dsl::exists(
                client::table.find(caller).filter(client::disabled_at.is_null()).select(client::id)
            ))
            .get_result(conn))?;
        if enabled { Ok(()) } else { Err(Error::new(Kind::ClientDisabled)) }
    }

    /// How far this transaction reaches; nowhere without a tenant.
    pub(crate) fn reach(&self) -> Result<Reach, Error> {
        let custodian = self.custodian()?;
        let only = self.only_organization();
        Ok(Reach { custodian, only: only.unwrap_or(Uid(Uuid::nil())), all: only.is_none() })
    }
}

/// The tenancy of a query: rows of the custodian, within the one organization if the token
/// is narrowed to one, and only while the client is enabled.
macro_rules! visible {
    ($table:ident, $organization:ident, $reach:expr) => {{
        use $crate::schema::client;
        let reach: $crate::door::Reach = $reach;
        let enabled = client::table
            .find(reach.custodian)
            .filter(client::disabled_at.is_null())
            .select(client::id);
        $table::custodian_id
            .eq(reach.custodian)
            .and(
                $table::$organization
                    .eq(reach.only)
                    .or(reach.all.into_sql::<diesel::sql_types::Bool>()),
            )
            .and(diesel::dsl::exists(enabled))
    }};
}
pub(crate) use visible;
