//! The wording guard: texts that call a self-declaration what it is not.

use actix_web::post;
use mamori_domain::wording::{Reason, Term, check};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::answer::{Answer, tell};
use crate::auth::caller::PublicCall;
use crate::problem::{Code, Fault, Problem};
use crate::read::{Check, Incoming};
use crate::route::tag;
use crate::wire::wire_enum;

/// The longest text, in characters.
const LONGEST: usize = 20_000;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(check_wording);
}

/// A text about SECURITY ACTION, such as a page, a proposal or a press release.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordingInput {
    /// The text, Japanese or English or both. It is neither kept nor logged.
    #[schema(max_length = 20_000, example = "当社はSECURITY ACTIONの二つ星を取得しました。")]
    text: String,
}

wire_enum! {
    /// The wrong word: `certified` (認定, 公認), `authenticated` (認証), `accredited`, `acquired` (取得),
    /// `awarded`, `passed` (合格) or `conforming` (適合).
    pub(crate) enum TermValue as WordingTerm = Term {
        /// 認定 or 公認; certified, certification.
        Certified = "certified",
        /// 認証.
        Authenticated = "authenticated",
        /// Accredited, accreditation.
        Accredited = "accredited",
        /// 取得; acquired, obtained, earned, achieved, holds.
        Acquired = "acquired",
        /// Awarded, granted.
        Awarded = "awarded",
        /// 合格; passed.
        Passed = "passed",
        /// 適合; compliant, conforming.
        Conforming = "conforming",
    }
}

wire_enum! {
    /// Why it is wrong: SECURITY ACTION is `self_declared`, or `ipa_certifies_nothing` of the kind.
    pub(crate) enum ReasonValue as WordingReason = Reason {
        /// The star is declared by the company itself; nobody confers it.
        SelfDeclared = "self_declared",
        /// IPA keeps the list of declarations, and certifies no company.
        IpaCertifiesNothing = "ipa_certifies_nothing",
    }
}

/// A wording that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WordingFinding {
    /// Where it begins, in characters (Unicode code points) from 0.
    start: usize,
    /// Where it ends: the first character behind it.
    end: usize,
    /// Where it begins in UTF-16 code units, as JavaScript, Java and C# count.
    utf16_start: usize,
    /// Where it ends in UTF-16 code units.
    utf16_end: usize,
    /// The wording.
    text: String,
    term: TermValue,
    /// The language of the wording: `ja` or `en`.
    #[schema(example = "ja")]
    language: &'static str,
    reason: ReasonValue,
    /// The reason in words.
    explanation: &'static str,
    /// A right sentence, in the language of the wording.
    #[schema(example = "SECURITY ACTIONの二つ星を宣言しています。")]
    suggestion: &'static str,
}

/// What is wrong with a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WordingCheck {
    /// What was found, in the order of the text; nothing where the text is right.
    findings: Vec<WordingFinding>,
}

/// Check a wording
///
/// Finds where a text calls the star, the declaration or SECURITY ACTION itself certified, acquired
/// or the like (認定, 認証, 取得, 合格, 適合), and proposes a right sentence. SECURITY ACTION is
/// self-declared; to acquire an id or a logo, or another scheme's certificate, is right and passes. It
/// is a help and no judge: a text without findings may still be wrong. Works without a token.
#[utoipa::path(
    tag = tag::DECLARATION_CHECKS,
    request_body = WordingInput,
    responses((status = 200, description = "What was found", body = WordingCheck)),
    security((), ("oauth2" = [])),
    extensions(("x-mamori" = json!({"body": true, "localized": true}))),
)]
#[post("/v1/wording-checks")]
async fn check_wording(call: PublicCall, body: Incoming) -> Answer {
    let text = body.json::<WordingInput>().await?.value.text;
    let mut limits = Check::default();
    if text.chars().count() > LONGEST {
        limits.push(Fault::at("/text", Code::Length).with("minimum", 0).with("maximum", LONGEST));
    }
    limits.finish(())?;
    let language = call.language;
    let found = move || {
        let findings = check(&text).into_iter();
        findings
            .map(|finding| {
                let before = text.get(..finding.range.start).unwrap_or_default();
                let wrong = text.get(finding.range).unwrap_or_default();
                let (start, utf16_start) = (before.chars().count(), before.encode_utf16().count());
                WordingFinding {
                    start,
                    end: start + wrong.chars().count(),
                    utf16_start,
                    utf16_end: utf16_start + wrong.encode_utf16().count(),
                    text: wrong.to_owned(),
                    term: finding.term.into(),
                    language: finding.language.tag(),
                    reason: finding.reason.into(),
                    explanation: finding.reason.text(language),
                    suggestion: finding.suggestion,
                }
            })
            .collect()
    };
    // A long text takes milliseconds, which the threads that answer do not have.
    let findings = actix_web::web::block(found).await;
    let findings = findings.map_err(|_| Problem::internal("a wording's thread has panicked"))?;
    Ok(tell(language, &WordingCheck { findings }))
}
