//! Programmes of a client's own: what it accepts as a buyer.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::page::Page;
use crate::schema::{client, programme};
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Kind, Tx};

/// A programme of a client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnProgramme {
    /// Its id.
    pub id: Uuid,
    /// What it says, in JSON; the store does not look into it.
    pub body: String,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = programme)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    body: String,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    fn of(value: &OwnProgramme, custodian_id: Uid) -> Self {
        Self {
            id: Uid(value.id),
            custodian_id,
            body: value.body.clone(),
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        }
    }
}

impl From<Row> for OwnProgramme {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            body: row.body,
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        }
    }
}

/// The tenancy of a query: programmes belong to no organization, so it is the custodian alone,
/// and only while it is enabled.
macro_rules! own {
    ($custodian:expr) => {{
        let custodian: Uid = $custodian;
        let enabled =
            client::table.find(custodian).filter(client::disabled_at.is_null()).select(client::id);
        programme::custodian_id.eq(custodian).and(diesel::dsl::exists(enabled))
    }};
}

impl Tx<'_> {
    /// Finds a programme of the client's own.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_programme(&mut self, id: Uuid) -> Result<Option<OwnProgramme>, Error> {
        let custodian = self.custodian()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| programme::table
            .filter(programme::id.eq(Uid(id)))
            .filter(own!(custodian))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        Ok(self.or_disabled(row)?.map(OwnProgramme::from))
    }

    /// Lists the programmes of the client's own in the order in which they were added, behind
    /// `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_programmes(
        &mut self,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<OwnProgramme>, Error> {
        let custodian = self.custodian()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| programme::table
            .filter(own!(custodian))
            .filter(programme::id.gt(after))
            .order(programme::id)
            .limit(Page::<Row>::fetch(limit))
            .select(Row::as_select())
            .load(conn))?;
        if rows.is_empty() {
            self.check_enabled()?;
        }
        Ok(Page::cut(rows, limit).map(OwnProgramme::from))
    }

    /// How many programmes of its own the client has. The client is taken first, so that of two
    /// that are added at once the second counts the first.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn count_programmes(&mut self) -> Result<i64, Error> {
        let custodian = self.custodian()?;
        let this = client::id.eq(custodian).and(client::disabled_at.is_null());
        let unchanged = client::revision.eq(client::revision);
        let taken =
            on_each_backend!(self.connection, |conn| update(client::table, this, unchanged)
                .execute(conn))?;
        if taken == 0 {
            return Err(Error::new(Kind::ClientDisabled));
        }
        let count = on_each_backend!(self.connection, |conn| programme::table
            .filter(programme::custodian_id.eq(custodian))
            .count()
            .get_result(conn))?;
        Ok(count)
    }

    /// Adds a programme of the client's own.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn add_programme(&mut self, body: String) -> Result<OwnProgramme, Error> {
        let now = self.now();
        let added =
            OwnProgramme { id: self.mint(), body, revision: 1, created_at: now, updated_at: now };
        let row = Row::of(&added, self.custodian()?);
        on_each_backend!(self.connection, |conn| diesel::insert_into(programme::table)
            .values(&row)
            .execute(conn))?;
        self.record_programme(&added, "created")?;
        Ok(added)
    }

    /// Replaces what a programme says, if nobody else has changed it since it was read;
    /// otherwise `None`.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn replace_programme(
        &mut self,
        found: &OwnProgramme,
        body: String,
    ) -> Result<Option<OwnProgramme>, Error> {
        let custodian = self.custodian()?;
        let changed = OwnProgramme {
            body,
            revision: found.revision + 1,
            updated_at: self.now(),
            ..found.clone()
        };
        let row = Row::of(&changed, custodian);
        let this = programme::id
            .eq(Uid(found.id))
            .and(programme::revision.eq(found.revision))
            .and(own!(custodian));
        let replaced =
            on_each_backend!(self.connection, |conn| update(programme::table, this, &row)
                .execute(conn))?;
        if replaced == 0 {
            return Ok(None);
        }
        self.record_programme(&changed, "updated")?;
        Ok(Some(changed))
    }

    /// Removes a programme, if nobody else has changed it since it was read; otherwise `false`.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn remove_programme(&mut self, found: &OwnProgramme) -> Result<bool, Error> {
        let custodian = self.custodian()?;
        let removed = on_each_backend!(self.connection, |conn| diesel::delete(
            programme::table
                .filter(programme::id.eq(Uid(found.id)))
                .filter(programme::revision.eq(found.revision))
                .filter(own!(custodian))
        )
        .execute(conn))?;
        if removed > 0 {
            self.record_programme(found, "deleted")?;
        }
        Ok(removed > 0)
    }

    fn record_programme(&mut self, value: &OwnProgramme, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "programme",
            id: value.id.to_string(),
            organization: None,
            revision: value.revision,
            kind,
        })
    }
}
