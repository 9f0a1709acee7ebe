//! `mamori mcp`: answer an assistant on standard input and output, until it ends.

use clap::Args;
use mamori::mcp::{Access, assist};
use mamori::{Config, Rendering, RootKey, Service};
use mamori_store::{Options, Schema, Store};
use serde::Deserialize;
use tokio::task::LocalSet;
use uuid::Uuid;

use super::{outside, serve};

#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Only this organization of the client's.
    #[arg(long, value_name = "ID")]
    organization: Option<Uuid>,
}

pub(crate) fn run(command: &Command) -> Result<(), String> {
    // No token of another issuer comes this way, so nobody's keys are fetched.
    let config = Config { trusted_issuers: Vec::new(), ..Config::load()? };
    // To standard error: the other stream is the protocol's.
    serve::log(&config)?;
    let access = access(&config, command.organization)?;
    let store = opened(&config)?;
    // Made by `serve`; to make another here would be to lock the database up.
    let root = RootKey::load(&config.root_key_file()?, false)?;
    let rendering = Rendering::begin(&config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let served = LocalSet::new().block_on(&runtime, async {
        let service = Service::start(config, store, outside::environment(), root, rendering);
        assist(service.await?, access).await
    });
    // A terminal can't be asked to give up a read that waits for a key.
    runtime.shutdown_background();
    served
}

/// The credentials as `mamori client add --json` prints them.
#[derive(Deserialize)]
struct Credentials {
    client_id: Uuid,
    client_secret: String,
}

/// In whose name to ask: by a file, or by the two settings; in nobody's without them.
fn access(config: &Config, organization: Option<Uuid>) -> Result<Option<Access>, String> {
    let file = config.mcp_client_file.as_ref();
    let found = match (file, &config.mcp_client_id, &config.mcp_client_secret) {
        (None, None, None) => None,
        (None, Some(id), Some(secret)) => {
            let told = |error| format!("mcp_client_id (MAMORI_MCP_CLIENT_ID): {error}");
            Some((Uuid::try_parse(id).map_err(told)?, secret.clone()))
        }
        (Some(file), None, None) => {
            let told = |why: String| {
                format!("mcp_client_file (MAMORI_MCP_CLIENT_FILE): {}: {why}", file.display())
            };
            let text = std::fs::read_to_string(file).map_err(|error| told(error.to_string()))?;
            // What a parser says may repeat the secret.
            let read: Credentials = serde_json::from_str(&text)
                .map_err(|_| told("is not JSON with client_id and client_secret".to_owned()))?;
            Some((read.client_id, read.client_secret))
        }
        _ => {
            return Err("give both MAMORI_MCP_CLIENT_ID and MAMORI_MCP_CLIENT_SECRET, or \
                        MAMORI_MCP_CLIENT_FILE alone"
                .to_owned());
        }
    };
    match found {
        None if organization.is_some() => {
            Err("--organization: needs the credentials of its client".to_owned())
        }
        found => Ok(found.map(|(client, secret)| Access { client, secret, organization })),
    }
}

/// Opens the database as it is. It belongs to a `mamori serve` that may be running: an assistant
/// makes none by mistake, wherever it is started, and changes no schema.
fn opened(config: &Config) -> Result<Store, String> {
    let told = |error: mamori_store::Error| format!("database_url (MAMORI_DATABASE_URL): {error}");
    let url = &config.database_url;
    if let Some(file) = Store::file(url).filter(|file| !file.exists()) {
        let file = file.display();
        return Err(format!("database_url (MAMORI_DATABASE_URL): there is no {file}"));
    }
    match Store::schema(url).map_err(told)? {
        Schema::Current => {}
        Schema::New => {
            return Err("the database is newer than this mamori; update mamori".to_owned());
        }
        Schema::Empty | Schema::Old => {
            return Err("the database is not up to date; run `mamori migrate` first".to_owned());
        }
    }
    let options = Options {
        readers: config.sqlite_readers,
        connections: config.postgres_connections,
        ..Options::default()
    };
    Store::open(url, &options, outside::environment()).map_err(told)
}
