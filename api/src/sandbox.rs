//! The sandbox: a service on made data, whose clock can be set and whose data can be put back.
//!
//! It is the same service and the same routes. What is its own is the [`World`] that it reads time
//! and ids from, a database that is worth nothing, and the data in it, which are made through the
//! routes themselves, so that they have passed every check that any client's do.

mod clients;
mod folder;
mod seed;
mod world;

use std::path::Path;
use std::time::Duration;

use actix_web::rt::time::timeout;
use chrono::{DateTime, Utc};
use mamori_store::{Options, Store};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tracing::subscriber::NoSubscriber;

use crate::problem::{Kind, Problem};
use crate::{Config, Rendering, RootKey, Service};
use folder::{Folder, settings};
pub(crate) use world::TIMES;
use world::{SetClock, World};

pub use clients::credentials;

/// The time at which a sandbox starts, unless it is told another; its data end there in any case.
pub const START: &str = "2026-11-24T03:00:00Z";
/// The header that marks every answer of a sandbox.
pub(crate) const MARK: &str = "mamori-sandbox";
/// How long one waits for the requests that are being answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether an operation, by its path as it is routed, does not go through the gate: it changes the
/// world itself, watches the service, or tells what no reset changes.
pub(crate) fn stands_apart(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics" | "/openapi.json" | "/openapi-3.0.json")
        || ["/sandbox/", "/docs/", "/.well-known/"].iter().any(|start| path.starts_with(start))
}

/// What a sandbox has beside the service.
pub(crate) struct Sandbox {
    world: World,
    /// The time at which it started.
    start: DateTime<Utc>,
    /// How many ids were given when it started.
    ids: u64,
    /// Requests go in as readers; whoever changes the world under them goes in alone.
    gate: RwLock<()>,
    _folder: Folder,
}

impl Sandbox {
    pub(crate) fn clock(&self) -> &SetClock {
        &self.world.clock
    }

    /// Waits while the world is changed, and keeps it as it is until what it gives is dropped.
    pub(crate) async fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().await
    }

    async fn alone(&self) -> Result<RwLockWriteGuard<'_, ()>, Problem> {
        let busy = || Problem::new(Kind::Unavailable).header("retry-after", 1);
        timeout(PATIENCE, self.gate.write()).await.map_err(|_| busy())
    }

    /// Sets the clock while no request is being answered.
    ///
    /// # Errors
    ///
    /// 503 where one takes too long.
    pub(crate) async fn set_clock(
        &self,
        service: &Service,
        to: Option<DateTime<Utc>>,
        running: Option<bool>,
    ) -> Result<(), Problem> {
        let _alone = self.alone().await?;
        self.clock().set(to, running);
        service.directory().forget_tokens();
        Ok(())
    }

    /// Puts data, ids and clock back as they were at the start, while no request is being
    /// answered; gives the time to which the clock was set.
    ///
    /// # Errors
    ///
    /// 503 where one takes too long, or the database is away.
    pub(crate) async fn reset(&self, service: &Service) -> Result<DateTime<Utc>, Problem> {
        let _alone = self.alone().await?;
        service.store().put_copy_back().await?;
        self.world.ids.go_on_from(self.ids);
        self.clock().set(Some(self.start), Some(true));
        // What was remembered of clients that are gone again is not believed any more.
        service.follow_epoch().await?;
        Ok(self.start)
    }
}

/// Makes a sandbox in a folder of its own, with its clock at `start`: its database, its clients
/// and its data.
///
/// # Errors
///
/// What is in its way, in words for the operator.
pub async fn start(
    config: &Config,
    folder: &Path,
    start: DateTime<Utc>,
) -> Result<Service, String> {
    let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap_or_default();
    let ([earliest, latest], present) = (TIMES.map(time), time(START));
    if !(earliest..latest).contains(&start) {
        return Err(format!("a sandbox starts between {earliest} and {latest}"));
    }
    // Only from here on is anything touched.
    let config = settings(config, folder)?;
    let folder = Folder::take(folder)?;
    let rendering = Rendering::begin(&config);
    let told = |error: mamori_store::Error| error.to_string();

    // The key that signs is as old as any time that the clock can be set to.
    let world = World::at(earliest);
    Store::migrate(&config.database_url).map_err(told)?;
    let options =
        Options { readers: config.sqlite_readers, disposable: true, ..Options::default() };
    let store = Store::open(&config.database_url, &options, world.environment()).map_err(told)?;
    clients::add(&store, earliest).await?;
    let root = RootKey::load(&config.root_key_file()?, true)?;
    let service =
        Service::start(config, store.clone(), world.environment(), root, rendering).await?;

    {
        // Thousands of requests that nobody sent are no news.
        let _quiet = tracing::subscriber::set_default(NoSubscriber::new());
        seed::seed(&service, &world, present).await?;
    }
    clients::settle(&store).await?;
    store.keep_copy().await.map_err(told)?;
    world.clock.set(Some(start), Some(true));
    let told = |problem: Problem| problem.to_string();
    service.follow_epoch().await.map_err(told)?;
    let ids = world.ids.given();
    service.become_sandbox(Sandbox { world, start, ids, gate: RwLock::new(()), _folder: folder });
    Ok(service)
}
