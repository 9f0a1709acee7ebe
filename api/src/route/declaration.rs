//! Declarations (自己宣言) of SECURITY ACTION: what a company declared in IPA's system, as it is recorded
//! here.

pub(super) mod terms;

use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::declaration::history::{
    Evidence, Fact, FactKind, Refusal, Standing, Terms, moves,
};
use mamori_domain::declaration::{Generation, Grade, State, StoppedBy};
use mamori_domain::organization::Profile;
use mamori_store::{Declaration, Dossier, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::terms::{TermsBody, TermsInput, details};
use crate::answer::{Answer, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{DeclarationsRead, DeclarationsWrite};
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::body::{optional_day, optional_object};
use crate::read::condition::etag;
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

/// The tag of everything about SECURITY ACTION.
/// How many declarations an organization may have.
const MOST_DECLARATIONS: usize = 50;
/// How many entries the history of one may have.
pub(super) const MOST_ENTRIES: usize = 500;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_declarations).service(create_declaration).service(get_declaration);
}

wire_enum! {
    /// Where a declaration stands: `preparing`, `declared`, `superseded` by a newer one, `stopped`
    /// (停止), or `unknown` where nobody can say. mamori confers nothing: SECURITY ACTION is
    /// self-declared.
    pub(crate) enum StateValue as DeclarationState = State {
        /// Being prepared; nothing was declared yet.
        Preparing = "preparing",
        /// Declared in IPA's system.
        Declared = "declared",
        /// A newer declaration of the same company took its place.
        Superseded = "superseded",
        /// Stopped (停止).
        Stopped = "stopped",
        /// Nobody can say.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// Which system gave a self-declaration id: `old` until March 2026 (it begins with 4), `new` since
    /// April 2026 (5), `unknown` for another first digit. It tells nothing of the stars.
    pub(crate) enum GenerationValue as DeclarationGeneration = Generation {
        /// The system until March 2026: the first digit is 4.
        Old = "old",
        /// The system since April 2026: the first digit is 5.
        New = "new",
        /// Another first digit, which nobody has explained.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// How far a statement was looked into (確認の程度): `self_reported` (本人の申告);
    /// `id_format_checked` (IDの形式のみ確認): format only, existence not checked, so it counts no more
    /// than self-reported; `document_seen` (書面を確認); `matched_to_publication` (公表情報と照合).
    pub(crate) enum GradeValue as EvidenceGrade = Grade {
        /// The company says so (本人の申告).
        SelfReported = "self_reported",
        /// Only the form of the id was looked at (IDの形式のみ確認).
        IdFormatChecked = "id_format_checked",
        /// Somebody saw a document (書面を確認).
        DocumentSeen = "document_seen",
        /// Somebody compared it with what IPA publishes (公表情報と照合).
        MatchedToPublication = "matched_to_publication",
    }
}

wire_enum! {
    /// Who stopped a declaration: the `declarant` (宣言事業者), the `operator` (IPA), or `unknown`.
    pub(crate) enum StoppedByValue as StoppedBy = StoppedBy {
        /// The company itself (宣言事業者).
        Declarant = "declarant",
        /// The operator, IPA.
        Operator = "operator",
        /// Nobody can say.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What can be said of a declaration: that it was `prepared`, `declared`, `amended` (変更),
    /// `superseded` or `stopped` (停止); that its state was `lost`, so that nobody can say; that
    /// somebody looked into it (`evidence_seen`) or `confirmed` that it stands.
    pub(crate) enum MoveValue as DeclarationMove = FactKind {
        /// The company began to prepare it.
        Prepared = "prepared",
        /// The company declared it in IPA's system.
        Declared = "declared",
        /// Its terms changed, such as the number of stars.
        Amended = "amended",
        /// A newer declaration took its place.
        Superseded = "superseded",
        /// It was stopped (停止).
        Stopped = "stopped",
        /// Nobody can say any more what became of it.
        Lost = "lost",
        /// Somebody looked at evidence.
        EvidenceSeen = "evidence_seen",
        /// Somebody confirmed that it still stands.
        Confirmed = "confirmed",
        /// An earlier entry was a mistake and counts no more.
        Voided = "voided",
    }
}

wire_enum! {
    /// How a declaration is first recorded: `preparing`, `declared`, or `unknown` where the company
    /// believes that it has declared and nobody can say.
    pub(crate) enum Beginning as DeclarationBeginning {
        /// Nothing was declared yet.
        Preparing = "preparing",
        /// It was declared.
        Declared = "declared",
        /// Nobody can say what was declared, such as a screenshot without a star.
        Unknown = "unknown",
    }
}

/// What is first recorded of a declaration.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclarationInput {
    state: Beginning,
    /// The day from which it stands so, in Japan: the day of the declaration, or that on which the
    /// preparation began. Today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
    /// What was, or is to be, declared.
    #[serde(default, deserialize_with = "optional_object")]
    terms: Option<TermsInput>,
}

/// Somebody looked into a declaration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationEvidence)]
pub(crate) struct EvidenceBody {
    evidence_grade: GradeValue,
    /// Who looked.
    seen_by: String,
    /// On which day.
    seen_on: NaiveDate,
    /// At what.
    #[schema(required)]
    note: Option<String>,
    /// Where it can be found.
    #[schema(required)]
    evidence_url: Option<String>,
}

impl From<(NaiveDate, Evidence)> for EvidenceBody {
    fn from((seen_on, evidence): (NaiveDate, Evidence)) -> Self {
        Self {
            evidence_grade: evidence.grade.into(),
            seen_by: evidence.seen_by,
            seen_on,
            note: evidence.note,
            evidence_url: evidence.url,
        }
    }
}

/// A declaration on a day, by what was known at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationStanding)]
pub(crate) struct StandingBody {
    /// The declaration.
    pub(super) id: Uuid,
    state: StateValue,
    /// Since which day.
    since: NaiveDate,
    terms: TermsBody,
    /// The day of the declaration.
    #[schema(required)]
    declared_on: Option<NaiveDate>,
    #[schema(required)]
    stopped_by: Option<StoppedByValue>,
    /// The declaration that took its place.
    #[schema(required)]
    superseded_by: Option<Uuid>,
    evidence_grade: GradeValue,
    /// Who looked into it; the latest last.
    evidence: Vec<EvidenceBody>,
    /// The latest day on which somebody said that it stands, or looked. A declaration has no
    /// expiry; how old is too old is the reader's rule.
    #[schema(required)]
    confirmed_on: Option<NaiveDate>,
}

impl StandingBody {
    pub(super) fn of(id: Uuid, standing: Standing) -> Self {
        Self {
            id,
            state: standing.state.into(),
            since: standing.since,
            terms: standing.terms.into(),
            declared_on: standing.declared_on,
            stopped_by: standing.stopped_by.map(StoppedByValue::from),
            superseded_by: standing.superseded_by,
            evidence_grade: standing.grade.into(),
            evidence: standing.evidence.into_iter().map(EvidenceBody::from).collect(),
            confirmed_on: standing.confirmed_on,
        }
    }
}

/// A declaration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Declaration)]
pub(crate) struct DeclarationBody {
    /// Its id.
    id: Uuid,
    /// The organization.
    organization: Uuid,
    /// How it stands; null where everything that was recorded of it turned out to be a mistake.
    #[schema(required)]
    standing: Option<StandingBody>,
    /// What can be said of it now.
    actions: Vec<MoveValue>,
    /// When it was first recorded.
    created_at: DateTime<Utc>,
    /// When something was last recorded of it.
    updated_at: DateTime<Utc>,
}

impl DeclarationBody {
    pub(super) fn of(declaration: &Declaration) -> Result<Self, Problem> {
        let standing = declaration.standing(NaiveDate::MAX, None)?;
        let state = standing.as_ref().map(|standing| standing.state);
        Ok(Self {
            id: declaration.id,
            organization: declaration.organization,
            actions: moves(state).into_iter().map(MoveValue::from).collect(),
            standing: standing.map(|standing| StandingBody::of(declaration.id, standing)),
            created_at: declaration.created_at,
            updated_at: declaration.updated_at,
        })
    }
}

/// A page of declarations, in the order of their recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeclarationList {
    /// The declarations.
    items: Vec<DeclarationBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What the domain refuses, in words.
pub(super) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::FutureDay => {
            Problem::fault(Kind::InvalidRequest, Fault::at("/on", Code::FutureDate))
        }
        Refusal::NotVoidable => Problem::new(Kind::EntryNotVoidable),
        Refusal::Impossible { kind, from, on } => {
            let state = |state: State| serde_json::to_value(StateValue::from(state));
            let word = |value: Result<serde_json::Value, serde_json::Error>| {
                value.ok().and_then(|value| value.as_str().map(ToOwned::to_owned))
            };
            let from = from.and_then(|from| word(state(from)));
            let kind = word(serde_json::to_value(MoveValue::from(kind)));
            Problem::new(Kind::MoveImpossible)
                .with("move", kind.unwrap_or_default())
                .with("state", from.unwrap_or_else(|| "-".to_owned()))
                .with("on", on)
        }
    }
}

/// The declarations of an organization, taken for a change, and what it says of itself.
pub(super) fn taken(
    tx: &mut Tx<'_>,
    organization: Uuid,
) -> Result<(Dossier, Profile), Stop<Problem>> {
    let dossier = tx.take_dossier(organization)?.ok_or_else(Problem::not_found)?;
    let found = tx.find_organization(organization)?.ok_or_else(Problem::not_found)?;
    Ok((dossier, found.profile))
}

/// How lists are asked for.
#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    pub(super) limit: Option<i64>,
    pub(super) cursor: Option<String>,
}

impl Parameters for ListQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("limit", "1–200"), ("cursor", "next_cursor")];
}

/// List the declarations
///
/// The declarations of an organization in the order of their recording: an old one and the newer
/// one that took its place, stopped ones, and one in preparation.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "A page of declarations", body = DeclarationList)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/declarations")]
async fn list_declarations(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<ListQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("declarations {}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(tx.list_declarations(id.0, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|declaration| declaration.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items: Result<Vec<_>, _> = found.items.iter().map(DeclarationBody::of).collect();
    let body = DeclarationList { items: items?, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Record a declaration
///
/// Records what a company has declared in IPA's own system, or prepares to declare; mamori declares
/// for nobody. A second one of the same generation is recorded too, and shown as a conflict.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = DeclarationInput,
    responses((status = 201, description = "The declaration, recorded", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "too-many-declarations"],
        "links": {"get_declaration": "/id", "declare_declaration": "/id", "amend_declaration": "/id",
            "stop_declaration": "/id", "list_declaration_history": "/id",
            "confirm_declaration": "/id", "add_declaration_evidence": "/id",
            "supersede_declaration": "/id", "lose_declaration": "/id", "correct_declaration": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/declarations")]
async fn create_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<DeclarationInput>().await?;
    let DeclarationInput { state, on, terms } = received.value;
    let today = call.service.today();
    let mut check = Check::default();
    check.past("/on", on, today);
    let own = terms.as_ref().is_some_and(|terms| terms.registered.is_some());
    let terms = terms.unwrap_or_default().over(&mut check, "/terms", Terms::default());
    let (on, terms) = check.finish((on.unwrap_or(today), terms))?;
    let work = move |tx: &mut Tx<'_>| {
        let (mut dossier, profile) = taken(tx, id.0)?;
        if dossier.declarations.len() >= MOST_DECLARATIONS {
            return Err(Problem::new(Kind::TooManyDeclarations)
                .with("most", MOST_DECLARATIONS)
                .into());
        }
        let mut terms = terms.clone();
        if !own {
            terms.registered = details(&profile);
        }
        let facts = match state {
            Beginning::Declared => vec![(on, Fact::Declared(terms))],
            Beginning::Preparing => vec![(on, Fact::Prepared(terms))],
            Beginning::Unknown => vec![(on, Fact::Prepared(terms)), (on, Fact::Lost)],
        };
        let added = tx.add_declaration(&mut dossier, facts, &profile, today)?.map_err(refused)?;
        let location = format!("/v1/declarations/{}", added.id);
        let tag = etag(added.revision, "0");
        let created = reply(StatusCode::CREATED, &DeclarationBody::of(&added)?)?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a declaration
///
/// One declaration as it stands today by everything that is known, with what can be said of it next
/// and the ETag that this needs. For another day, or for what was known at another time, ask for
/// the organization's declaration status.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/declarations/{id}")]
async fn get_declaration(call: Call<DeclarationsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_declaration(id.0)?);
    let found = call.service.store().read(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(show(&call.request, &etag(found.revision, "0"), None, &DeclarationBody::of(&found)?))
}
