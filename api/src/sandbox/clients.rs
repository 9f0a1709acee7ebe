//! The three clients of a sandbox. Their ids and secrets are public: no other service knows them.

use chrono::{DateTime, Utc};
use mamori_domain::access::{Scope, Scopes};
use mamori_store::{Client, Secret, Stop, Store, Tx};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::auth::secret;

/// Requests a minute of a client while the data is made.
const NO_LIMIT: i32 = 10_000_000;

/// A client of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The portal that keeps most of the companies, and administers the sandbox.
    Portal,
    /// The support centre that keeps the others.
    Centre,
    /// The buyer, which keeps nobody and checks those that are listed.
    Buyer,
}

impl Role {
    /// All three.
    pub(crate) const ALL: [Self; 3] = [Self::Portal, Self::Centre, Self::Buyer];

    /// Its id.
    pub(crate) const fn id(self) -> Uuid {
        match self {
            Self::Portal => uuid!("00000000-0000-7000-8000-000000000001"),
            Self::Centre => uuid!("00000000-0000-7000-8000-000000000002"),
            Self::Buyer => uuid!("00000000-0000-7000-8000-000000000003"),
        }
    }

    const fn secret(self) -> &'static str {
        match self {
            Self::Portal => "mamori_sandbox_secret_portal",
            Self::Centre => "mamori_sandbox_secret_centre",
            Self::Buyer => "mamori_sandbox_secret_buyer",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Portal => "見本ポータル",
            Self::Centre => "見本支援センター",
            Self::Buyer => "見本商事 購買部",
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Centre => "support_centre",
            Self::Buyer => "buyer",
        }
    }

    fn scopes(self) -> Scopes {
        match self {
            Self::Portal => [Scope::Admin].into_iter().collect(),
            Self::Centre => Scope::ALL.into_iter().filter(|scope| *scope != Scope::Admin).collect(),
            Self::Buyer => [Scope::DeclarationsRead].into_iter().collect(),
        }
    }

    /// The client as it is while the data is made: with no limit, and the buyer with the right to
    /// write down what it asks for.
    fn at_work(self, now: DateTime<Utc>) -> Client {
        let more = (self == Self::Buyer).then_some(Scope::DeclarationsWrite);
        Client {
            id: self.id(),
            name: self.name().to_owned(),
            scopes: self.scopes().iter().chain(more).collect(),
            secret: Secret { hash: Some(secret::hash(self.secret())), ..Secret::default() },
            jwks: None,
            identities: Vec::new(),
            origins: Vec::new(),
            rate_limit: Some(NO_LIMIT),
            disabled_at: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Adds the clients, as they are while the data is made.
pub(super) async fn add(store: &Store, now: DateTime<Utc>) -> Result<(), String> {
    for role in Role::ALL {
        let added = crate::add_client(store, role.at_work(now)).await;
        added.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Makes the clients as they are from then on.
pub(super) async fn settle(store: &Store) -> Result<(), String> {
    let work = |tx: &mut Tx<'_>| {
        for role in Role::ALL {
            let gone = || Stop::Refused("a client of the sandbox is gone");
            let found = tx.find_client(role.id())?.ok_or_else(gone)?;
            let settled = Client { scopes: role.scopes(), rate_limit: None, ..found.clone() };
            tx.replace_client(&found, settled, "updated")?.ok_or_else(gone)?;
        }
        Ok(())
    };
    let context = mamori_store::Context::system("sandbox clients");
    store.transact(context, work).await.map_err(|stop| match stop {
        Stop::Refused(why) => why.to_owned(),
        Stop::Failed(error) => error.to_string(),
    })
}

/// What whoever tries the sandbox needs to know.
#[must_use]
pub fn credentials(public_url: &str) -> Value {
    let clients = Role::ALL.map(|role| {
        json!({
            "role": role.code(),
            "name": role.name(),
            "client_id": role.id(),
            "client_secret": role.secret(),
            "scope": role.scopes().to_string(),
        })
    });
    json!({
        "sandbox": true,
        "token_url": format!("{public_url}/oauth/token"),
        "clients": clients,
    })
}
