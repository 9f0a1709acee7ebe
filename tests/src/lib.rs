//! The harness: the service in this process, on a database of its own, spoken to over HTTP.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop where it stands"
)]

pub mod cluster;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;

use chrono::{DateTime, Duration, Utc};
use mamori::{Config, Registration, Rendering, RootKey, Service};
use mamori_domain::access::Scopes;
use mamori_store::{Clock, Environment, Ids, Options, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// Runs each test on SQLite and on PostgreSQL, as `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! both_engines {
    ($(fn $name:ident($desk:ident) $body:block)+) => {
        mod sqlite {
            #[allow(unused_imports, reason = "some files need no helper")]
            use super::*;
            $(#[test] fn $name() {
                let $desk = $crate::Desk::sqlite();
                $body
            })+
        }
        mod postgres {
            #[allow(unused_imports, reason = "some files need no helper")]
            use super::*;
            $(#[test] fn $name() {
                let Some($desk) = $crate::Desk::postgres() else { return };
                $body
            })+
        }
    };
}

/// How clients see the service.
const PUBLIC_URL: &str = "http://mamori.test";

/// A clock that stands until it is moved.
pub struct SetClock(Mutex<DateTime<Utc>>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("the clock")
    }
}

impl SetClock {
    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("the clock") += by;
    }
}

/// Ids that go up by one, so that what is recorded can be compared.
#[derive(Default)]
struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn mint(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_unix_timestamp_millis(1_795_489_200_000 + number, &[7; 10]).into_uuid()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, without its trace id: that is random, and may hold any four digits.
    #[must_use]
    pub fn told(&self) -> String {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        let trace = self.json()["trace_id"].as_str().map(ToOwned::to_owned);
        trace.map_or(text.clone(), |trace| text.replace(&trace, ""))
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| {
            panic!("not JSON: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }
}

/// The service, and two administrators that do not see each other's organizations.
pub struct Desk {
    address: SocketAddr,
    /// The clock of the service.
    pub clock: Arc<SetClock>,
    /// The token of the first client.
    pub token: String,
    /// The token of the second client.
    pub stranger: String,
    /// The id and the secret of the first client.
    pub credentials: (Uuid, String),
    /// The id of the second client.
    pub stranger_id: Uuid,
    environment: Environment,
    store: Store,
    config: Config,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
    folder: Arc<TempDir>,
}

impl Desk {
    /// On a new SQLite file.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("mamori.db").display());
        Self::open(&url, folder)
    }

    /// On a new PostgreSQL database; nothing where there is no PostgreSQL.
    #[must_use]
    pub fn postgres() -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let server = cluster::of_this_run()?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let make = format!("CREATE DATABASE {name}");
        let made = Command::new("psql")
            .args(["-q", "-d", &format!("{server}/postgres"), "-c", &make])
            .status();
        assert!(made.expect("psql").success(), "no database could be made");
        Some(Self::open(&format!("{server}/{name}"), TempDir::new().expect("a folder")))
    }

    /// A new database with its two clients, and a service on it.
    fn open(url: &str, folder: TempDir) -> Self {
        let (clock, environment) = Self::world();
        Store::migrate(url).expect("the migrations");
        let store = Self::store(url, &environment);
        let make = |name: &str| {
            let scopes = Scopes::parse("admin").expect("a scope");
            let registration =
                Registration { name: name.to_owned(), scopes, ..Registration::default() };
            let made = registration.make(environment.ids.mint(), environment.clock.now());
            let (client, secret) = made.expect("a client");
            let id = client.id;
            let added = actix_web::rt::System::new().block_on(mamori::add_client(&store, client));
            added.expect("the client is added");
            (id, secret.expect("a secret"))
        };
        let (first, second) = (make("人事ポータル"), make("stranger"));
        let config = Config {
            database_url: url.to_owned(),
            public_url: Some(PUBLIC_URL.to_owned()),
            rate_client: 1_000_000,
            rate_anonymous: 1_000_000,
            rate_failures: 1_000_000,
            ..Config::default()
        };
        let mut desk = Self::start(config, store, environment, clock, Arc::new(folder));
        desk.token = desk.token_of(first.0, &first.1, "");
        desk.stranger = desk.token_of(second.0, &second.1, "");
        desk.credentials = first;
        desk.stranger_id = second.0;
        desk
    }

    /// A sandbox, which has its own clock: `clock` is not the one that it goes by. Its portal is
    /// the first client, its support centre the second.
    #[must_use]
    pub fn sandbox() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("mamori-sandbox");
        let config = Config { public_url: Some(PUBLIC_URL.to_owned()), ..Config::default() };
        let own = config.clone();
        let making = move || async move {
            let start = mamori::sandbox::START.parse().expect("a time");
            mamori::sandbox::start(&own, &path, start).await.expect("the sandbox")
        };
        let (server, store, address, thread) = Self::serve(making);
        let file = folder.path().join("mamori-sandbox/sandbox.db");
        let database_url = format!("sqlite:{}", file.display());
        let (clock, environment) = Self::world();
        let mut desk = Self {
            address,
            clock,
            token: String::new(),
            stranger: String::new(),
            credentials: (Uuid::nil(), String::new()),
            stranger_id: Uuid::nil(),
            environment,
            store,
            config: Config { database_url, ..config },
            server,
            thread: Some(thread),
            folder: Arc::new(folder),
        };
        let known = mamori::sandbox::credentials(PUBLIC_URL);
        let client = |number: usize| {
            let field = |name: &str| known["clients"][number][name].as_str().expect("a text");
            (field("client_id").parse().expect("an id"), field("client_secret").to_owned())
        };
        desk.credentials = client(0);
        desk.token = desk.token_with("");
        let (stranger, secret) = client(1);
        desk.stranger = desk.token_of(stranger, &secret, "");
        desk.stranger_id = stranger;
        desk
    }

    /// A clock that stands at noon in Japan, and ids that count.
    fn world() -> (Arc<SetClock>, Environment) {
        let noon = DateTime::parse_from_rfc3339("2026-11-24T03:00:00Z").expect("a time");
        let clock = Arc::new(SetClock(Mutex::new(noon.with_timezone(&Utc))));
        let standing: Arc<dyn Clock> = clock.clone();
        (clock, Environment { clock: standing, ids: Arc::new(CountedIds::default()) })
    }

    fn store(url: &str, environment: &Environment) -> Store {
        let options = Options { connections: 4, ..Options::default() };
        Store::open(url, &options, environment.clone()).expect("the store")
    }

    /// Another service on the same database, as a second node is: with the same root key and
    /// the same clock, and settings changed by `change`.
    #[must_use]
    pub fn second(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        let store = Self::store(&config.database_url, &self.environment);
        let environment = self.environment.clone();
        let folder = Arc::clone(&self.folder);
        let mut second = Self::start(config, store, environment, Arc::clone(&self.clock), folder);
        second.token.clone_from(&self.token);
        second.stranger.clone_from(&self.stranger);
        second.credentials.clone_from(&self.credentials);
        second.stranger_id = self.stranger_id;
        second
    }

    fn start(
        config: Config,
        store: Store,
        environment: Environment,
        clock: Arc<SetClock>,
        folder: Arc<TempDir>,
    ) -> Self {
        let root = RootKey::load(&folder.path().join("root.key"), true).expect("a root key");
        let own = (config.clone(), store, environment.clone());
        let making = move || async move {
            let (config, store, environment) = own;
            let rendering = Rendering::begin(&config);
            let service = Service::start(config, store, environment, root, rendering).await;
            service.expect("the service")
        };
        let (server, store, address, thread) = Self::serve(making);
        Self {
            address,
            clock,
            token: String::new(),
            stranger: String::new(),
            credentials: (Uuid::nil(), String::new()),
            stranger_id: Uuid::nil(),
            environment,
            store,
            config,
            server,
            thread: Some(thread),
            folder,
        }
    }

    /// Where the database is, for another program.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.config.database_url
    }

    /// The file of the root key, for another program.
    #[must_use]
    pub fn root_key_file(&self) -> std::path::PathBuf {
        self.folder.path().join("root.key")
    }

    /// Serves what is made, on a thread of its own.
    fn serve<F: Future<Output = Service>>(
        making: impl FnOnce() -> F + Send + 'static,
    ) -> (ServerHandle, Store, SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (ready, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let service = making().await;
                let store = service.store().clone();
                let server = mamori::serve(service, listener, 1).expect("the server");
                ready.send((server.handle(), store)).expect("the test waits");
                server.await.expect("the server ends");
            });
        });
        let (server, store) = started.recv().expect("the service starts");
        (server, store, address, thread)
    }

    /// A folder of this desk's own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store beneath the service, for what no client can do.
    #[must_use]
    pub fn beneath(&self) -> &Store {
        &self.store
    }

    /// The rows of a query beneath the service, their columns separated by `|`, by the engine's
    /// own tools.
    #[must_use]
    pub fn sql(&self, query: &str) -> Vec<String> {
        let python = "import sqlite3, sys\n\
            for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):\n    \
            print('|'.join('' if c is None else str(c) for c in row))";
        let url = &self.config.database_url;
        let output = match Store::file(url) {
            Some(file) => {
                Command::new("python3").args(["-c", python]).arg(file).arg(query).output()
            }
            None => Command::new("psql").args(["-At", "-d", url, "-c", query]).output(),
        };
        let output = output.expect("python3 or psql");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
    }

    /// Runs what is async.
    pub fn wait<T>(future: impl Future<Output = T>) -> T {
        actix_web::rt::System::new().block_on(future)
    }

    /// A token of the first client, with more said in the form.
    #[must_use]
    pub fn token_with(&self, form: &str) -> String {
        self.token_of(self.credentials.0, &self.credentials.1, form)
    }

    /// A token of a client by its secret, with more said in the form.
    #[must_use]
    pub fn token_of(&self, id: Uuid, secret: &str, form: &str) -> String {
        let answer = self.ask_for_token(&format!("client_id={id}&client_secret={secret}{form}"));
        answer.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// The answer of the token endpoint to a form, behind its grant type.
    #[must_use]
    pub fn ask_for_token(&self, form: &str) -> Response {
        let form = format!("grant_type=client_credentials&{form}");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.raw("POST", "/oauth/token", &[kind], form.as_bytes())
    }

    /// A request as the first client.
    #[must_use]
    pub fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response {
        self.call_as(&self.token, method, path, headers, body)
    }

    /// A request with this token.
    #[must_use]
    pub fn call_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response {
        let bearer = format!("Bearer {token}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type", "application/json"));
        }
        self.raw(method, path, &all, &bytes)
    }

    /// A request with its length, and else to the letter.
    #[must_use]
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        head.push_str("connection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            let stated = headers
                .iter()
                .any(|(name, _)| matches!(*name, "content-length" | "transfer-encoding"));
            if !stated {
                head.push_str(&format!("content-length: {}\r\n", body.len()));
            }
        }
        head.push_str("\r\n");
        self.send(&[head.as_bytes(), body].concat())
    }

    /// Bytes to the letter, and what comes back until the connection is closed.
    #[must_use]
    pub fn send(&self, bytes: &[u8]) -> Response {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let patience = Some(std::time::Duration::from_secs(20));
        stream.set_read_timeout(patience).expect("a time-out");
        // A refused body may close the connection while it is being sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        parse(&answer)
    }

    /// The address as `Host` and in the origin of the service's own pages.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Registers an organization and gives its id.
    #[must_use]
    pub fn organization(&self, name: &str) -> String {
        let answer = self.call("POST", "/v1/organizations", &[], Some(&json!({"name": name})));
        assert_eq!(answer.status, 201, "{}", answer.json());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Begins a self-check of the edition 4.0 and gives its id.
    #[must_use]
    pub fn assessment(&self, organization: &str) -> String {
        let path = format!("/v1/organizations/{organization}/assessments");
        let body = json!({"question_bank": "self-check", "edition": "4.0"});
        let answer = self.call("POST", &path, &[], Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.json());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// How many statements `work` makes.
    pub fn counting(&self, work: impl FnOnce()) -> u64 {
        let before = self.store.statements();
        work();
        self.store.statements() - before
    }
}

impl Drop for Desk {
    /// Ends the service, and with it its threads and connections.
    fn drop(&mut self) {
        let handle = self.server.clone();
        let stopped = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(handle.stop(false));
        });
        let _ = stopped.join();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn parse(bytes: &[u8]) -> Response {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let chunked =
        headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked { whole(body) } else { body.to_vec() };
    Response { status: status.parse().expect("a number"), headers, body }
}

/// A body that came in chunks.
fn whole(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    panic!("the last chunk is missing")
}
