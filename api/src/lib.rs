//! mamori, told over HTTP.
//!
//! A handler does four things and no fifth: it takes the caller, reads the request into
//! domain values, hands one piece of work to the store, and tells the answer.
//! [`route::configure`] is the only list of endpoints; the server and the OpenAPI document
//! are both built from it.

mod answer;
mod attest;
mod auth;
mod config;
mod document;
mod inside;
mod language;
pub mod ledger;
pub mod mcp;
pub mod openapi;
mod problem;
mod read;
mod rim;
mod route;
pub mod sandbox;
mod service;
mod wire;

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use utoipa_actix_web::AppExt;

pub use auth::registration::{Registration, origin};
pub use auth::root_key::RootKey;
pub use auth::secret::{hash as hash_secret, make as make_secret};
pub use config::{Config, LogFormat, Migrate, Networks, Setting, TrustedIssuer};
pub use problem::Problem;
pub use service::{Rendering, Service, add_client, rotate_keys};

/// How often the epoch is looked at.
const EPOCH_EVERY: Duration = Duration::from_secs(1);
/// How often idle buckets are dropped, and missing keys of issuers asked for again.
const TIDY_EVERY: Duration = Duration::from_secs(10);
/// After how many such turns keys of issuers are fetched anew and expired rows removed: five
/// minutes.
const TURNS_BETWEEN_CLEANINGS: u32 = 30;

/// The application: the routes within the rim.
fn app(
    service: Data<Service>,
    more: impl Fn(&mut web::ServiceConfig) + 'static,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .into_utoipa_app()
        .app_data(service)
        .configure(route::configure)
        .into_app()
        .configure(route::docs::configure)
        .configure(more)
        .default_service(web::to(route::fallback::fallback))
        .wrap(from_fn(rim::rim))
}

/// Serves on a listener, with `workers` threads, until it is stopped.
///
/// # Errors
///
/// When the listener can't be used.
pub fn serve(service: Service, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    serve_with(service, listener, workers, |_| {})
}

/// As [`serve`], with more routes within the same rim: what the bench compares with.
///
/// # Errors
///
/// As [`serve`].
pub fn serve_with(
    service: Service,
    listener: TcpListener,
    workers: usize,
    more: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<Server> {
    let stop = service.config().shutdown_timeout;
    actix_web::rt::spawn(follow_epoch(service.clone()));
    actix_web::rt::spawn(keep_house(service.clone()));
    let data = Data::new(service.clone());
    let server = HttpServer::new(move || app(data.clone(), more.clone()))
        .workers(workers)
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(stop)
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(server)
}

/// Stops gracefully at the first signal: no more connections, what runs is finished. A second
/// signal does not wait for it.
pub async fn stop_at_signal(service: Service, server: ServerHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(interrupt), signal(terminate)) else {
        tracing::error!("signals can't be handled");
        return;
    };
    for graceful in [true, false] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!(graceful, "mamori is stopping");
        service.stop_soon();
        actix_web::rt::spawn(server.stop(graceful));
    }
}

/// Follows the epoch, for as long as the service runs.
async fn follow_epoch(service: Service) {
    loop {
        actix_web::rt::time::sleep(EPOCH_EVERY).await;
        if let Err(problem) = service.follow_epoch().await {
            tracing::warn!(%problem, "the epoch can't be followed");
        }
    }
}

/// Lets the allocator return what was freed more than a moment ago. It looks for that only when
/// a large block is freed, which an idle service never does: without this, twice the memory that
/// is used would stay resident after the start.
fn give_memory_back() {
    const LARGE: usize = 640 << 10;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGE)));
}

/// The same once what was just freed has been so for the second that the allocator waits.
fn give_memory_back_soon() {
    actix_web::rt::spawn(async {
        actix_web::rt::time::sleep(Duration::from_millis(1_200)).await;
        give_memory_back();
    });
}

/// Removes what has expired and gets the keys of issuers, for as long as the service runs.
async fn keep_house(service: Service) {
    for turn in 1_u32.. {
        actix_web::rt::time::sleep(TIDY_EVERY).await;
        service.rates().forget_the_idle();
        give_memory_back();
        let usual = turn % TURNS_BETWEEN_CLEANINGS == 0;
        if usual || !service.knows_its_issuers() {
            service.refresh_issuers().await;
        }
        if usual && let Err(problem) = service.sweep().await {
            tracing::warn!(%problem, "what has expired can't be removed");
        }
    }
}
