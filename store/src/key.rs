//! Signing keys, with their private part sealed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::connection::on_each_backend;
use crate::schema::signing_key;
use crate::types::At;
use crate::update::update;
use crate::{Change, Error, Tx};

/// A key that signs tokens from some time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id in token headers and in the JWKS.
    pub kid: String,
    /// The public part, as a JSON Web Key.
    pub public_jwk: String,
    /// The private part, sealed by the root key.
    pub sealed: Vec<u8>,
    /// It signs from this time on; it is published earlier, so that others know it by then.
    pub active_from: DateTime<Utc>,
    /// Tokens that it signed are accepted until this time.
    pub retired_at: Option<DateTime<Utc>>,
    /// It stays published until this time, for the attestations that it signed.
    pub published_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_key, treat_none_as_default_value = false)]
struct Row {
    kid: String,
    public_jwk: String,
    sealed: Vec<u8>,
    active_from: At,
    retired_at: Option<At>,
    created_at: At,
    published_until: Option<At>,
}

impl From<Row> for SigningKey {
    fn from(row: Row) -> Self {
        Self {
            kid: row.kid,
            public_jwk: row.public_jwk,
            sealed: row.sealed,
            active_from: row.active_from.0,
            retired_at: row.retired_at.map(|at| at.0),
            published_until: row.published_until.map(|at| at.0),
            created_at: row.created_at.0,
        }
    }
}

impl Tx<'_> {
    /// The keys that are not retired or are still published, the oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn signing_keys(&mut self) -> Result<Vec<SigningKey>, Error> {
        let now = At(self.now());
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| signing_key::table
            .filter(
                signing_key::retired_at
                    .is_null()
                    .or(signing_key::retired_at.gt(now))
                    .or(signing_key::published_until.gt(now)),
            )
            .order((signing_key::active_from, signing_key::kid))
            .select(Row::as_select())
            .load(conn))?;
        Ok(rows.into_iter().map(SigningKey::from).collect())
    }

    /// Adds a key; every older one retires at the first of `retire_others`, if that is given, and
    /// is published until the second.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn add_signing_key(
        &mut self,
        key: &SigningKey,
        retire_others: Option<(DateTime<Utc>, DateTime<Utc>)>,
    ) -> Result<(), Error> {
        if let Some((at, until)) = retire_others {
            let this = signing_key::retired_at
                .is_null()
                .or(signing_key::retired_at.gt(At(at)))
                .or(signing_key::published_until.gt(At(until)));
            let retired = (
                signing_key::retired_at.eq(Some(At(at))),
                signing_key::published_until.eq(Some(At(until))),
            );
            on_each_backend!(self.connection, |conn| update(signing_key::table, this, retired)
                .execute(conn))?;
        }
        let row = Row {
            kid: key.kid.clone(),
            public_jwk: key.public_jwk.clone(),
            sealed: key.sealed.clone(),
            active_from: At(key.active_from),
            retired_at: key.retired_at.map(At),
            created_at: At(key.created_at),
            published_until: key.published_until.map(At),
        };
        on_each_backend!(self.connection, |conn| diesel::insert_into(signing_key::table)
            .values(&row)
            .execute(conn))?;
        self.raise_epoch()?;
        self.record(&Change {
            resource: "signing_key",
            id: key.kid.clone(),
            organization: None,
            revision: 1,
            kind: "created",
        })
    }
}
