//! `mamori serve`: set up what is missing, then serve until a signal.

use std::fs::Permissions;
use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use mamori::{Config, LogFormat, Migrate, Registration, Rendering, RootKey, Service};
use mamori_domain::access::{Scope, Scopes};
use mamori_store::{Context, Options, Schema, Stop, Store};
use tracing_subscriber::EnvFilter;

use super::{client, outside};

pub(crate) fn run() -> Result<(), String> {
    let config = Config::load()?;
    log(&config)?;
    let rendering = Rendering::begin(&config);
    // First, so that nothing is set up that could not be used.
    let root = RootKey::load(&config.root_key_file()?, config.is_sqlite())?;
    let store = prepare(&config)?;
    first_client(&config, &store)?;

    let listener = listen(&config)?;
    actix_web::rt::System::new().block_on(async move {
        let environment = outside::environment();
        let service = Service::start(config.clone(), store, environment, root, rendering).await?;
        until_stopped(&config, service, listener).await
    })?;
    tracing::info!("mamori has stopped");
    Ok(())
}

pub(super) fn listen(config: &Config) -> Result<TcpListener, String> {
    TcpListener::bind(config.listen)
        .map_err(|error| format!("can't listen on {} (MAMORI_LISTEN): {error}", config.listen))
}

/// Serves until a signal.
pub(super) async fn until_stopped(
    config: &Config,
    service: Service,
    listener: TcpListener,
) -> Result<(), String> {
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let workers = config.workers.unwrap_or(cores);
    let server = mamori::serve(service.clone(), listener, workers);
    let server = server.map_err(|error| error.to_string())?;
    actix_web::rt::spawn(mamori::stop_at_signal(service, server.handle()));
    let public = config.public_url();
    tracing::info!(%address, "mamori listens on {address}; read {public}/docs/");
    server.await.map_err(|error| error.to_string())
}

pub(super) fn log(config: &Config) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(&config.log).map_err(|error| format!("log (MAMORI_LOG): {error}"))?;
    let pretty = std::io::stderr().is_terminal();
    let format =
        config.log_format.unwrap_or(if pretty { LogFormat::Pretty } else { LogFormat::Json });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match format {
        LogFormat::Pretty => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Where it was, and not what it says: a text that a parser choked on may be in that.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("panicked at {place}");
    }));
    set.map_err(|error| error.to_string())
}

/// Brings the schema up to date where that may be done unasked, and opens the store.
fn prepare(config: &Config) -> Result<Store, String> {
    let told = |error: mamori_store::Error| format!("database_url (MAMORI_DATABASE_URL): {error}");
    let url = &config.database_url;
    let auto = config.is_sqlite() || config.migrate == Migrate::Auto;
    match Store::schema(url).map_err(told)? {
        Schema::Current => {}
        Schema::New => {
            return Err("the database is newer than this mamori; update mamori".to_owned());
        }
        Schema::Old if !auto => {
            return Err("the database schema is older than this mamori: run `mamori migrate`, or \
                        set MAMORI_MIGRATE=auto"
                .to_owned());
        }
        Schema::Empty | Schema::Old => {
            for version in Store::migrate(url).map_err(told)? {
                tracing::info!(version, "applied migration {version}");
            }
        }
    }
    let options = Options {
        readers: config.sqlite_readers,
        connections: config.postgres_connections,
        ..Options::default()
    };
    Store::open(url, &options, outside::environment()).map_err(told)
}

/// Makes a first client where there is none. Its credentials go to a file that only the
/// owner can read, and once to the terminal; never to a log.
fn first_client(config: &Config, store: &Store) -> Result<(), String> {
    let asked = super::on_a_runtime(async {
        let work = |tx: &mut mamori_store::Tx<'_>| Ok::<_, Stop<()>>(tx.has_clients()?);
        store.read_one(Context::system("first client"), work).await.map_err(|stop| match stop {
            Stop::Failed(error) => error.to_string(),
            Stop::Refused(()) => String::new(),
        })
    })?;
    if asked {
        return Ok(());
    }
    let scopes: Scopes = [Scope::Admin].into_iter().collect();
    let (first, secret) = client::made(Registration {
        name: "first client".to_owned(),
        scopes,
        ..Registration::default()
    })?;
    let path = config.first_client_file()?;
    let id = first.id;
    let credentials = serde_json::json!({
        "client_id": id,
        "client_secret": secret,
        "token_url": format!("{}/oauth/token", config.public_url()),
    });
    write_private(&path, &format!("{credentials:#}\n"))?;
    client::store_client(store, first)?;
    tracing::info!("the first client's credentials are in {}", path.display());
    if std::io::stderr().is_terminal() {
        eprintln!("\n  client_id      {id}");
        eprintln!("  client_secret  {}\n", secret.unwrap_or_default());
    }
    Ok(())
}

pub(super) fn write_private(path: &Path, text: &str) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(told)?;
    // The mode above is only for a file that was not there.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(told)?;
    file.write_all(text.as_bytes()).map_err(told)?;
    file.sync_all().map_err(told)
}
