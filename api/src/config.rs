//! How mamori is set up: defaults < `mamori.toml` < `MAMORI_*` in the environment.

mod setting;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Data, Env, Format, Serialized, Toml};
use ipnet::IpNet;
use mamori_store::Store;
use serde::{Deserialize, Serialize};

pub use setting::Setting;

/// Every setting. In `mamori.toml` the names are as here; in the environment they are in
/// capitals behind `MAMORI_`. These comments are what the manual says.
#[derive(Debug, Clone, Serialize, Deserialize, documented::DocumentedFields)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://…`.
    pub database_url: String,
    /// How clients see this service; issuer and audience of its tokens are exactly this.
    /// It is by default `http://` and the address.
    pub public_url: Option<String>,
    /// What to log, as `tracing` filters have it.
    pub log: String,
    /// `pretty` or `json`; by default pretty on a terminal and JSON elsewhere.
    pub log_format: Option<LogFormat>,
    /// The file with the root key, 64 hexadecimal digits; the same on every node. It is by default
    /// `root.key` beside the SQLite file, and must be set with PostgreSQL.
    pub root_key_file: Option<PathBuf>,
    /// `auto` lets `serve` bring an older PostgreSQL schema up to date.
    pub migrate: Migrate,
    /// How many nodes share the load; each grants its part of the rates.
    pub nodes: u32,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks, separated by commas;
    /// by default none.
    pub trusted_proxies: Networks,
    /// Requests a minute of a client without a rate of its own.
    pub rate_client: u32,
    /// Requests a minute without a token, by address.
    pub rate_anonymous: u32,
    /// Failed client authentications a minute, by address.
    pub rate_failures: u32,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The largest body of a call with many rows, in bytes.
    pub bulk_limit: usize,
    /// The largest file of assets, in bytes.
    pub import_limit: usize,
    /// The longest that a request may take, in seconds.
    pub request_timeout: u64,
    /// How long a token lives, in seconds; at most an hour.
    pub token_lifetime: i64,
    /// How long a graceful stop may take, in seconds.
    pub shutdown_timeout: u64,
    /// HTTP worker threads; by default one for each core.
    pub workers: Option<usize>,
    /// Reading connections on SQLite.
    pub sqlite_readers: usize,
    /// Connections on PostgreSQL.
    pub postgres_connections: usize,
    /// The id of the client that `mamori mcp` asks as; by default none.
    pub mcp_client_id: Option<String>,
    /// A file with the id and the secret of the client that `mamori mcp` asks as, as
    /// `mamori client add --json` prints them; by default none.
    pub mcp_client_file: Option<PathBuf>,
    /// The secret of the client that `mamori mcp` asks as; by default none.
    pub mcp_client_secret: Option<String>,
    /// Issuers whose tokens are accepted beside mamori's own; by default none. Each is a table with
    /// `issuer` and either `jwks_file` or `jwks_url`.
    pub trusted_issuers: Vec<TrustedIssuer>,
}

/// Which setting is wrong, where it stands and what it must be, but not what it is: that may be a
/// secret, or the line of a file that holds one.
fn told(errors: figment::Error) -> String {
    let tell = |error: figment::Error| {
        let wrong = match &error.kind {
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                format!("must be {expected}")
            }
            Kind::UnknownField(..) => "is not known".to_owned(),
            Kind::Message(text) => text.lines().next().unwrap_or_default().to_owned(),
            kind => kind.to_string(),
        };
        let Some(found) = &error.metadata else { return wrong };
        let key = match &error.profile {
            Some(profile) => found.interpolate(profile, &error.path),
            None => error.path.join("."),
        };
        let place = found.source.as_ref().map_or(found.name.to_string(), ToString::to_string);
        format!("{key} in {place}: {wrong}")
    };
    let all = errors.into_iter().map(tell).collect::<Vec<_>>().join("; ");
    format!("the settings: {}", all.trim())
}

/// Networks of addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads addresses and networks separated by commas, such as `192.0.2.1, 10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// Names the first that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let network = |word: &str| {
            let one =
                || word.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
            let network = word.parse().ok().or_else(one);
            network.ok_or_else(|| format!("{word} is no address and no network"))
        };
        words.map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the address is in one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl TryFrom<String> for Networks {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Networks> for String {
    fn from(networks: Networks) -> Self {
        networks.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

/// An issuer whose tokens are accepted. Exactly one of the two sources of its keys is set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// Its `iss`.
    pub issuer: String,
    /// A file with its JSON Web Key Set.
    pub jwks_file: Option<PathBuf>,
    /// Where to get its JSON Web Key Set: `https`, or `http` on this machine.
    pub jwks_url: Option<String>,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One object a line.
    Json,
}

/// Whether `serve` migrates PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Migrate {
    /// Only an empty database.
    Empty,
    /// An older one too.
    Auto,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: "sqlite:mamori-data/mamori.db".to_owned(),
            public_url: None,
            // What clients send amiss is answered and counted, and no news for the operator.
            log: "info,actix_http=off,actix_server=warn,rmcp=off".to_owned(),
            log_format: None,
            root_key_file: None,
            migrate: Migrate::Empty,
            nodes: 1,
            trusted_proxies: Networks::default(),
            rate_client: 6_000,
            rate_anonymous: 600,
            rate_failures: 30,
            body_limit: 256 * 1024,
            bulk_limit: 4 * 1024 * 1024,
            import_limit: 8 * 1024 * 1024,
            request_timeout: 30,
            token_lifetime: 3_600,
            shutdown_timeout: 30,
            workers: None,
            sqlite_readers: 2,
            postgres_connections: 16,
            mcp_client_id: None,
            mcp_client_file: None,
            mcp_client_secret: None,
            trusted_issuers: Vec::new(),
        }
    }
}

impl Config {
    /// Names the file to read instead of `mamori.toml`.
    pub const FILE: &str = "MAMORI_CONFIG";

    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// Names the setting and where it came from.
    pub fn load() -> Result<Self, String> {
        // Others that begin with `MAMORI_` are not ours: the test suite and scripts have some.
        let settings = Setting::all().into_iter().filter(|setting| setting.in_environment);
        let ours = settings.map(|setting| setting.name).collect::<Vec<_>>();
        let figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(file()?)
            .merge(Env::prefixed("MAMORI_").only(&ours));
        let config: Self = figment.extract().map_err(told)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if !(60..=3_600).contains(&self.token_lifetime) {
            return Err("token_lifetime (MAMORI_TOKEN_LIFETIME) is 60 to 3600 seconds".to_owned());
        }
        let scheme = self.database_url.split_once(':').map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("sqlite" | "postgres" | "postgresql")) {
            let wanted = "begins with sqlite: or postgres:";
            return Err(format!("database_url (MAMORI_DATABASE_URL) {wanted}"));
        }
        if self.nodes == 0 {
            return Err("nodes (MAMORI_NODES) is at least 1".to_owned());
        }
        if self.workers == Some(0) {
            return Err("workers (MAMORI_WORKERS) is at least 1".to_owned());
        }
        if !(1..=600).contains(&self.request_timeout) {
            return Err("request_timeout (MAMORI_REQUEST_TIMEOUT) is 1 to 600 seconds".to_owned());
        }
        if self.body_limit < 1_024 {
            return Err("body_limit (MAMORI_BODY_LIMIT) is at least 1024 bytes".to_owned());
        }
        if self.bulk_limit < self.body_limit {
            let wanted = "is at least body_limit (MAMORI_BODY_LIMIT)";
            return Err(format!("bulk_limit (MAMORI_BULK_LIMIT) {wanted}"));
        }
        let public = self.public_url();
        let (scheme, rest) = public.split_once("://").unwrap_or_default();
        if !matches!(scheme, "http" | "https") || rest.is_empty() || rest.ends_with('/') {
            let wanted = "http:// or https:// and a host, without a slash at the end";
            return Err(format!("public_url (MAMORI_PUBLIC_URL) is {wanted}"));
        }
        for issuer in &self.trusted_issuers {
            if issuer.jwks_file.is_some() == issuer.jwks_url.is_some() {
                let name = &issuer.issuer;
                return Err(format!(
                    "trusted_issuers: {name} needs jwks_file or jwks_url, not both"
                ));
            }
        }
        Ok(())
    }

    /// How clients see this service.
    #[must_use]
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// Where the root key is.
    ///
    /// # Errors
    ///
    /// On PostgreSQL there is no place to guess: every node needs the same file.
    pub fn root_key_file(&self) -> Result<PathBuf, String> {
        if let Some(file) = &self.root_key_file {
            return Ok(file.clone());
        }
        match Store::file(&self.database_url) {
            Some(path) => Ok(beside(&path, "root.key")),
            None => {
                Err("root_key_file (MAMORI_ROOT_KEY_FILE) must be set with PostgreSQL: a file \
                         that is the same on every node. Make one with `openssl rand -hex 32`"
                    .to_owned())
            }
        }
    }

    /// Where the first client's credentials go: beside the root key.
    ///
    /// # Errors
    ///
    /// As [`Config::root_key_file`].
    pub fn first_client_file(&self) -> Result<PathBuf, String> {
        match Store::file(&self.database_url) {
            Some(path) => Ok(beside(&path, "first-client.json")),
            None => Ok(beside(&self.root_key_file()?, "first-client.json")),
        }
    }

    /// Whether the database is a file, which `serve` may set up by itself.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }
}

/// The usual file may be missing; one that is named may not.
fn file() -> Result<Data<Toml>, String> {
    let Some(path) = std::env::var_os(Config::FILE) else { return Ok(Toml::file("mamori.toml")) };
    let told = |error| format!("{} ({}): {error}", path.display(), Config::FILE);
    std::fs::File::open(&path).map_err(told)?;
    Ok(Toml::file_exact(path))
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
}
