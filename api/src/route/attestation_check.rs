//! Attestations for whoever holds one: the public page, its QR code, the check of a token, and what is
//! needed to verify offline.

use actix_web::http::header::ACCEPT;
use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use mamori_domain::text::Language;
use mamori_store::Attestation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::attestation::{AttestationState, StatementBody, state, statement};
use super::declaration::{GradeValue, StateValue};
use crate::answer::{Answer, tell};
use crate::attest::{self, Flaw, LONGEST};
use crate::auth::caller::PublicCall;
use crate::problem::page::escape;
use crate::problem::{Code, Fault, Problem};
use crate::read::{Check, Incoming, PathId};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_attestation)
        .service(get_attestation_qr)
        .service(check_attestation)
        .service(get_status_list)
        .service(get_attestation_context);
}

/// An attestation, for whoever holds its address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicAttestation {
    /// Its id.
    id: Uuid,
    state: AttestationState,
    /// What it says; null once it holds no longer.
    #[schema(required)]
    statement: Option<StatementBody>,
    /// The credential; null once it holds no longer.
    #[schema(required)]
    token: Option<String>,
    /// When it was issued; null where only its revocation is left.
    #[schema(required)]
    issued_at: Option<DateTime<Utc>>,
    /// Until when it holds.
    #[schema(required)]
    valid_until: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[schema(required)]
    revoked_at: Option<DateTime<Utc>>,
    /// When this was looked up.
    checked_at: DateTime<Utc>,
}

impl PublicAttestation {
    fn of(
        id: Uuid,
        found: Result<Attestation, DateTime<Utc>>,
        service: &Service,
    ) -> Result<Self, Problem> {
        let now = service.now();
        let revoked = |issued_at, valid_until, revoked_at| Self {
            id,
            state: AttestationState::Revoked,
            statement: None,
            token: None,
            issued_at,
            valid_until,
            revoked_at: Some(revoked_at),
            checked_at: now,
        };
        let attestation = match found {
            Err(at) => return Ok(revoked(None, None, at)),
            Ok(attestation) => attestation,
        };
        let (issued_at, valid_until) = (attestation.issued_at, attestation.valid_until);
        if let Some(at) = attestation.revoked_at {
            return Ok(revoked(Some(issued_at), Some(valid_until), at));
        }
        // What a key that leaked has signed holds no more than what was revoked.
        let own = attest::read(&attestation.token, &service.keyring(), service.public_url(), now);
        let state = if own.is_ok() { state(&attestation, now) } else { AttestationState::Revoked };
        let valid = state == AttestationState::Valid;
        Ok(Self {
            state,
            // What holds no longer is not told on.
            statement: if valid { Some(statement(&attestation)?) } else { None },
            token: valid.then_some(attestation.token),
            revoked_at: None,
            ..revoked(Some(issued_at), Some(valid_until), now)
        })
    }
}

/// Finds an attestation for whoever has its id.
async fn found(service: &Service, id: Uuid) -> Result<PublicAttestation, Problem> {
    let found = service.ask(move |tx| tx.check_attestation(id)).await?;
    PublicAttestation::of(id, found.ok_or_else(Problem::not_found)?, service)
}

/// Look at an attestation
///
/// Who stated what of a declaration, on what evidence, and whether the statement still holds: as JSON, or
/// as a page for people where `Accept` asks for `text/html`. Its address is in the QR code. SECURITY
/// ACTION is self-declared, and the page says so. Works without a token.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    params(("id" = Uuid, Path, description = "The attestation")),
    responses((status = 200, description = "The attestation", content(
        (PublicAttestation = "application/json"),
        (String = "text/html"),
    ))),
    security(()),
    extensions(("x-mamori" = json!({"localized": true, "problems": ["not-found"]}))),
)]
#[get("/v1/attestations/{id}")]
async fn get_attestation(call: PublicCall, id: PathId) -> Answer {
    let body = found(&call.service, id.0).await?;
    let accept = call.request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let mut answer = if accept.is_some_and(|accept| accept.contains("text/html")) {
        let mut answer = HttpResponse::Ok();
        answer.insert_header(("content-language", call.language.tag()));
        answer.content_type("text/html; charset=utf-8");
        answer.body(html(&body, call.language))
    } else {
        tell(call.language, &body)
    };
    let headers = answer.headers_mut();
    for (name, value) in [("cache-control", "no-store"), ("vary", "Accept, Accept-Language")] {
        headers.insert(
            actix_web::http::header::HeaderName::from_static(name),
            actix_web::http::header::HeaderValue::from_static(value),
        );
    }
    Ok(answer)
}

/// Get the QR code of an attestation
///
/// The address of the public page as a QR code (SVG). Works without a token, and for an attestation that
/// is there, or was revoked.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    params(("id" = Uuid, Path, description = "The attestation")),
    responses((status = 200, description = "The QR code", body = String, content_type = "image/svg+xml")),
    security(()),
    extensions(("x-mamori" = json!({"problems": ["not-found"]}))),
)]
#[get("/v1/attestations/{id}/qr-code")]
async fn get_attestation_qr(call: PublicCall, id: PathId) -> Answer {
    found(&call.service, id.0).await?;
    let address = attest::address(call.service.public_url(), id.0);
    let code = qrcode::QrCode::new(address.as_bytes());
    let code = code.map_err(|_| Problem::internal("an address that fits no QR code"))?;
    let drawn = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).build();
    let mut answer = HttpResponse::Ok();
    answer.content_type("image/svg+xml");
    Ok(answer.body(drawn))
}

/// A token to check.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttestationCheckInput {
    /// The credential as it was handed on.
    #[schema(
        max_length = 16384,
        format = "jwt",
        example = "eyJ0eXAiOiJ2Yytqd3QiLCJhbGciOiJFZERTQSJ9.e30.AA"
    )]
    token: String,
}

wire_enum! {
    /// Why an attestation does not hold: `malformed`; `other_issuer`, so that it is to be checked there;
    /// `unknown_key`; `bad_signature`, changed or signed by another key than it says; `not_yet_valid`;
    /// `expired`; `revoked`.
    pub(crate) enum AttestationFlaw = Flawed {
        /// It is no attestation in this form.
        Malformed = "malformed",
        /// Another service issued it.
        OtherIssuer = "other_issuer",
        /// It names a key that is not in the key set.
        UnknownKey = "unknown_key",
        /// The signature is not that of the text.
        BadSignature = "bad_signature",
        /// It begins later.
        NotYetValid = "not_yet_valid",
        /// Its time has run out.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
}

/// Why an attestation does not hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Flawed {
    Malformed,
    OtherIssuer,
    UnknownKey,
    BadSignature,
    NotYetValid,
    Expired,
    Revoked,
}

impl From<Flaw> for Flawed {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Malformed => Self::Malformed,
            Flaw::OtherIssuer => Self::OtherIssuer,
            Flaw::UnknownKey => Self::UnknownKey,
            Flaw::BadSignature => Self::BadSignature,
            Flaw::NotYetValid => Self::NotYetValid,
            Flaw::Expired => Self::Expired,
        }
    }
}

/// Whether a token is an attestation of ours that holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttestationCheck {
    /// Whether it holds now.
    valid: bool,
    /// Why it does not.
    #[schema(required)]
    flaw: Option<AttestationFlaw>,
    /// The attestation; null where the signature is not good.
    #[schema(required)]
    attestation: Option<PublicAttestation>,
}

/// Check an attestation
///
/// Whether a token is an attestation of this service that holds: signature, time and revocation. Whoever
/// would rather verify offline needs `/.well-known/jwks.json` and the status list. Works without a token
/// of one's own.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    request_body = AttestationCheckInput,
    responses((status = 200, description = "Whether it holds", body = AttestationCheck)),
    security(()),
    extensions(("x-mamori" = json!({"body": true}))),
)]
#[post("/v1/attestation-checks")]
async fn check_attestation(call: PublicCall, body: Incoming) -> Answer {
    let token = body.json::<AttestationCheckInput>().await?.value.token;
    let mut limits = Check::default();
    if token.chars().count() > LONGEST {
        let fault = Fault::at("/token", Code::Length);
        limits.push(fault.with("minimum", 0).with("maximum", LONGEST));
    }
    limits.finish(())?;
    let service = &call.service;
    let read = attest::read(&token, &service.keyring(), service.public_url(), service.now());
    let (flaw, attestation) = match read {
        Err(flaw) => (Some(flaw.into()), None),
        Ok((id, flaw)) => match service.ask(move |tx| tx.check_attestation(id)).await? {
            // What we signed and no longer know was about an organization that is gone.
            None => (Some(flaw.map_or(Flawed::Revoked, Flawed::from)), None),
            Some(found) => {
                let found = PublicAttestation::of(id, found, service)?;
                let revoked = found.state == AttestationState::Revoked;
                let flaw = revoked.then_some(Flawed::Revoked).or(flaw.map(Flawed::from));
                (flaw, Some(found))
            }
        },
    };
    let flaw = flaw.map(AttestationFlaw::from);
    let body = AttestationCheck { valid: flaw.is_none(), flaw, attestation };
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("cache-control", "no-store"));
    Ok(answer.json(body))
}

/// Get a status list
///
/// Which attestations are revoked: a Bitstring Status List 1.0 as a credential secured as a JWT
/// (`application/vc+jwt`), made anew for whoever asks. It may be kept for a minute.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    params(("number" = u32, Path, minimum = 1, maximum = 1_000_000, example = 1,
        description = "The list, as an attestation names it")),
    responses((status = 200, description = "The list", body = String, content_type = "application/vc+jwt")),
    security(()),
    extensions(("x-mamori" = json!({"problems": ["not-found"]}))),
)]
#[get("/v1/status-lists/{number}")]
async fn get_status_list(call: PublicCall, list: Path<String>) -> Answer {
    let formed = list.bytes().all(|b| b.is_ascii_digit()) && !list.starts_with('0');
    let list: u32 = list.parse().ok().filter(|_| formed).ok_or_else(Problem::not_found)?;
    let service = &call.service;
    let revoked = service.ask(move |tx| tx.revoked_positions(list)).await?;
    let revoked = revoked.ok_or_else(Problem::not_found)?;
    let now = service.now();
    let credential = attest::status_list(service.public_url(), list, revoked, now);
    let token = credential.and_then(|list| attest::sign(&service.keyring(), &list, now));
    let token = token.ok_or(Problem::internal("a status list can't be signed"))?;
    let mut answer = HttpResponse::Ok();
    answer.content_type(attest::MEDIA_TYPE);
    answer.insert_header(("cache-control", format!("public, max-age={}", attest::LIST_MAX_AGE)));
    Ok(answer.body(token))
}

/// A JSON-LD context.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the document's words for what is made as JSON")]
pub(crate) struct AttestationContext {
    /// Each term, and the address that names it for good.
    #[schema(rename = "@context", value_type = Object)]
    context: serde_json::Value,
}

/// Get the terms of attestations
///
/// The JSON-LD context with the terms that an attestation uses beside those of the W3C.
#[utoipa::path(
    tag = tag::ATTESTATIONS,
    responses((status = 200, description = "The context", content(
        (AttestationContext = "application/ld+json", example = json!({"@context": {"@version": 1.1, "stars": "https://mamori.example/v1/attestation-context#stars"}})),
    ))),
    security(()),
)]
#[get("/v1/attestation-context")]
async fn get_attestation_context(call: PublicCall) -> Answer {
    let context = attest::context(call.service.public_url());
    let mut answer = HttpResponse::Ok();
    answer.content_type("application/ld+json");
    answer.insert_header(("cache-control", "public, max-age=3600"));
    Ok(answer.body(context.to_string()))
}

/// The page for people. Every value is escaped: names are what others wrote.
fn html(body: &PublicAttestation, language: Language) -> String {
    let ja = language == Language::Ja;
    let say = |japanese: &'static str, english: &'static str| if ja { japanese } else { english };
    let heading = match body.state {
        AttestationState::Valid => say("この確認票は有効です", "This statement holds"),
        AttestationState::Expired => {
            say("この確認票は期間が過ぎています", "This statement has run out")
        }
        AttestationState::Revoked => {
            say("この確認票は取り消されています", "This statement was revoked")
        }
    };
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(said) = &body.statement {
        let stars = match said.stars {
            Some(1) => say("★ 一つ星を宣言", "One star, self-declared").to_owned(),
            Some(2) => say("★★ 二つ星を宣言", "Two stars, self-declared").to_owned(),
            Some(more) => format!("{more}"),
            None => say("宣言（星の数は不明）", "Self-declared; stars not known").to_owned(),
        };
        let state = match said.state {
            StateValue::Declared => say("宣言済み", "Declared"),
            _ => say("その他", "Other"),
        };
        let day =
            |day: Option<chrono::NaiveDate>| day.map_or("–".to_owned(), |day| day.to_string());
        rows.push((say("宣言事業者", "Declarant"), said.legal_name.clone()));
        if let Some(number) = &said.corporate_number {
            rows.push((say("法人番号", "Corporate number"), number.clone()));
        }
        rows.push(("SECURITY ACTION", stars));
        rows.push((say("状態", "State"), state.to_owned()));
        if let Some(id) = &said.declaration_id {
            rows.push((say("自己宣言ID", "Self-declaration ID"), id.clone()));
        }
        rows.push((say("宣言日", "Declared on"), day(said.declared_on)));
        rows.push((say("最後に確認した日", "Last confirmed on"), day(said.confirmed_on)));
        rows.push((say("確認の程度", "Evidence grade"), grade(said.evidence_grade, ja).to_owned()));
        for seen in &said.evidence_seen {
            let text =
                format!("{} {} {}", seen.seen_on, seen.seen_by, grade(seen.evidence_grade, ja));
            rows.push((say("確認した人", "Looked into by"), text));
        }
        rows.push((say("記録した者", "Recorded by"), said.recorded_by.clone()));
    }
    let time = |at: DateTime<Utc>| {
        at.with_timezone(&chrono_tz::Asia::Tokyo).format("%Y-%m-%d %H:%M (JST)").to_string()
    };
    if let Some(until) = body.valid_until {
        rows.push((say("この確認票の期限", "This statement ends"), time(until)));
    }
    if let Some(at) = body.revoked_at {
        rows.push((say("取り消した日時", "Revoked at"), time(at)));
    }
    rows.push((say("照会した日時", "Looked up at"), time(body.checked_at)));
    let rows: String = rows
        .into_iter()
        .map(|(name, value)| {
            format!("<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(&value))
        })
        .collect();
    let notice = say(
        "SECURITY ACTIONは、事業者が自ら宣言する制度です。このページは、宣言について記録された内容と、それを誰がいつ\
         確かめたかを示します。IPAやmamoriが対策の内容を審査したり保証したりするものではありません。",
        "SECURITY ACTION is self-declared. This page tells what was recorded of the declaration, and who looked \
         into it and when. Neither IPA nor mamori has examined or vouches for the measures behind it.",
    );
    let title = say(
        "SECURITY ACTION 宣言状況の確認票",
        "SECURITY ACTION: attestation of declaration status",
    );
    format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <h1>{title}</h1><p><strong>{heading}</strong></p><p>{notice}</p><table>{rows}</table></html>",
        tag = language.tag(),
    )
}

/// A grade in words.
fn grade(grade: GradeValue, ja: bool) -> &'static str {
    match (grade, ja) {
        (GradeValue::SelfReported, true) => "本人の申告",
        (GradeValue::SelfReported, false) => "self-reported",
        (GradeValue::IdFormatChecked, true) => "IDの形式のみ確認（存在は未確認）",
        (GradeValue::IdFormatChecked, false) => "ID format only; existence not checked",
        (GradeValue::DocumentSeen, true) => "書面を確認",
        (GradeValue::DocumentSeen, false) => "document seen",
        (GradeValue::MatchedToPublication, true) => "公表情報と照合",
        (GradeValue::MatchedToPublication, false) => "matched to publication",
    }
}
