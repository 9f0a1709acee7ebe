//! mamori over real HTTP, each test on SQLite and on PostgreSQL.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it stands"
)]

mod access;
mod attestation;
mod bad_input;
mod change;
mod client;
mod declaration;
mod declaration_check;
mod docs;
mod examples;
mod http;
mod idempotency;
mod ledger;
mod main_job;
mod nodes;
mod openapi;
mod organization;
mod programme;
mod readiness;
mod result;
mod risk;
mod sandbox;
mod statements;
mod token;
mod wording;
