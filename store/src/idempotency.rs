//! Requests that carry an Idempotency-Key: done once, answered as often as asked.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use mamori_domain::access::Authority;

use crate::connection::on_each_backend;
use crate::schema::idempotency;
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Error, Kind, Tx, postgres};

/// How long an answer is kept.
const KEPT: Duration = Duration::hours(24);

/// An Idempotency-Key and the request that it stands for.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Method and path.
    pub operation: String,
    /// The key, as the client chose it.
    pub key: String,
    /// A digest of everything else that makes the request what it is.
    pub fingerprint: Vec<u8>,
}

/// An answer as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to this answer alone, such as `ETag`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body holds a secret; then it is never kept.
    pub secret: bool,
}

#[derive(Insertable)]
#[diesel(table_name = idempotency, treat_none_as_default_value = false)]
struct Claim<'a> {
    client_id: Uid,
    operation: &'a str,
    key: &'a str,
    fingerprint: &'a [u8],
    secret: bool,
    expires_at: At,
}

#[derive(Queryable)]
struct Settled {
    fingerprint: Vec<u8>,
    status: Option<i32>,
    headers: Option<String>,
    body: Option<Vec<u8>>,
    secret: bool,
}

impl Tx<'_> {
    /// Claims the key for this transaction, or gives the answer that it already has.
    pub(crate) fn claim(&mut self, request: &Idempotency) -> Result<Option<Reply>, Error> {
        let now = self.now();
        let operation = self.operation(request);
        let row = Claim {
            client_id: self.custodian()?,
            operation: &operation,
            key: &request.key,
            fingerprint: &request.fingerprint,
            secret: false,
            expires_at: At(now + KEPT),
        };
        let began = std::time::Instant::now();
        let claimed =
            on_each_backend!(self.connection, |conn| diesel::insert_into(idempotency::table)
                .values(&row)
                .on_conflict((idempotency::client_id, idempotency::operation, idempotency::key))
                .do_nothing()
                .execute(conn));
        match claimed {
            Ok(0) => {}
            Ok(_) => return Ok(None),
            Err(error) => {
                // The driver has no kind for a lock time-out, and its text depends on the
                // server's language; that it waited as long as a lock may says the same.
                let waited = began.elapsed() >= postgres::LOCK_WAIT;
                return Err(if waited { Error::new(Kind::InFlight) } else { error.into() });
            }
        }
        self.replay(request, &operation, now)
    }

    fn replay(
        &mut self,
        request: &Idempotency,
        operation: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Reply>, Error> {
        let client = self.custodian()?;
        let row = || idempotency::table.find((client, operation, &request.key));
        let found: Option<(Settled, At)> = on_each_backend!(self.connection, |conn| row()
            .select((
                (
                    idempotency::fingerprint,
                    idempotency::status,
                    idempotency::headers,
                    idempotency::body,
                    idempotency::secret,
                ),
                idempotency::expires_at,
            ))
            .first(conn)
            .optional())?;
        let Some((settled, expires_at)) = found else {
            // The one that held the key was undone between our two statements.
            return Err(Error::new(Kind::Again));
        };
        self.check_enabled()?;
        if expires_at.0 <= now {
            on_each_backend!(self.connection, |conn| diesel::delete(row()).execute(conn))?;
            return self.claim(request);
        }
        if settled.fingerprint != request.fingerprint {
            return Err(Error::new(Kind::KeyReused));
        }
        let headers = settled.headers.as_deref().map(headers_from_text).unwrap_or_default();
        if settled.secret {
            let location = headers.into_iter().find(|(name, _)| name == "location");
            return Err(Error::new(Kind::SecretAlreadyShown(location.map(|(_, value)| value))));
        }
        let (Some(status), Some(body)) = (settled.status, settled.body) else {
            return Err(Error::corrupt("an idempotency row without its answer"));
        };
        let status = u16::try_from(status).map_err(|_| Error::corrupt("a status"))?;
        Ok(Some(Reply { status, headers, body, secret: false }))
    }

    /// Keeps the answer beside the key, in the transaction that made it true.
    pub(crate) fn settle(&mut self, request: &Idempotency, reply: &Reply) -> Result<(), Error> {
        let operation = self.operation(request);
        let this = idempotency::client_id
            .eq(self.custodian()?)
            .and(idempotency::operation.eq(operation))
            .and(idempotency::key.eq(&request.key));
        let body: &[u8] = if reply.secret { &[] } else { &reply.body };
        let changes = (
            idempotency::status.eq(i32::from(reply.status)),
            idempotency::headers.eq(headers_to_text(&reply.headers)),
            idempotency::body.eq(body),
            idempotency::secret.eq(reply.secret),
        );
        on_each_backend!(self.connection, |conn| update(idempotency::table, this, changes)
            .execute(conn))?;
        Ok(())
    }

    /// A token narrowed to one organization has keys of its own, so that a replay never
    /// tells it of another.
    fn operation(&self, request: &Idempotency) -> String {
        match &self.context.authority {
            Authority::Client { organization: Some(only), .. } => {
                format!("{} {only}", request.operation)
            }
            _ => request.operation.clone(),
        }
    }
}

fn headers_to_text(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

fn headers_from_text(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
