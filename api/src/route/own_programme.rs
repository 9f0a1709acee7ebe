//! Programmes of a client's own: what a buyer asks of its suppliers' declarations.

mod input;

use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::programme::ProgrammeKind;
use mamori_store::{OwnProgramme, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::declaration::GradeValue;
use super::programme::ProgrammeKindValue;
use crate::answer::{Answer, nothing, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{DeclarationsRead, DeclarationsWrite};
use crate::problem::{Kind, Problem};
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Incoming, PathId, Query};
use crate::route::tag;

use input::{AcceptedGeneration, OwnProgrammeInput, OwnProgrammeRoundInput, OwnProgrammeRuleInput};
pub(crate) use input::{Own, moment, notice};

/// The most programmes of its own that a client may have.
const MOST_PROGRAMMES: i64 = 200;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_own_programmes)
        .service(create_own_programme)
        .service(get_own_programme)
        .service(update_own_programme)
        .service(delete_own_programme);
}

/// A programme of your own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnProgramme)]
pub(crate) struct OwnProgrammeBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Always `buyer`.
    kind: ProgrammeKindValue,
    /// What it is for.
    #[schema(required)]
    description: Option<String>,
    /// What it asks for.
    rules: Vec<OwnProgrammeRule>,
    /// Its deadlines.
    rounds: Vec<OwnProgrammeRound>,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// What you ask for in one period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnProgrammeRule {
    /// The first day for which it holds; null: since ever.
    #[schema(required)]
    from: Option<NaiveDate>,
    /// The last such day, itself included; null: until further notice.
    #[schema(required)]
    until: Option<NaiveDate>,
    /// Codes of the rounds for which it holds; none: for all, and without a round.
    rounds: Vec<String>,
    /// The fewest declared stars that are enough.
    #[schema(minimum = 1, maximum = 2)]
    minimum_stars: i64,
    /// The generations of id that are accepted; null: any.
    #[schema(required)]
    generations: Option<Vec<AcceptedGeneration>>,
    /// Whether the declaration must have been made with the GビズID account that applies.
    same_gbizid_account: bool,
    /// The least grade of evidence; null: the company's word is enough.
    #[schema(required)]
    minimum_grade: Option<GradeValue>,
    /// Within how many days before the application the status must have been confirmed.
    #[schema(required)]
    confirmed_within_days: Option<i64>,
    /// What else a reader should know.
    #[schema(required)]
    note: Option<String>,
}

/// A deadline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnProgrammeRound {
    /// Its name in rules and questions.
    code: String,
    /// Its name.
    name: String,
    /// The last moment, in UTC.
    #[schema(format = "date-time")]
    deadline: String,
    /// The first day.
    #[schema(required)]
    opens_on: Option<NaiveDate>,
}

/// A page of programmes, in the order in which they were added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnProgrammeList {
    /// The programmes.
    items: Vec<OwnProgrammeBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl OwnProgrammeBody {
    fn of(kept: &OwnProgramme) -> Result<Self, Problem> {
        let input = OwnProgrammeInput::of(kept)?;
        let rule = |rule: OwnProgrammeRuleInput| OwnProgrammeRule {
            from: rule.from,
            until: rule.until,
            rounds: rule.rounds,
            minimum_stars: rule.minimum_stars,
            generations: rule.generations,
            same_gbizid_account: rule.same_gbizid_account,
            minimum_grade: rule.minimum_grade,
            confirmed_within_days: rule.confirmed_within_days,
            note: rule.note,
        };
        let round = |round: OwnProgrammeRoundInput| OwnProgrammeRound {
            code: round.code,
            name: round.name,
            deadline: round.deadline,
            opens_on: round.opens_on,
        };
        Ok(Self {
            id: kept.id,
            name: input.name,
            kind: ProgrammeKind::Buyer.into(),
            description: input.description,
            rules: input.rules.into_iter().map(rule).collect(),
            rounds: input.rounds.into_iter().map(round).collect(),
            created_at: kept.created_at,
            updated_at: kept.updated_at,
        })
    }
}

/// A page of the list.
#[derive(Debug, Deserialize)]
struct OwnProgrammeQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for OwnProgrammeQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("limit", "1–200"), ("cursor", "next_cursor")];
}

/// List your own programmes
///
/// The programmes of your own in the order in which they were added, a page at a time.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    responses((status = 200, description = "A page of programmes", body = OwnProgrammeList)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["token-narrowed"]}))),
)]
#[get("/v1/own-programmes")]
async fn list_own_programmes(
    call: Call<DeclarationsRead>,
    query: Query<OwnProgrammeQuery>,
) -> Answer {
    call.unnarrowed()?;
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = "own-programmes";
    let (after, limit) = (wanted.after(&call.service, list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.list_programmes(after, limit)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let last = found.items.last().map(|programme| programme.id);
    let next_cursor = call.service.cursors().next(list, found.beyond.is_some(), last);
    let items: Result<Vec<_>, _> = found.items.iter().map(OwnProgrammeBody::of).collect();
    let body = OwnProgrammeList { items: items?, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Add a programme of your own
///
/// Keeps what you ask of the declarations of others, such as a buyer of its suppliers, to check
/// them against. SECURITY ACTION is self-declared, and what you ask for is your own rule. A client
/// may have 200 of them; a token that is narrowed to one organization sees none.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    request_body = OwnProgrammeInput,
    responses((status = 201, description = "The programme, added", body = OwnProgrammeBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["token-narrowed", "too-many-programmes"],
        "links": {
            "get_own_programme": "/id", "update_own_programme": "/id",
            "delete_own_programme": "/id", "check_own_programme": "/id",
            "get_own_programme_calendar": "/id",
        },
    }))),
)]
#[post("/v1/own-programmes")]
async fn create_own_programme(call: Call<DeclarationsWrite>, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let received = body.json::<OwnProgrammeInput>().await?;
    let body = received.value.checked(call.service.today())?.text()?;
    let work = move |tx: &mut Tx<'_>| {
        if tx.count_programmes()? >= MOST_PROGRAMMES {
            return Err(Problem::new(Kind::TooManyProgrammes).into());
        }
        let added = tx.add_programme(body.clone())?;
        let location = format!("/v1/own-programmes/{}", added.id);
        let tag = etag(added.revision, "0");
        let created = reply(StatusCode::CREATED, &OwnProgrammeBody::of(&added)?)?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a programme of your own
///
/// One programme of your own, and the ETag that a change of it needs.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(("id" = Uuid, Path, description = "The programme")),
    responses((status = 200, description = "The programme", body = OwnProgrammeBody)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({
        "etag": true, "problems": ["not-found", "token-narrowed"],
    }))),
)]
#[get("/v1/own-programmes/{id}")]
async fn get_own_programme(call: Call<DeclarationsRead>, id: PathId) -> Answer {
    call.unnarrowed()?;
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_programme(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let body = OwnProgrammeBody::of(&found)?;
    Ok(show(&call.request, &etag(found.revision, "0"), None, &body))
}

/// Update a programme of your own
///
/// Changes a programme by a merge patch (RFC 7396); `rules` and `rounds` are replaced whole.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(("id" = Uuid, Path, description = "The programme")),
    request_body = OwnProgrammeInput,
    responses((status = 200, description = "The programme, changed", body = OwnProgrammeBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true,
        "problems": ["not-found", "token-narrowed"],
    }))),
)]
#[patch("/v1/own-programmes/{id}")]
async fn update_own_programme(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let patch = body.patch().await?;
    patch.apply(&OwnProgrammeInput::default())?;
    let condition = call.if_match()?;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_programme(id.0)?.ok_or_else(Problem::not_found)?;
        let input: OwnProgrammeInput = patch.apply(&OwnProgrammeInput::of(&found)?)?;
        let body = input.checked(today)?.text()?;
        required(condition.as_ref())?.admits(found.revision)?;
        let changed = tx.replace_programme(&found, body)?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = etag(changed.revision, "0");
        let shown = reply(StatusCode::OK, &OwnProgrammeBody::of(&changed)?)?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Delete a programme of your own
///
/// Removes a programme of your own. Nothing refers to it, and no answer that was given changes.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(("id" = Uuid, Path, description = "The programme")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "if_match": true, "actor": true, "problems": ["not-found", "token-narrowed"],
    }))),
)]
#[delete("/v1/own-programmes/{id}")]
async fn delete_own_programme(call: Call<DeclarationsWrite>, id: PathId) -> Answer {
    call.unnarrowed()?;
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_programme(id.0)?.ok_or_else(Problem::not_found)?;
        required(condition.as_ref())?.admits(found.revision)?;
        if !tx.remove_programme(&found)? {
            return Err(Problem::new(Kind::PreconditionFailed).into());
        }
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
