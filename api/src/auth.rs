//! Who is calling: tokens, the keys that sign them, and the clients that get them.

pub(crate) mod caller;
pub(crate) mod directory;
pub(crate) mod issuer;
pub(crate) mod keyring;
pub(crate) mod proof;
pub(crate) mod registration;
pub(crate) mod root_key;
pub(crate) mod secret;
pub(crate) mod token;

pub(crate) use caller::{Call, PublicCall};
