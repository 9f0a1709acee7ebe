//! What is said of a declaration after it was first recorded. Nothing is overwritten: each call adds to
//! the history.

use actix_web::http::StatusCode;
use actix_web::post;
use chrono::NaiveDate;
use mamori_domain::declaration::State;
use mamori_domain::declaration::history::{Entry, Evidence, Fact, Terms};
use mamori_store::{Declaration, Dossier, Idempotency, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::declaration::terms::TermsInput;
use super::declaration::{DeclarationBody, MOST_ENTRIES, StoppedByValue, refused, taken};
use crate::answer::{Answer, reply, send, with};
use crate::auth::Call;
use crate::auth::caller::DeclarationsWrite;
use crate::problem::{Kind, Problem};
use crate::read::body::{optional_day, optional_object};
use crate::read::condition::{etag, required};
use crate::read::{Check, Incoming, PathId};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(declare_declaration)
        .service(amend_declaration)
        .service(supersede_declaration)
        .service(stop_declaration)
        .service(lose_declaration)
        .service(add_declaration_evidence)
        .service(confirm_declaration)
        .service(correct_declaration);
}

/// What was declared, and from which day.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclaredInput)]
pub(crate) struct StatedInput {
    /// The day from which it holds, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
    /// What is left out stays as it was known on that day.
    #[serde(default, deserialize_with = "optional_object")]
    terms: Option<TermsInput>,
}

/// Which declaration took the place of this one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupersededInput {
    /// The newer declaration of the same organization; it is declared.
    by: Uuid,
    /// Since which day, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
}

/// Who stopped a declaration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoppedInput {
    by: StoppedByValue,
    /// Since which day, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
}

/// From when on nobody can say.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LostInput {
    /// Since which day, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
}

wire_enum! {
    /// What was looked at: a document was seen (書面を確認), or it was compared with what IPA publishes
    /// (公表情報と照合). The lower grades need nobody to look.
    pub(crate) enum SeenGrade {
        /// Somebody saw a document (書面を確認).
        DocumentSeen = "document_seen",
        /// Somebody compared it with what IPA publishes (公表情報と照合).
        MatchedToPublication = "matched_to_publication",
    }
}

/// Who looked into a declaration, and at what.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceInput {
    evidence_grade: SeenGrade,
    /// Who looked.
    #[schema(min_length = 1, max_length = 100, example = "みほん商工会議所 見本 花子")]
    seen_by: String,
    /// On which day, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    seen_on: Option<NaiveDate>,
    /// At what.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500, example = "自己宣言完了のメール")]
    note: Option<String>,
    /// Where it can be found: `http` or `https`.
    #[serde(default)]
    #[schema(max_length = 500, example = "https://files.example.jp/evidence/1")]
    evidence_url: Option<String>,
}

/// Who confirmed that a declaration stands.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmedInput {
    /// Who.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "総務部 見本 花子")]
    by: Option<String>,
    /// On which day, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
}

/// What an entry should have said.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplacementInput {
    /// The right day, in Japan; that of the entry if left out.
    #[serde(default, deserialize_with = "optional_day")]
    on: Option<NaiveDate>,
    /// The right terms, whole: what is left out is not known. Left out altogether, they are those
    /// of the entry. Only where the entry states terms.
    #[serde(default, deserialize_with = "optional_object")]
    terms: Option<TermsInput>,
}

/// Which entry of the history was a mistake.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionInput {
    /// The entry, by its id in the history.
    entry: Uuid,
    /// Why it was a mistake.
    #[schema(min_length = 1, max_length = 500, example = "日付の誤り")]
    reason: String,
    /// What it should have said; left out, it should not have been.
    #[serde(default, deserialize_with = "optional_object")]
    replacement: Option<ReplacementInput>,
}

/// What is to be said of a declaration, given what is known of it and of its kin.
type Facts = Result<Vec<(NaiveDate, Fact)>, Problem>;

/// Takes the declaration, checks the condition, adds what `say` gives, and shows what became of it.
async fn extend(
    call: Call<DeclarationsWrite>,
    id: Uuid,
    once: Option<Idempotency>,
    say: impl Fn(&Declaration, &Dossier) -> Facts + Send + 'static,
) -> Answer {
    let condition = call.if_match()?;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_declaration(id)?.ok_or_else(Problem::not_found)?;
        let (mut dossier, profile) = taken(tx, found.organization)?;
        let current = dossier.declarations.iter().find(|declaration| declaration.id == id);
        let current = current.ok_or_else(Problem::not_found)?;
        required(condition.as_ref())?.admits(current.revision)?;
        let facts = say(current, &dossier)?;
        if current.entries.len() + facts.len() > MOST_ENTRIES {
            return Err(Problem::new(Kind::HistoryFull).with("most", MOST_ENTRIES).into());
        }
        let changed = tx.extend_declaration(&mut dossier, id, facts, &profile, today)?;
        let changed = changed.ok_or_else(Problem::not_found)?.map_err(refused)?;
        let tag = etag(changed.revision, "0");
        let shown = reply(StatusCode::OK, &DeclarationBody::of(&changed)?)?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), once, work).await?))
}

/// The day that a body names, which is not still to come; today where it names none.
fn day(pointer: &str, named: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Problem> {
    let mut check = Check::default();
    check.past(pointer, named, today);
    check.finish(named.unwrap_or(today))
}

/// What was known of the terms on a day.
fn terms_on(declaration: &Declaration, on: NaiveDate) -> Result<Terms, Problem> {
    let standing = declaration.standing(on, None)?;
    Ok(standing.map(|standing| standing.terms).unwrap_or_default())
}

/// The statement of terms over what was known of them on that day.
async fn state_terms(
    call: Call<DeclarationsWrite>,
    id: PathId,
    body: Incoming,
    fact: fn(Terms) -> Fact,
) -> Answer {
    let received = body.json_or_empty::<StatedInput>().await?;
    let StatedInput { on, terms } = received.value;
    let today = call.service.today();
    let mut check = Check::default();
    check.past("/on", on, today);
    let stated = terms.unwrap_or_default();
    drop(stated.clone().over(&mut check, "/terms", Terms::default()));
    let on = check.finish(on.unwrap_or(today))?;
    extend(call, id.0, received.once, move |declaration, _| {
        let known = terms_on(declaration, on)?;
        let terms = stated.clone().over(&mut Check::default(), "/terms", known);
        Ok(vec![(on, fact(terms))])
    })
    .await
}

/// Declare
///
/// Says that the company has declared, in IPA's own system, what it was preparing. What is left out
/// of the terms stays as it was prepared.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = Option<StatedInput>,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/declare")]
async fn declare_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    state_terms(call, id, body, Fact::Declared).await
}

/// Amend a declaration
///
/// Says that the registration changed (登録情報の変更): a star was raised, an id was given, a contact
/// moved. What was seen of one star says nothing of two: with the stars or the id the evidence grade
/// begins anew.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = Option<StatedInput>,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/amend")]
async fn amend_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    state_terms(call, id, body, Fact::Amended).await
}

/// Supersede a declaration
///
/// Says that a newer declaration of the same company took the place of this one, such as one of the
/// new system (its id begins with 5) that of one of the old system (4).
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration that was superseded")),
    request_body = SupersededInput,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "no-such-successor", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/supersede")]
async fn supersede_declaration(
    call: Call<DeclarationsWrite>,
    id: PathId,
    body: Incoming,
) -> Answer {
    let received = body.json::<SupersededInput>().await?;
    let SupersededInput { by, on } = received.value;
    let on = day("/on", on, call.service.today())?;
    extend(call, id.0, received.once, move |declaration, dossier| {
        let newer = dossier.declarations.iter().find(|other| other.id == by);
        let newer = newer.filter(|newer| newer.id != declaration.id);
        let newer = newer.ok_or(Problem::new(Kind::NoSuchSuccessor))?;
        let declared = newer.standing(on, None)?;
        if declared.is_none_or(|standing| standing.state != State::Declared)
            || leads_to(dossier, by, declaration.id)?
        {
            return Err(Problem::new(Kind::NoSuchSuccessor));
        }
        Ok(vec![(on, Fact::Superseded { by })])
    })
    .await
}

/// Whether a declaration was superseded, through however many, by this one: a circle.
fn leads_to(dossier: &Dossier, from: Uuid, to: Uuid) -> Result<bool, Problem> {
    let mut at = Some(from);
    for _ in 0..dossier.declarations.len() {
        let Some(id) = at.filter(|id| *id != to) else { break };
        let found = dossier.declarations.iter().find(|declaration| declaration.id == id);
        let standing = found.map(|found| found.standing(NaiveDate::MAX, None)).transpose()?;
        at = standing.flatten().and_then(|standing| standing.superseded_by);
    }
    Ok(at == Some(to))
}

/// Stop a declaration
///
/// Says that the declaration was stopped (停止) in IPA's system, and by whom.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = StoppedInput,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/stop")]
async fn stop_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<StoppedInput>().await?;
    let StoppedInput { by, on } = received.value;
    let on = day("/on", on, call.service.today())?;
    extend(call, id.0, received.once, move |_, _| Ok(vec![(on, Fact::Stopped { by: by.into() })]))
        .await
}

/// Lose track of a declaration
///
/// Says that nobody can say any more how the declaration stands. Once it is found again, `declare`,
/// `supersede` or `stop` says so.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = Option<LostInput>,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/lose")]
async fn lose_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json_or_empty::<LostInput>().await?;
    let on = day("/on", received.value.on, call.service.today())?;
    extend(call, id.0, received.once, move |_, _| Ok(vec![(on, Fact::Lost)])).await
}

/// Add evidence
///
/// Says that a person saw a document of the declaration, or compared it with what IPA publishes, and
/// on which day. mamori itself looks nowhere.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = EvidenceInput,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/evidence")]
async fn add_declaration_evidence(
    call: Call<DeclarationsWrite>,
    id: PathId,
    body: Incoming,
) -> Answer {
    use mamori_domain::declaration::Grade;

    let received = body.json::<EvidenceInput>().await?;
    let EvidenceInput { evidence_grade, seen_by, seen_on, note, evidence_url } = received.value;
    let today = call.service.today();
    let mut check = Check::default();
    check.line("/seen_by", &seen_by, 1..=100);
    check.past("/seen_on", seen_on, today);
    if let Some(note) = &note {
        check.text("/note", note, 1..=500);
    }
    check.web_address("/evidence_url", evidence_url.as_deref(), 500);
    let grade = match evidence_grade {
        SeenGrade::DocumentSeen => Grade::DocumentSeen,
        SeenGrade::MatchedToPublication => Grade::MatchedToPublication,
    };
    let evidence = check.finish(Evidence { grade, seen_by, note, url: evidence_url })?;
    let on = seen_on.unwrap_or(today);
    extend(call, id.0, received.once, move |_, _| {
        Ok(vec![(on, Fact::EvidenceSeen(evidence.clone()))])
    })
    .await
}

/// Confirm a declaration
///
/// Says that somebody confirmed that the declaration stands. A declaration has no expiry: readers
/// look at how old its last confirmation is.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = Option<ConfirmedInput>,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/confirm")]
async fn confirm_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json_or_empty::<ConfirmedInput>().await?;
    let ConfirmedInput { by, on } = received.value;
    let today = call.service.today();
    let mut check = Check::default();
    check.optional_line("/by", by.as_deref(), 1..=100);
    check.past("/on", on, today);
    let on = check.finish(on.unwrap_or(today))?;
    extend(call, id.0, received.once, move |_, _| {
        Ok(vec![(on, Fact::Confirmed { by: by.clone() })])
    })
    .await
}

/// Correct a declaration
///
/// Says that an entry of the history was a mistake, and what it should have said. Both stay in the
/// history: what was known before the correction can still be asked for.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    request_body = CorrectionInput,
    responses((status = 200, description = "The declaration", body = DeclarationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "move-impossible", "entry-not-voidable", "no-terms-to-correct",
            "history-full"],
    }))),
)]
#[post("/v1/declarations/{id}/correct")]
async fn correct_declaration(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<CorrectionInput>().await?;
    let CorrectionInput { entry, reason, replacement } = received.value;
    let mut check = Check::default();
    check.line("/reason", &reason, 1..=500);
    if let Some(replacement) = &replacement {
        check.past("/replacement/on", replacement.on, call.service.today());
        let stated = replacement.terms.clone().unwrap_or_default();
        drop(stated.over(&mut check, "/replacement/terms", Terms::default()));
    }
    check.finish(())?;
    extend(call, id.0, received.once, move |declaration, _| {
        let found = declaration.entries.iter().find(|found| found.id == entry);
        let found = found.ok_or(Problem::new(Kind::EntryNotVoidable))?;
        let mut facts = vec![(found.on, Fact::Voided { entry, reason: reason.clone() })];
        if let Some(right) = &replacement {
            facts.push(replaced(found, right)?);
        }
        Ok(facts)
    })
    .await
}

/// What an entry should have said.
fn replaced(entry: &Entry, right: &ReplacementInput) -> Result<(NaiveDate, Fact), Problem> {
    let stated = right.terms.as_ref().filter(|terms| !terms.is_silent());
    let whole = |terms: &Terms| match stated {
        None => terms.clone(),
        // The details are those of the entry, unless they are stated anew.
        Some(stated) => {
            let known = Terms { registered: terms.registered.clone(), ..Terms::default() };
            stated.clone().over(&mut Check::default(), "", known)
        }
    };
    let fact = match &entry.fact {
        Fact::Prepared(terms) => Fact::Prepared(whole(terms)),
        Fact::Declared(terms) => Fact::Declared(whole(terms)),
        Fact::Amended(terms) => Fact::Amended(whole(terms)),
        Fact::Voided { .. } => return Err(Problem::new(Kind::EntryNotVoidable)),
        other if stated.is_none() => other.clone(),
        _ => return Err(Problem::new(Kind::NoTermsToCorrect)),
    };
    Ok((right.on.unwrap_or(entry.on), fact))
}
