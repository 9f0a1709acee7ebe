//! Treatments of risks.

use chrono::NaiveDate;
use diesel::prelude::*;
use mamori_domain::risk::Step;
use mamori_domain::risk::asset::Asset;
use mamori_domain::risk::exposure::Pair;
use mamori_domain::risk::treatment::{
    Acceptance, Expected, Plan, PlannedTreatment, TaskState, Treatment,
};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::risk::pair;
use crate::schema::{asset, treatment};
use crate::types::{At, Uid, text_enum};
use crate::update::update;
use crate::{Change, Error, Tx};

text_enum!(Treatment, kind_to_text, kind_from_text, {
    Treatment::Reduce = "reduce",
    Treatment::Retain = "retain",
    Treatment::Avoid = "avoid",
    Treatment::Transfer = "transfer",
});
text_enum!(TaskState, state_to_text, state_from_text, {
    TaskState::Planned = "planned",
    TaskState::InProgress = "in_progress",
    TaskState::Done = "done",
    TaskState::Cancelled = "cancelled",
});

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = treatment, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Uid,
    custodian_id: Uid,
    organization_id: Uid,
    asset_id: Uid,
    kind: String,
    title: String,
    reason: Option<String>,
    state: String,
    owner: Option<String>,
    due_on: Option<NaiveDate>,
    cost: Option<i64>,
    evidence_url: Option<String>,
    accepted_by: Option<String>,
    accepted_on: Option<NaiveDate>,
    accepted_until: Option<NaiveDate>,
    expected_threat: Option<i32>,
    expected_vulnerability: Option<i32>,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl Row {
    fn of(value: &PlannedTreatment, custodian_id: Uid) -> Self {
        let plan = value.plan.clone();
        let (accepted_by, accepted_on, accepted_until) = match plan.acceptance {
            Some(Acceptance { accepted_by, accepted_on, accepted_until }) => {
                (Some(accepted_by), Some(accepted_on), accepted_until)
            }
            None => (None, None, None),
        };
        let number = |step: Step| i32::from(step.get());
        Self {
            id: Uid(value.id),
            custodian_id,
            organization_id: Uid(value.organization),
            asset_id: Uid(value.asset),
            kind: kind_to_text(plan.treatment).to_owned(),
            title: plan.title,
            reason: plan.reason,
            state: state_to_text(plan.state).to_owned(),
            owner: plan.owner,
            due_on: plan.due_on,
            cost: plan.cost,
            evidence_url: plan.evidence_url,
            accepted_by,
            accepted_on,
            accepted_until,
            expected_threat: plan.expected.threat.map(number),
            expected_vulnerability: plan.expected.vulnerability.map(number),
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        }
    }
}

impl TryFrom<Row> for PlannedTreatment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let step = |value: i32| {
            u8::try_from(value).ok().and_then(Step::new).ok_or(Error::corrupt("a step"))
        };
        let acceptance = row.accepted_by.zip(row.accepted_on);
        let acceptance = acceptance.map(|(accepted_by, accepted_on)| Acceptance {
            accepted_by,
            accepted_on,
            accepted_until: row.accepted_until,
        });
        Ok(Self {
            id: row.id.0,
            organization: row.organization_id.0,
            asset: row.asset_id.0,
            plan: Plan {
                treatment: kind_from_text(&row.kind)?,
                title: row.title,
                reason: row.reason,
                state: state_from_text(&row.state)?,
                owner: row.owner,
                due_on: row.due_on,
                cost: row.cost,
                evidence_url: row.evidence_url,
                acceptance,
                expected: Expected {
                    threat: row.expected_threat.map(step).transpose()?,
                    vulnerability: row.expected_vulnerability.map(step).transpose()?,
                },
            },
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

/// What the risk of a treatment follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatedAsset {
    /// The asset's name.
    pub name: String,
    /// Its medium and importance.
    pub pair: Pair,
}

type Joined = (Row, String, String, i32);

fn joined(
    (row, name, medium, importance): Joined,
) -> Result<(PlannedTreatment, TreatedAsset), Error> {
    Ok((row.try_into()?, TreatedAsset { name, pair: pair(&medium, importance)? }))
}

/// Which treatments a list shows.
#[derive(Debug, Clone, Default)]
pub struct TreatmentFilter {
    /// Those of this asset.
    pub asset: Option<Uuid>,
    /// Those that are so far.
    pub state: Option<TaskState>,
    /// Those that should have been done before this day and are still open.
    pub overdue_on: Option<NaiveDate>,
}

impl Tx<'_> {
    /// Finds a treatment within reach, with the asset that it is of.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_treatment(
        &mut self,
        id: Uuid,
    ) -> Result<Option<(PlannedTreatment, TreatedAsset)>, Error> {
        let reach = self.reach()?;
        let row: Option<Joined> = on_each_backend!(self.connection, |conn| treatment::table
            .inner_join(asset::table)
            .filter(treatment::id.eq(Uid(id)))
            .filter(visible!(treatment, organization_id, reach))
            .select((Row::as_select(), asset::name, asset::medium, asset::importance))
            .first(conn)
            .optional())?;
        self.or_disabled(row)?.map(joined).transpose()
    }

    /// Lists the treatments of an organization in the order in which they were planned, behind
    /// `after`, each with its asset.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_treatments(
        &mut self,
        organization: Uuid,
        filter: &TreatmentFilter,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<(PlannedTreatment, TreatedAsset)>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let rows: Vec<Joined> = on_each_backend!(self.connection, |conn| {
            let mut query = treatment::table
                .inner_join(asset::table)
                .filter(treatment::organization_id.eq(Uid(organization)))
                .filter(visible!(treatment, organization_id, reach))
                .filter(treatment::id.gt(after))
                .order(treatment::id)
                .limit(Page::<Row>::fetch(limit))
                .select((Row::as_select(), asset::name, asset::medium, asset::importance))
                .into_boxed();
            if let Some(asset) = filter.asset {
                query = query.filter(treatment::asset_id.eq(Uid(asset)));
            }
            if let Some(state) = filter.state {
                query = query.filter(treatment::state.eq(state_to_text(state)));
            }
            if let Some(today) = filter.overdue_on {
                let open = [TaskState::Planned, TaskState::InProgress].map(state_to_text);
                query =
                    query.filter(treatment::state.eq_any(open)).filter(treatment::due_on.lt(today));
            }
            query.load(conn)
        })?;
        let items: Result<Vec<_>, _> = rows.into_iter().map(joined).collect();
        Ok(Page::cut(items?, limit))
    }

    /// How many treatments of an organization are open, and how many of these should have been
    /// done before `today`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn count_open_treatments(
        &mut self,
        organization: Uuid,
        today: NaiveDate,
    ) -> Result<(i64, i64), Error> {
        let reach = self.reach()?;
        let open = [TaskState::Planned, TaskState::InProgress].map(state_to_text);
        let rows: Vec<(Option<NaiveDate>, i64)> =
            on_each_backend!(self.connection, |conn| treatment::table
                .filter(treatment::organization_id.eq(Uid(organization)))
                .filter(visible!(treatment, organization_id, reach))
                .filter(treatment::state.eq_any(open))
                .group_by(treatment::due_on)
                .select((treatment::due_on, diesel::dsl::count_star()))
                .load(conn))?;
        let count = |wanted: &dyn Fn(Option<NaiveDate>) -> bool| {
            rows.iter().filter(|(due, _)| wanted(*due)).map(|(_, count)| count).sum()
        };
        Ok((count(&|_| true), count(&|due| due.is_some_and(|due| due < today))))
    }

    /// Plans a treatment of an asset, which must be within reach.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`](crate::Kind::InUse) where the asset went away meanwhile; or when the
    /// database fails.
    pub fn add_treatment(&mut self, asset: &Asset, plan: Plan) -> Result<PlannedTreatment, Error> {
        let now = self.now();
        let added = PlannedTreatment {
            id: self.mint(),
            organization: asset.organization,
            asset: asset.id,
            plan,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let row = Row::of(&added, self.custodian()?);
        on_each_backend!(self.connection, |conn| diesel::insert_into(treatment::table)
            .values(&row)
            .execute(conn))?;
        self.record_treatment(&added, "created")?;
        Ok(added)
    }

    /// Replaces what a treatment says, if nobody else has changed it since it was read;
    /// otherwise `None`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn replace_treatment(
        &mut self,
        found: &PlannedTreatment,
        plan: Plan,
    ) -> Result<Option<PlannedTreatment>, Error> {
        let reach = self.reach()?;
        let changed = PlannedTreatment {
            plan,
            revision: found.revision + 1,
            updated_at: self.now(),
            ..found.clone()
        };
        let row = Row::of(&changed, reach.custodian);
        let this = treatment::id
            .eq(Uid(found.id))
            .and(treatment::revision.eq(found.revision))
            .and(visible!(treatment, organization_id, reach));
        let replaced =
            on_each_backend!(self.connection, |conn| update(treatment::table, this, &row)
                .execute(conn))?;
        if replaced == 0 {
            return Ok(None);
        }
        self.record_treatment(&changed, "updated")?;
        Ok(Some(changed))
    }

    /// Removes a treatment, if nobody else has changed it since it was read; otherwise `false`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn remove_treatment(&mut self, found: &PlannedTreatment) -> Result<bool, Error> {
        let reach = self.reach()?;
        let removed = on_each_backend!(self.connection, |conn| diesel::delete(
            treatment::table
                .filter(treatment::id.eq(Uid(found.id)))
                .filter(treatment::revision.eq(found.revision))
                .filter(visible!(treatment, organization_id, reach))
        )
        .execute(conn))?;
        if removed > 0 {
            self.record_treatment(found, "deleted")?;
        }
        Ok(removed > 0)
    }

    fn record_treatment(
        &mut self,
        value: &PlannedTreatment,
        kind: &'static str,
    ) -> Result<(), Error> {
        self.record(&Change {
            resource: "treatment",
            id: value.id.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}
