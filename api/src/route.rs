//! The route table: the only list of endpoints. The server and the OpenAPI document are
//! both built from it.

pub(crate) mod answers;
pub(crate) mod assessment;
pub(crate) mod asset;
pub(crate) mod asset_export;
pub(crate) mod asset_file;
pub(crate) mod asset_import;
pub(crate) mod asset_import_rows;
pub(crate) mod asset_upsert;
pub(crate) mod attestation;
pub(crate) mod attestation_check;
pub(crate) mod client;
pub(crate) mod consent;
pub(crate) mod coverage;
pub(crate) mod declaration;
pub(crate) mod declaration_check;
pub(crate) mod declaration_check_bulk;
pub(crate) mod declaration_status;
pub(crate) mod declaration_step;
pub(crate) mod docs;
pub(crate) mod fallback;
pub(crate) mod history;
pub(crate) mod organization;
pub(crate) mod own_programme;
pub(crate) mod preparation;
pub(crate) mod programme;
pub(crate) mod programme_calendar;
pub(crate) mod programme_check;
pub(crate) mod question_bank;
pub(crate) mod readiness;
pub(crate) mod register;
pub(crate) mod reminder;
pub(crate) mod result;
pub(crate) mod risk;
pub(crate) mod risk_evaluation;
pub(crate) mod risk_model;
pub(crate) mod risk_summary;
pub(crate) mod sandbox;
pub(crate) mod service;
pub(crate) mod snapshot;
pub(crate) mod token;
pub(crate) mod treatment;
pub(crate) mod unit;
pub(crate) mod wording_check;

use utoipa_actix_web::service_config::ServiceConfig;

/// The tags of operations: each becomes a class of the clients that are generated.
pub(crate) mod tag {
    macro_rules! tags {
        ($($name:ident = $tag:literal: $description:literal,)+) => {
            $(pub(crate) const $name: &str = $tag;)+
            /// Every tag with what it holds, in the order of the document.
            pub(crate) const ALL: &[(&str, &str)] = &[$(($tag, $description)),+];
        };
    }

    tags! {
        ACCESS = "access": "Access tokens.",
        QUESTION_BANKS = "question-banks": "Question banks (設問集) and scoring that stores nothing.",
        ORGANIZATIONS = "organizations": "Organizations (企業・団体) and their units.",
        ASSESSMENTS = "assessments": "Assessments (診断), from draft to result, comparison and history.",
        ASSETS = "assets": "Information assets (情報資産管理台帳): one by one, many at once, and by file.",
        RISKS = "risks": "Risk models, the risk register, threats, risks, treatments and snapshots.",
        DECLARATIONS = "declarations": "SECURITY ACTION, which companies declare themselves (自己宣言): \
            declarations, their status, preparation, readiness, consents and reminders.",
        DECLARATION_CHECKS = "declaration-checks": "Checks of a declaration's status for others, one or many, \
            and of what a text says of SECURITY ACTION.",
        ATTESTATIONS = "attestations": "Signed, revocable statements of a declaration's status, and their check.",
        PROGRAMMES = "programmes": "Programmes (subsidies, buyers' rules) that ask for a declaration, and who meets them.",
        CLIENTS = "clients": "Who may call; for administrators.",
        SERVICE = "service": "The service itself: health, keys, metadata, problems and this document.",
        SANDBOX = "sandbox": "The clock and the way back of a sandbox, `mamori serve --sandbox`: the same service \
            on made data, to build against. Every answer of a sandbox has the header `Mamori-Sandbox: true`; \
            elsewhere these operations answer 404 `not-a-sandbox`.",
    }
}

/// Registers every route.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    service::configure(config);
    token::configure(config);
    client::configure(config);
    question_bank::configure(config);
    organization::configure(config);
    unit::configure(config);
    assessment::configure(config);
    answers::configure(config);
    result::configure(config);
    history::configure(config);
    risk_model::configure(config);
    risk_evaluation::configure(config);
    register::configure(config);
    asset::configure(config);
    asset_upsert::configure(config);
    asset_import::configure(config);
    asset_import_rows::configure(config);
    asset_export::configure(config);
    risk::configure(config);
    risk_summary::configure(config);
    treatment::configure(config);
    snapshot::configure(config);
    declaration::configure(config);
    declaration_step::configure(config);
    declaration_status::configure(config);
    consent::configure(config);
    declaration_check::configure(config);
    declaration_check_bulk::configure(config);
    attestation::configure(config);
    attestation_check::configure(config);
    wording_check::configure(config);
    programme::configure(config);
    programme_check::configure(config);
    programme_calendar::configure(config);
    own_programme::configure(config);
    preparation::configure(config);
    readiness::configure(config);
    reminder::configure(config);
    sandbox::configure(config);
}
