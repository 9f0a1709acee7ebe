//! Risk treatment (リスク対応): what is done about a risk, and what remains of it.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Model, Risk, Step, likelihood};

/// What is done about a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// Introduce or strengthen measures (低減).
    Reduce,
    /// Accept it (保有, 受容).
    Retain,
    /// Change the way of working so that it disappears (回避).
    Avoid,
    /// Let a better protected or insured party carry it (移転).
    Transfer,
}

/// What the guideline's figure orients towards, the first choice first. A suggestion: the figure
/// names corners, and mamori fills in between them (confidence `inferred`).
///
/// | likelihood \ importance | lowest | middle | top |
/// |---|---|---|---|
/// | 3 | reduce | reduce | avoid, reduce |
/// | 2 | retain, reduce | reduce | reduce, transfer |
/// | 1 | retain | retain | transfer, retain |
#[must_use]
pub const fn suggested(model: &Model, risk: &Risk) -> &'static [Treatment] {
    use Treatment::{Avoid, Reduce, Retain, Transfer};
    let top = risk.importance >= model.top;
    let lowest = risk.importance <= model.lowest;
    match (risk.likelihood.get(), top, lowest) {
        (3, true, _) => &[Avoid, Reduce],
        (3, ..) | (2, false, false) => &[Reduce],
        (2, true, _) => &[Reduce, Transfer],
        (2, _, true) => &[Retain, Reduce],
        (_, true, _) => &[Transfer, Retain],
        _ => &[Retain],
    }
}

/// What is expected once a treatment is done: the threat and the vulnerability of the asset's
/// medium as they would be then, where the treatment changes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    /// How often the threat would occur.
    pub threat: Option<Step>,
    /// How easily it would be exploited.
    pub vulnerability: Option<Step>,
}

/// The risk that remains (残留リスク), by the same functions as the risk itself. None where the
/// risk is avoided, since it disappears; the risk as it is where nothing is expected to change.
#[must_use]
pub fn residual(
    model: &Model,
    treatment: Treatment,
    importance: u8,
    today: (Step, Step),
    expected: Expected,
) -> Option<Risk> {
    if treatment == Treatment::Avoid {
        return None;
    }
    let (threat, vulnerability) = today;
    let likely = likelihood(
        expected.threat.unwrap_or(threat),
        expected.vulnerability.unwrap_or(vulnerability),
    );
    Some(Risk::of(model, importance, likely))
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Nothing is done yet.
    Planned,
    /// It is begun.
    InProgress,
    /// It is done.
    Done,
    /// It was given up.
    Cancelled,
}

impl TaskState {
    /// Whether something is still to be done.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::InProgress)
    }
}

/// Whether a task should have been done before today.
#[must_use]
pub fn overdue(state: TaskState, due_on: Option<NaiveDate>, today: NaiveDate) -> bool {
    state.is_open() && due_on.is_some_and(|due| due < today)
}

/// Who accepted a risk, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Who accepted it.
    pub accepted_by: String,
    /// On which day.
    pub accepted_on: NaiveDate,
    /// Until which day, after which it is looked at again.
    pub accepted_until: Option<NaiveDate>,
}

/// Why a treatment can't be as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreatmentError {
    /// A risk is retained, but nobody accepted it.
    AcceptanceMissing,
    /// Somebody accepted a risk that is not retained.
    AcceptanceUnneeded,
    /// The acceptance ends before it begins.
    AcceptanceEndsBefore,
}

/// Whether the acceptance fits the treatment.
///
/// # Errors
///
/// What does not fit.
pub fn check_acceptance(
    treatment: Treatment,
    acceptance: Option<&Acceptance>,
) -> Result<(), TreatmentError> {
    match (treatment, acceptance) {
        (Treatment::Retain, None) => Err(TreatmentError::AcceptanceMissing),
        (Treatment::Retain, Some(acceptance)) => {
            let ends_before =
                acceptance.accepted_until.is_some_and(|until| until < acceptance.accepted_on);
            if ends_before { Err(TreatmentError::AcceptanceEndsBefore) } else { Ok(()) }
        }
        (_, Some(_)) => Err(TreatmentError::AcceptanceUnneeded),
        (_, None) => Ok(()),
    }
}

/// What is to be done about the risk of an asset: one task, with its owner and its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The way to treat it.
    pub treatment: Treatment,
    /// What is to be done, in a line.
    pub title: String,
    /// Why this way.
    pub reason: Option<String>,
    /// How far it is.
    pub state: TaskState,
    /// Who does it.
    pub owner: Option<String>,
    /// The day by which it is done.
    pub due_on: Option<NaiveDate>,
    /// What it costs, in yen.
    pub cost: Option<i64>,
    /// Where it is shown that it was done.
    pub evidence_url: Option<String>,
    /// Who accepted the risk; of a retained one.
    pub acceptance: Option<Acceptance>,
    /// What is expected once it is done.
    pub expected: Expected,
}

/// A plan in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTreatment {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// The asset whose risk is treated.
    pub asset: Uuid,
    /// What is to be done.
    pub plan: Plan,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table_of_suggestions() {
        use Treatment::{Avoid, Reduce, Retain, Transfer};
        let table: [(Step, [&[Treatment]; 3]); 3] = [
            (Step::HIGH, [&[Reduce], &[Reduce], &[Avoid, Reduce]]),
            (Step::MIDDLE, [&[Retain, Reduce], &[Reduce], &[Reduce, Transfer]]),
            (Step::LOW, [&[Retain], &[Retain], &[Transfer, Retain]]),
        ];
        for model in Model::ALL {
            for (likelihood, row) in table {
                for (importance, expected) in (model.lowest..=model.top).zip(row) {
                    let risk = Risk::of(model, importance, likelihood);
                    assert_eq!(suggested(model, &risk), expected, "{risk:?}");
                }
            }
        }
    }

    #[test]
    fn what_remains_is_computed_like_the_risk() {
        let model = Model::of("4.0").unwrap();
        let today = (Step::HIGH, Step::HIGH);
        let after = |treatment, expected| residual(model, treatment, 3, today, expected);
        let none = Expected::default();
        let value = |risk: Option<Risk>| risk.map(|risk| risk.value);
        assert_eq!(value(after(Treatment::Retain, none)), Some(9));
        let measures = Expected { vulnerability: Some(Step::LOW), ..none };
        assert_eq!(value(after(Treatment::Reduce, measures)), Some(3));
        assert_eq!(value(after(Treatment::Avoid, measures)), None);
    }

    #[test]
    fn an_acceptance_belongs_to_a_retained_risk() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 4, day).unwrap();
        let accepted = |until| Acceptance {
            accepted_by: "社長".to_owned(),
            accepted_on: day(2),
            accepted_until: Some(day(until)),
        };
        use TreatmentError::{AcceptanceEndsBefore, AcceptanceMissing, AcceptanceUnneeded};
        for (treatment, acceptance, expected) in [
            (Treatment::Retain, Some(accepted(2)), Ok(())),
            (Treatment::Retain, Some(accepted(1)), Err(AcceptanceEndsBefore)),
            (Treatment::Retain, None, Err(AcceptanceMissing)),
            (Treatment::Reduce, Some(accepted(3)), Err(AcceptanceUnneeded)),
            (Treatment::Reduce, None, Ok(())),
        ] {
            assert_eq!(check_acceptance(treatment, acceptance.as_ref()), expected);
        }
    }

    #[test]
    fn a_task_is_overdue_from_the_day_after() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 4, day).unwrap();
        assert!(overdue(TaskState::Planned, Some(day(1)), day(2)));
        assert!(!overdue(TaskState::Planned, Some(day(2)), day(2)));
        assert!(!overdue(TaskState::Done, Some(day(1)), day(2)));
        assert!(!overdue(TaskState::InProgress, None, day(2)));
    }
}
