//! The sandbox's own operations: its clock, and the way back to its start.

use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::answer::Answer;
use crate::auth::Call;
use crate::auth::caller::{Admin, PublicCall};
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::{Check, Incoming};
use crate::route::own_programme::moment;
use crate::route::tag;
use crate::sandbox::{Sandbox, TIMES};
use crate::service::Service;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_sandbox_clock).service(set_sandbox_clock).service(reset_sandbox);
}

/// The clock of a sandbox: what everything that the service says of now and today goes by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SandboxClock)]
pub(crate) struct ClockBody {
    /// What the clock says.
    #[schema(example = "2026-11-24T03:00:00Z")]
    now: DateTime<Utc>,
    /// Whether it runs.
    running: bool,
}

/// How to set the clock; what is left out, or null, stays as it is.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SandboxClockInput)]
pub(crate) struct ClockInput {
    /// What the clock shall say, as RFC 3339 has it: from 2020 on, and before 2100.
    #[serde(default)]
    #[schema(format = "date-time", max_length = 40, example = "2027-04-01T00:00:00Z")]
    now: Option<String>,
    /// Whether it shall run.
    #[serde(default)]
    #[schema(example = true)]
    running: Option<bool>,
}

impl ClockInput {
    /// The time that is asked for, if one is.
    fn time(&self) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(text) = &self.now else { return Ok(None) };
        let mut check = Check::default();
        let [earliest, latest] = TIMES;
        let time = moment(text);
        match time {
            None => check.push(Fault::at("/now", Code::Format).with("expected", "RFC 3339")),
            Some(time) if !allowed(time) => check.push(
                Fault::at("/now", Code::OutOfRange)
                    .with("minimum", earliest)
                    .with("maximum", latest),
            ),
            Some(_) => {}
        }
        check.finish(time)
    }
}

fn allowed(time: DateTime<Utc>) -> bool {
    let [earliest, latest] = TIMES.map(str::parse::<DateTime<Utc>>);
    earliest.is_ok_and(|earliest| earliest <= time) && latest.is_ok_and(|latest| time < latest)
}

/// The sandbox of the service, where it is one.
fn of(service: &Service) -> Result<&Sandbox, Problem> {
    service.sandbox().ok_or(Problem::new(Kind::NotASandbox))
}

fn told(sandbox: &Sandbox) -> HttpResponse {
    let (now, running) = sandbox.clock().read();
    HttpResponse::Ok().json(ClockBody { now, running })
}

/// Get the clock of the sandbox
///
/// What the sandbox takes for the time now. It starts at the same time at each start, and runs on
/// from there. Outside of a sandbox this is 404 `not-a-sandbox`.
#[utoipa::path(
    tag = tag::SANDBOX,
    responses((status = 200, description = "The clock", body = ClockBody)),
    security((), ("oauth2" = [])),
    extensions(("x-mamori" = json!({"problems": ["not-a-sandbox"]}))),
)]
#[get("/sandbox/clock")]
async fn get_sandbox_clock(call: PublicCall) -> Answer {
    Ok(told(of(&call.service)?))
}

/// Set the clock of the sandbox
///
/// Sets the clock forwards or backwards, stops it or lets it run on. Everything goes by it: days,
/// deadlines, what is overdue, what a token and an attestation hold for, and what is removed because
/// it has ended. So after an hour's step forwards ask for a new token, and after a step back too, since
/// the old one is of a time to come. What is recorded is not changed: an entry keeps its time, also
/// where that is now still to come. Outside of a sandbox this is 404 `not-a-sandbox`.
#[utoipa::path(
    tag = tag::SANDBOX,
    request_body(content = ClockInput, example = json!({"now": "2027-04-01T00:00:00Z", "running": false})),
    responses((status = 200, description = "The clock as it is now", body = ClockBody)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({"body": true, "problems": ["not-a-sandbox", "token-narrowed"]}))),
)]
#[put("/sandbox/clock")]
async fn set_sandbox_clock(call: Call<Admin>, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let wanted = body.json::<ClockInput>().await?.value;
    let time = wanted.time()?;
    let sandbox = of(&call.service)?;
    sandbox.set_clock(&call.service, time, wanted.running).await?;
    Ok(told(sandbox))
}

/// Put the sandbox back
///
/// Puts data, ids and clock back as they were at the start: what anybody has added or changed since
/// is gone, and the same calls in the same order get the same answers again, with the same ids; stop
/// the clock where its seconds must not differ either. All of it happens at once: other requests wait
/// meanwhile, and none sees half of it. Twice is as once, so it takes no
/// Idempotency-Key. The keys that sign stay; a token of a later time is not good any
/// more. Outside of a sandbox this is 404 `not-a-sandbox`.
#[utoipa::path(
    tag = tag::SANDBOX,
    responses((status = 200, description = "The clock of the start", body = ClockBody)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({"problems": ["not-a-sandbox", "token-narrowed"]}))),
)]
#[post("/sandbox/reset")]
async fn reset_sandbox(call: Call<Admin>) -> Answer {
    call.unnarrowed()?;
    let service = call.service.clone();
    // Whoever asked may go away; what was begun is ended.
    let done = actix_web::rt::spawn(async move { of(&service)?.reset(&service).await }).await;
    let now = done.map_err(|_| Problem::internal("the reset has panicked"))??;
    Ok(HttpResponse::Ok().json(ClockBody { now, running: true }))
}
