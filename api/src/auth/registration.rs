//! What an administrator says of a client, and the client that comes of it.

use chrono::{DateTime, Utc};
use mamori_domain::access::Scopes;
use mamori_store::{Client, ClientIdentity, Secret};
use uuid::Uuid;

use super::issuer::PublicKeys;
use super::secret;

/// A client as its administrator wants it.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// Its name, for people.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The web origins that may call in its name, as [`origin`] gives them.
    pub origins: Vec<String>,
    /// The pairs of issuer and subject by which it may come.
    pub identities: Vec<ClientIdentity>,
    /// Its public keys for `private_key_jwt`, as a JSON Web Key Set.
    pub jwks: Option<String>,
    /// Requests a minute; the service's default where absent.
    pub rate_limit: Option<i32>,
}

impl Registration {
    /// A new client. It gets a secret, unless it proves itself by keys of its own.
    ///
    /// # Errors
    ///
    /// Where its key set can't be read, or the system gives no randomness.
    pub fn make(self, id: Uuid, now: DateTime<Utc>) -> Result<(Client, Option<String>), String> {
        if let Some(jwks) = &self.jwks {
            PublicKeys::parse(jwks).map_err(|why| format!("the key set has {why}"))?;
        }
        let secret = self.jwks.is_none().then(secret::make).transpose()?;
        let client = Client {
            id,
            name: self.name,
            scopes: self.scopes,
            secret: Secret { hash: secret.as_deref().map(secret::hash), ..Secret::default() },
            jwks: self.jwks,
            identities: self.identities,
            origins: self.origins,
            rate_limit: self.rate_limit,
            disabled_at: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        Ok((client, secret))
    }
}

/// A web origin as browsers send it: scheme, lower-case host, and the port where it is not
/// the scheme's own. Nothing for what is no origin, such as `*`, `null` or an address with a
/// path.
#[must_use]
pub fn origin(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let named = host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.len() <= 253
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let numbered = port.is_none_or(|port| {
        port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port)
    });
    if !named || !numbered {
        return None;
    }
    let host = host.to_ascii_lowercase();
    Some(match port.filter(|port| *port != usual) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (text, kept) in [
            ("https://portal.example.jp", "https://portal.example.jp"),
            ("https://Portal.Example.JP:443", "https://portal.example.jp"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(kept));
        }
        for text in [
            "*",
            "null",
            "",
            "portal.example.jp",
            "ftp://portal.example.jp",
            "https://",
            "https://portal.example.jp/",
            "https://portal.example.jp/app",
            "https://portal.example.jp:",
            "https://portal.example.jp:0",
            "https://portal.example.jp:99999",
            "https://portal.example.jp:080",
            "https://user@portal.example.jp",
            "https://*.example.jp",
            "https://例え.jp",
        ] {
            assert_eq!(origin(text), None, "{text}");
        }
    }
}
