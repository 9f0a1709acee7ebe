//! Assessments and their answers.

use chrono::NaiveDate;
use diesel::prelude::*;
use mamori_domain::assessment::{Assessment, Circumstances, Method, Respondent, State};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::assessment;
use crate::types::{At, Uid, text_enum};
use crate::update::update;
use crate::{Change, Error, Tx};

text_enum!(State, state_to_text, state_from_text, {
    State::Draft = "draft",
    State::Submitted = "submitted",
});

text_enum!(Respondent, respondent_to_text, respondent_from_text, {
    Respondent::Management = "management",
    Respondent::PersonInCharge = "person_in_charge",
    Respondent::DepartmentHead = "department_head",
});

text_enum!(Method, method_to_text, method_from_text, {
    Method::BySelf = "self",
    Method::Assisted = "assisted",
    Method::Transcribed = "transcribed",
});

/// What an assessment holds on to from its beginning.
#[derive(Debug, Clone)]
pub struct Pins {
    /// The organization that is assessed.
    pub organization: Uuid,
    /// The question bank's name.
    pub question_bank: String,
    /// Its edition.
    pub edition: String,
    /// Its wording.
    pub text_revision: u32,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = assessment, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    unit_id: Option<Uid>,
    question_bank: String,
    edition: String,
    text_revision: i32,
    state: String,
    answered_on: NaiveDate,
    respondent: Option<String>,
    respondent_name: Option<String>,
    method: String,
    assisted_by: Option<String>,
    revision: i64,
    created_at: At,
    updated_at: At,
    submitted_at: Option<At>,
}

impl Row {
    fn of(value: &Assessment, custodian_id: Uid) -> Self {
        let about = value.circumstances.clone();
        Self {
            id: Uid(value.id),
            custodian_id,
            organization_id: Uid(value.organization),
            unit_id: about.unit.map(Uid),
            question_bank: value.question_bank.clone(),
            edition: value.edition.clone(),
            text_revision: i32::try_from(value.text_revision).unwrap_or(i32::MAX),
            state: state_to_text(value.state).to_owned(),
            answered_on: about.answered_on,
            respondent: about.respondent.map(|who| respondent_to_text(who).to_owned()),
            respondent_name: about.respondent_name,
            method: method_to_text(about.method).to_owned(),
            assisted_by: about.assisted_by,
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
            submitted_at: value.submitted_at.map(At),
        }
    }
}

impl TryFrom<Row> for Assessment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let revision = u32::try_from(row.text_revision);
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            question_bank: row.question_bank,
            edition: row.edition,
            text_revision: revision.map_err(|_| Error::corrupt("a text revision"))?,
            state: state_from_text(&row.state)?,
            circumstances: Circumstances {
                answered_on: row.answered_on,
                respondent: row.respondent.as_deref().map(respondent_from_text).transpose()?,
                respondent_name: row.respondent_name,
                method: method_from_text(&row.method)?,
                assisted_by: row.assisted_by,
                unit: row.unit_id.map(|unit| unit.0),
            },
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            submitted_at: row.submitted_at.map(|at| at.0),
        })
    }
}

/// Which assessments a list shows.
#[derive(Debug, Clone, Default)]
pub struct AssessmentFilter {
    /// Those that stand there.
    pub state: Option<State>,
    /// Those with this bank.
    pub question_bank: Option<String>,
    /// Those about this unit.
    pub unit: Option<Uuid>,
}

impl Tx<'_> {
    /// Finds an assessment within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_assessment(&mut self, id: Uuid) -> Result<Option<Assessment>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| assessment::table
            .filter(assessment::id.eq(Uid(id)))
            .filter(visible!(assessment, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(Assessment::try_from).transpose()
    }

    /// Lists the assessments of an organization, the newest first, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_assessments(
        &mut self,
        organization: Uuid,
        filter: &AssessmentFilter,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Assessment>, Error> {
        let reach = self.reach()?;
        let before = Uid(after.unwrap_or(Uuid::max()));
        let rows: Vec<Row> = on_each_backend!(self.connection, |conn| {
            let mut query = assessment::table
                .filter(assessment::organization_id.eq(Uid(organization)))
                .filter(visible!(assessment, organization_id, reach))
                .filter(assessment::id.lt(before))
                .order(assessment::id.desc())
                .limit(Page::<Row>::fetch(limit))
                .select(Row::as_select())
                .into_boxed();
            if let Some(state) = filter.state {
                query = query.filter(assessment::state.eq(state_to_text(state)));
            }
            if let Some(bank) = &filter.question_bank {
                query = query.filter(assessment::question_bank.eq(bank));
            }
            if let Some(unit) = filter.unit {
                query = query.filter(assessment::unit_id.eq(Uid(unit)));
            }
            query.load(conn)
        })?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(Assessment::try_from).collect();
        Ok(Page::cut(items?, limit))
    }

    /// Begins an assessment of an organization, which must be within reach.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`](crate::Kind::InUse) where the organization or the unit went away
    /// meanwhile; or when the database fails.
    pub fn add_assessment(
        &mut self,
        pins: Pins,
        circumstances: Circumstances,
    ) -> Result<Assessment, Error> {
        let now = self.now();
        let begun = Assessment {
            id: self.mint(),
            organization: pins.organization,
            question_bank: pins.question_bank,
            edition: pins.edition,
            text_revision: pins.text_revision,
            state: State::Draft,
            circumstances,
            revision: 1,
            created_at: now,
            updated_at: now,
            submitted_at: None,
        };
        let row = Row::of(&begun, self.custodian()?);
        on_each_backend!(self.connection, |conn| diesel::insert_into(assessment::table)
            .values(&row)
            .execute(conn))?;
        self.record_assessment(&begun, "created")?;
        Ok(begun)
    }

    /// Takes a draft for change: one statement that locks it, checks tenancy, state and
    /// revision, counts the revision up, and leaves it in state `to`. `None` where any of
    /// them does not hold.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn take_draft(
        &mut self,
        id: Uuid,
        revision: i64,
        to: State,
    ) -> Result<Option<Assessment>, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let this = assessment::id
            .eq(Uid(id))
            .and(assessment::revision.eq(revision))
            .and(assessment::state.eq(state_to_text(State::Draft)))
            .and(visible!(assessment, organization_id, reach));
        let changes = (
            assessment::revision.eq(revision + 1),
            assessment::updated_at.eq(now),
            assessment::state.eq(state_to_text(to)),
            assessment::submitted_at.eq((to == State::Submitted).then_some(now)),
        );
        let row: Option<Row> =
            on_each_backend!(self.connection, |conn| update(assessment::table, this, changes)
                .returning(assessment::table, Row::as_select())
                .get_result(conn)
                .optional())?;
        row.map(Assessment::try_from).transpose()
    }

    /// Changes who answered, when and how, of a draft that was taken.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn set_circumstances(
        &mut self,
        taken: &Assessment,
        circumstances: Circumstances,
    ) -> Result<Assessment, Error> {
        let changed = Assessment { circumstances, ..taken.clone() };
        let reach = self.reach()?;
        let row = Row::of(&changed, reach.custodian);
        let this =
            assessment::id.eq(Uid(taken.id)).and(visible!(assessment, organization_id, reach));
        on_each_backend!(self.connection, |conn| update(assessment::table, this, &row)
            .execute(conn))?;
        self.record_assessment(&changed, "updated")?;
        Ok(changed)
    }

    /// Removes a draft that was taken, with its answers.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn remove_assessment(&mut self, taken: &Assessment) -> Result<(), Error> {
        let reach = self.reach()?;
        on_each_backend!(self.connection, |conn| diesel::delete(
            assessment::table.filter(assessment::id.eq(Uid(taken.id))).filter(visible!(
                assessment,
                organization_id,
                reach
            ))
        )
        .execute(conn))?;
        self.record_assessment(taken, "deleted")
    }

    /// Records what happened to an assessment.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn record_assessment(
        &mut self,
        value: &Assessment,
        kind: &'static str,
    ) -> Result<(), Error> {
        self.record(&Change {
            resource: "assessment",
            id: value.id.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}
