//! Results: what submitted sheets added up to.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use mamori_domain::assessment::{Assessment, Circumstances};
use uuid::Uuid;

use crate::assessment::{
    method_from_text, method_to_text, respondent_from_text, respondent_to_text,
};
use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::result;
use crate::types::{At, Uid};
use crate::{Error, Tx};

/// A result, with its outcome as the caller froze it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// The assessment that it is of.
    pub assessment: Uuid,
    /// The organization that was assessed.
    pub organization: Uuid,
    /// Who answered, when and how, and about which unit.
    pub circumstances: Circumstances,
    /// The question bank's name.
    pub question_bank: String,
    /// Its edition.
    pub edition: String,
    /// Its wording at the beginning.
    pub text_revision: i32,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// The total, where the bank is scored.
    pub total: Option<i32>,
    /// The band's code, where the bank has bands.
    pub band: Option<String>,
    /// The whole outcome, frozen.
    pub outcome: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = result, treat_none_as_default_value = false)]
pub(crate) struct Row {
    assessment_id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    unit_id: Option<Uid>,
    question_bank: String,
    edition: String,
    text_revision: i32,
    answered_on: NaiveDate,
    respondent: Option<String>,
    respondent_name: Option<String>,
    method: String,
    assisted_by: Option<String>,
    submitted_at: At,
    total: Option<i32>,
    band: Option<String>,
    outcome: String,
}

impl TryFrom<Row> for StoredResult {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            assessment: row.assessment_id.0,
            organization: row.organization_id.0,
            circumstances: Circumstances {
                answered_on: row.answered_on,
                respondent: row.respondent.as_deref().map(respondent_from_text).transpose()?,
                respondent_name: row.respondent_name,
                method: method_from_text(&row.method)?,
                assisted_by: row.assisted_by,
                unit: row.unit_id.map(|unit| unit.0),
            },
            question_bank: row.question_bank,
            edition: row.edition,
            text_revision: row.text_revision,
            submitted_at: row.submitted_at.0,
            total: row.total,
            band: row.band,
            outcome: row.outcome,
        })
    }
}

/// Which results a history shows.
#[derive(Debug, Clone)]
pub struct ResultFilter {
    /// Those with this bank.
    pub question_bank: String,
    /// Those about this unit.
    pub unit: Option<Uuid>,
}

diesel::alias!(result as older: Older);

impl Tx<'_> {
    /// Keeps the result of an assessment that was just submitted.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn add_result(
        &mut self,
        submitted: &Assessment,
        total: Option<i32>,
        band: Option<String>,
        outcome: String,
    ) -> Result<(), Error> {
        let about = &submitted.circumstances;
        let row = Row {
            assessment_id: Uid(submitted.id),
            custodian_id: self.custodian()?,
            organization_id: Uid(submitted.organization),
            unit_id: about.unit.map(Uid),
            question_bank: submitted.question_bank.clone(),
            edition: submitted.edition.clone(),
            text_revision: i32::try_from(submitted.text_revision).unwrap_or(i32::MAX),
            answered_on: about.answered_on,
            respondent: about.respondent.map(|who| respondent_to_text(who).to_owned()),
            respondent_name: about.respondent_name.clone(),
            method: method_to_text(about.method).to_owned(),
            assisted_by: about.assisted_by.clone(),
            submitted_at: At(submitted.submitted_at.unwrap_or_else(|| self.now())),
            total,
            band,
            outcome,
        };
        on_each_backend!(self.connection, |conn| diesel::insert_into(result::table)
            .values(&row)
            .execute(conn))?;
        self.record_assessment(submitted, "submitted")
    }

    /// Finds the results of some assessments within reach, in no order.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_results(&mut self, assessments: [Uuid; 2]) -> Result<Vec<StoredResult>, Error> {
        let reach = self.reach()?;
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| result::table
            .filter(result::assessment_id.eq_any(assessments.map(Uid)))
            .filter(visible!(result, organization_id, reach))
            .select(Row::as_select())
            .load(conn))?;
        rows.into_iter().map(StoredResult::try_from).collect()
    }

    /// Finds the result of an assessment within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_result(&mut self, assessment: Uuid) -> Result<Option<StoredResult>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| result::table
            .filter(result::assessment_id.eq(Uid(assessment)))
            .filter(visible!(result, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(StoredResult::try_from).transpose()
    }

    /// Lists the results of an organization with one bank, by the date of the self-check,
    /// the latest first, behind the one named; each with the total of the result before it
    /// that is about the same unit.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_results(
        &mut self,
        organization: Uuid,
        filter: &ResultFilter,
        after: Option<(NaiveDate, Uuid)>,
        limit: u16,
    ) -> Result<Page<(StoredResult, Option<i32>)>, Error> {
        let reach = self.reach()?;
        let rows: Vec<(Row, Option<i32>)> = on_each_backend!(self.connection, |conn| {
            let same_unit = older
                .field(result::unit_id)
                .eq(result::unit_id)
                .or(older.field(result::unit_id).is_null().and(result::unit_id.is_null()));
            let earlier = older.field(result::answered_on).lt(result::answered_on).or(older
                .field(result::answered_on)
                .eq(result::answered_on)
                .and(older.field(result::assessment_id).lt(result::assessment_id)));
            let previous = older
                .filter(older.field(result::custodian_id).eq(result::custodian_id))
                .filter(older.field(result::organization_id).eq(result::organization_id))
                .filter(older.field(result::question_bank).eq(result::question_bank))
                .filter(same_unit.assume_not_null())
                .filter(earlier)
                .order((
                    older.field(result::answered_on).desc(),
                    older.field(result::assessment_id).desc(),
                ))
                .limit(1)
                .select(older.field(result::total))
                .single_value();
            let mut query = result::table
                .filter(result::organization_id.eq(Uid(organization)))
                .filter(result::question_bank.eq(&filter.question_bank))
                .filter(visible!(result, organization_id, reach))
                .select((Row::as_select(), previous))
                .order((result::answered_on.desc(), result::assessment_id.desc()))
                .limit(Page::<Row>::fetch(limit))
                .into_boxed();
            if let Some(unit) = filter.unit {
                query = query.filter(result::unit_id.eq(Uid(unit)));
            }
            if let Some((day, id)) = after {
                let same_day = result::answered_on.eq(day).and(result::assessment_id.lt(Uid(id)));
                query = query.filter(
                    result::answered_on.le(day).and(result::answered_on.lt(day).or(same_day)),
                );
            }
            query.load(conn)
        })?;
        let items: Result<Vec<_>, Error> = rows
            .into_iter()
            .map(|(row, previous)| Ok((StoredResult::try_from(row)?, previous)))
            .collect();
        Ok(Page::cut(items?, limit))
    }
}
