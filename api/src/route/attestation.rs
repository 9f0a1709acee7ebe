//! Attestations (宣言状況の確認票): signed statements of how a declaration stands, with the organization's
//! consent, for some days.

use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use mamori_domain::attestation::DAYS;
use mamori_domain::consent::Purpose;
use mamori_domain::declaration::State;
use mamori_domain::declaration::history::Standing;
use mamori_domain::organization::Organization;
use mamori_store::{Attestation, Consent, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::declaration::{GenerationValue, GradeValue, ListQuery, StateValue};
use crate::answer::{Answer, page, reply, send, with};
use crate::attest::{self, Frame};
use crate::auth::Call;
use crate::auth::caller::{DeclarationsRead, DeclarationsWrite};
use crate::problem::{Kind, Problem};
use crate::read::body::optional_whole;
use crate::read::query::PageQuery;
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

/// How many of those who looked are named: a statement is read, and goes into a token.
const MOST_EVIDENCE: usize = 10;
/// For how many days an attestation holds where nothing is said.
const USUAL_DAYS: i64 = 7;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(issue_attestation).service(list_attestations).service(revoke_attestation);
}

/// For how long an attestation is to hold.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttestationInput {
    /// For how many days; 7 if left out.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 30, example = 7)]
    valid_days: Option<i64>,
}

wire_enum! {
    /// Whether an attestation holds: `valid`, `expired`, or `revoked`.
    pub(crate) enum AttestationState {
        /// It holds.
        Valid = "valid",
        /// Its time has run out.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
}

/// Somebody looked into the declaration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttestedEvidence)]
pub(crate) struct SeenBody {
    pub(super) evidence_grade: GradeValue,
    /// Who looked.
    pub(super) seen_by: String,
    /// On which day.
    pub(super) seen_on: NaiveDate,
}

/// What is attested: who stated what, on what evidence. The names are those of the credential.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttestedStatement)]
pub(crate) struct StatementBody {
    /// The scheme: `SECURITY ACTION`.
    #[schema(example = "SECURITY ACTION")]
    scheme: String,
    /// `self-declared`: nobody examined it.
    #[schema(example = "self-declared")]
    nature: String,
    /// The declarant (宣言事業者).
    pub(super) legal_name: String,
    /// Its corporate number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) corporate_number: Option<String>,
    pub(super) state: StateValue,
    /// The stars declared; absent where they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stars: Option<u8>,
    /// The self-declaration id (自己宣言ID).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) declaration_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<GenerationValue>,
    /// The edition of the guideline whose articles were declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    articles_edition: Option<String>,
    /// The day of the declaration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) declared_on: Option<NaiveDate>,
    /// The day on which it was last confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirmed_on: Option<NaiveDate>,
    pub(super) evidence_grade: GradeValue,
    /// Who looked into it, and when; the latest first, at most ten.
    pub(super) evidence_seen: Vec<SeenBody>,
    /// Who recorded it here.
    pub(super) recorded_by: String,
    /// Who consented to this statement for the organization.
    consent_given_by: String,
    /// On which day.
    consent_given_on: NaiveDate,
    /// What this is and is not, in Japanese and English.
    notice: String,
}

/// What every attestation says of itself.
const NOTICE: &str = "SECURITY ACTIONは、事業者が自ら宣言する制度です。この確認票は、宣言について記録された内容と、\
    それを誰がいつ確かめたかを示すもので、IPAやmamoriが対策の内容を審査したり保証したりするものではありません。 / \
    SECURITY ACTION is self-declared. This statement tells what was recorded of the declaration, and who \
    looked into it and when; neither IPA nor mamori has examined or vouches for the measures behind it.";

impl StatementBody {
    fn of(organization: &Organization, standing: Standing, by: String, consent: &Consent) -> Self {
        let terms = standing.terms;
        Self {
            scheme: "SECURITY ACTION".to_owned(),
            nature: "self-declared".to_owned(),
            legal_name: organization.profile.name.clone(),
            corporate_number: organization
                .profile
                .corporate_number
                .as_ref()
                .map(|number| number.to_string()),
            state: standing.state.into(),
            stars: terms.stars,
            generation: terms.id.as_ref().map(|id| id.generation().into()),
            declaration_id: terms.id.map(String::from),
            articles_edition: terms.articles_edition,
            declared_on: standing.declared_on,
            confirmed_on: standing.confirmed_on,
            evidence_grade: standing.grade.into(),
            evidence_seen: standing
                .evidence
                .into_iter()
                .rev()
                .take(MOST_EVIDENCE)
                .map(|(seen_on, evidence)| SeenBody {
                    evidence_grade: evidence.grade.into(),
                    seen_by: evidence.seen_by,
                    seen_on,
                })
                .collect(),
            recorded_by: by,
            consent_given_by: consent.given_by.clone(),
            consent_given_on: consent.given_on,
            notice: NOTICE.to_owned(),
        }
    }
}

/// An attestation, as its custodian has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attestation)]
pub(crate) struct AttestationBody {
    /// Its id.
    id: Uuid,
    /// The organization.
    organization: Uuid,
    /// The consent on which it rests.
    consent: Uuid,
    state: AttestationState,
    /// The public page, for a QR code.
    #[schema(format = "uri")]
    url: String,
    /// The credential: W3C Verifiable Credentials 2.0 as a JWT (`vc+jwt`), signed by a key of
    /// `/.well-known/jwks.json`.
    token: String,
    /// What it says.
    statement: StatementBody,
    /// When it was issued.
    issued_at: DateTime<Utc>,
    /// Until when it holds.
    valid_until: DateTime<Utc>,
    /// When it was revoked.
    #[schema(required)]
    revoked_at: Option<DateTime<Utc>>,
}

/// Whether an attestation holds.
pub(super) fn state(attestation: &Attestation, now: DateTime<Utc>) -> AttestationState {
    if attestation.revoked_at.is_some() {
        AttestationState::Revoked
    } else if attestation.valid_until <= now {
        AttestationState::Expired
    } else {
        AttestationState::Valid
    }
}

/// What an attestation says, as it was kept.
pub(super) fn statement(attestation: &Attestation) -> Result<StatementBody, Problem> {
    serde_json::from_str(&attestation.statement).map_err(|_| Problem::internal("a statement"))
}

impl AttestationBody {
    fn of(attestation: Attestation, service: &Service) -> Result<Self, Problem> {
        Ok(Self {
            state: state(&attestation, service.now()),
            url: attest::address(service.public_url(), attestation.id),
            statement: statement(&attestation)?,
            id: attestation.id,
            organization: attestation.organization,
            consent: attestation.consent,
            token: attestation.token,
            issued_at: attestation.issued_at,
            valid_until: attestation.valid_until,
            revoked_at: attestation.revoked_at,
        })
    }
}

/// A page of attestations, in the order of their issue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttestationList {
    /// The attestations.
    items: Vec<AttestationBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Issue an attestation
///
/// Signs a statement of how the declaration stands today (宣言状況の確認票): who stated what, on what
/// evidence. It holds for some days, can be verified offline with the published keys and the status list,
/// and needs the organization's consent to `attestation`. When that is withdrawn, or the status changes, it
/// is revoked.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = Option<AttestationInput>,
    responses((status = 201, description = "The attestation, signed", body = AttestationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "consent-missing", "nothing-to-attest", "declarations-conflict"],
        "links": {"get_attestation": "/id", "revoke_attestation": "/id", "get_attestation_qr": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/attestations")]
async fn issue_attestation(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json_or_empty::<AttestationInput>().await?;
    let days = received.value.valid_days.unwrap_or(USUAL_DAYS);
    let mut check = Check::default();
    check.range("/valid_days", Some(days), i64::from(*DAYS.start())..=i64::from(*DAYS.end()));
    check.finish(())?;
    let (service, client, today) = (call.service.clone(), call.client(), call.service.today());
    let work = move |tx: &mut Tx<'_>| {
        let organization = tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        // Taken, so that no consent is withdrawn while this is signed.
        let dossier = tx.take_dossier(id.0)?.ok_or_else(Problem::not_found)?;
        let consent = tx.consent_in_force(id.0, Purpose::Attestation)?;
        let consent = consent.ok_or(Problem::new(Kind::ConsentMissing))?;
        let summary = dossier.summary(today, None)?;
        if !summary.conflicting.is_empty() {
            return Err(Problem::new(Kind::DeclarationsConflict).into());
        }
        let main = summary.main.map(|(_, standing)| standing);
        let standing = main.filter(|standing| standing.state == State::Declared);
        let standing = standing.ok_or(Problem::new(Kind::NothingToAttest))?;
        let by = tx.find_client(client)?.map(|client| client.name).unwrap_or_default();
        let statement = StatementBody::of(&organization, standing, by, &consent);
        let (list, position) = tx.give_position()?;
        // To the second, as the credential has it.
        let now = tx.now();
        let issued_at = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
        let frame = Frame {
            public_url: service.public_url(),
            id: tx.mint(),
            list,
            position,
            issued_at,
            valid_until: issued_at + Duration::days(days),
        };
        let unwritten = |_| Problem::internal("a statement can't be written");
        let subject = serde_json::to_value(&statement).map_err(unwritten)?;
        let credential = attest::credential(&frame, &subject);
        let token = attest::sign(&service.keyring(), &credential, now);
        let signed = Attestation {
            id: frame.id,
            organization: id.0,
            consent: consent.id,
            list,
            position,
            statement: subject.to_string(),
            token: token.ok_or(Problem::internal("no key that signs"))?,
            issued_at,
            valid_until: frame.valid_until,
            revoked_at: None,
        };
        tx.add_attestation(&signed)?;
        let location = format!("/v1/attestations/{}", signed.id);
        let created = reply(StatusCode::CREATED, &AttestationBody::of(signed, &service)?)?;
        Ok::<_, Stop<Problem>>(with(created, "location", location))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// List the attestations
///
/// What was attested of an organization, in the order of issue, expired and revoked ones included.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "A page of attestations", body = AttestationList)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/attestations")]
async fn list_attestations(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<ListQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("attestations {}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(tx.list_attestations(id.0, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|attestation| attestation.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let bodies = found.items.into_iter().map(|it| AttestationBody::of(it, &call.service));
    let body = AttestationList { items: bodies.collect::<Result<_, _>>()?, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Revoke an attestation
///
/// Revokes an attestation at once and for good; revoked again, it stays so. Whoever verifies it offline
/// learns of it from the status list, within a minute.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    params(("id" = Uuid, Path, description = "The attestation")),
    responses((status = 200, description = "The attestation, revoked", body = AttestationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({"actor": true, "problems": ["not-found"]}))),
)]
#[post("/v1/attestations/{id}/revoke")]
async fn revoke_attestation(call: Call<DeclarationsWrite>, id: PathId) -> Answer {
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_attestation(id.0)?.ok_or_else(Problem::not_found)?;
        tx.take_dossier(found.organization)?.ok_or_else(Problem::not_found)?;
        tx.revoke_attestation(&found)?;
        let revoked = tx.find_attestation(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(reply(StatusCode::OK, &AttestationBody::of(revoked, &service)?)?)
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
