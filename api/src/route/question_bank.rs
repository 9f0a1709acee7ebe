//! Question banks and stateless scoring: public, and the same for everybody.

use actix_web::web::Path;
use actix_web::{get, post};
use mamori_domain::question_bank::library::Library;
use mamori_domain::question_bank::{Band, Confidence, Measure, Question, QuestionBank};
use mamori_domain::scoring::score;
use mamori_domain::text::{Language, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::answer::{Answer, tell};
use crate::auth::PublicCall;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::Incoming;
use crate::route::answers::{AnswerInput, read_answers};
use crate::route::result::AssessmentResultBody;
use crate::route::risk_model::MediumValue;
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_question_banks)
        .service(list_question_bank_editions)
        .service(get_question_bank)
        .service(score_answers);
}

wire_enum! {
    /// What the answers of a bank add up to: `points` (a total and a band), `commitment` (how many
    /// rules are kept, and which are open), or `coverage` (how far the controls that bear on each
    /// medium are in place).
    pub(crate) enum MeasureBody as ResultMeasure = Measure {
        /// Points, a total and a band: the self-check.
        Points = "points",
        /// No points: how many rules are kept and which are open. The articles.
        Commitment = "commitment",
        /// No points: how far the controls bearing on each medium are in place.
        Coverage = "coverage",
    }
}

wire_enum! {
    /// How sure a fact is: `confirmed` (read in the source or a faithful copy), `reported`
    /// (second-hand), `inferred` (follows from what was read), `derived` (mamori's own rule).
    pub(crate) enum ConfidenceBody as Confidence = Confidence {
        /// The text, or a faithful copy of it, was read.
        Confirmed = "confirmed",
        /// Known through a second-hand or partial witness.
        Reported = "reported",
        /// Follows from what was read, but was not itself read.
        Inferred = "inferred",
        /// Mamori's own rule.
        Derived = "derived",
    }
}

/// The question banks of the service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionBankList {
    /// Every edition of every bank, by name and edition.
    items: Vec<QuestionBankSummary>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One edition of a question bank, without its questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionBankSummary {
    /// The bank's name in paths.
    #[schema(example = "self-check")]
    question_bank: String,
    /// The edition (版) of IPA's guideline that it follows.
    #[schema(example = "4.0")]
    edition: String,
    /// The sheet's title.
    title: String,
    /// What it is for.
    description: String,
    measure: MeasureBody,
    /// How many questions it has.
    #[schema(minimum = 1, maximum = 500, example = 25)]
    question_count: u16,
    /// Whether numbering and meaning were checked against the guideline.
    text_verified: bool,
}

/// One edition of a question bank. Numbers, options, points and bands never change within an
/// edition; wording may, and then `text_revision` goes up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionBank)]
pub(crate) struct QuestionBankBody<'a> {
    /// The bank's name in paths.
    #[schema(example = "self-check")]
    question_bank: &'a str,
    /// The edition (版) of IPA's guideline that it follows.
    #[schema(example = "4.0")]
    edition: &'a str,
    /// Goes up with every change of wording.
    #[schema(minimum = 1, example = 1)]
    text_revision: u32,
    measure: MeasureBody,
    /// The sheet's title.
    title: &'a str,
    /// What it is for.
    description: &'a str,
    /// Whose words these are: show it wherever the questions are shown.
    notice: &'a str,
    /// What the answer 'not used' means; absent where no question allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_used_note: Option<&'a str>,
    /// Whether numbering and meaning were checked against the guideline.
    text_verified: bool,
    /// Whether the cut-offs of the bands were; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cutoffs_verified: Option<bool>,
    source: SourceBody<'a>,
    /// The answers allowed, best first.
    options: Vec<OptionBody<'a>>,
    /// The parts of the sheet, in its order.
    parts: Vec<PartBody<'a>>,
    /// The score bands (点数区分), best first; empty where the bank is not scored.
    bands: Vec<BandBody<'a>>,
    /// The subjects that cut across parts.
    topics: Vec<TopicBody<'a>>,
    /// The questions, by number.
    questions: Vec<QuestionBody<'a>>,
}

/// Where a question bank comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionBankSource)]
pub(crate) struct SourceBody<'a> {
    /// The guideline, its edition and appendix.
    title: &'a str,
    /// The official page.
    #[schema(format = "uri")]
    url: &'a str,
    /// When the edition came out, as exact as is known.
    #[schema(example = "2026-03")]
    published: &'a str,
    confidence: ConfidenceBody,
}

/// One of the answers that a question allows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnswerOption)]
pub(crate) struct OptionBody<'a> {
    /// The code to send in an answer.
    #[schema(example = "implemented")]
    code: &'a str,
    /// The words on the sheet.
    label: &'a str,
    /// What it adds to the total; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4)]
    points: Option<i32>,
    /// Whether this is the answer 'don't know' (わからない).
    unknown: bool,
    /// Whether this is the answer 'not applicable' (自社には該当しない).
    not_applicable: bool,
}

/// A part of the sheet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionBankPart)]
pub(crate) struct PartBody<'a> {
    /// The part's code.
    #[schema(example = "basic")]
    code: &'a str,
    /// Its heading.
    title: &'a str,
}

/// A score band (点数区分): a range of totals, what it says, and the next step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Band)]
pub(crate) struct BandBody<'a> {
    /// The band's code; mamori's own.
    #[schema(example = "partly_lacking")]
    code: &'a str,
    /// The lowest total in the band.
    minimum: i32,
    /// The highest total in the band.
    maximum: i32,
    /// What a total in this band says.
    state: &'a str,
    /// What to do next.
    next_step: &'a str,
}

/// A subject that cuts across parts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionTopic)]
pub(crate) struct TopicBody<'a> {
    /// The topic's code.
    #[schema(example = "ransomware")]
    code: &'a str,
    /// Its name.
    label: &'a str,
}

/// One question (診断項目).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Question)]
pub(crate) struct QuestionBody<'a> {
    /// The official number.
    #[schema(minimum = 1, maximum = 500, example = 1)]
    number: u16,
    /// The code of its part.
    #[schema(example = "basic")]
    part: &'a str,
    /// The theme; several questions may share one.
    theme: &'a str,
    /// The question, in mamori's words.
    text: &'a str,
    /// Why it matters.
    why: &'a str,
    /// Two or three things that a small firm can do this week.
    measures: Vec<&'a str>,
    /// How to find out, for whoever does not know.
    find_out: &'a str,
    /// The codes of its topics.
    topics: &'a [String],
    /// The media whose vulnerability it bears on; absent where the bank does not measure
    /// coverage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    media: Option<Vec<MediumValue>>,
    /// How much harm the measures prevent, 3 the most; mamori's own estimate.
    #[schema(minimum = 1, maximum = 3)]
    effect: u8,
    /// What the measures cost, 3 the most; mamori's own estimate.
    #[schema(minimum = 1, maximum = 3)]
    effort: u8,
    /// Whether it may be answered with `not_used`.
    not_used_allowed: bool,
}

impl QuestionBankList {
    /// All editions of all banks, or of one.
    pub(crate) fn of(library: &Library, bank: Option<&str>, language: Language) -> Self {
        let banks = library.iter().filter(|other| bank.is_none_or(|bank| other.bank == bank));
        let items = banks.map(|bank| QuestionBankSummary::of(bank, language));
        Self { items: items.collect(), next_cursor: None }
    }
}

impl QuestionBankSummary {
    fn of(bank: &QuestionBank, language: Language) -> Self {
        Self {
            question_bank: bank.bank.clone(),
            edition: bank.edition.to_string(),
            title: bank.title.get(language).to_owned(),
            description: bank.description.get(language).to_owned(),
            measure: bank.measure.into(),
            question_count: u16::try_from(bank.questions.len()).unwrap_or(u16::MAX),
            text_verified: bank.text_verified,
        }
    }
}

impl<'a> QuestionBankBody<'a> {
    pub(crate) fn of(bank: &'a QuestionBank, language: Language) -> Self {
        let say = |text: &'a Text| text.get(language);
        let question = |question: &'a Question| QuestionBody {
            number: question.number,
            part: bank.parts.get(question.part).map_or("", |part| &part.code),
            theme: say(&question.theme),
            text: say(&question.text),
            why: say(&question.why),
            measures: question.measures.iter().map(say).collect(),
            find_out: say(&question.find_out),
            topics: &question.topics,
            media: (bank.measure == Measure::Coverage)
                .then(|| question.media.iter().copied().map(MediumValue::from).collect()),
            effect: question.effect,
            effort: question.effort,
            not_used_allowed: question.not_used,
        };
        Self {
            question_bank: &bank.bank,
            edition: bank.edition.as_str(),
            text_revision: bank.text_revision,
            measure: bank.measure.into(),
            title: say(&bank.title),
            description: say(&bank.description),
            notice: say(&bank.notice),
            not_used_note: bank.not_used_note.as_ref().map(say),
            text_verified: bank.text_verified,
            cutoffs_verified: bank.cutoffs_verified,
            source: SourceBody {
                title: say(&bank.source.title),
                url: &bank.source.url,
                published: &bank.source.published,
                confidence: bank.source.confidence.into(),
            },
            options: bank
                .options
                .iter()
                .map(|option| OptionBody {
                    code: &option.code,
                    label: say(&option.label),
                    points: option.points,
                    unknown: option.unknown,
                    not_applicable: option.not_applicable,
                })
                .collect(),
            parts: bank
                .parts
                .iter()
                .map(|part| PartBody { code: &part.code, title: say(&part.title) })
                .collect(),
            bands: bank.bands.iter().map(|band| BandBody::of(band, language)).collect(),
            topics: bank
                .topics
                .iter()
                .map(|topic| TopicBody { code: &topic.code, label: say(&topic.label) })
                .collect(),
            questions: bank.questions.iter().map(question).collect(),
        }
    }
}

impl<'a> BandBody<'a> {
    pub(crate) fn of(band: &'a Band, language: Language) -> Self {
        Self {
            code: &band.code,
            minimum: band.minimum,
            maximum: band.maximum,
            state: band.state.get(language),
            next_step: band.next_step.get(language),
        }
    }
}

/// List the question banks
///
/// Every edition of every question bank, without the questions. Public and cacheable.
#[utoipa::path(
    tag = tag::QUESTION_BANKS,
    responses((status = 200, description = "The question banks", body = QuestionBankList)),
    security(()),
    extensions(("x-mamori" = json!({"localized": true, "cached": true}))),
)]
#[get("/v1/question-banks")]
async fn list_question_banks(call: PublicCall) -> Answer {
    Ok(call.service.documents().list(call.language).serve(&call.request))
}

/// List the editions of a question bank
///
/// The editions of one question bank, without the questions, the oldest first.
#[utoipa::path(
    tag = tag::QUESTION_BANKS,
    params(("bank" = String, Path, description = "The bank's name", example = "self-check",
        pattern = "^[a-z][a-z0-9-]{0,39}$")),
    responses((status = 200, description = "Its editions", body = QuestionBankList)),
    security(()),
    extensions(("x-mamori" = json!({
        "localized": true, "cached": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/question-banks/{bank}")]
async fn list_question_bank_editions(call: PublicCall, path: Path<String>) -> Answer {
    let document = call.service.documents().editions(&path, call.language);
    Ok(document.ok_or_else(Problem::not_found)?.serve(&call.request))
}

/// Get a question bank
///
/// One edition of a question bank: its questions with reasons and measures, its options and
/// points, its bands, and the notice to show with it. Public, cacheable for an hour.
#[utoipa::path(
    tag = tag::QUESTION_BANKS,
    params(
        ("bank" = String, Path, description = "The bank's name", example = "self-check",
            pattern = "^[a-z][a-z0-9-]{0,39}$"),
        ("edition" = String, Path, description = "The edition of the guideline", example = "4.0",
            pattern = "^[0-9]{1,2}\\.[0-9]{1,2}$"),
    ),
    responses((status = 200, description = "The question bank", body = QuestionBankBody<'static>)),
    security(()),
    extensions(("x-mamori" = json!({
        "localized": true, "cached": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/question-banks/{bank}/editions/{edition}")]
async fn get_question_bank(call: PublicCall) -> Answer {
    // The most called of all: read without a copy of the path.
    let part = |name| call.request.match_info().get(name).unwrap_or_default();
    let (bank, edition) = (part("bank"), part("edition"));
    let document = call.service.documents().bank(bank, edition, call.language);
    let document = document.ok_or_else(Problem::not_found)?;
    Ok(document.serve(&call.request))
}

/// Answers to score without keeping them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreInput {
    /// The answers, each question at most once; questions may be left out.
    #[schema(max_items = 500)]
    answers: Vec<AnswerInput>,
}

/// Score answers
///
/// Scores answers without keeping anything. While a question is open, the answer has
/// `complete: false`, the open questions, the total so far, the range still within reach,
/// and `band: null`. Needs no token at the anonymous rate; a token that is sent must be good.
#[utoipa::path(
    tag = tag::QUESTION_BANKS,
    params(
        ("bank" = String, Path, description = "The bank's name", example = "self-check",
            pattern = "^[a-z][a-z0-9-]{0,39}$"),
        ("edition" = String, Path, description = "The edition of the guideline", example = "4.0",
            pattern = "^[0-9]{1,2}\\.[0-9]{1,2}$"),
    ),
    request_body = ScoreInput,
    responses((status = 200, description = "The result", body = AssessmentResultBody<'static>)),
    security((), ("oauth2" = [])),
    extensions(("x-mamori" = json!({
        "localized": true, "body": true, "problems": ["not-found", "bank-not-scored"],
    }))),
)]
#[post("/v1/question-banks/{bank}/editions/{edition}/score")]
async fn score_answers(call: PublicCall, path: Path<(String, String)>, body: Incoming) -> Answer {
    let input = body.json::<ScoreInput>().await?.value;
    let (name, edition) = path.into_inner();
    let bank = call.service.library().get(&name, &edition).ok_or_else(Problem::not_found)?;
    if bank.measure != Measure::Points {
        return Err(Problem::new(Kind::BankNotScored));
    }
    let sheet = read_answers(bank, &input.answers)?;
    let outcome = score(bank, &sheet);
    let body = AssessmentResultBody::stateless(bank, &outcome, call.language);
    Ok(tell(call.language, &body))
}

/// The bank that a request names, or the fault of naming none.
pub(crate) fn named_bank<'l>(
    library: &'l Library,
    bank: &str,
    edition: &str,
) -> Result<&'l std::sync::Arc<QuestionBank>, Problem> {
    library.get(bank, edition).ok_or_else(|| {
        let known = library.iter().any(|known| known.bank == bank);
        let pointer = if known { "/edition" } else { "/question_bank" };
        Problem::fault(Kind::InvalidRequest, Fault::at(pointer, Code::NoSuchBank))
    })
}
