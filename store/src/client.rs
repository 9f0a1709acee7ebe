//! Clients: who calls.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mamori_domain::access::{Authority, Scopes};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::page::Page;
use crate::schema::{client, client_identity, used_assertion};
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Tx};

/// An OAuth 2.0 client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The digests of its secrets.
    pub secret: Secret,
    /// Its public keys for `private_key_jwt`, as a JSON Web Key Set.
    pub jwks: Option<String>,
    /// The pairs of issuer and subject by which it may come.
    pub identities: Vec<ClientIdentity>,
    /// The web origins that may call in its name.
    pub origins: Vec<String>,
    /// Requests a minute; the service's default where absent.
    pub rate_limit: Option<i32>,
    /// Since when it is disabled.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The digests of a client's secrets: today's, and the one before for a while.
#[derive(Debug, Clone, Default)]
pub struct Secret {
    /// SHA-256 of the secret.
    pub hash: Option<Vec<u8>>,
    /// SHA-256 of the one before.
    pub previous_hash: Option<Vec<u8>>,
    /// Until when the one before is accepted.
    pub previous_until: Option<DateTime<Utc>>,
}

/// A subject of a trusted issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The issuer.
    pub issuer: String,
    /// The subject.
    pub subject: String,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = client, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    name: String,
    scopes: String,
    secret_hash: Option<Vec<u8>>,
    previous_secret_hash: Option<Vec<u8>>,
    previous_secret_until: Option<At>,
    jwks: Option<String>,
    origins: String,
    rate_limit: Option<i32>,
    disabled_at: Option<At>,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    fn of(value: &Client) -> Self {
        Self {
            id: Uid(value.id),
            name: value.name.clone(),
            scopes: value.scopes.to_string(),
            secret_hash: value.secret.hash.clone(),
            previous_secret_hash: value.secret.previous_hash.clone(),
            previous_secret_until: value.secret.previous_until.map(At),
            jwks: value.jwks.clone(),
            origins: value.origins.join(" "),
            rate_limit: value.rate_limit,
            disabled_at: value.disabled_at.map(At),
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        }
    }

    /// A scope that this binary does not know is left out: it may be of a newer one.
    fn into_client(self, identities: Vec<ClientIdentity>) -> Client {
        let known = |word: &str| Scopes::parse(word).ok();
        let scopes = self.scopes.split(' ').filter_map(known);
        Client {
            id: self.id.0,
            name: self.name,
            scopes: scopes.flat_map(|scopes| scopes.iter().collect::<Vec<_>>()).collect(),
            secret: Secret {
                hash: self.secret_hash,
                previous_hash: self.previous_secret_hash,
                previous_until: self.previous_secret_until.map(|at| at.0),
            },
            jwks: self.jwks,
            identities,
            origins: self.origins.split_whitespace().map(ToOwned::to_owned).collect(),
            rate_limit: self.rate_limit,
            disabled_at: self.disabled_at.map(|at| at.0),
            revision: self.revision,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        }
    }
}

diesel::alias!(client as caller: Caller);

impl Tx<'_> {
    /// Whoever asks about clients: the service itself, or an enabled client.
    fn asking(&self) -> (Uid, bool) {
        match &self.context.authority {
            Authority::Client { client, .. } => (Uid(*client), false),
            Authority::System(_) => (Uid(Uuid::nil()), true),
        }
    }

    /// Finds a client.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_client(&mut self, id: Uuid) -> Result<Option<Client>, Error> {
        Ok(self.list_clients_where(Some(id), None, 1)?.items.pop())
    }

    /// Lists clients in the order of their registration, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_clients(&mut self, after: Option<Uuid>, limit: u16) -> Result<Page<Client>, Error> {
        self.list_clients_where(None, after, limit)
    }

    fn list_clients_where(
        &mut self,
        id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Client>, Error> {
        let (asking, system) = self.asking();
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| {
            let enabled = caller
                .filter(caller.field(client::id).eq(asking))
                .filter(caller.field(client::disabled_at).is_null());
            let mut query = client::table
                .filter(
                    diesel::dsl::exists(enabled).or(system.into_sql::<diesel::sql_types::Bool>()),
                )
                .select(Row::as_select())
                .order(client::id)
                .limit(Page::<Row>::fetch(limit))
                .into_boxed();
            if let Some(id) = id {
                query = query.filter(client::id.eq(Uid(id)));
            }
            if let Some(after) = after {
                query = query.filter(client::id.gt(Uid(after)));
            }
            query.load(conn)
        })?;
        let page = Page::cut(rows, limit);
        let ids: Vec<Uid> = page.items.iter().map(|row| row.id).collect();
        let identities: Vec<(Uid, String, String)> = if ids.is_empty() {
            Vec::new()
        } else {
            on_each_backend!(self.connection, |conn| client_identity::table
                .filter(client_identity::client_id.eq_any(&ids))
                .order((client_identity::issuer, client_identity::subject))
                .select((
                    client_identity::client_id,
                    client_identity::issuer,
                    client_identity::subject,
                ))
                .load(conn))?
        };
        let of = |id: Uid| {
            let own = identities.iter().filter(|(client, _, _)| *client == id);
            own.map(|(_, issuer, subject)| ClientIdentity {
                issuer: issuer.clone(),
                subject: subject.clone(),
            })
            .collect()
        };
        Ok(page.map(|row| {
            let identities = of(row.id);
            row.into_client(identities)
        }))
    }

    /// Adds a client.
    ///
    /// # Errors
    ///
    /// [`Kind::Taken`](crate::Kind::Taken) where one of its identities is another client's;
    /// or when the database fails.
    pub fn add_client(&mut self, added: &Client) -> Result<(), Error> {
        let row = Row::of(added);
        on_each_backend!(self.connection, |conn| diesel::insert_into(client::table)
            .values(&row)
            .execute(conn))?;
        self.add_identities(added)?;
        self.raise_epoch()?;
        self.record_client(added, "created")
    }

    /// Replaces a client, if nobody else has changed it since it was read; otherwise `None`.
    ///
    /// # Errors
    ///
    /// As [`Tx::add_client`].
    pub fn replace_client(
        &mut self,
        found: &Client,
        changed: Client,
        kind: &'static str,
    ) -> Result<Option<Client>, Error> {
        let changed = Client { revision: found.revision + 1, updated_at: self.now(), ..changed };
        let row = Row::of(&changed);
        let this = client::id.eq(Uid(found.id)).and(client::revision.eq(found.revision));
        let replaced = on_each_backend!(self.connection, |conn| update(client::table, this, &row)
            .execute(conn))?;
        if replaced == 0 {
            return Ok(None);
        }
        if changed.identities != found.identities {
            on_each_backend!(self.connection, |conn| diesel::delete(
                client_identity::table.filter(client_identity::client_id.eq(Uid(found.id)))
            )
            .execute(conn))?;
            self.add_identities(&changed)?;
        }
        self.raise_epoch()?;
        self.record_client(&changed, kind)?;
        Ok(Some(changed))
    }

    /// Gives a client a new secret; the one before stays good until `until`. Gives its
    /// revision and whether there was one before, or nothing where there is no such client.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn rotate_secret(
        &mut self,
        id: Uuid,
        hash: &[u8],
        until: DateTime<Utc>,
    ) -> Result<Option<(i64, bool)>, Error> {
        let now = At(self.now());
        let changes = (
            client::previous_secret_hash.eq(client::secret_hash),
            client::previous_secret_until.eq(Some(At(until))),
            client::secret_hash.eq(Some(hash)),
            client::revision.eq(client::revision + 1),
            client::updated_at.eq(now),
        );
        let this = client::id.eq(Uid(id));
        let changed: Option<(i64, Option<Vec<u8>>)> =
            on_each_backend!(self.connection, |conn| update(client::table, this, changes)
                .returning(client::table, (client::revision, client::previous_secret_hash))
                .get_result(conn)
                .optional())?;
        let Some((revision, previous)) = changed else { return Ok(None) };
        self.raise_epoch()?;
        self.record(&Change {
            resource: "client",
            id: id.to_string(),
            organization: None,
            revision,
            kind: "secret_rotated",
        })?;
        Ok(Some((revision, previous.is_some())))
    }

    fn add_identities(&mut self, of: &Client) -> Result<(), Error> {
        let rows: Vec<_> = of
            .identities
            .iter()
            .map(|identity| {
                (
                    client_identity::client_id.eq(Uid(of.id)),
                    client_identity::issuer.eq(&identity.issuer),
                    client_identity::subject.eq(&identity.subject),
                )
            })
            .collect();
        if !rows.is_empty() {
            on_each_backend!(self.connection, |conn| diesel::insert_into(client_identity::table)
                .values(&rows)
                .execute(conn))?;
        }
        Ok(())
    }

    fn record_client(&mut self, value: &Client, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "client",
            id: value.id.to_string(),
            organization: None,
            revision: value.revision,
            kind,
        })
    }

    /// Uses up a client assertion; `false` where it was used before.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn use_assertion(
        &mut self,
        client: Uuid,
        jti: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let row = (
            used_assertion::client_id.eq(Uid(client)),
            used_assertion::jti.eq(jti),
            used_assertion::expires_at.eq(At(expires_at)),
        );
        let used =
            on_each_backend!(self.connection, |conn| diesel::insert_into(used_assertion::table)
                .values(&row)
                .on_conflict((used_assertion::client_id, used_assertion::jti))
                .do_nothing()
                .execute(conn))?;
        Ok(used > 0)
    }
}

impl Tx<'_> {
    /// Finds the client that may come by this subject of this issuer.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_client_by_identity(
        &mut self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Client>, Error> {
        let id: Option<Uid> = on_each_backend!(self.connection, |conn| client_identity::table
            .find((issuer, subject))
            .select(client_identity::client_id)
            .first(conn)
            .optional())?;
        id.map_or(Ok(None), |id| self.find_client(id.0))
    }

    /// Every web origin that an enabled client lists, as often as it is listed.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn listed_origins(&mut self) -> Result<Vec<String>, Error> {
        let rows: Vec<String> = on_each_backend!(self.connection, |conn| client::table
            .filter(client::disabled_at.is_null())
            .filter(client::origins.ne(""))
            .select(client::origins)
            .load(conn))?;
        let words = rows.iter().flat_map(|row| row.split_whitespace());
        Ok(words.map(ToOwned::to_owned).collect())
    }

    /// Whether there is any client yet.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn has_clients(&mut self) -> Result<bool, Error> {
        let any: bool = on_each_backend!(self.connection, |conn| diesel::select(
            diesel::dsl::exists(client::table.select(client::id))
        )
        .get_result(conn))?;
        Ok(any)
    }
}
