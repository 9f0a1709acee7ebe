//! Domain values in SQLite or PostgreSQL.
//!
//! The only crate that knows SQL. [`Store`] is the door: whoever goes through it hands over
//! an [`Authority`](mamori_domain::access::Authority) and a piece of work, and the work gets
//! a [`Tx`] that is bounded by that authority. A handler never sees a connection, and no
//! function here ever sees a request.

mod answer;
mod assessment;
mod asset;
mod asset_import;
mod attestation;
mod change;
mod client;
mod connection;
mod consent;
mod declaration;
mod disposable;
mod door;
mod error;
mod housekeeping;
mod idempotency;
mod key;
mod lane;
mod migration;
mod organization;
mod page;
mod postgres;
mod programme;
mod register;
mod reminder;
mod result;
mod risk;
mod schema;
mod snapshot;
mod sqlite;
mod status_check;
mod treatment;
mod types;
mod unit;
mod update;

pub use answer::StoredAnswer;
pub use assessment::{AssessmentFilter, Pins};
pub use asset::{AssetFilter, Upsert, Upserted};
pub use asset_import::{AssetImport, ImportRow};
pub use attestation::Attestation;
pub use change::Change;
pub use client::{Client, ClientIdentity, Secret};
pub use consent::Consent;
pub use declaration::{Declaration, DeclarationRegister, Dossier, circumstances};
pub use door::{Clock, Context, Environment, Ids, Options, Stop, Store, Tx};
pub use error::{Error, Kind};
pub use housekeeping::Sweep;
pub use idempotency::{Idempotency, Reply};
pub use key::SigningKey;
pub use migration::Schema;
pub use organization::OrganizationFilter;
pub use page::Page;
pub use programme::OwnProgramme;
pub use reminder::Reminded;
pub use result::{ResultFilter, StoredResult};
pub use risk::Counted;
pub use snapshot::{Difference, FrozenAsset};
pub use status_check::{Keys, Matched};
pub use treatment::{TreatedAsset, TreatmentFilter};
