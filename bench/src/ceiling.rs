//! What the server can't be faster than: its answers without the work behind them.
//!
//! Each runs in a process of its own, this program started anew, so that its CPU time and
//! memory are told apart from the load generator's, as the server's are.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use mamori::{Config, Rendering, RootKey, Service};
use mamori_domain::access::Authority;
use mamori_store::{Clock, Context, Environment, Ids, Options, Stop, Store, Tx};
use serde_json::Value;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::http::Answer;

/// The headers that a handler sets itself; all others are the middleware's.
const OF_THE_HANDLER: [&str; 6] =
    ["etag", "cache-control", "vary", "content-language", "content-encoding", "content-type"];

/// Which ceiling to serve.
#[derive(Debug, Clone, Args)]
pub(crate) struct Arguments {
    /// Whether mamori's middleware is before it.
    middleware: Middleware,
    /// What stands behind it.
    handler: Handler,
    /// A file with the answer to give, head and body.
    #[arg(long)]
    answer: PathBuf,
    /// The client in whose name to select.
    #[arg(long, default_value_t = Uuid::nil())]
    client: Uuid,
}

/// What is around the handler.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Middleware {
    /// Nothing: actix-web alone.
    None,
    /// Nothing, and all of mamori's routes are tried before: what finding a route costs.
    Routes,
    /// All of mamori's.
    Mamori,
}

/// What the handler does.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Handler {
    /// It gives the same bytes.
    Bytes,
    /// It selects a result as mamori does, and gives the same bytes.
    Select,
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

struct TimeOrdered;

impl Ids for TimeOrdered {
    fn mint(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The answer that is given to everybody.
#[derive(Clone)]
struct Same {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Same {
    fn read(path: &PathBuf) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let answer = Answer::read(&fs::read(path).map_err(|error| told(&error))?)?;
        let mut headers = Vec::new();
        for name in OF_THE_HANDLER {
            let Some(value) = answer.header(name) else { continue };
            let value = HeaderValue::from_str(value).map_err(|error| told(&error))?;
            headers.push((HeaderName::from_static(name), value));
        }
        Ok(Self { headers, body: answer.body.into() })
    }

    fn give(&self) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        for header in &self.headers {
            answer.insert_header(header.clone());
        }
        answer.body(self.body.clone())
    }
}

async fn same_bytes(same: Data<Same>) -> HttpResponse {
    same.give()
}

async fn select(
    same: Data<Same>,
    store: Data<Store>,
    by: Data<Uuid>,
    id: web::Path<Uuid>,
) -> HttpResponse {
    let authority = Authority::Client { client: **by, organization: None, actor: None };
    let context = Context { authority, trace_id: "0123456789abcdef0123456789abcdef".to_owned() };
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<()>>(tx.find_result(*id)?);
    match store.read_one(context, work).await {
        Ok(Some(_)) => same.give(),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// Serves routes with actix-web alone.
async fn bare(
    listener: TcpListener,
    workers: usize,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<()> {
    let app = move || App::new().configure(routes.clone());
    HttpServer::new(app).workers(workers).listen(listener)?.run().await
}

/// The paths of mamori's routes, in no order: a path that none of them matches meets them all.
fn paths() -> Result<Vec<String>, String> {
    let document: Value = mamori::openapi::document();
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or("the OpenAPI document has no paths")?;
    Ok(paths.keys().cloned().collect())
}

/// Serves a ceiling on `MAMORI_LISTEN`, set up as the server is, until it is killed.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let config = Config::load()?;
    // As `mamori serve` logs by default where there is no terminal.
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&config.log).map_err(|error| error.to_string())?)
        .with_writer(std::io::stderr)
        .json()
        .flatten_event(true);
    log.try_init().map_err(|error| error.to_string())?;
    let same = Same::read(&arguments.answer)?;
    let options = Options {
        readers: config.sqlite_readers,
        connections: config.postgres_connections,
        ..Options::default()
    };
    let environment = Environment { clock: Arc::new(WallClock), ids: Arc::new(TimeOrdered) };
    let store = Store::open(&config.database_url, &options, environment.clone());
    let store = store.map_err(|error| error.to_string())?;
    let root = RootKey::load(&config.root_key_file()?, false)?;
    let listener = TcpListener::bind(config.listen).map_err(|error| error.to_string())?;
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let (middleware, handler, client) = (arguments.middleware, arguments.handler, arguments.client);
    let reader = store.clone();
    let routes = move |routes: &mut ServiceConfig| {
        routes.app_data(Data::new(same.clone()));
        match handler {
            Handler::Bytes => {
                routes.service(web::resource("/ceiling").route(web::get().to(same_bytes)));
            }
            Handler::Select => {
                routes
                    .app_data(Data::new(reader.clone()))
                    .app_data(Data::new(client))
                    .service(web::resource("/ceiling/{id}").route(web::get().to(select)));
            }
        }
    };
    let served = actix_web::rt::System::new().block_on(async move {
        match middleware {
            Middleware::None => bare(listener, workers, routes).await,
            Middleware::Routes => {
                let before = paths().map_err(std::io::Error::other)?;
                let all = move |config: &mut ServiceConfig| {
                    for path in &before {
                        config.service(web::resource(path).to(HttpResponse::NotFound));
                    }
                    routes(config);
                };
                bare(listener, workers, all).await
            }
            Middleware::Mamori => {
                let rendering = Rendering::begin(&config);
                let service = Service::start(config, store, environment, root, rendering).await;
                let service = service.map_err(std::io::Error::other)?;
                mamori::serve_with(service, listener, workers, routes)?.await
            }
        }
    });
    served.map_err(|error| error.to_string())
}
