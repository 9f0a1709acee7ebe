//! The query and the path of a request.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use uuid::Uuid;

use super::body::is_plain;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::service::Service;

/// The most parameters that a query may have.
const MOST_PARAMETERS: usize = 32;

/// A query, read into a struct; a parameter that the operation does not know is refused.
pub(crate) struct Query<T>(pub(crate) T);

/// What a query can be read into: the names that it knows, and how a wrong value is told.
pub(crate) trait Parameters: DeserializeOwned {
    /// Each parameter and the form that it must have.
    const KNOWN: &'static [(&'static str, &'static str)];
}

impl<T: Parameters> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: Parameters>(query: &str) -> Result<T, Problem> {
    let malformed = |fault| Problem::fault(Kind::MalformedRequest, fault);
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| {
        malformed(Fault::parameter("query", Code::Format).with("expected", "name=value"))
    })?;
    let mut seen = Vec::new();
    for (name, value) in pairs.iter().take(MOST_PARAMETERS + 1) {
        let known = T::KNOWN.iter().find(|(known, _)| known == name);
        let Some((name, _)) = known.filter(|_| seen.len() < MOST_PARAMETERS) else {
            return Err(unknown(name));
        };
        if seen.contains(name) {
            return Err(malformed(Fault::parameter(*name, Code::DuplicateField)));
        }
        if value.chars().any(|c| c.is_ascii_control()) {
            return Err(malformed(Fault::parameter(*name, Code::ControlCharacter)));
        }
        seen.push(name);
    }
    serde_urlencoded::from_str(query).map_err(|_| malformed(blame::<T>(&pairs)))
}

/// The problem of a parameter that the operation does not know. Its name may be a value in the
/// wrong place, so only a plain one is repeated.
pub(crate) fn unknown(name: &str) -> Problem {
    let name = if is_plain(name) { name.to_owned() } else { "?".to_owned() };
    Problem::fault(Kind::MalformedRequest, Fault::parameter(name, Code::UnknownField))
}

/// Refuses a query where the operation takes none: what is not understood is not ignored.
pub(crate) fn refuse_unasked(request: &HttpRequest) -> Result<(), Problem> {
    if request.query_string().is_empty() || crate::route::fallback::takes_query(request) {
        return Ok(());
    }
    let name = request.query_string().split(['=', '&']).next().unwrap_or_default();
    Err(unknown(name))
}

/// serde_urlencoded does not say which parameter it could not read, so each is tried alone.
fn blame<T: Parameters>(pairs: &[(String, String)]) -> Fault {
    for (name, expected) in T::KNOWN {
        let Some((_, value)) = pairs.iter().find(|(found, _)| found == name) else { continue };
        let alone = serde_urlencoded::to_string([(name, value)]).unwrap_or_default();
        if let Err(error) = serde_urlencoded::from_str::<T>(&alone)
            && !error.to_string().starts_with("missing field")
        {
            return Fault::parameter(*name, Code::Format).with("expected", expected);
        }
    }
    let missing = T::KNOWN.iter().find(|(name, _)| !pairs.iter().any(|(found, _)| found == name));
    Fault::parameter(missing.map_or("query", |(name, _)| *name), Code::Required)
}

/// The name of a question bank in a query.
pub(crate) fn bank_name(name: Option<String>) -> Result<Option<String>, Problem> {
    let formed = |name: &str| {
        (1..=40).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if name.as_deref().is_none_or(formed) {
        return Ok(name);
    }
    let fault = Fault::parameter("question_bank", Code::Format).with("expected", "self-check");
    Err(Problem::fault(Kind::MalformedRequest, fault))
}

/// The id in a path. What is no UUID can't be there, so it answers 404.
pub(crate) struct PathId(pub(crate) Uuid);

impl FromRequest for PathId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        let hyphenated = text.len() == 36;
        let id = Uuid::try_parse(text).ok().filter(|_| hyphenated);
        ready(id.map(Self).ok_or_else(Problem::not_found))
    }
}

/// The page that a list is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageQuery {
    /// The most items.
    pub(crate) limit: u16,
    /// Where to go on.
    pub(crate) cursor: Option<String>,
}

/// The most items in a page, and how many where nothing is said.
pub(crate) const LARGEST_PAGE: u16 = 200;
const USUAL_PAGE: u16 = 50;

impl PageQuery {
    /// Checks what the query says about the page.
    pub(crate) fn of(limit: Option<i64>, cursor: Option<String>) -> Result<Self, Problem> {
        let limit = match limit {
            None => USUAL_PAGE,
            Some(limit) => u16::try_from(limit)
                .ok()
                .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
                .ok_or_else(|| {
                    let fault = Fault::parameter("limit", Code::OutOfRange)
                        .with("minimum", 1)
                        .with("maximum", LARGEST_PAGE);
                    Problem::fault(Kind::MalformedRequest, fault)
                })?,
        };
        Ok(Self { limit, cursor })
    }
}

impl PageQuery {
    /// The id behind which the page begins.
    pub(crate) fn after(&self, service: &Service, list: &str) -> Result<Option<Uuid>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let position = service.cursors().open(list, cursor)?;
        Ok(Uuid::try_parse(&position).ok())
    }
}
