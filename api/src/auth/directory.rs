//! What is known of clients without asking the database each time. All of it is dropped
//! when the epoch moves, so a change anywhere is noticed within seconds everywhere.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use mamori_domain::access::Scopes;
use mamori_store::Client;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::caller::Caller;

/// How many tokens, and how many clients, are remembered.
const REMEMBERED: usize = 20_000;

/// What a call needs to know of its client.
#[derive(Debug)]
pub(crate) struct Known {
    /// The client's id.
    pub(crate) id: Uuid,
    /// What it may do.
    pub(crate) scopes: Scopes,
    /// The web origins that may call in its name.
    pub(crate) origins: Vec<String>,
    /// Requests a minute, if it has a rate of its own.
    pub(crate) rate: Option<u32>,
}

impl From<&Client> for Known {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id,
            scopes: client.scopes.clone(),
            origins: client.origins.clone(),
            rate: client.rate_limit.and_then(|rate| u32::try_from(rate).ok()),
        }
    }
}

/// Remembers tokens that were found good, and clients that were looked up, each with the epoch
/// at which the look-up began: what was read before a change is not believed after it.
pub(crate) struct Directory {
    tokens: Cache<[u8; 32], (i64, Arc<Caller>)>,
    clients: Cache<Uuid, (i64, Arc<Known>)>,
    origins: RwLock<HashSet<String>>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            tokens: Cache::new(REMEMBERED),
            clients: Cache::new(REMEMBERED),
            origins: RwLock::default(),
        }
    }

    /// The caller behind a token that was seen in this epoch and has not ended.
    pub(crate) fn caller(&self, token: &[u8; 32], epoch: i64, now: i64) -> Option<Arc<Caller>> {
        let (seen, caller) = self.tokens.get(token)?;
        (seen == epoch && now < caller.expires_at).then_some(caller)
    }

    pub(crate) fn remember_caller(&self, token: [u8; 32], epoch: i64, caller: Arc<Caller>) {
        self.tokens.insert(token, (epoch, caller));
    }

    /// Forgets the tokens, where the time was set and what was found good need not be so now.
    pub(crate) fn forget_tokens(&self) {
        self.tokens.clear();
    }

    pub(crate) fn client(&self, id: Uuid, epoch: i64) -> Option<Arc<Known>> {
        let (seen, known) = self.clients.get(&id)?;
        (seen == epoch).then_some(known)
    }

    pub(crate) fn remember_client(&self, epoch: i64, known: Arc<Known>) {
        self.clients.insert(known.id, (epoch, known));
    }

    /// Whether any enabled client lists this web origin.
    pub(crate) fn lists_origin(&self, origin: &str) -> bool {
        self.origins.read().unwrap_or_else(PoisonError::into_inner).contains(origin)
    }

    /// Forgets everything; `origins` are those of the enabled clients now.
    pub(crate) fn renew(&self, origins: HashSet<String>) {
        self.tokens.clear();
        self.clients.clear();
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = origins;
    }
}
