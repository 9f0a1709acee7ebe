//! What every request shares: the store, the keys, the banks, the limits.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use actix_web::rt::time::timeout;
use actix_web::{HttpRequest, web};
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::programme::Programmes;
use mamori_domain::question_bank::Flaw;
use mamori_domain::question_bank::library::Library;
use mamori_domain::readiness::ReadinessTexts;
use mamori_domain::reminder::ReminderTexts;
use mamori_domain::risk;
use mamori_store::{Client, Context, Environment, Error, Stop, Store, Tx};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use crate::auth::caller::Caller;
use crate::auth::directory::{Directory, Known};
use crate::auth::issuer::{Issuers, refresh};
use crate::auth::keyring::{self, Keyring};
use crate::auth::root_key::RootKey;
use crate::auth::token::{Refused, Subject, Verified, verify};
use crate::config::Config;
use crate::document::Documents;
use crate::problem::{Catalogue, Kind, Problem};
use crate::read::cursor::Cursors;
use crate::rim::metrics::Metrics;
use crate::rim::rates::Rates;
use crate::sandbox::Sandbox;

/// The service behind the routes; cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Shared>);

/// How many files are read or written at once; others wait.
const FILES_AT_ONCE: usize = 2;

/// The limits that a request is held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The largest body, in bytes.
    pub(crate) body: usize,
    /// The longest time.
    pub(crate) time: std::time::Duration,
}

struct Shared {
    store: Store,
    environment: Environment,
    root: RootKey,
    config: Config,
    public_url: String,
    library: Library,
    risks: risk::catalogue::Catalogue,
    scheme: Scheme,
    catalogue: Catalogue,
    documents: Documents,
    cursors: Cursors,
    directory: Directory,
    rates: Rates,
    metrics: Metrics,
    keyring: RwLock<Arc<Keyring>>,
    issuers: RwLock<Arc<Issuers>>,
    epoch: AtomicI64,
    issuers_asked_at: AtomicI64,
    /// Files that are read or written now: each takes memory that a request does not.
    files: Arc<Semaphore>,
    stopping: AtomicBool,
    /// Set where this is a sandbox, once its data are made.
    sandbox: OnceLock<Sandbox>,
}

/// What is embedded, and what is served of it, in the making.
///
/// On a thread of its own: beside the opening of the database, and what it frees goes back whole.
pub struct Rendering(JoinHandle<Result<Content, String>>);

/// What is said of SECURITY ACTION.
pub(crate) struct Scheme {
    /// Who accepts which declaration.
    pub(crate) programmes: Programmes,
    /// What readiness is told with.
    pub(crate) readiness: ReadinessTexts,
    /// What reminders are told with.
    pub(crate) reminders: ReminderTexts,
}

struct Content {
    library: Library,
    risks: risk::catalogue::Catalogue,
    scheme: Scheme,
    catalogue: Catalogue,
    documents: Documents,
}

impl Rendering {
    /// Begins to render what the service of this configuration will serve.
    #[must_use]
    pub fn begin(config: &Config) -> Self {
        let public_url = config.public_url();
        Self(std::thread::spawn(move || Content::rendered(&public_url)))
    }

    fn end(self) -> Result<Content, String> {
        self.0.join().map_err(|_| "the documents can't be made".to_owned())?
    }
}

impl Content {
    fn rendered(public_url: &str) -> Result<Self, String> {
        let told =
            |flaws: Vec<Flaw>| flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let library = Library::embedded().map_err(told)?;
        let risks = risk::catalogue::Catalogue::embedded().map_err(told)?;
        let scheme = Scheme {
            programmes: Programmes::embedded().map_err(told)?,
            readiness: ReadinessTexts::embedded().map_err(told)?,
            reminders: ReminderTexts::embedded().map_err(told)?,
        };
        let catalogue = Catalogue::embedded()?;
        let programmes = &scheme.programmes;
        let documents = Documents::render(&library, &risks, programmes, &catalogue, public_url)?;
        Ok(Self { library, risks, scheme, catalogue, documents })
    }
}

impl Service {
    /// Builds the service on an open store, and makes its first signing key if there is
    /// none.
    ///
    /// # Errors
    ///
    /// What is missing or malformed, in words for the operator.
    pub async fn start(
        config: Config,
        store: Store,
        environment: Environment,
        root: RootKey,
        rendering: Rendering,
    ) -> Result<Self, String> {
        let keyring = first_keys(&store, &root).await?;
        let Content { library, risks, scheme, catalogue, documents } = rendering.end()?;
        let service = Self(Arc::new(Shared {
            cursors: Cursors::new(&root.derive("cursors")?),
            directory: Directory::new(),
            rates: Rates::new(&config),
            metrics: Metrics::new()?,
            keyring: RwLock::new(Arc::new(keyring)),
            issuers: RwLock::default(),
            epoch: AtomicI64::new(0),
            issuers_asked_at: AtomicI64::new(0),
            stopping: AtomicBool::new(false),
            sandbox: OnceLock::new(),
            files: Arc::new(Semaphore::new(FILES_AT_ONCE)),
            public_url: config.public_url(),
            store,
            environment,
            root,
            config,
            library,
            risks,
            scheme,
            catalogue,
            documents,
        }));
        service.refresh_issuers().await;
        service.follow_epoch().await.map_err(|problem| problem.to_string())?;
        Ok(service)
    }

    /// The service of a request.
    ///
    /// # Panics
    ///
    /// Where the application was built without one, which [`crate::app`] does not.
    #[expect(clippy::expect_used, reason = "the application always carries its service")]
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request
            .app_data::<web::Data<Self>>()
            .expect("the service of the application")
            .get_ref()
            .clone()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    pub(crate) fn library(&self) -> &Library {
        &self.0.library
    }

    /// What risks are rated by.
    pub(crate) fn risks(&self) -> &risk::catalogue::Catalogue {
        &self.0.risks
    }

    /// What is said of SECURITY ACTION.
    pub(crate) fn scheme(&self) -> &Scheme {
        &self.0.scheme
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.0.documents
    }

    pub(crate) fn cursors(&self) -> &Cursors {
        &self.0.cursors
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The limits of a request to this path.
    pub(crate) fn limits(&self, path: &str) -> Limits {
        let bulk = path.ends_with("/assets/upsert")
            || path == "/v1/risks/evaluate"
            || path == "/v1/declaration-checks/bulk";
        let config = &self.0.config;
        Limits {
            body: match path {
                _ if path.ends_with("/asset-imports") => config.import_limit,
                _ if bulk => config.bulk_limit,
                _ => config.body_limit,
            },
            time: std::time::Duration::from_secs(self.0.config.request_timeout),
        }
    }

    /// Reads or writes a file, away from the threads that answer; the store's own work is not
    /// done here.
    ///
    /// # Errors
    ///
    /// 503 where the files before it take too long.
    pub(crate) async fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let patience = std::time::Duration::from_secs(self.0.config.request_timeout) / 2;
        let permit = timeout(patience, Arc::clone(&self.0.files).acquire_owned()).await;
        let permit = permit.map_err(|_| Problem::new(Kind::Unavailable))?;
        // A thread of its own: when it ends, what it has freed goes back to the system whole.
        let (give, take) = oneshot::channel();
        let thread = std::thread::Builder::new().name("file".to_owned());
        let begun = thread.spawn(move || {
            // The caller may go away; the file is in memory until its work ends.
            let _permit = permit;
            drop(give.send(work()));
        });
        begun.map_err(|_| Problem::new(Kind::Unavailable))?;
        let done = take.await;
        crate::give_memory_back_soon();
        done.map_err(|_| Problem::internal("a file's thread has panicked"))
    }

    /// The time now.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.environment.clock.now()
    }

    /// A new id.
    pub(crate) fn mint(&self) -> Uuid {
        self.0.environment.ids.mint()
    }

    /// The day in Japan.
    pub(crate) fn today(&self) -> NaiveDate {
        self.now().with_timezone(&chrono_tz::Asia::Tokyo).date_naive()
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.0.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.0.issuers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The caller behind a token that was seen before, or what to look the token up by.
    pub(crate) fn remembered(&self, token: &str) -> Result<Arc<Caller>, Unseen> {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let unseen = Unseen { key, epoch: self.0.epoch.load(Ordering::Acquire) };
        let now = self.now().timestamp();
        self.directory().caller(&key, unseen.epoch, now).ok_or(unseen)
    }

    /// The caller behind a token that was not seen before.
    ///
    /// # Errors
    ///
    /// 401 where the token or its client is not good; 503 where the database is away.
    pub(crate) async fn authenticate(
        &self,
        token: &str,
        Unseen { key, epoch }: Unseen,
    ) -> Result<Arc<Caller>, Problem> {
        let now = self.now().timestamp();
        let token_invalid = || Problem::new(Kind::TokenInvalid);
        let verified = verify(token, &self.keyring(), &self.issuers(), self.public_url(), now);
        let verified = verified.map_err(|refused| {
            if refused == Refused::UnknownKey {
                self.refresh_issuers_soon();
            }
            token_invalid()
        })?;
        let actor = verified.subject.actor();
        let client = self.client_of(&verified, epoch).await?.ok_or_else(token_invalid)?;
        let caller = Arc::new(Caller {
            scopes: verified.scopes.narrowed_to(&client.scopes),
            client,
            organization: verified.organization,
            actor,
            expires_at: verified.expires_at,
        });
        self.directory().remember_caller(key, epoch, Arc::clone(&caller));
        Ok(caller)
    }

    async fn client_of(
        &self,
        verified: &Verified,
        epoch: i64,
    ) -> Result<Option<Arc<Known>>, Problem> {
        let found = match &verified.subject {
            Subject::Client(id) => {
                if let Some(known) = self.directory().client(*id, epoch) {
                    return Ok(Some(known));
                }
                let id = *id;
                self.ask(move |tx| tx.find_client(id)).await?
            }
            Subject::Foreign { issuer, subject } => {
                let (issuer, subject) = (issuer.clone(), subject.clone());
                self.ask(move |tx| tx.find_client_by_identity(&issuer, &subject)).await?
            }
        };
        let Some(client) = found.filter(|client| client.disabled_at.is_none()) else {
            return Ok(None);
        };
        let known = Arc::new(Known::from(&client));
        self.directory().remember_client(epoch, Arc::clone(&known));
        Ok(Some(known))
    }

    /// Makes this the service of a sandbox, for good.
    pub(crate) fn become_sandbox(&self, sandbox: Sandbox) {
        let _ = self.0.sandbox.set(sandbox);
    }

    /// The sandbox that this is the service of, if it is one.
    pub(crate) fn sandbox(&self) -> Option<&Sandbox> {
        self.0.sandbox.get()
    }

    /// Says that the service is about to stop: it is no longer ready for more.
    pub(crate) fn stop_soon(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    /// Whether the service is about to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// Whether every trusted issuer's keys are known.
    pub(crate) fn knows_its_issuers(&self) -> bool {
        self.issuers().len() == self.0.config.trusted_issuers.len()
    }

    /// Reads what has no tenant.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let work = move |tx: &mut Tx<'_>| question(tx).map_err(Stop::<Problem>::from);
        Ok(self.0.store.read(Context::system("authentication"), work).await?)
    }

    /// Drops what is remembered if the epoch has moved; to be called every second.
    ///
    /// # Errors
    ///
    /// When the database is away.
    pub async fn follow_epoch(&self) -> Result<(), Problem> {
        let epoch = self
            .0
            .store
            .read_one(Context::system("epoch"), |tx| tx.epoch().map_err(Stop::<Problem>::from))
            .await?;
        if self.0.epoch.load(Ordering::Acquire) == epoch {
            return Ok(());
        }
        let (keys, origins) = self.ask(|tx| Ok((tx.signing_keys()?, tx.listed_origins()?))).await?;
        let keyring = Keyring::open(&self.0.root, &keys).map_err(Problem::internal)?;
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
        self.directory().renew(origins.into_iter().collect());
        self.0.epoch.store(epoch, Ordering::Release);
        Ok(())
    }

    /// Gets the keys of trusted issuers anew, since one of them signed with a key that is not
    /// known here; at most twice a minute, whatever is sent.
    fn refresh_issuers_soon(&self) {
        let now = self.now().timestamp();
        let last = self.0.issuers_asked_at.load(Ordering::Acquire);
        if now - last < 30 {
            return;
        }
        let mine = self.0.issuers_asked_at.compare_exchange(
            last,
            now,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if mine.is_ok() {
            let service = self.clone();
            actix_web::rt::spawn(async move { service.refresh_issuers().await });
        }
    }

    /// Gets the keys of trusted issuers anew; to be called every few minutes.
    pub async fn refresh_issuers(&self) {
        if self.0.config.trusted_issuers.is_empty() {
            return;
        }
        self.0.issuers_asked_at.store(self.now().timestamp(), Ordering::Release);
        let trusted = self.0.config.trusted_issuers.clone();
        let before = self.issuers();
        let fetched = tokio::task::spawn_blocking(move || refresh(&trusted, &before)).await;
        if let Ok(issuers) = fetched {
            *self.0.issuers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(issuers);
        }
    }

    /// Removes what has expired; to be called every few minutes.
    ///
    /// # Errors
    ///
    /// When the database is away.
    pub async fn sweep(&self) -> Result<mamori_store::Sweep, Problem> {
        // Nothing is taken for ended by a sandbox's clock while that is set.
        let _calm = match self.sandbox() {
            Some(sandbox) => Some(sandbox.enter().await),
            None => None,
        };
        let work = |tx: &mut Tx<'_>| tx.sweep().map_err(Stop::<Problem>::from);
        Ok(self.0.store.transact(Context::system("sweep"), work).await?)
    }
}

/// A token that is not remembered: its digest, and the epoch at which it was looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unseen {
    key: [u8; 32],
    epoch: i64,
}

/// The keys of the service; the first is made here.
async fn first_keys(store: &Store, root: &RootKey) -> Result<Keyring, String> {
    let context = || Context::system("first signing key");
    let told = |stop: Stop<String>| match stop {
        Stop::Refused(error) => error,
        Stop::Failed(error) => error.to_string(),
    };
    let root_key = root.clone();
    let work = move |tx: &mut Tx<'_>| {
        let keys = tx.signing_keys()?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        let key = keyring::make(&root_key, tx.now(), true).map_err(Stop::Refused)?;
        tx.add_signing_key(&key, None)?;
        Ok(vec![key])
    };
    let keys = store.transact(context(), work).await.map_err(told)?;
    Keyring::open(root, &keys).map_err(|error| {
        format!("{error}; give this node the root key that the database was set up with")
    })
}

/// Rotates the signing keys: a new one is published now and signs in some minutes; those
/// before it retire when their last token has ended, and stay published until their last
/// attestation has. With `at_once`, for a key that has leaked, the new one signs now, and every
/// token and attestation of those before it ends.
///
/// # Errors
///
/// In words for the operator.
pub async fn rotate_keys(
    store: &Store,
    root: RootKey,
    at_once: bool,
) -> Result<mamori_store::SigningKey, String> {
    let work = move |tx: &mut Tx<'_>| {
        let now = tx.now();
        let key = keyring::make(&root, now, at_once).map_err(Stop::Refused)?;
        let retired = if at_once { now } else { keyring::retire_others(&key) };
        let until = if at_once { now } else { keyring::published_until(retired) };
        tx.add_signing_key(&key, Some((retired, until)))?;
        Ok(key)
    };
    store.transact(Context::system("keys rotate"), work).await.map_err(|stop| match stop {
        Stop::Refused(error) => error,
        Stop::Failed(error) => error.to_string(),
    })
}

/// Adds a client.
///
/// # Errors
///
/// When the database fails.
pub async fn add_client(store: &Store, client: Client) -> Result<(), Error> {
    let work = move |tx: &mut Tx<'_>| tx.add_client(&client).map_err(Stop::<()>::from);
    store.transact(Context::system("client add"), work).await.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Refused(()) => unreachable!("nothing refuses"),
    })
}
