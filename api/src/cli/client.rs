//! `mamori client …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mamori::Registration;
use mamori_domain::access::{Scope, Scopes};
use mamori_store::{Client, ClientIdentity, Context, Stop, Store, Tx};
use uuid::Uuid;

use super::{on_a_runtime, open, outside};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add a client; its secret is printed once.
    Add(Add),
    /// List the clients: id, name, scopes, and whether each is disabled.
    List,
    /// Give a client a new secret and print it once; the old one is good for another day.
    Rotate {
        /// The client's id.
        id: Uuid,
        /// How long the old secret stays good, in seconds.
        #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(i64).range(0..=604_800))]
        overlap: i64,
    },
    /// Disable a client; nothing can be done in its name any more.
    Disable {
        /// The client's id.
        id: Uuid,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The client's name, for people.
    #[arg(long)]
    name: String,
    /// Its scopes, separated by spaces; by default all but `admin`.
    #[arg(long)]
    scope: Option<String>,
    /// The scope `admin`.
    #[arg(long)]
    admin: bool,
    /// A file with its public keys (JWKS), for `private_key_jwt`; then it gets no secret.
    #[arg(long)]
    jwks: Option<PathBuf>,
    /// A web origin that may call in its name; may be given several times.
    #[arg(long)]
    origin: Vec<String>,
    /// A subject of a trusted issuer by which it may come, as ISSUER,SUBJECT; may be given
    /// several times.
    #[arg(long, value_parser = identity)]
    identity: Vec<ClientIdentity>,
    /// Requests a minute, if not the usual.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=10_000_000))]
    rate_limit: Option<i32>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Add(add) => self::add(&add),
        Command::List => list(),
        Command::Rotate { id, overlap } => rotate(id, overlap),
        Command::Disable { id } => change(id, "disabled", |client, now| Client {
            disabled_at: client.disabled_at.or(Some(now)),
            ..client.clone()
        }),
    }
}

fn add(add: &Add) -> Result<(), String> {
    let mut scopes = match add.scope.as_deref().map(Scopes::parse) {
        Some(Ok(scopes)) => scopes,
        Some(Err(word)) => {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            return Err(format!("there is no scope {word}; there are {known}"));
        }
        None => Scopes::default(),
    };
    if add.admin {
        scopes = scopes.iter().chain([Scope::Admin]).collect();
    }
    if scopes.is_empty() {
        // All that a portal does, and nothing of other clients.
        scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::Admin).collect();
    }
    let jwks = add.jwks.as_ref().map(std::fs::read_to_string).transpose();
    let jwks = jwks.map_err(|error| format!("--jwks: {error}"))?;
    let origins = add.origin.iter().map(|text| {
        mamori::origin(text).ok_or_else(|| format!("--origin: {text} is not like https://host"))
    });
    let (_, store) = open()?;
    let (client, secret) = made(Registration {
        name: add.name.clone(),
        scopes,
        origins: origins.collect::<Result<_, _>>()?,
        identities: add.identity.clone(),
        jwks,
        rate_limit: add.rate_limit,
    })?;
    let id = client.id;
    store_client(&store, client)?;
    if add.json {
        println!("{}", serde_json::json!({"client_id": id, "client_secret": secret}));
    } else {
        println!("client_id      {id}");
        println!("client_secret  {}", secret.as_deref().unwrap_or("(none: it has keys)"));
    }
    Ok(())
}

fn identity(text: &str) -> Result<ClientIdentity, String> {
    match text.split_once(',') {
        Some((issuer, subject)) if !issuer.is_empty() && (1..=64).contains(&subject.len()) => {
            Ok(ClientIdentity { issuer: issuer.to_owned(), subject: subject.to_owned() })
        }
        _ => Err("give ISSUER,SUBJECT".to_owned()),
    }
}

/// A new client, and its secret if it has no keys.
pub(crate) fn made(registration: Registration) -> Result<(Client, Option<String>), String> {
    let environment = outside::environment();
    registration.make(environment.ids.mint(), environment.clock.now())
}

fn list() -> Result<(), String> {
    let (_, store) = open()?;
    let mut after = None;
    loop {
        let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<String>>(tx.list_clients(after, 200)?);
        let page = on_a_runtime(async {
            store.read(Context::system("client list"), work).await.map_err(told)
        })?;
        for client in &page.items {
            let state = if client.disabled_at.is_some() { "disabled" } else { "enabled" };
            println!("{}  {state:8}  {}  [{}]", client.id, client.name, client.scopes);
        }
        if page.beyond.is_none() {
            return Ok(());
        }
        after = page.items.last().map(|client| client.id);
    }
}

fn rotate(id: Uuid, overlap: i64) -> Result<(), String> {
    let (_, store) = open()?;
    let secret = mamori::make_secret()?;
    let hash = mamori::hash_secret(&secret);
    let work = move |tx: &mut Tx<'_>| {
        let until = tx.now() + chrono::Duration::seconds(overlap);
        let rotated = tx.rotate_secret(id, &hash, until)?;
        rotated.map(drop).ok_or_else(|| Stop::Refused("there is no such client".to_owned()))
    };
    on_a_runtime(async {
        store.transact(Context::system("client rotate"), work).await.map_err(told)
    })?;
    println!("{}", serde_json::json!({"client_id": id, "client_secret": secret}));
    Ok(())
}

fn told(stop: Stop<String>) -> String {
    match stop {
        Stop::Refused(error) => error,
        Stop::Failed(error) => error.to_string(),
    }
}

pub(crate) fn store_client(store: &Store, client: Client) -> Result<(), String> {
    on_a_runtime(async { mamori::add_client(store, client).await.map_err(|e| e.to_string()) })
}

fn change(
    id: Uuid,
    kind: &'static str,
    change: impl Fn(&Client, chrono::DateTime<chrono::Utc>) -> Client + Send + 'static,
) -> Result<(), String> {
    let (_, store) = open()?;
    let work = move |tx: &mut Tx<'_>| {
        let missing = || Stop::Refused("there is no such client".to_owned());
        let found = tx.find_client(id)?.ok_or_else(missing)?;
        let changed = change(&found, tx.now());
        let busy =
            || Stop::Refused("the client was changed at the same time; try again".to_owned());
        tx.replace_client(&found, changed, kind)?.ok_or_else(busy).map(drop)
    };
    on_a_runtime(async { store.transact(Context::system("client"), work).await.map_err(told) })
}
