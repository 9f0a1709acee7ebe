//! Reading a request: its body, its headers, its query, each fault in its place.

pub(crate) mod body;
pub(crate) mod check;
pub(crate) mod condition;
pub(crate) mod cursor;
pub(crate) mod once;
pub(crate) mod query;

pub(crate) use body::Incoming;
pub(crate) use check::Check;
pub(crate) use condition::IfMatch;
pub(crate) use query::{PathId, Query};
