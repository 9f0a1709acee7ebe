//! Organizations.

use chrono::NaiveDate;
use diesel::prelude::*;
use mamori_domain::corporate_number::CorporateNumber;
use mamori_domain::organization::{Kind, Organization, Profile};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::{organization, unit};
use crate::types::{At, Uid, text_enum};
use crate::update::update;
use crate::{Change, Error, Tx};

text_enum!(Kind, kind_to_text, kind_from_text, {
    Kind::Corporation = "corporation",
    Kind::SoleProprietor = "sole_proprietor",
    Kind::OtherBody = "other_body",
});

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organization, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    external_id: Option<String>,
    kind: String,
    name: String,
    name_kana: Option<String>,
    trade_name: Option<String>,
    corporate_number: Option<String>,
    representative_title: Option<String>,
    representative_name: Option<String>,
    postal_code: Option<String>,
    prefecture: Option<String>,
    municipality: Option<String>,
    street: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    industry: Option<String>,
    employees: Option<i32>,
    employees_as_of: Option<NaiveDate>,
    capital: Option<i64>,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    fn of(value: &Organization, custodian_id: Uid) -> Self {
        let profile = value.profile.clone();
        Self {
            id: Uid(value.id),
            custodian_id,
            external_id: profile.external_id,
            kind: kind_to_text(profile.kind).to_owned(),
            name: profile.name,
            name_kana: profile.name_kana,
            trade_name: profile.trade_name,
            corporate_number: profile.corporate_number.map(|number| number.as_str().to_owned()),
            representative_title: profile.representative_title,
            representative_name: profile.representative_name,
            postal_code: profile.postal_code,
            prefecture: profile.prefecture,
            municipality: profile.municipality,
            street: profile.street,
            phone: profile.phone,
            website: profile.website,
            industry: profile.industry,
            employees: profile.employees,
            employees_as_of: profile.employees_as_of,
            capital: profile.capital,
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        }
    }
}

impl TryFrom<Row> for Organization {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let number = row.corporate_number.as_deref().map(CorporateNumber::parse).transpose();
        Ok(Self {
            id: row.id.0,
            profile: Profile {
                external_id: row.external_id,
                kind: kind_from_text(&row.kind)?,
                name: row.name,
                name_kana: row.name_kana,
                trade_name: row.trade_name,
                corporate_number: number.map_err(|_| Error::corrupt("a corporate number"))?,
                representative_title: row.representative_title,
                representative_name: row.representative_name,
                postal_code: row.postal_code,
                prefecture: row.prefecture,
                municipality: row.municipality,
                street: row.street,
                phone: row.phone,
                website: row.website,
                industry: row.industry,
                employees: row.employees,
                employees_as_of: row.employees_as_of,
                capital: row.capital,
            },
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// Which organizations a list shows.
#[derive(Debug, Clone, Default)]
pub struct OrganizationFilter {
    /// The one with this key of the custodian's.
    pub external_id: Option<String>,
    /// Those with this corporate number.
    pub corporate_number: Option<String>,
}

impl Tx<'_> {
    /// Finds an organization within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_organization(&mut self, id: Uuid) -> Result<Option<Organization>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| organization::table
            .filter(organization::id.eq(Uid(id)))
            .filter(visible!(organization, id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Organization::try_from).transpose()
    }

    /// Lists organizations in the order of their registration, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_organizations(
        &mut self,
        filter: &OrganizationFilter,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Organization>, Error> {
        let reach = self.reach()?;
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| {
            let mut query = organization::table
                .filter(visible!(organization, id, reach))
                .select(Row::as_select())
                .order(organization::id)
                .limit(Page::<Row>::fetch(limit))
                .into_boxed();
            if let Some(key) = &filter.external_id {
                query = query.filter(organization::external_id.eq(key));
            }
            if let Some(number) = &filter.corporate_number {
                query = query.filter(organization::corporate_number.eq(number));
            }
            if let Some(after) = after {
                query = query.filter(organization::id.gt(Uid(after)));
            }
            query.load(conn)
        })?;
        if rows.is_empty() {
            self.check_enabled()?;
        }
        let items: Result<Vec<_>, _> = rows.into_iter().map(Organization::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Registers an organization with its custodian.
    ///
    /// # Errors
    ///
    /// [`Kind::Taken`](crate::Kind::Taken) where the custodian has used the external id;
    /// or when the database fails.
    pub fn add_organization(&mut self, profile: Profile) -> Result<Organization, Error> {
        let now = self.now();
        let added = Organization {
            id: self.mint(),
            profile,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let row = Row::of(&added, self.custodian()?);
        on_each_backend!(self.connection, |conn| diesel::insert_into(organization::table)
            .values(&row)
            .execute(conn))?;
        self.record_organization(&added, "created")?;
        Ok(added)
    }

    /// Replaces what is known of an organization, if nobody else has changed it since it
    /// was read; otherwise `None`. Its declarations are compared with it anew.
    ///
    /// # Errors
    ///
    /// As [`Tx::add_organization`].
    pub fn replace_organization(
        &mut self,
        found: &Organization,
        profile: Profile,
        today: NaiveDate,
    ) -> Result<Option<Organization>, Error> {
        let reach = self.reach()?;
        let changed = Organization {
            profile,
            revision: found.revision + 1,
            updated_at: self.now(),
            ..found.clone()
        };
        let row = Row::of(&changed, reach.custodian);
        let this = organization::id
            .eq(Uid(found.id))
            .and(organization::revision.eq(found.revision))
            .and(visible!(organization, id, reach));
        let replaced =
            on_each_backend!(self.connection, |conn| update(organization::table, this, &row)
                .execute(conn))?;
        if replaced == 0 {
            return Ok(None);
        }
        self.look_again_at_declarations(changed.id, &changed.profile, today)?;
        self.record_organization(&changed, "updated")?;
        Ok(Some(changed))
    }

    /// Removes an organization with everything that belongs to it, if nobody else has
    /// changed it since it was read; otherwise `false`. What was attested of it is revoked.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn remove_organization(&mut self, found: &Organization) -> Result<bool, Error> {
        let reach = self.reach()?;
        // Taken, so that nothing is attested meanwhile.
        self.lock_declarations(found.id)?;
        self.revoke_attestations_of_organization(found.id)?;
        let removed = on_each_backend!(self.connection, |conn| diesel::delete(
            organization::table
                .filter(organization::id.eq(Uid(found.id)))
                .filter(organization::revision.eq(found.revision))
                .filter(visible!(organization, id, reach))
        )
        .execute(conn))?;
        if removed > 0 {
            self.record_organization(found, "deleted")?;
        }
        Ok(removed > 0)
    }

    fn record_organization(
        &mut self,
        value: &Organization,
        kind: &'static str,
    ) -> Result<(), Error> {
        self.record(&Change {
            resource: "organization",
            id: value.id.to_string(),
            organization: Some(value.id),
            revision: value.revision,
            kind,
        })
    }

    /// Whether an organization within reach has this unit; with `None`, whether it is there
    /// at all.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn has_unit(&mut self, organization: Uuid, id: Uuid) -> Result<bool, Error> {
        let reach = self.reach()?;
        let found: bool =
            on_each_backend!(self.connection, |conn| diesel::select(diesel::dsl::exists(
                unit::table
                    .filter(unit::id.eq(Uid(id)))
                    .filter(unit::organization_id.eq(Uid(organization)))
                    .filter(visible!(unit, organization_id, reach))
            ))
            .get_result(conn))?;
        Ok(found)
    }
}
