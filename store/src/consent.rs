//! What organizations agreed to.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use mamori_domain::consent::Purpose;
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::{consent, declaration, organization};
use crate::types::{At, Uid, text_enum};
use crate::update::update;
use crate::{Change, Error, Tx};

text_enum!(Purpose, purpose_to_text, purpose_from_text, {
    Purpose::Listing = "listing",
    Purpose::Attestation = "attestation",
});

/// A consent of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// To what.
    pub purpose: Purpose,
    /// Who gave it.
    pub given_by: String,
    /// On which day.
    pub given_on: NaiveDate,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// By whom.
    pub withdrawn_by: Option<String>,
    /// Goes up when it is withdrawn.
    pub revision: i64,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = consent, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    purpose: String,
    given_by: String,
    given_on: NaiveDate,
    withdrawn_at: Option<At>,
    withdrawn_by: Option<String>,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl TryFrom<Row> for Consent {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            purpose: purpose_from_text(&row.purpose)?,
            given_by: row.given_by,
            given_on: row.given_on,
            withdrawn_at: row.withdrawn_at.map(|at| at.0),
            withdrawn_by: row.withdrawn_by,
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

impl Tx<'_> {
    /// Finds a consent within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_consent(&mut self, id: Uuid) -> Result<Option<Consent>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| consent::table
            .filter(consent::id.eq(Uid(id)))
            .filter(visible!(consent, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Consent::try_from).transpose()
    }

    /// The consent of an organization to this purpose that is in force.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn consent_in_force(
        &mut self,
        organization: Uuid,
        purpose: Purpose,
    ) -> Result<Option<Consent>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| consent::table
            .filter(consent::organization_id.eq(Uid(organization)))
            .filter(consent::purpose.eq(purpose_to_text(purpose)))
            .filter(consent::withdrawn_at.is_null())
            .filter(visible!(consent, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        row.map(Consent::try_from).transpose()
    }

    /// Lists the consents of an organization in the order of their recording, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_consents(
        &mut self,
        organization: Uuid,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Consent>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| consent::table
            .filter(consent::organization_id.eq(Uid(organization)))
            .filter(visible!(consent, organization_id, reach))
            .filter(consent::id.gt(after))
            .order(consent::id)
            .limit(Page::<Row>::fetch(limit))
            .select(Row::as_select())
            .load(conn))?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(Consent::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Records a consent of an organization whose declarations were taken.
    ///
    /// # Errors
    ///
    /// [`Kind::Taken`](crate::Kind::Taken) where one to this purpose is in force; or when the
    /// database fails.
    pub fn add_consent(
        &mut self,
        organization: Uuid,
        purpose: Purpose,
        given_by: String,
        given_on: NaiveDate,
    ) -> Result<Consent, Error> {
        let now = At(self.now());
        let row = Row {
            id: Uid(self.mint()),
            custodian_id: self.custodian()?,
            organization_id: Uid(organization),
            purpose: purpose_to_text(purpose).to_owned(),
            given_by,
            given_on,
            withdrawn_at: None,
            withdrawn_by: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        on_each_backend!(self.connection, |conn| diesel::insert_into(consent::table)
            .values(&row)
            .execute(conn))?;
        if purpose == Purpose::Listing {
            self.set_listed(organization, true)?;
        }
        let added = Consent::try_from(row)?;
        self.record_consent(&added, "given")?;
        Ok(added)
    }

    /// Withdraws a consent that is in force, of an organization whose declarations were taken, and
    /// with it all that rests on it. `None` where somebody else was faster.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn withdraw_consent(
        &mut self,
        found: &Consent,
        withdrawn_by: Option<String>,
    ) -> Result<Option<Consent>, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let this = consent::id
            .eq(Uid(found.id))
            .and(consent::revision.eq(found.revision))
            .and(visible!(consent, organization_id, reach));
        let changes = (
            consent::withdrawn_at.eq(now),
            consent::withdrawn_by.eq(withdrawn_by),
            consent::revision.eq(found.revision + 1),
            consent::updated_at.eq(now),
        );
        let row: Option<Row> =
            on_each_backend!(self.connection, |conn| update(consent::table, this, changes)
                .returning(consent::table, Row::as_select())
                .get_result(conn)
                .optional())?;
        let Some(row) = row else { return Ok(None) };
        let withdrawn = Consent::try_from(row)?;
        match withdrawn.purpose {
            Purpose::Listing => self.set_listed(withdrawn.organization, false)?,
            Purpose::Attestation => self.revoke_attestations_of(&withdrawn)?,
        }
        self.record_consent(&withdrawn, "withdrawn")?;
        Ok(Some(withdrawn))
    }

    /// Lets anybody who has the number see the status, or no longer.
    fn set_listed(&mut self, of: Uuid, listed: bool) -> Result<(), Error> {
        let custodian = self.custodian()?;
        let this = organization::id.eq(Uid(of)).and(organization::custodian_id.eq(custodian));
        let theirs =
            declaration::organization_id.eq(Uid(of)).and(declaration::custodian_id.eq(custodian));
        on_each_backend!(self.connection, |conn| {
            update(organization::table, this, organization::listed.eq(listed)).execute(conn)?;
            update(declaration::table, theirs, declaration::listed.eq(listed)).execute(conn)
        })?;
        Ok(())
    }

    fn record_consent(&mut self, value: &Consent, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "consent",
            id: value.id.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}
