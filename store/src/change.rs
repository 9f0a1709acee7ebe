//! What every command did, written in the transaction that did it.

use diesel::prelude::*;
use mamori_domain::access::{ActorSource, Authority};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::schema::{change, client};
use crate::types::{At, Uid};
use crate::{Error, Kind, Tx};

/// One thing that a command did. It names what changed, never a value.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was changed, such as `assessment`.
    pub resource: &'static str,
    /// Its id.
    pub id: String,
    /// The organization that it belongs to.
    pub organization: Option<Uuid>,
    /// Its revision afterwards.
    pub revision: i64,
    /// What happened to it, such as `submitted`.
    pub kind: &'static str,
}

impl Tx<'_> {
    /// Records a change. The row is only written while the client is enabled, so a client
    /// that was disabled a moment ago can no longer complete any command.
    pub(crate) fn record(&mut self, change: &Change) -> Result<(), Error> {
        use diesel::sql_types::{BigInt, Nullable, Text};

        use crate::types::sql::{Id, Instant};

        let id = Uid(self.mint());
        let at = At(self.now());
        let organization = change.organization.map(Uid);
        let trace = self.context.trace_id.clone();
        match self.context.authority.clone() {
            Authority::Client { client: by, actor, .. } => {
                let by = Uid(by);
                let source = match actor.as_ref().map(|actor| actor.source) {
                    Some(ActorSource::StatedByClient) => "stated_by_client",
                    Some(ActorSource::Issuer) => "issuer",
                    None => "none",
                };
                let actor = actor.map(|actor| actor.name);
                let row = client::table.find(by).filter(client::disabled_at.is_null()).select((
                    id.into_sql::<Id>(),
                    by.into_sql::<Nullable<Id>>(),
                    organization.into_sql::<Nullable<Id>>(),
                    change.resource.into_sql::<Text>(),
                    (&*change.id).into_sql::<Text>(),
                    change.revision.into_sql::<BigInt>(),
                    change.kind.into_sql::<Text>(),
                    by.into_sql::<Nullable<Id>>(),
                    actor.into_sql::<Nullable<Text>>(),
                    source.into_sql::<Text>(),
                    trace.into_sql::<Text>(),
                    at.into_sql::<Instant>(),
                ));
                let columns = (
                    change::id,
                    change::custodian_id,
                    change::organization_id,
                    change::resource,
                    change::resource_id,
                    change::revision,
                    change::kind,
                    change::client_id,
                    change::actor,
                    change::actor_source,
                    change::trace_id,
                    change::happened_at,
                );
                let written = on_each_backend!(self.connection, |conn| row
                    .insert_into(change::table)
                    .into_columns(columns)
                    .execute(conn))?;
                if written == 0 { Err(Error::new(Kind::ClientDisabled)) } else { Ok(()) }
            }
            Authority::System(reason) => {
                let row = (
                    change::id.eq(id),
                    change::organization_id.eq(organization),
                    change::resource.eq(change.resource),
                    change::resource_id.eq(&change.id),
                    change::revision.eq(change.revision),
                    change::kind.eq(change.kind),
                    change::actor.eq(reason),
                    change::actor_source.eq("system"),
                    change::trace_id.eq(trace),
                    change::happened_at.eq(at),
                );
                on_each_backend!(self.connection, |conn| diesel::insert_into(change::table)
                    .values(row)
                    .execute(conn))?;
                Ok(())
            }
        }
    }
}
