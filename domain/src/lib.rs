//! The rules of mamori, pure and total.
//!
//! Question banks and how they are scored, what an assessment may become, what an
//! organization is, who may do what. Nothing here reads a clock, mints an id, opens a
//! file or knows that HTTP and SQL exist: all of that comes in as a parameter.

pub mod access;
pub mod assessment;
pub mod attestation;
pub mod company_name;
pub mod comparison;
pub mod consent;
mod content;
pub mod corporate_number;
pub mod declaration;
pub mod organization;
pub mod personal_number;
pub mod programme;
pub mod question_bank;
pub mod readiness;
pub mod reminder;
pub mod risk;
pub mod scoring;
pub mod text;
pub mod wording;
