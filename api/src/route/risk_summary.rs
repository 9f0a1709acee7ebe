//! The risks of an organization, counted.

use actix_web::get;
use mamori_domain::risk::exposure::{Exposure, Pair};
use mamori_domain::risk::{Class, Medium, Risk, Step};
use mamori_domain::text::Language;
use mamori_store::{Counted, Stop, Tx};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::coverage::{CategoryCoverage, CoverageBody};
use super::result::thaw;
use super::risk::{ControlsUsed, Situation};
use super::risk_model::{ClassValue, MediumValue};
use crate::answer::{Answer, tell};
use crate::auth::Call;
use crate::auth::caller::RisksRead;
use crate::problem::Problem;
use crate::read::PathId;
use crate::route::tag;
use crate::service::Service;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_risk_summary);
}

/// How many assets there are of each class.
#[derive(Debug, Default, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct ClassCounts {
    /// High risks (リスク大).
    high: i64,
    /// Medium risks (リスク中).
    medium: i64,
    /// Low risks (リスク小).
    low: i64,
    /// Assets without a risk, since no control applies to their medium.
    none: i64,
}

impl ClassCounts {
    pub(crate) fn add(&mut self, risk: Option<Risk>, count: i64) {
        match risk.map(|risk| risk.class) {
            Some(Class::High) => self.high += count,
            Some(Class::Medium) => self.medium += count,
            Some(Class::Low) => self.low += count,
            None => self.none += count,
        }
    }
}

/// A cell of the matrix of importance and likelihood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixCell {
    /// Importance, on the edition's scale.
    #[schema(minimum = 0, maximum = 3)]
    importance: u8,
    /// Likelihood, 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    likelihood: u8,
    /// The risk value of the cell.
    #[schema(minimum = 0, maximum = 9)]
    value: u8,
    class: ClassValue,
    /// How many assets are in it.
    count: i64,
}

/// The assets on a medium.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediumSummary {
    medium: MediumValue,
    /// How many assets are on it.
    count: i64,
    /// Its likelihood, 1 to 3; null where no control applies.
    #[schema(required, minimum = 1, maximum = 3)]
    likelihood: Option<u8>,
    /// Whether that rests on a default or on controls that were never answered.
    provisional: bool,
    classes: ClassCounts,
}

/// The assets in the charge of a department.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DepartmentSummary {
    /// The department (管理部署); null for assets without one.
    #[schema(required)]
    owner_department: Option<String>,
    /// How many assets it has.
    count: i64,
    classes: ClassCounts,
}

/// The risks of an organization, counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskSummary<'a> {
    /// The organization.
    organization: Uuid,
    /// The edition by which it rates.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// How many assets there are.
    count: i64,
    classes: ClassCounts,
    /// Whether any of the counts rests on a default or on controls that were never answered.
    provisional: bool,
    /// The matrix, the highest importance and likelihood first; assets without a likelihood are
    /// in none of its cells.
    matrix: Vec<MatrixCell>,
    /// By medium, in the sheet's order.
    media: Vec<MediumSummary>,
    /// By department: the 50 with most assets, and those without one.
    departments: Vec<DepartmentSummary>,
    /// Treatments that are planned or in progress.
    open_treatments: i64,
    /// Those of them that should have been done before today.
    overdue_treatments: i64,
    /// The categories of the controls, the one whose chapter to adopt first at the head; null
    /// where the controls were never answered.
    #[schema(required)]
    categories: Option<Vec<CategoryCoverage<'a>>>,
    /// The answers that this rests on; null where the controls were never answered.
    #[schema(required)]
    controls: Option<ControlsUsed>,
}

/// Get the summary of the risks
///
/// How many assets an organization has of each risk: the matrix of importance and likelihood, by
/// class, medium and department, and which chapters of the regulations to adopt first.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "The summary", body = RiskSummary<'static>)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "localized": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/risk-summary")]
async fn get_risk_summary(call: Call<RisksRead>, id: PathId) -> Answer {
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let situation = Situation::load(tx, id.0)?;
        let assets = tx.count_assets(id.0)?;
        let departments = tx.count_assets_by_department(id.0)?;
        let treatments = tx.count_open_treatments(id.0, today)?;
        Ok::<_, Stop<Problem>>((situation, Counts { assets, departments, treatments }))
    };
    let (situation, counts) = call.service.store().read(call.context(), work).await?;
    let body = summary(&call.service, &situation, counts, call.language)?;
    Ok(tell(call.language, &body))
}

/// What a summary is made of.
struct Counts {
    assets: Vec<(Pair, i64)>,
    departments: Vec<Counted>,
    /// How many are open, and how many of these are overdue.
    treatments: (i64, i64),
}

fn summary<'s>(
    service: &'s Service,
    situation: &Situation,
    Counts { assets: counts, departments, treatments }: Counts,
    language: Language,
) -> Result<RiskSummary<'s>, Problem> {
    let exposures = situation.exposures(service)?;
    let model = situation.register.model;
    let mut classes = ClassCounts::default();
    for (pair, count) in &counts {
        classes.add(situation.risk(&exposures, *pair), *count);
    }
    let of_medium = |medium: Medium| counts.iter().filter(move |((on, _), _)| *on == medium);
    let media: Vec<_> = exposures
        .iter()
        .map(|exposure| {
            let mut classes = ClassCounts::default();
            for (pair, count) in of_medium(exposure.medium) {
                classes.add(situation.risk(&exposures, *pair), *count);
            }
            MediumSummary {
                medium: exposure.medium.into(),
                count: of_medium(exposure.medium).map(|(_, count)| count).sum(),
                likelihood: exposure.likelihood.map(Step::get),
                provisional: exposure.provisional,
                classes,
            }
        })
        .collect();
    let matrix = (model.lowest..=model.top).rev().flat_map(|importance| {
        let (exposures, counts) = (&exposures, &counts);
        Step::ALL.into_iter().rev().map(move |likely| {
            let here = |(medium, rated): Pair| {
                let exposure = exposures.iter().find(|exposure| exposure.medium == medium);
                rated == importance && exposure.and_then(|e| e.likelihood) == Some(likely)
            };
            let risk = Risk::of(model, importance, likely);
            let counted = counts.iter().filter(|(pair, _)| here(*pair)).map(|(_, count)| count);
            MatrixCell {
                importance,
                likelihood: likely.get(),
                value: risk.value,
                class: risk.class.into(),
                count: counted.sum(),
            }
        })
    });
    let controls = situation.controls.as_ref();
    let answered = controls.map(|stored| thaw(service, stored)).transpose()?;
    let categories = answered.and_then(|(bank, outcome)| {
        Some(CoverageBody::of(bank, &outcome.answers, language)?.categories)
    });
    Ok(RiskSummary {
        organization: situation.register.organization,
        edition: model.edition,
        count: counts.iter().map(|(_, count)| count).sum(),
        classes,
        provisional: media.iter().any(|medium| medium.count > 0 && medium.provisional),
        matrix: matrix.collect(),
        media,
        departments: by_department(situation, &exposures, departments),
        open_treatments: treatments.0,
        overdue_treatments: treatments.1,
        categories,
        controls: controls.map(ControlsUsed::of),
    })
}

fn by_department(
    situation: &Situation,
    exposures: &[Exposure<'_>],
    counted: Vec<Counted>,
) -> Vec<DepartmentSummary> {
    let mut departments: Vec<DepartmentSummary> = Vec::new();
    for Counted { owner_department, pair, count } in counted {
        let risk = situation.risk(exposures, pair);
        let same = |known: &&mut DepartmentSummary| known.owner_department == owner_department;
        if let Some(known) = departments.last_mut().filter(same) {
            known.count += count;
            known.classes.add(risk, count);
        } else {
            let mut classes = ClassCounts::default();
            classes.add(risk, count);
            departments.push(DepartmentSummary { owner_department, count, classes });
        }
    }
    departments.sort_by_key(|department| std::cmp::Reverse(department.count));
    departments
}
