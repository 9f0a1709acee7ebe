//! Files of assets between their preview and their application.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::{asset_import, asset_import_row};
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Tx};

/// How many files an organization has at most: the oldest makes way for a new one.
const MOST_IMPORTS: usize = 10;

/// The most rows in one statement: SQLite takes 32,766 values, and a row has 6.
const MOST_ROWS: usize = 1_000;

/// A file of assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetImport {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// What there is to tell of it.
    pub about: String,
    /// When it was applied.
    pub applied_at: Option<DateTime<Utc>>,
    /// When it was read.
    pub created_at: DateTime<Utc>,
    /// When it is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// A row of a file of assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its number in the file, from 1.
    pub number: u32,
    /// What becomes of it.
    pub verdict: String,
    /// What there is to tell of it.
    pub about: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = asset_import)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    about: String,
    applied_at: Option<At>,
    created_at: At,
    expires_at: At,
}

impl From<Row> for AssetImport {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            organization: row.organization_id.0,
            about: row.about,
            applied_at: row.applied_at.map(|at| at.0),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        }
    }
}

// As one statement: otherwise Diesel inserts each row by itself on SQLite.
#[derive(Insertable)]
#[diesel(table_name = asset_import_row, treat_none_as_default_value = false)]
struct NewRow<'r> {
    import_id: Uid,
    number: i64,
    custodian_id: Uid,
    organization_id: Uid,
    verdict: &'r str,
    about: &'r str,
}

impl Tx<'_> {
    /// Keeps a file of assets of an organization, which must be within reach and have a register,
    /// with its rows. The organization's oldest files make way for it.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`](crate::Kind::InUse) where the register went away meanwhile; or when the
    /// database fails.
    pub fn add_asset_import(
        &mut self,
        organization: Uuid,
        about: String,
        rows: &[ImportRow],
        lifetime: chrono::Duration,
    ) -> Result<AssetImport, Error> {
        let custodian_id = self.custodian()?;
        let organization_id = Uid(organization);
        let import_id = Uid(self.mint());
        let now = self.now();
        let row = Row {
            id: import_id,
            custodian_id,
            organization_id,
            about,
            applied_at: None,
            created_at: At(now),
            expires_at: At(now + lifetime),
        };
        on_each_backend!(self.connection, |conn| {
            let kept: Vec<Uid> = asset_import::table
                .filter(asset_import::custodian_id.eq(custodian_id))
                .filter(asset_import::organization_id.eq(organization_id))
                .order(asset_import::id.desc())
                .limit(i64::try_from(MOST_IMPORTS - 1).unwrap_or(1))
                .select(asset_import::id)
                .load(conn)?;
            if let Some(oldest) = kept.get(MOST_IMPORTS - 2) {
                diesel::delete(
                    asset_import::table
                        .filter(asset_import::custodian_id.eq(custodian_id))
                        .filter(asset_import::organization_id.eq(organization_id))
                        .filter(asset_import::id.lt(oldest)),
                )
                .execute(conn)?;
            }
            diesel::insert_into(asset_import::table).values(&row).execute(conn)
        })?;
        for rows in rows.chunks(MOST_ROWS) {
            let rows: Vec<NewRow<'_>> = rows
                .iter()
                .map(|ImportRow { number, verdict, about }| NewRow {
                    import_id,
                    number: i64::from(*number),
                    custodian_id,
                    organization_id,
                    verdict,
                    about,
                })
                .collect();
            on_each_backend!(self.connection, |conn| diesel::insert_into(asset_import_row::table)
                .values(&rows)
                .execute(conn))?;
        }
        Ok(row.into())
    }

    /// Finds a file of assets within reach that is not forgotten.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_asset_import(&mut self, id: Uuid) -> Result<Option<AssetImport>, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let row: Option<Row> = on_each_backend!(self.connection, |conn| asset_import::table
            .filter(asset_import::id.eq(Uid(id)))
            .filter(asset_import::expires_at.gt(now))
            .filter(visible!(asset_import, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        Ok(self.or_disabled(row)?.map(AssetImport::from))
    }

    /// Lists the rows of a file in its order behind row `after`, of one verdict or of all.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_import_rows(
        &mut self,
        import: &AssetImport,
        verdict: Option<&str>,
        after: u32,
        limit: u16,
    ) -> Result<Page<ImportRow>, Error> {
        let reach = self.reach()?;
        let rows: Vec<(i64, String, String)> = on_each_backend!(self.connection, |conn| {
            let mut query = asset_import_row::table
                .filter(asset_import_row::organization_id.eq(Uid(import.organization)))
                .filter(asset_import_row::import_id.eq(Uid(import.id)))
                .filter(visible!(asset_import_row, organization_id, reach))
                .filter(asset_import_row::number.gt(i64::from(after)))
                .order(asset_import_row::number)
                .limit(Page::<ImportRow>::fetch(limit))
                .select((
                    asset_import_row::number,
                    asset_import_row::verdict,
                    asset_import_row::about,
                ))
                .into_boxed();
            if let Some(verdict) = verdict {
                query = query.filter(asset_import_row::verdict.eq(verdict));
            }
            query.load(conn)
        })?;
        let row = |(number, verdict, about): (i64, String, String)| {
            let number = u32::try_from(number).map_err(|_| Error::corrupt("a row of a file"))?;
            Ok(ImportRow { number, verdict, about })
        };
        let items: Result<Vec<_>, Error> = rows.into_iter().map(row).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Says that a file was applied; `false` where it already was.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn mark_import_applied(&mut self, import: &AssetImport) -> Result<bool, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let this = asset_import::id
            .eq(Uid(import.id))
            .and(asset_import::applied_at.is_null())
            .and(visible!(asset_import, organization_id, reach));
        let changes = asset_import::applied_at.eq(Some(now));
        let marked =
            on_each_backend!(self.connection, |conn| update(asset_import::table, this, changes)
                .execute(conn))?;
        if marked > 0 {
            self.record(&Change {
                resource: "asset_import",
                id: import.id.to_string(),
                organization: Some(import.organization),
                revision: 2,
                kind: "applied",
            })?;
        }
        Ok(marked > 0)
    }

    /// Forgets a file of assets with its rows.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn remove_asset_import(&mut self, import: &AssetImport) -> Result<(), Error> {
        let reach = self.reach()?;
        on_each_backend!(self.connection, |conn| diesel::delete(
            asset_import::table.filter(asset_import::id.eq(Uid(import.id))).filter(visible!(
                asset_import,
                organization_id,
                reach
            ))
        )
        .execute(conn))?;
        Ok(())
    }
}
