//! The body of a request.
//!
//! Reading tells the first fault, with its pointer; checking the values, which comes after,
//! tells all of them. The parsers' own texts are never passed on: they repeat what the
//! client sent.

use std::fmt;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use chrono::{Datelike, NaiveDate};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::once::{Key, fingerprint};
use crate::problem::{Code, Fault, Kind, Problem};
use crate::service::{Limits, Service};
use mamori_store::Idempotency;

/// A body that was not read yet, so that who is calling is checked before what is said.
pub(crate) struct Incoming {
    request: HttpRequest,
    payload: Payload,
}

impl FromRequest for Incoming {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self { request: request.clone(), payload: payload.take() }))
    }
}

/// A file that was sent.
pub(crate) struct SentFile {
    /// Which of the accepted media types it has.
    pub(crate) which: usize,
    /// The charset that is stated with it, in small letters.
    pub(crate) charset: Option<String>,
    /// The Idempotency-Key, with the fingerprint of this request.
    pub(crate) once: Option<Idempotency>,
    /// The file.
    pub(crate) bytes: Bytes,
}

/// A body that was read, and what makes a retry of it the same request.
pub(crate) struct Received<T> {
    /// What the body says.
    pub(crate) value: T,
    /// The Idempotency-Key, with the fingerprint of this request.
    pub(crate) once: Option<Idempotency>,
}

impl Incoming {
    /// Reads a JSON body.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<Received<T>, Problem> {
        let (request, bytes) = self.bytes(&["application/json"], false).await?;
        Ok(Received { once: once(&request, &bytes)?, value: parse(&bytes)? })
    }

    /// Reads a JSON body that may be left out, and then is as `{}`.
    pub(crate) async fn json_or_empty<T: DeserializeOwned + Default>(
        self,
    ) -> Result<Received<T>, Problem> {
        let (request, bytes) = self.bytes(&["application/json"], true).await?;
        let once = once(&request, &bytes)?;
        let value = if bytes.is_empty() { T::default() } else { parse(&bytes)? };
        Ok(Received { value, once })
    }

    /// Reads a merge patch (RFC 7396).
    pub(crate) async fn patch(self) -> Result<Patch, Problem> {
        let accepted = ["application/json", "application/merge-patch+json"];
        let (_, bytes) = self.bytes(&accepted, false).await?;
        let Unique(value) = parse(&bytes)?;
        match value {
            Value::Object(fields) => Ok(Patch(fields)),
            _ => Err(Problem::fault(
                Kind::MalformedRequest,
                Fault::at("", Code::WrongType).with("expected", "object"),
            )),
        }
    }

    /// Reads a JSON body that PATCH and PUT share.
    pub(crate) async fn json_or_patch<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let accepted = ["application/json", "application/merge-patch+json"];
        let (_, bytes) = self.bytes(&accepted, false).await?;
        parse(&bytes)
    }

    /// Reads a form.
    pub(crate) async fn form(self) -> Result<Bytes, Problem> {
        Ok(self.bytes(&["application/x-www-form-urlencoded"], false).await?.1)
    }

    /// Reads a file of one of these media types: which one it is, the charset that is stated, and
    /// the file.
    pub(crate) async fn file(self, accepted: &[&str]) -> Result<SentFile, Problem> {
        let found = self.request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (essence, parameters) =
            found.unwrap_or_default().split_once(';').unwrap_or((found.unwrap_or_default(), ""));
        let (name, charset) = parameters.split_once('=').unwrap_or((parameters, ""));
        let essence = essence.trim();
        let known = accepted.iter().position(|accepted| essence.eq_ignore_ascii_case(accepted));
        let charset = Some(charset.trim().trim_matches('"').to_ascii_lowercase());
        let charset = charset.filter(|charset| !charset.is_empty());
        let foreign = !parameters.trim().is_empty() && !name.trim().eq_ignore_ascii_case("charset");
        let Some(which) = known.filter(|_| !foreign) else {
            let expected = accepted.join(", ");
            return Err(Problem::new(Kind::UnsupportedMediaType).with("expected", expected));
        };
        let (request, bytes) = self.received().await?;
        Ok(SentFile { which, charset, once: once(&request, &bytes)?, bytes })
    }

    /// The body within its limits.
    async fn received(mut self) -> Result<(HttpRequest, Bytes), Problem> {
        let limits = Service::of(&self.request).limits(self.request.path());
        let body = within(limits, &mut self.payload).await?;
        Ok((self.request, body))
    }

    async fn bytes(
        self,
        accepted: &[&str],
        may_be_empty: bool,
    ) -> Result<(HttpRequest, Bytes), Problem> {
        // Whether there is a body at all can't always be told before it is read.
        let undecided = may_be_empty && !self.request.headers().contains_key(CONTENT_TYPE);
        if !undecided {
            media_type(self.request.headers(), accepted)?;
        }
        let (request, body) = self.received().await?;
        if undecided && !body.is_empty() {
            media_type(request.headers(), accepted)?;
        }
        Ok((request, body))
    }
}

/// The whole of a body, within its limits.
pub(crate) async fn within(limits: Limits, payload: &mut Payload) -> Result<Bytes, Problem> {
    // Half of the time is the client's, to send; the other half is ours.
    let received = timeout(limits.time / 2, receive(payload, limits.body)).await;
    received.map_err(|_| Problem::new(Kind::RequestTimeout))?
}

async fn receive(payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = next_chunk(payload).await {
        let chunk = chunk.map_err(|_| unreadable())?;
        if body.len() + chunk.len() > limit {
            return Err(content_too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The Idempotency-Key of a request, if it has one, with the request's fingerprint.
fn once(request: &HttpRequest, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let key = Key::of(request)?;
    Ok(key.map(|key| Idempotency {
        operation: format!("{} {}", request.method(), request.path()),
        fingerprint: fingerprint(request, body),
        key: key.0,
    }))
}

async fn next_chunk(
    payload: &mut Payload,
) -> Option<Result<Bytes, actix_web::error::PayloadError>> {
    use std::pin::Pin;

    use actix_web::web::Bytes;
    fn poll(
        payload: &mut Payload,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, actix_web::error::PayloadError>>> {
        futures_core::Stream::poll_next(Pin::new(payload), context)
    }
    std::future::poll_fn(|context| poll(payload, context)).await
}

/// The problem of a body over the limit.
pub(crate) fn content_too_large(limit: usize) -> Problem {
    Problem::new(Kind::ContentTooLarge).with("limit", format!("{} KiB", limit / 1024))
}

fn unreadable() -> Problem {
    Problem::fault(Kind::MalformedRequest, Fault::at("", Code::NotJson))
}

fn media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Problem> {
    let found = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, parameters) = found.split_once(';').unwrap_or((found, ""));
    let utf8 = parameters.trim().is_empty() || {
        let charset = parameters.trim().to_ascii_lowercase();
        matches!(charset.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
    };
    let known = accepted.iter().any(|accepted| essence.trim().eq_ignore_ascii_case(accepted));
    if known && utf8 {
        return Ok(());
    }
    let expected = accepted.join(", ");
    let problem = Problem::new(Kind::UnsupportedMediaType).with("expected", &expected);
    // RFC 5789, section 2.2.
    let patch = accepted.contains(&"application/merge-patch+json");
    Err(if patch { problem.header("accept-patch", expected) } else { problem })
}

/// Whether an array stands where our bodies have objects: at the top, or right within an
/// array. serde's derive would take it for the fields of a struct in their order.
fn has_misplaced_array(bytes: &[u8]) -> bool {
    let mut open = Vec::new();
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                while let Some(inner) = rest.next() {
                    match inner {
                        b'\\' => drop(rest.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'[' if open.last() != Some(&b'{') => return true,
            b'[' | b'{' => open.push(*byte),
            b']' | b'}' => drop(open.pop()),
            _ => {}
        }
    }
    false
}

/// Where the first array is that stands in the place of an object.
fn misplaced_array(value: &Value) -> Option<String> {
    let within = |name: &str, value: &Value| {
        let mut pointer = String::new();
        push_name(&mut pointer, name);
        misplaced_within(value).map(|rest| format!("{pointer}{rest}"))
    };
    match value {
        Value::Array(_) => Some(String::new()),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| within(name, value)),
        _ => None,
    }
}

fn misplaced_within(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| misplaced_array(item).map(|rest| format!("/{index}{rest}"))),
        value => misplaced_array(value),
    }
}

/// Reads JSON into a value, or says where it fails.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if has_misplaced_array(bytes) {
        let whole: Option<Value> = serde_json::from_slice(bytes).ok();
        let place = whole.as_ref().and_then(misplaced_array).unwrap_or_default();
        let fault = Fault::at(place, Code::WrongType).with("expected", "object");
        return Err(Problem::fault(Kind::MalformedRequest, fault));
    }
    // The good case is read without keeping track of the path.
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(_) => {
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            match serde_path_to_error::deserialize(&mut reader) {
                Err(error) => {
                    let pointer = pointer(error.path());
                    Err(explain(pointer, error.inner()))
                }
                // What fails only afterwards is text behind the value.
                Ok::<T, _>(_) => Err(unreadable()),
            }
        }
    }
}

/// Reads a value out of JSON that was parsed already.
fn parse_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        explain(pointer, error.inner())
    })
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => push_name(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Adds a name to a pointer, unless it ends with it already.
fn push_name_once(pointer: &mut String, name: &str) {
    let mut last = String::new();
    push_name(&mut last, name);
    if !pointer.ends_with(&last) {
        pointer.push_str(&last);
    }
}

/// Adds a name to a pointer. A name that no field of ours could have is not repeated in
/// full: it may be a value in the wrong place.
fn push_name(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(if is_plain(name) { name } else { "?" });
}

/// Whether a name may be repeated to the client: one that a field could have, and too few
/// digits for a My Number.
pub(crate) fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && name.bytes().filter(u8::is_ascii_digit).count() < 12
        && !name.bytes().all(|b| b.is_ascii_digit())
}

/// Which fault an error of serde is. serde_json has one error type for all of them, so they
/// are told apart by how their texts begin, which serde's derive has kept since its 1.0; a
/// test pins each.
fn explain(mut pointer: String, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if let Some(name) = quoted(&text, "unknown field `") {
        // The path may or may not have the unknown name already.
        push_name_once(&mut pointer, name);
        return Problem::fault(Kind::InvalidRequest, Fault::at(pointer, Code::UnknownField));
    }
    if let Some(name) = quoted(&text, "missing field `") {
        pointer.push_str(&format!("/{name}"));
        return Problem::fault(Kind::InvalidRequest, Fault::at(pointer, Code::Required));
    }
    if let Some(name) = quoted(&text, "duplicate field `") {
        push_name_once(&mut pointer, name);
        return Problem::fault(Kind::MalformedRequest, Fault::at(pointer, Code::DuplicateField));
    }
    if text.starts_with("unknown variant `") {
        let allowed = text.rfind("expected ").and_then(|at| text.get(at + 9..)).unwrap_or_default();
        let allowed = allowed.split(" at line ").next().unwrap_or_default();
        let allowed = allowed.trim_start_matches("one of ");
        let fault = Fault::at(pointer, Code::UnknownValue).with("allowed", allowed);
        return Problem::fault(Kind::InvalidRequest, fault);
    }
    if text.starts_with("invalid type: ") {
        let expected = text.rfind(", expected ").and_then(|at| text.get(at + 11..));
        let expected = json_type(expected.unwrap_or_default());
        let fault = Fault::at(pointer, Code::WrongType).with("expected", expected);
        return Problem::fault(Kind::MalformedRequest, fault);
    }
    if text.starts_with("invalid value: integer") || text.starts_with("number out of range") {
        let fault = Fault::at(pointer, Code::Format).with("expected", "integer");
        return Problem::fault(Kind::InvalidRequest, fault);
    }
    let (code, expected) = match text.split(" at line ").next().unwrap_or_default() {
        "input contains invalid characters"
        | "input is out of range"
        | "premature end of input"
        | "trailing input"
        | NO_DAY => (Code::Format, "YYYY-MM-DD"),
        text if text.starts_with("UUID parsing failed") => (Code::Format, "UUID"),
        _ => return Problem::fault(Kind::MalformedRequest, Fault::at(pointer, Code::NotJson)),
    };
    Problem::fault(Kind::InvalidRequest, Fault::at(pointer, code).with("expected", expected))
}

fn quoted<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(start)?;
    let end = rest.find("`, expected").or_else(|| rest.find("`, there are"));
    let end = end.or_else(|| rest.rfind('`'))?;
    rest.get(..end)
}

/// The JSON type that serde expected, by its own word for it.
fn json_type(expected: &str) -> &'static str {
    let expected = expected.split(" at line ").next().unwrap_or_default();
    match expected {
        text if text.starts_with("struct") || text.starts_with("a map") => "object",
        text if text.contains("sequence") => "array",
        text if text.starts_with("a boolean") => "boolean",
        text if text.starts_with('i') || text.starts_with('u') || text.contains("number") => {
            "integer"
        }
        text if text.starts_with("object") => "object",
        _ => "string",
    }
}

/// Reads a whole number however JSON writes it: `3` and `3.0` are the same number there.
pub(crate) fn whole<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64>,
{
    use serde::de::{Error, Unexpected};
    let number = serde_json::Number::deserialize(deserializer)?;
    let integer = number.as_i64().or_else(|| {
        let text = number.as_f64().filter(|float| float.fract() == 0.0)?.to_string();
        text.parse().ok()
    });
    match integer {
        Some(integer) => N::try_from(integer)
            .map_err(|_| D::Error::invalid_value(Unexpected::Signed(integer), &"integer")),
        None if number.as_u64().is_some() || number.as_f64().is_some_and(|f| f.fract() == 0.0) => {
            Err(D::Error::custom("number out of range"))
        }
        None => Err(D::Error::invalid_type(Unexpected::Float(0.0), &"integer")),
    }
}

/// What serde is told of a text that is no day.
const NO_DAY: &str = "not a day";

/// Reads a day that may be null: `YYYY-MM-DD` and nothing else, since 1900.
pub(crate) fn optional_day<'de, D>(deserializer: D) -> Result<Option<NaiveDate>, D::Error>
where
    D: Deserializer<'de>,
{
    use serde::de::Error;
    let Some(text) = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let formed = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let day = text.parse::<NaiveDate>().ok().filter(|day| formed && day.year() >= 1900);
    day.filter(|_| text.len() == 10).map(Some).ok_or_else(|| D::Error::custom(NO_DAY))
}

/// Reads an object. serde's derive would take an array for the fields of a struct in their order.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Fields<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("object")
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields))
        }
    }

    deserializer.deserialize_map(Fields(PhantomData))
}

/// As [`object`], for a field that may be null.
pub(crate) fn optional_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Object<T>(T);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            object(deserializer).map(Object)
        }
    }

    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

/// As [`whole`], for a field that may be null.
pub(crate) fn optional_whole<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64>,
{
    struct Whole<N>(N);

    impl<'de, N: TryFrom<i64>> Deserialize<'de> for Whole<N> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            whole(deserializer).map(Self)
        }
    }

    Ok(Option::<Whole<N>>::deserialize(deserializer)?.map(|Whole(number)| number))
}

/// A merge patch (RFC 7396): what is named is replaced, what is null is removed.
#[derive(Debug, Clone)]
pub(crate) struct Patch(Map<String, Value>);

impl Patch {
    /// Refuses a patch of what can't be changed, as if there were no such fields.
    pub(crate) fn leaves(&self, pinned: &[&str]) -> Result<(), Problem> {
        match pinned.iter().find(|name| self.0.contains_key(**name)) {
            None => Ok(()),
            Some(name) => {
                let fault = Fault::at(format!("/{name}"), Code::UnknownField);
                Err(Problem::fault(Kind::InvalidRequest, fault))
            }
        }
    }

    /// Whether the patch names this field.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// What `current` becomes; read and refused exactly as if it had been sent whole.
    pub(crate) fn apply<T: Serialize + DeserializeOwned>(&self, current: &T) -> Result<T, Problem> {
        // What is removed is not there to be refused any more, so its name is read alone.
        for alone in removals(&self.0) {
            if let Err(problem) = parse_value::<T>(Value::Object(alone))
                && problem.faults.iter().any(|fault| fault.code == Code::UnknownField)
            {
                return Err(problem);
            }
        }
        let mut merged = serde_json::to_value(current).map_err(|_| Problem::new(Kind::Internal))?;
        merge(&mut merged, &self.0);
        parse_value(merged)
    }
}

/// Each null of a patch with its place, and with nothing beside it.
fn removals(patch: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let at = |name: &String, value| Map::from_iter([(name.clone(), value)]);
    patch
        .iter()
        .flat_map(|(name, value)| match value {
            Value::Null => vec![at(name, Value::Null)],
            Value::Object(inner) => {
                removals(inner).into_iter().map(|one| at(name, Value::Object(one))).collect()
            }
            _ => Vec::new(),
        })
        .collect()
}

fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(inner) => merge(target.entry(name.clone()).or_insert(Value::Null), inner),
            value => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

/// JSON of any shape, in which no name stands twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("object")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        use serde::de::Error;
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let Unique(value) = entries.next_value()?;
            fields.insert(name, value);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        items: Vec<Inner>,
        #[serde(default, deserialize_with = "optional_day")]
        day: Option<NaiveDate>,
        id: Option<uuid::Uuid>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(deserialize_with = "whole")]
        number: u16,
        kind: Option<Choice>,
    }

    crate::wire::wire_enum! {
        /// A choice.
        enum Choice {
            /// The first.
            One = "one",
            /// The second.
            Two = "two",
        }
    }

    fn fault(body: &str) -> (u16, String, &'static str) {
        let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
        let fault = &problem.faults[0];
        let super::super::super::problem::Place::Pointer(pointer) = &fault.place else {
            panic!("not in the body");
        };
        (problem.kind.status(), pointer.clone(), fault.code.as_str())
    }

    #[test]
    fn every_fault_of_reading_has_its_place() {
        for (body, status, pointer, code) in [
            ("", 400, "", "not_json"),
            ("{", 400, "", "not_json"),
            ("nonsense", 400, "", "not_json"),
            (r#"{"name":"a","items":[]} x"#, 400, "", "not_json"),
            ("7", 400, "", "wrong_type"),
            (r#"{"name":7,"items":[]}"#, 400, "/name", "wrong_type"),
            (r#"{"name":"a","items":{}}"#, 400, "/items", "wrong_type"),
            (r#"{"name":"a","items":[{"number":"x"}]}"#, 400, "/items/0/number", "wrong_type"),
            (r#"{"name":"a","items":[{"number":-1}]}"#, 422, "/items/0/number", "format"),
            (r#"{"name":"a","items":[{"number":70000}]}"#, 422, "/items/0/number", "format"),
            (r#"{"name":"a","items":[{"number":1.5}]}"#, 400, "/items/0/number", "wrong_type"),
            (r#"{"items":[]}"#, 422, "/name", "required"),
            (r#"{"name":"a","items":[{}]}"#, 422, "/items/0/number", "required"),
            (r#"{"name":"a","items":[],"x":1}"#, 422, "/x", "unknown_field"),
            (r#"{"name":"a","items":[{"number":1,"y":1}]}"#, 422, "/items/0/y", "unknown_field"),
            (r#"{"name":"a","items":[],"123456789012":1}"#, 422, "/?", "unknown_field"),
            (r#"{"name":"a","name":"b","items":[]}"#, 400, "/name", "duplicate_field"),
            (
                r#"{"name":"a","items":[{"number":1,"kind":"three"}]}"#,
                422,
                "/items/0/kind",
                "unknown_value",
            ),
            (r#"{"name":"a","items":[],"day":"2026-02-30"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":"soon"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":"2026-11-241"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":"2026-1-5"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":" 2026-01-05"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":"-262143-01-01"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":"1899-12-31"}"#, 422, "/day", "format"),
            (r#"{"name":"a","items":[],"day":7}"#, 400, "/day", "wrong_type"),
            (r#"{"name":"a","items":[{"number":1,"kind":7}]}"#, 400, "/items/0/kind", "wrong_type"),
            (
                r#"{"name":"a","items":[{"number":1,"kind":{"one":null}}]}"#,
                400,
                "/items/0/kind",
                "wrong_type",
            ),
            (r#"{"name":"a","items":[[1]]}"#, 400, "/items/0", "wrong_type"),
            (r#"{"name":"a","items":[{"number":1},[]]}"#, 400, "/items/1", "wrong_type"),
            (r#"[{"name":"a"}]"#, 400, "", "wrong_type"),
            (r#"{"name":"a","items":[],"1234-5678-9012":1}"#, 422, "/?", "unknown_field"),
            (r#"{"name":"a","items":[],"my_123456789012":1}"#, 422, "/?", "unknown_field"),
            (r#"{"name":"a","items":[],"id":"x"}"#, 422, "/id", "format"),
        ] {
            assert_eq!(fault(body), (status, pointer.to_owned(), code), "{body}");
        }
    }

    #[test]
    fn depth_and_wrong_encodings_are_refused() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(
            parse::<Unique>(deep.as_bytes()).err().map(|p| p.kind),
            Some(Kind::MalformedRequest)
        );
        assert!(parse::<Outer>(b"{\"name\":\"\xff\",\"items\":[]}").is_err());
    }

    #[test]
    fn the_allowed_values_are_told_and_the_sent_one_is_not() {
        let body = r#"{"name":"a","items":[{"number":1,"kind":"secret"}]}"#;
        let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.faults[0].parameters, [("allowed", "`one` or `two`".to_owned())]);
    }

    #[test]
    fn a_patch_is_read_as_if_it_were_whole() {
        let current = Outer {
            name: "a".to_owned(),
            items: Vec::new(),
            day: None,
            id: Some(uuid::Uuid::nil()),
        };
        let patch = |text: &str| {
            let Unique(Value::Object(fields)) = parse(text.as_bytes()).unwrap() else { panic!() };
            Patch(fields).apply(&current)
        };
        let changed = patch(r#"{"name":"b","id":null}"#).unwrap();
        assert_eq!((changed.name.as_str(), changed.id), ("b", None));
        assert_eq!(patch(r#"{"name":null}"#).unwrap_err().faults[0].code, Code::Required);
        assert_eq!(patch(r#"{"x":1}"#).unwrap_err().faults[0].code, Code::UnknownField);
        assert!(parse::<Unique>(br#"{"a":1,"a":2}"#).is_err());
    }
}
