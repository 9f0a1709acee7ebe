//! Attestations, and the positions that tell which of them are revoked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mamori_domain::attestation::{FILLED, position};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::consent::Consent;
use crate::door::visible;
use crate::page::Page;
use crate::schema::{attestation, revoked_position, status_list};
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Tx};

/// How often a free position is looked for; half of a list is free.
const TRIES: u8 = 64;

/// How many rows one statement writes.
const CHUNK: usize = 500;

/// A signed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Its id.
    pub id: Uuid,
    /// The organization that it is about.
    pub organization: Uuid,
    /// The consent on which it rests.
    pub consent: Uuid,
    /// The status list, from 1.
    pub list: u32,
    /// The position in it.
    pub position: u32,
    /// What it states, as JSON.
    pub statement: String,
    /// The statement, signed.
    pub token: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Until when it holds.
    pub valid_until: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attestation, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    consent_id: Uid,
    list: i32,
    position: i32,
    statement: String,
    token: String,
    issued_at: At,
    valid_until: At,
    revoked_at: Option<At>,
}

impl TryFrom<Row> for Attestation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let whole = |number: i32| u32::try_from(number).map_err(|_| Error::corrupt("a position"));
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            consent: row.consent_id.0,
            list: whole(row.list)?,
            position: whole(row.position)?,
            statement: row.statement,
            token: row.token,
            issued_at: row.issued_at.0,
            valid_until: row.valid_until.0,
            revoked_at: row.revoked_at.map(|at| at.0),
        })
    }
}

/// A number as the databases keep it.
fn kept(number: u32) -> Result<i32, Error> {
    i32::try_from(number).map_err(|_| Error::corrupt("a position"))
}

impl Tx<'_> {
    /// Gives a free position of the newest status list, and begins the next list where that one is
    /// half full. Its row is held until the transaction ends, so no other takes the same.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn give_position(&mut self) -> Result<(u32, u32), Error> {
        let newest: i32 = on_each_backend!(self.connection, |conn| status_list::table
            .select(status_list::id)
            .order(status_list::id.desc())
            .first(conn))?;
        let given: i32 = on_each_backend!(self.connection, |conn| update(
            status_list::table,
            status_list::id.eq(newest),
            status_list::given.eq(status_list::given + 1)
        )
        .returning(status_list::table, status_list::given)
        .get_result(conn))?;
        if given >= kept(FILLED)? {
            let next = (status_list::id.eq(newest + 1), status_list::given.eq(0));
            on_each_backend!(self.connection, |conn| diesel::insert_into(status_list::table)
                .values(next)
                .on_conflict(status_list::id)
                .do_nothing()
                .execute(conn))?;
        }
        for _ in 0..TRIES {
            let tried = position(self.mint());
            let at = kept(tried)?;
            let taken: bool = on_each_backend!(self.connection, |conn| diesel::select(
                diesel::dsl::exists(
                    attestation::table
                        .filter(attestation::list.eq(newest))
                        .filter(attestation::position.eq(at))
                )
                .or(diesel::dsl::exists(
                    revoked_position::table
                        .filter(revoked_position::list.eq(newest))
                        .filter(revoked_position::position.eq(at))
                ))
            )
            .get_result(conn))?;
            if !taken {
                let list = u32::try_from(newest).map_err(|_| Error::corrupt("a list"))?;
                return Ok((list, tried));
            }
        }
        Err(Error::internal("no free position in a status list"))
    }

    /// Keeps an attestation that was signed, of an organization within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn add_attestation(&mut self, signed: &Attestation) -> Result<(), Error> {
        let row = Row {
            id: Uid(signed.id),
            custodian_id: self.custodian()?,
            organization_id: Uid(signed.organization),
            consent_id: Uid(signed.consent),
            list: kept(signed.list)?,
            position: kept(signed.position)?,
            statement: signed.statement.clone(),
            token: signed.token.clone(),
            issued_at: At(signed.issued_at),
            valid_until: At(signed.valid_until),
            revoked_at: None,
        };
        on_each_backend!(self.connection, |conn| diesel::insert_into(attestation::table)
            .values(&row)
            .execute(conn))?;
        self.record_attestation(signed.id, signed.organization, 1, "issued")
    }

    /// Lists the attestations of an organization in the order of their issue, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_attestations(
        &mut self,
        organization: Uuid,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Attestation>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| attestation::table
            .filter(attestation::organization_id.eq(Uid(organization)))
            .filter(visible!(attestation, organization_id, reach))
            .filter(attestation::id.gt(after))
            .order(attestation::id)
            .limit(Page::<Row>::fetch(limit))
            .select(Row::as_select())
            .load(conn))?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(Attestation::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Finds an attestation within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_attestation(&mut self, id: Uuid) -> Result<Option<Attestation>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| attestation::table
            .filter(attestation::id.eq(Uid(id)))
            .filter(visible!(attestation, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Attestation::try_from).transpose()
    }

    /// The attestation of this id for whoever holds it, or when it was revoked if that is all that
    /// is left of it: an attestation is handed on, so its id is the right to look at it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn check_attestation(
        &mut self,
        id: Uuid,
    ) -> Result<Option<Result<Attestation, DateTime<Utc>>>, Error> {
        let row: Option<Row> = on_each_backend!(self.connection, |conn| attestation::table
            .filter(attestation::id.eq(Uid(id)))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        if let Some(row) = row {
            return Ok(Some(Ok(row.try_into()?)));
        }
        let revoked: Option<At> =
            on_each_backend!(self.connection, |conn| revoked_position::table
                .filter(revoked_position::attestation_id.eq(Uid(id)))
                .select(revoked_position::revoked_at)
                .first(conn)
                .optional())?;
        Ok(revoked.map(|at| Err(at.0)))
    }

    /// The revoked positions of a status list; `None` where there is no such list.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn revoked_positions(&mut self, list: u32) -> Result<Option<Vec<u32>>, Error> {
        let Ok(list) = kept(list) else { return Ok(None) };
        let known: bool = on_each_backend!(self.connection, |conn| diesel::select(
            diesel::dsl::exists(status_list::table.find(list))
        )
        .get_result(conn))?;
        if !known {
            return Ok(None);
        }
        let rows: Vec<i32> = on_each_backend!(self.connection, |conn| revoked_position::table
            .filter(revoked_position::list.eq(list))
            .select(revoked_position::position)
            .load(conn))?;
        Ok(Some(rows.into_iter().filter_map(|position| u32::try_from(position).ok()).collect()))
    }

    /// Revokes an attestation of an organization that was taken. Nothing changes where it was
    /// revoked before.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn revoke_attestation(&mut self, found: &Attestation) -> Result<(), Error> {
        self.revoke(found.organization, Some(Uid(found.id)), None)
    }

    /// Revokes every attestation that rests on a consent.
    pub(crate) fn revoke_attestations_of(&mut self, consent: &Consent) -> Result<(), Error> {
        self.revoke(consent.organization, None, Some(Uid(consent.id)))
    }

    /// Revokes every attestation of an organization that was taken: it is about to go, or what
    /// they state no longer holds.
    pub(crate) fn revoke_attestations_of_organization(&mut self, id: Uuid) -> Result<(), Error> {
        self.revoke(id, None, None)
    }

    /// Revokes what is not revoked yet: the one, those of a consent, or all.
    fn revoke(
        &mut self,
        of: Uuid,
        only: Option<Uid>,
        resting_on: Option<Uid>,
    ) -> Result<(), Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let rows: Vec<(Uid, i32, i32, At)> = on_each_backend!(self.connection, |conn| {
            let mut query = attestation::table
                .filter(attestation::organization_id.eq(Uid(of)))
                .filter(visible!(attestation, organization_id, reach))
                .filter(attestation::revoked_at.is_null())
                .select((
                    attestation::id,
                    attestation::list,
                    attestation::position,
                    attestation::valid_until,
                ))
                .into_boxed();
            if let Some(only) = only {
                query = query.filter(attestation::id.eq(only));
            }
            if let Some(consent) = resting_on {
                query = query.filter(attestation::consent_id.eq(consent));
            }
            query.load(conn)
        })?;
        for rows in rows.chunks(CHUNK) {
            // What has run out needs no position: it is refused by its own time.
            let revoked: Vec<_> = rows
                .iter()
                .filter(|(.., valid_until)| valid_until.0 > now.0)
                .map(|(id, list, position, valid_until)| {
                    (
                        revoked_position::list.eq(list),
                        revoked_position::position.eq(position),
                        revoked_position::attestation_id.eq(id),
                        revoked_position::revoked_at.eq(now),
                        revoked_position::valid_until.eq(valid_until),
                    )
                })
                .collect();
            let ids: Vec<Uid> = rows.iter().map(|row| row.0).collect();
            on_each_backend!(self.connection, |conn| {
                diesel::insert_into(revoked_position::table).values(&revoked).execute(conn)?;
                diesel::update(attestation::table.filter(attestation::id.eq_any(ids)))
                    .set(attestation::revoked_at.eq(now))
                    .execute(conn)
            })?;
        }
        for (id, ..) in rows {
            self.record_attestation(id.0, of, 2, "revoked")?;
        }
        Ok(())
    }

    fn record_attestation(
        &mut self,
        id: Uuid,
        organization: Uuid,
        revision: i64,
        kind: &'static str,
    ) -> Result<(), Error> {
        self.record(&Change {
            resource: "attestation",
            id: id.to_string(),
            organization: Some(organization),
            revision,
            kind,
        })
    }
}
