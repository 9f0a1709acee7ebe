//! Information assets.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::upsert::excluded;
use mamori_domain::risk::asset::{Asset, Entry, Register, search_key};
use mamori_domain::risk::{Medium, Ratings};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::register::medium_from_text;
use crate::schema::asset;
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Tx};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = asset, treat_none_as_null = true, treat_none_as_default_value = false)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
pub(crate) struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    external_id: Option<String>,
    name: String,
    search_key: String,
    business_category: Option<String>,
    note: Option<String>,
    user_scope: Option<String>,
    owner_department: Option<String>,
    medium: String,
    personal_information: bool,
    special_care_required_personal_information: bool,
    specific_personal_information: bool,
    threatens_survival: bool,
    confidentiality: i32,
    integrity: i32,
    availability: i32,
    importance: i32,
    retention: Option<String>,
    registered_on: NaiveDate,
    tags: String,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    fn of(value: Asset, custodian_id: Uid) -> Self {
        let entry = value.entry;
        Self {
            id: Uid(value.id),
            custodian_id,
            organization_id: Uid(value.organization),
            external_id: entry.external_id,
            search_key: search_key(&entry.name),
            name: entry.name,
            business_category: entry.business_category,
            note: entry.note,
            user_scope: entry.user_scope,
            owner_department: entry.owner_department,
            medium: entry.medium.code().to_owned(),
            personal_information: entry.ratings.personal_information,
            special_care_required_personal_information: entry
                .ratings
                .special_care_required_personal_information,
            specific_personal_information: entry.ratings.specific_personal_information,
            threatens_survival: entry.ratings.threatens_survival,
            confidentiality: i32::from(entry.ratings.confidentiality),
            integrity: i32::from(entry.ratings.integrity),
            availability: i32::from(entry.ratings.availability),
            importance: i32::from(value.importance),
            retention: entry.retention,
            registered_on: entry.registered_on,
            // Tags have no line breaks.
            tags: entry.tags.join("\n"),
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        }
    }
}

impl TryFrom<Row> for Asset {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let rating = |value: i32| u8::try_from(value).map_err(|_| Error::corrupt("a rating"));
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            entry: Entry {
                external_id: row.external_id,
                business_category: row.business_category,
                name: row.name,
                note: row.note,
                user_scope: row.user_scope,
                owner_department: row.owner_department,
                medium: medium_from_text(&row.medium)?,
                ratings: Ratings {
                    confidentiality: rating(row.confidentiality)?,
                    integrity: rating(row.integrity)?,
                    availability: rating(row.availability)?,
                    personal_information: row.personal_information,
                    special_care_required_personal_information: row
                        .special_care_required_personal_information,
                    specific_personal_information: row.specific_personal_information,
                    threatens_survival: row.threatens_survival,
                },
                retention: row.retention,
                registered_on: row.registered_on,
                tags: row.tags.lines().map(str::to_owned).collect(),
            },
            importance: rating(row.importance)?,
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// Which assets a list shows.
#[derive(Debug, Clone, Default)]
pub struct AssetFilter {
    /// The one with this key of the custodian's.
    pub external_id: Option<String>,
    /// Those on this medium.
    pub medium: Option<Medium>,
    /// Those of this importance.
    pub importance: Option<u8>,
    /// Those in the charge of this department.
    pub owner_department: Option<String>,
    /// Those whose name holds this text, whatever its width and case.
    pub name: Option<String>,
}

/// A row of a bulk upsert.
#[derive(Debug, Clone)]
pub struct Upsert {
    /// What the register is to say.
    pub entry: Entry,
    /// Whether the day of registration was stated; else an asset that is there keeps its own.
    pub dated: bool,
}

/// What became of a row of a bulk upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    /// It was not there.
    Created,
    /// It was there, and other.
    Updated,
    /// It was there, and the same.
    Unchanged,
}

impl Tx<'_> {
    /// Finds an asset within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_asset(&mut self, id: Uuid) -> Result<Option<Asset>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| asset::table
            .filter(asset::id.eq(Uid(id)))
            .filter(visible!(asset, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Asset::try_from).transpose()
    }

    /// Finds assets of an organization by id, in the order of the ids.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_assets(&mut self, ids: &[Uuid]) -> Result<Vec<Asset>, Error> {
        let reach = self.reach()?;
        let wanted: Vec<_> = ids.iter().copied().map(Uid).collect();
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| asset::table
            .filter(asset::id.eq_any(&wanted))
            .filter(visible!(asset, organization_id, reach))
            .select(Row::as_select())
            .load(conn))?;
        let found: Result<BTreeMap<_, _>, Error> =
            rows.into_iter().map(|row| Ok((row.id.0, Asset::try_from(row)?))).collect();
        let mut found = found?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Lists the assets of an organization in the order in which they were added, behind
    /// `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_assets(
        &mut self,
        organization: Uuid,
        filter: &AssetFilter,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Asset>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let name = filter.name.as_deref().map(search_key);
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| {
            let mut query = asset::table
                .filter(asset::organization_id.eq(Uid(organization)))
                .filter(visible!(asset, organization_id, reach))
                .filter(asset::id.gt(after))
                .order(asset::id)
                .limit(Page::<Row>::fetch(limit))
                .select(Row::as_select())
                .into_boxed();
            if let Some(key) = &filter.external_id {
                query = query.filter(asset::external_id.eq(key));
            }
            if let Some(medium) = filter.medium {
                query = query.filter(asset::medium.eq(medium.code()));
            }
            if let Some(importance) = filter.importance {
                query = query.filter(asset::importance.eq(i32::from(importance)));
            }
            if let Some(department) = &filter.owner_department {
                query = query.filter(asset::owner_department.eq(department));
            }
            if let Some(name) = &name {
                query = query.filter(asset::search_key.like(containing(name)).escape('\\'));
            }
            query.load(conn)
        })?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(Asset::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Adds an asset to a register that was taken.
    ///
    /// # Errors
    ///
    /// [`Kind::Taken`](crate::Kind::Taken) where another asset has the external id; or when the
    /// database fails.
    pub fn add_asset(&mut self, taken: &Register, entry: Entry) -> Result<Asset, Error> {
        let added = self.new_asset(taken, entry);
        let row = Row::of(added.clone(), self.custodian()?);
        on_each_backend!(self.connection, |conn| diesel::insert_into(asset::table)
            .values(&row)
            .execute(conn))?;
        self.record_asset(&added, "created")?;
        Ok(added)
    }

    fn new_asset(&mut self, taken: &Register, entry: Entry) -> Asset {
        let now = self.now();
        Asset {
            id: self.mint(),
            organization: taken.organization,
            importance: taken.model.importance(&entry.ratings).value,
            entry,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Replaces what a register that was taken says of an asset, if nobody else has changed it
    /// since it was read; otherwise `None`.
    ///
    /// # Errors
    ///
    /// As [`Tx::add_asset`].
    pub fn replace_asset(
        &mut self,
        taken: &Register,
        found: &Asset,
        entry: Entry,
    ) -> Result<Option<Asset>, Error> {
        let reach = self.reach()?;
        let changed = Asset {
            importance: taken.model.importance(&entry.ratings).value,
            entry,
            revision: found.revision + 1,
            updated_at: self.now(),
            ..found.clone()
        };
        let row = Row::of(changed.clone(), reach.custodian);
        let this = asset::id
            .eq(Uid(found.id))
            .and(asset::revision.eq(found.revision))
            .and(visible!(asset, organization_id, reach));
        let replaced = on_each_backend!(self.connection, |conn| update(asset::table, this, &row)
            .execute(conn))?;
        if replaced == 0 {
            return Ok(None);
        }
        self.record_asset(&changed, "updated")?;
        Ok(Some(changed))
    }

    /// Removes an asset with its treatments, if nobody else has changed it since it was read;
    /// otherwise `false`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn remove_asset(&mut self, found: &Asset) -> Result<bool, Error> {
        let reach = self.reach()?;
        let removed = on_each_backend!(self.connection, |conn| diesel::delete(
            asset::table
                .filter(asset::id.eq(Uid(found.id)))
                .filter(asset::revision.eq(found.revision))
                .filter(visible!(asset, organization_id, reach))
        )
        .execute(conn))?;
        if removed > 0 {
            self.record_asset(found, "deleted")?;
        }
        Ok(removed > 0)
    }

    /// Adds assets to a register that was taken, or replaces those whose external ids are there:
    /// three statements, however many they are. Each entry must have an external id, and each
    /// id once.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn upsert_assets(
        &mut self,
        taken: &Register,
        rows: Vec<Upsert>,
    ) -> Result<Vec<(Uuid, Upserted)>, Error> {
        let reach = self.reach()?;
        let keys: Vec<_> = rows.iter().filter_map(|row| row.entry.external_id.clone()).collect();
        let kept: Vec<Row> = on_each_backend!(self.connection, |conn| asset::table
            .filter(asset::organization_id.eq(Uid(taken.organization)))
            .filter(visible!(asset, organization_id, reach))
            .filter(asset::external_id.eq_any(&keys))
            .select(Row::as_select())
            .load(conn))?;
        let mut found = BTreeMap::new();
        for row in kept {
            found.insert(row.external_id.clone(), Asset::try_from(row)?);
        }
        let now = self.now();
        let mut outcome = Vec::with_capacity(rows.len());
        let mut changed = Vec::new();
        for Upsert { mut entry, dated } in rows {
            let importance = taken.model.importance(&entry.ratings).value;
            let there = found.remove(&entry.external_id);
            if let Some(asset) = there.as_ref().filter(|_| !dated) {
                entry.registered_on = asset.entry.registered_on;
            }
            let (asset, became) = match there {
                Some(asset) if asset.entry == entry && asset.importance == importance => {
                    outcome.push((asset.id, Upserted::Unchanged));
                    continue;
                }
                Some(asset) => {
                    let revision = asset.revision + 1;
                    let asset = Asset { entry, importance, revision, updated_at: now, ..asset };
                    (asset, Upserted::Updated)
                }
                None => (self.new_asset(taken, entry), Upserted::Created),
            };
            outcome.push((asset.id, became));
            changed.push(Row::of(asset, reach.custodian));
        }
        if changed.is_empty() {
            return Ok(outcome);
        }
        self.write_assets(changed)?;
        self.record_register(taken, "assets_upserted")?;
        Ok(outcome)
    }

    /// Adds assets to a register that was taken, or replaces those that are named: of each the
    /// asset that it was, if any.
    ///
    /// # Errors
    ///
    /// [`Kind::Taken`](crate::Kind::Taken) where another asset has the external id; or when the
    /// database fails.
    pub fn apply_assets(
        &mut self,
        taken: &Register,
        entries: Vec<(Option<Asset>, Entry)>,
    ) -> Result<(), Error> {
        let custodian = self.custodian()?;
        let now = self.now();
        if entries.is_empty() {
            return Ok(());
        }
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let mut changed = Vec::with_capacity(MOST_ROWS);
            for (there, entry) in entries.by_ref().take(MOST_ROWS) {
                let importance = taken.model.importance(&entry.ratings).value;
                let asset = match there {
                    None => self.new_asset(taken, entry),
                    Some(asset) => Asset {
                        entry,
                        importance,
                        revision: asset.revision + 1,
                        updated_at: now,
                        ..asset
                    },
                };
                changed.push(Row::of(asset, custodian));
            }
            self.write_assets(changed)?;
        }
        self.record_register(taken, "assets_imported")
    }

    /// Hands every asset of an organization to `each`, in the order in which they were added, a
    /// thousand to a statement.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn each_asset(
        &mut self,
        organization: Uuid,
        mut each: impl FnMut(Asset),
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.list_assets(organization, &AssetFilter::default(), after, PAGE)?;
            after = page.items.last().map(|asset| asset.id);
            page.items.into_iter().for_each(&mut each);
            if page.beyond.is_none() {
                return Ok(());
            }
        }
    }

    fn write_assets(&mut self, changed: Vec<Row>) -> Result<(), Error> {
        for rows in changed.chunks(MOST_ROWS) {
            on_each_backend!(self.connection, |conn| diesel::insert_into(asset::table)
                .values(rows)
                .on_conflict(asset::id)
                .do_update()
                .set((
                    asset::external_id.eq(excluded(asset::external_id)),
                    asset::name.eq(excluded(asset::name)),
                    asset::search_key.eq(excluded(asset::search_key)),
                    asset::business_category.eq(excluded(asset::business_category)),
                    asset::note.eq(excluded(asset::note)),
                    asset::user_scope.eq(excluded(asset::user_scope)),
                    asset::owner_department.eq(excluded(asset::owner_department)),
                    asset::medium.eq(excluded(asset::medium)),
                    asset::personal_information.eq(excluded(asset::personal_information)),
                    asset::special_care_required_personal_information
                        .eq(excluded(asset::special_care_required_personal_information)),
                    asset::specific_personal_information
                        .eq(excluded(asset::specific_personal_information)),
                    asset::threatens_survival.eq(excluded(asset::threatens_survival)),
                    asset::confidentiality.eq(excluded(asset::confidentiality)),
                    asset::integrity.eq(excluded(asset::integrity)),
                    asset::availability.eq(excluded(asset::availability)),
                    asset::importance.eq(excluded(asset::importance)),
                    asset::retention.eq(excluded(asset::retention)),
                    asset::registered_on.eq(excluded(asset::registered_on)),
                    asset::tags.eq(excluded(asset::tags)),
                    asset::revision.eq(excluded(asset::revision)),
                    asset::updated_at.eq(excluded(asset::updated_at)),
                ))
                .execute(conn))?;
        }
        Ok(())
    }

    /// Moves the ratings and importances of all assets of a register by `step`, which its
    /// conversion to another edition asks for.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn shift_assets(&mut self, converted: &Register, step: i8) -> Result<(), Error> {
        let step = i32::from(step);
        let reach = self.reach()?;
        let now = At(self.now());
        on_each_backend!(self.connection, |conn| diesel::update(
            asset::table
                .filter(asset::organization_id.eq(Uid(converted.organization)))
                .filter(visible!(asset, organization_id, reach))
        )
        .set((
            asset::confidentiality.eq(asset::confidentiality + step),
            asset::integrity.eq(asset::integrity + step),
            asset::availability.eq(asset::availability + step),
            asset::importance.eq(asset::importance + step),
            asset::revision.eq(asset::revision + 1),
            asset::updated_at.eq(now),
        ))
        .execute(conn))?;
        Ok(())
    }

    fn record_asset(&mut self, value: &Asset, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "asset",
            id: value.id.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}

/// How many assets are read at once where all are read.
const PAGE: u16 = 1_000;

/// The most rows in one statement: SQLite takes 32,766 values, and an asset has 25.
const MOST_ROWS: usize = 1_000;

/// The pattern of what holds `text`.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
