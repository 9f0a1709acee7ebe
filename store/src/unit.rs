//! Units of an organization: its sites and departments.

use diesel::prelude::*;
use mamori_domain::organization::{Unit, UnitKind};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::unit;
use crate::types::{At, Uid, text_enum};
use crate::update::update;
use crate::{Change, Error, Tx};

text_enum!(UnitKind, kind_to_text, kind_from_text, {
    UnitKind::Site = "site",
    UnitKind::Department = "department",
});

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    name: String,
    kind: String,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    fn of(value: &Unit, custodian_id: Uid) -> Self {
        Self {
            id: Uid(value.id),
            custodian_id,
            organization_id: Uid(value.organization),
            name: value.name.clone(),
            kind: kind_to_text(value.kind).to_owned(),
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        }
    }
}

impl TryFrom<Row> for Unit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            name: row.name,
            kind: kind_from_text(&row.kind)?,
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

impl Tx<'_> {
    /// Finds a unit of an organization within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_unit(&mut self, id: Uuid) -> Result<Option<Unit>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| unit::table
            .filter(unit::id.eq(Uid(id)))
            .filter(visible!(unit, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Unit::try_from).transpose()
    }

    /// Lists the units of an organization in the order of their registration.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_units(
        &mut self,
        organization: Uuid,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Unit>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| unit::table
            .filter(unit::organization_id.eq(Uid(organization)))
            .filter(visible!(unit, organization_id, reach))
            .filter(unit::id.gt(after))
            .order(unit::id)
            .limit(Page::<Row>::fetch(limit))
            .select(Row::as_select())
            .load(conn))?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(Unit::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Adds a unit to an organization, which must be within reach.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`](crate::Kind::InUse) where the organization went away meanwhile; or when
    /// the database fails.
    pub fn add_unit(
        &mut self,
        organization: Uuid,
        name: String,
        kind: UnitKind,
    ) -> Result<Unit, Error> {
        let now = self.now();
        let id = self.mint();
        let added =
            Unit { id, organization, name, kind, revision: 1, created_at: now, updated_at: now };
        let row = Row::of(&added, self.custodian()?);
        on_each_backend!(self.connection, |conn| diesel::insert_into(unit::table)
            .values(&row)
            .execute(conn))?;
        self.record_unit(&added, "created")?;
        Ok(added)
    }

    /// Renames or reclassifies a unit, if nobody else has changed it since it was read;
    /// otherwise `None`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn replace_unit(
        &mut self,
        found: &Unit,
        name: String,
        kind: UnitKind,
    ) -> Result<Option<Unit>, Error> {
        let reach = self.reach()?;
        let revision = found.revision + 1;
        let changed = Unit { name, kind, revision, updated_at: self.now(), ..found.clone() };
        let row = Row::of(&changed, reach.custodian);
        let this = unit::id.eq(Uid(found.id)).and(unit::revision.eq(found.revision)).and(visible!(
            unit,
            organization_id,
            reach
        ));
        let replaced = on_each_backend!(self.connection, |conn| update(unit::table, this, &row)
            .execute(conn))?;
        if replaced == 0 {
            return Ok(None);
        }
        self.record_unit(&changed, "updated")?;
        Ok(Some(changed))
    }

    /// Removes a unit, if nobody else has changed it since it was read; otherwise `false`.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`](crate::Kind::InUse) where an assessment is about it; or when the database fails.
    pub fn remove_unit(&mut self, found: &Unit) -> Result<bool, Error> {
        let reach = self.reach()?;
        let removed = on_each_backend!(self.connection, |conn| diesel::delete(
            unit::table
                .filter(unit::id.eq(Uid(found.id)))
                .filter(unit::revision.eq(found.revision))
                .filter(visible!(unit, organization_id, reach))
        )
        .execute(conn))?;
        if removed > 0 {
            self.record_unit(found, "deleted")?;
        }
        Ok(removed > 0)
    }

    fn record_unit(&mut self, value: &Unit, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "unit",
            id: value.id.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}
