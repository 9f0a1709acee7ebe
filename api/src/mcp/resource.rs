//! The question banks as resources: documents that a person can attach to a conversation.

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderValue};
use mamori_domain::text::Language;
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};

use super::session::Session;
use crate::inside::Asked;

const SCHEME: &str = "mamori://question-banks/";
const KIND: &str = "application/json";

/// Each edition of each question bank, in both languages.
pub(super) fn listed(session: &Session) -> Vec<Resource> {
    let banks = session.service().library().iter();
    let resources = banks.flat_map(|bank| {
        Language::ALL.map(|language| {
            let (name, edition, tag) = (&bank.bank, bank.edition.to_string(), language.tag());
            Resource::new(
                format!("{SCHEME}{name}/{edition}/{tag}"),
                format!("{name} {edition} {tag}"),
            )
            .with_title(format!("{} {edition}", bank.title.get(language)))
            .with_description(bank.description.get(language))
            .with_mime_type(KIND)
        })
    });
    resources.collect()
}

/// How the address of such a resource is made.
pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{SCHEME}{{bank}}/{{edition}}/{{language}}"), "question bank")
        .with_title("設問集 / A question bank")
        .with_description("An edition of a question bank (設問集) in `ja` or `en`.")
        .with_mime_type(KIND)
}

/// Reads a question bank.
pub(super) async fn read(session: &Session, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let missing = || ErrorData::resource_not_found("there is no such question bank", None);
    let known = listed(session).into_iter().any(|resource| resource.uri == uri);
    let place = uri.strip_prefix(SCHEME).filter(|_| known).ok_or_else(missing)?;
    let [bank, edition, language] = place.split('/').collect::<Vec<_>>()[..] else {
        return Err(missing());
    };
    let language = HeaderValue::from_str(language).map_err(|_| missing())?;
    let asked = Asked {
        method: Method::GET,
        target: format!("/v1/question-banks/{bank}/editions/{edition}"),
        headers: vec![(ACCEPT, HeaderValue::from_static(KIND)), (ACCEPT_LANGUAGE, language)],
        body: Default::default(),
    };
    let told = session.call(asked).await.map_err(|why| ErrorData::internal_error(why, None))?;
    let text = String::from_utf8_lossy(&told.body).into_owned();
    if !told.status.is_success() {
        return Err(ErrorData::internal_error(text, None));
    }
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(KIND)]))
}
