//! Frozen registers.

use diesel::prelude::*;
use mamori_domain::risk::asset::Register;
use mamori_domain::risk::exposure::Pair;
use mamori_domain::risk::snapshot::{FrozenExposure, Snapshot};
use mamori_domain::risk::{Medium, Model};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::risk::pair;
use crate::schema::{asset, risk_snapshot, risk_snapshot_row};
use crate::types::{At, Uid, sql};
use crate::{Change, Error, Tx};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = risk_snapshot)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    label: String,
    edition: String,
    exposures: String,
    asset_count: i64,
    taken_at: At,
}

impl TryFrom<Row> for Snapshot {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let exposures = serde_json::from_str(&row.exposures);
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            label: row.label,
            model: Model::of(&row.edition).ok_or(Error::corrupt("an edition of a snapshot"))?,
            exposures: exposures.map_err(|_| Error::corrupt("the exposures of a snapshot"))?,
            asset_count: row.asset_count,
            taken_at: row.taken_at.0,
        })
    }
}

/// An asset as a snapshot has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenAsset {
    /// The asset's id; the asset itself may be gone.
    pub asset: Uuid,
    /// The custodian's own key.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The department in charge.
    pub owner_department: Option<String>,
    /// Its medium and importance.
    pub pair: Pair,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = risk_snapshot_row)]
struct AssetRow {
    asset_id: Uid,
    external_id: Option<String>,
    name: String,
    owner_department: Option<String>,
    medium: String,
    importance: i32,
}

impl TryFrom<AssetRow> for FrozenAsset {
    type Error = Error;

    fn try_from(row: AssetRow) -> Result<Self, Error> {
        Ok(Self {
            asset: row.asset_id.0,
            external_id: row.external_id,
            name: row.name,
            owner_department: row.owner_department,
            pair: pair(&row.medium, row.importance)?,
        })
    }
}

/// An asset in two snapshots: as the earlier and as the later has it.
pub type Difference = (Option<FrozenAsset>, Option<FrozenAsset>);

diesel::alias!(risk_snapshot_row as earlier: Earlier);

impl Tx<'_> {
    /// Freezes a register that was taken, with all its assets: two statements, however many
    /// they are.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn add_snapshot(
        &mut self,
        taken: &Register,
        label: String,
        exposures: Vec<FrozenExposure>,
    ) -> Result<Snapshot, Error> {
        let custodian = self.custodian()?;
        let assets = self.count_assets(taken.organization)?;
        let added = Snapshot {
            id: self.mint(),
            organization: taken.organization,
            label,
            model: taken.model,
            exposures,
            asset_count: assets.iter().map(|(_, count)| count).sum(),
            taken_at: self.now(),
        };
        let exposures = serde_json::to_string(&added.exposures);
        let row = Row {
            id: Uid(added.id),
            custodian_id: custodian,
            organization_id: Uid(added.organization),
            label: added.label.clone(),
            edition: added.model.edition.to_owned(),
            exposures: exposures.map_err(|_| Error::internal("exposures that are no JSON"))?,
            asset_count: added.asset_count,
            taken_at: At(added.taken_at),
        };
        on_each_backend!(self.connection, |conn| {
            diesel::insert_into(risk_snapshot::table).values(&row).execute(conn)?;
            asset::table
                .filter(asset::custodian_id.eq(custodian))
                .filter(asset::organization_id.eq(Uid(added.organization)))
                .select((
                    Uid(added.id).into_sql::<sql::Id>(),
                    asset::id,
                    asset::custodian_id,
                    asset::organization_id,
                    asset::external_id,
                    asset::name,
                    asset::owner_department,
                    asset::medium,
                    asset::importance,
                ))
                .insert_into(risk_snapshot_row::table)
                .into_columns((
                    risk_snapshot_row::snapshot_id,
                    risk_snapshot_row::asset_id,
                    risk_snapshot_row::custodian_id,
                    risk_snapshot_row::organization_id,
                    risk_snapshot_row::external_id,
                    risk_snapshot_row::name,
                    risk_snapshot_row::owner_department,
                    risk_snapshot_row::medium,
                    risk_snapshot_row::importance,
                ))
                .execute(conn)
        })?;
        self.record(&Change {
            resource: "risk_snapshot",
            id: added.id.to_string(),
            organization: Some(added.organization),
            revision: 1,
            kind: "created",
        })?;
        Ok(added)
    }

    /// Finds a snapshot within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_snapshot(&mut self, id: Uuid) -> Result<Option<Snapshot>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| risk_snapshot::table
            .filter(risk_snapshot::id.eq(Uid(id)))
            .filter(visible!(risk_snapshot, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Snapshot::try_from).transpose()
    }

    /// Lists the snapshots of an organization, the newest first, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_snapshots(
        &mut self,
        organization: Uuid,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Snapshot>, Error> {
        let reach = self.reach()?;
        let before = Uid(after.unwrap_or(Uuid::max()));
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| risk_snapshot::table
            .filter(risk_snapshot::organization_id.eq(Uid(organization)))
            .filter(visible!(risk_snapshot, organization_id, reach))
            .filter(risk_snapshot::id.lt(before))
            .order(risk_snapshot::id.desc())
            .limit(Page::<Row>::fetch(limit))
            .select(Row::as_select())
            .load(conn))?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(Snapshot::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Counts the assets of a snapshot by medium and importance.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn count_snapshot(&mut self, snapshot: &Snapshot) -> Result<Vec<(Pair, i64)>, Error> {
        let reach = self.reach()?;
        let rows: Vec<(String, i32, i64)> =
            on_each_backend!(self.connection, |conn| risk_snapshot_row::table
                .filter(risk_snapshot_row::organization_id.eq(Uid(snapshot.organization)))
                .filter(risk_snapshot_row::snapshot_id.eq(Uid(snapshot.id)))
                .filter(visible!(risk_snapshot_row, organization_id, reach))
                .group_by((risk_snapshot_row::medium, risk_snapshot_row::importance))
                .select((
                    risk_snapshot_row::medium,
                    risk_snapshot_row::importance,
                    diesel::dsl::count_star(),
                ))
                .load(conn))?;
        rows.into_iter()
            .map(|(medium, importance, count)| Ok((pair(&medium, importance)?, count)))
            .collect()
    }

    /// Lists the assets of a snapshot in the order in which they were added, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_frozen_assets(
        &mut self,
        snapshot: &Snapshot,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<FrozenAsset>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<AssetRow> =
            on_each_backend!(self.connection, |conn| risk_snapshot_row::table
                .filter(risk_snapshot_row::organization_id.eq(Uid(snapshot.organization)))
                .filter(risk_snapshot_row::snapshot_id.eq(Uid(snapshot.id)))
                .filter(visible!(risk_snapshot_row, organization_id, reach))
                .filter(risk_snapshot_row::asset_id.gt(after))
                .order(risk_snapshot_row::asset_id)
                .limit(Page::<AssetRow>::fetch(limit))
                .select(AssetRow::as_select())
                .load(conn))?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(FrozenAsset::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Lists the assets in which two snapshots of one organization differ, in the order in which
    /// they were added, behind `after`: those that only one of them has, and those whose medium
    /// or importance changed or that are on one of the `moved` media. Three statements.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_differences(
        &mut self,
        (before, later): (&Snapshot, &Snapshot),
        moved: &[Medium],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Difference>, Error> {
        let mut found = self.only_in(later, before, after, limit)?;
        let new = found.drain(..).map(|asset| (None, Some(asset)));
        let mut all: Vec<Difference> = new.collect();
        let gone = self.only_in(before, later, after, limit)?;
        all.extend(gone.into_iter().map(|asset| (Some(asset), None)));
        all.extend(self.changed_between((before, later), moved, after, limit)?);
        let place = |(before, after): &Difference| {
            before.as_ref().or(after.as_ref()).map(|asset| asset.asset)
        };
        all.sort_by_key(place);
        all.truncate(usize::from(limit) + 1);
        Ok(Page::cut(all, limit))
    }

    fn only_in(
        &mut self,
        this: &Snapshot,
        other: &Snapshot,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<FrozenAsset>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<AssetRow> = on_each_backend!(self.connection, |conn| {
            let there = earlier
                .filter(earlier.field(risk_snapshot_row::snapshot_id).eq(Uid(other.id)))
                .filter(earlier.field(risk_snapshot_row::asset_id).eq(risk_snapshot_row::asset_id));
            risk_snapshot_row::table
                .filter(risk_snapshot_row::organization_id.eq(Uid(this.organization)))
                .filter(risk_snapshot_row::snapshot_id.eq(Uid(this.id)))
                .filter(visible!(risk_snapshot_row, organization_id, reach))
                .filter(risk_snapshot_row::asset_id.gt(after))
                .filter(diesel::dsl::not(diesel::dsl::exists(there)))
                .order(risk_snapshot_row::asset_id)
                .limit(Page::<AssetRow>::fetch(limit))
                .select(AssetRow::as_select())
                .load(conn)
        })?;
        rows.into_iter().map(FrozenAsset::try_from).collect()
    }

    fn changed_between(
        &mut self,
        (before, later): (&Snapshot, &Snapshot),
        moved: &[Medium],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<Difference>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let moved: Vec<_> = moved.iter().map(|medium| medium.code()).collect();
        let rows: Vec<(AssetRow, AssetRow)> = on_each_backend!(self.connection, |conn| {
            let same_asset = earlier
                .field(risk_snapshot_row::asset_id)
                .eq(risk_snapshot_row::asset_id)
                .and(earlier.field(risk_snapshot_row::snapshot_id).eq(Uid(before.id)));
            let differs = earlier
                .field(risk_snapshot_row::medium)
                .ne(risk_snapshot_row::medium)
                .or(earlier.field(risk_snapshot_row::importance).ne(risk_snapshot_row::importance))
                .or(risk_snapshot_row::medium.eq_any(&moved));
            risk_snapshot_row::table
                .inner_join(earlier.on(same_asset))
                .filter(risk_snapshot_row::organization_id.eq(Uid(later.organization)))
                .filter(risk_snapshot_row::snapshot_id.eq(Uid(later.id)))
                .filter(visible!(risk_snapshot_row, organization_id, reach))
                .filter(risk_snapshot_row::asset_id.gt(after))
                .filter(differs)
                .order(risk_snapshot_row::asset_id)
                .limit(Page::<AssetRow>::fetch(limit))
                .select((
                    AssetRow::as_select(),
                    (
                        earlier.field(risk_snapshot_row::asset_id),
                        earlier.field(risk_snapshot_row::external_id),
                        earlier.field(risk_snapshot_row::name),
                        earlier.field(risk_snapshot_row::owner_department),
                        earlier.field(risk_snapshot_row::medium),
                        earlier.field(risk_snapshot_row::importance),
                    ),
                ))
                .load(conn)
        })?;
        rows.into_iter()
            .map(|(now, was)| Ok((Some(was.try_into()?), Some(now.try_into()?))))
            .collect()
    }
}
