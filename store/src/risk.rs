//! Risks: assets in the order of their risk, and how many there are of each.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Integer, Text};
use mamori_domain::risk::asset::Asset;
use mamori_domain::risk::exposure::Pair;
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::register::medium_from_text;
use crate::schema::{asset, result};
use crate::types::{Uid, sql};
use crate::{Error, StoredResult, Tx};

/// The most departments that a summary counts apart.
const MOST_DEPARTMENTS: i64 = 50;

/// The ids of assets, one pair of medium and importance after the other. Each branch walks its
/// own stretch of one index and reads a page at most, so the cost does not grow with the
/// register.
struct Ranked {
    custodian: Uid,
    organization: Uid,
    pairs: Vec<Branch>,
    fetch: i64,
}

struct Branch {
    rank: i32,
    medium: &'static str,
    importance: i32,
    after: Uid,
}

impl<DB> QueryFragment<DB> for Ranked
where
    DB: Backend + HasSqlType<sql::Id>,
    Uid: ToSql<sql::Id, DB>,
    i32: ToSql<Integer, DB>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT id FROM (");
        for (index, branch) in self.pairs.iter().enumerate() {
            if index > 0 {
                out.push_sql(" UNION ALL ");
            }
            out.push_sql("SELECT * FROM (SELECT ");
            // A number of ours: as a bound value PostgreSQL could not tell its type.
            out.push_sql(&branch.rank.to_string());
            out.push_sql(" AS place, id FROM asset WHERE custodian_id = ");
            out.push_bind_param::<sql::Id, _>(&self.custodian)?;
            out.push_sql(" AND organization_id = ");
            out.push_bind_param::<sql::Id, _>(&self.organization)?;
            out.push_sql(" AND medium = ");
            out.push_bind_param::<Text, _>(branch.medium)?;
            out.push_sql(" AND importance = ");
            out.push_bind_param::<Integer, _>(&branch.importance)?;
            out.push_sql(" AND id > ");
            out.push_bind_param::<sql::Id, _>(&branch.after)?;
            out.push_sql(" ORDER BY id LIMIT ");
            out.push_bind_param::<BigInt, _>(&self.fetch)?;
            out.push_sql(") AS branch");
        }
        out.push_sql(") AS ranked ORDER BY place, id LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.fetch)
    }
}

/// No id of its own: the statement is found again by its text.
impl QueryId for Ranked {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Ranked {
    type SqlType = sql::Id;
}

impl<Conn> RunQueryDsl<Conn> for Ranked {}

/// How many assets a department has of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The department in charge, if one is stated.
    pub owner_department: Option<String>,
    /// The medium and importance.
    pub pair: Pair,
    /// How many.
    pub count: i64,
}

impl Tx<'_> {
    /// Lists the assets of an organization by their rank, behind the asset `after` of the pair
    /// that comes first. The pairs are those that are wanted, in the order of their risk.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_risks(
        &mut self,
        organization: Uuid,
        pairs: &[Pair],
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Asset>, Error> {
        if pairs.is_empty() || !self.reaches(organization) {
            return Ok(Page::cut(Vec::new(), limit));
        }
        let branch = |(index, (medium, importance)): (usize, &Pair)| Branch {
            rank: i32::try_from(index).unwrap_or(i32::MAX),
            medium: medium.code(),
            importance: i32::from(*importance),
            after: Uid(after.filter(|_| index == 0).unwrap_or(Uuid::nil())),
        };
        let ranked = Ranked {
            custodian: self.custodian()?,
            organization: Uid(organization),
            pairs: pairs.iter().enumerate().map(branch).collect(),
            fetch: Page::<Asset>::fetch(limit),
        };
        let ids: Vec<Uid> = on_each_backend!(self.connection, |conn| ranked.load(conn))?;
        let ids: Vec<_> = ids.into_iter().map(|id| id.0).collect();
        Ok(Page::cut(self.find_assets(&ids)?, limit))
    }

    /// Counts the assets of an organization by medium and importance.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn count_assets(&mut self, organization: Uuid) -> Result<Vec<(Pair, i64)>, Error> {
        let reach = self.reach()?;
        let rows: Vec<(String, i32, i64)> = on_each_backend!(self.connection, |conn| asset::table
            .filter(asset::organization_id.eq(Uid(organization)))
            .filter(visible!(asset, organization_id, reach))
            .group_by((asset::medium, asset::importance))
            .order((asset::medium, asset::importance))
            .select((asset::medium, asset::importance, diesel::dsl::count_star()))
            .load(conn))?;
        rows.into_iter()
            .map(|(medium, importance, count)| Ok((pair(&medium, importance)?, count)))
            .collect()
    }

    /// Counts the assets of an organization by department, medium and importance: of the
    /// departments that have most assets.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn count_assets_by_department(
        &mut self,
        organization: Uuid,
    ) -> Result<Vec<Counted>, Error> {
        let reach = self.reach()?;
        type Kept = (Option<String>, String, i32, i64);
        let rows: Vec<Kept> = on_each_backend!(self.connection, |conn| {
            let largest: Vec<Option<String>> = asset::table
                .filter(asset::organization_id.eq(Uid(organization)))
                .filter(visible!(asset, organization_id, reach))
                .filter(asset::owner_department.is_not_null())
                .group_by(asset::owner_department)
                .order((diesel::dsl::count_star().desc(), asset::owner_department))
                .limit(MOST_DEPARTMENTS)
                .select(asset::owner_department)
                .load(conn)?;
            asset::table
                .filter(asset::organization_id.eq(Uid(organization)))
                .filter(visible!(asset, organization_id, reach))
                .filter(
                    asset::owner_department
                        .is_null()
                        .or(asset::owner_department.eq_any(largest).assume_not_null()),
                )
                .group_by((asset::owner_department, asset::medium, asset::importance))
                .order((asset::owner_department, asset::medium, asset::importance))
                .select((
                    asset::owner_department,
                    asset::medium,
                    asset::importance,
                    diesel::dsl::count_star(),
                ))
                .load(conn)
        })?;
        rows.into_iter()
            .map(|(owner_department, medium, importance, count)| {
                Ok(Counted { owner_department, pair: pair(&medium, importance)?, count })
            })
            .collect()
    }

    /// The latest result of a bank about an organization as a whole: by the day of its answers,
    /// then by its id.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn latest_result(
        &mut self,
        organization: Uuid,
        question_bank: &str,
    ) -> Result<Option<StoredResult>, Error> {
        let reach = self.reach()?;
        let row: Option<crate::result::Row> =
            on_each_backend!(self.connection, |conn| result::table
                .filter(result::organization_id.eq(Uid(organization)))
                .filter(result::question_bank.eq(question_bank))
                .filter(result::unit_id.is_null())
                .filter(visible!(result, organization_id, reach))
                .order((result::answered_on.desc(), result::assessment_id.desc()))
                .select(crate::result::Row::as_select())
                .first(conn)
                .optional())?;
        row.map(StoredResult::try_from).transpose()
    }
}

pub(crate) fn pair(medium: &str, importance: i32) -> Result<Pair, Error> {
    let importance = u8::try_from(importance).map_err(|_| Error::corrupt("an importance"))?;
    Ok((medium_from_text(medium)?, importance))
}
