//! Rows that have had their time.

use diesel::prelude::*;

use crate::connection::on_each_backend;
use crate::schema::{asset_import, idempotency, revoked_position, used_assertion};
use crate::types::At;
use crate::{Error, Tx};

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Idempotency keys.
    pub idempotency_keys: usize,
    /// Client assertions.
    pub assertions: usize,
    /// Files of assets, with their rows.
    pub imports: usize,
    /// Positions of revoked attestations that have run out anyway.
    pub positions: usize,
}

impl Tx<'_> {
    /// Removes idempotency keys, client assertions, files of assets and revoked positions that have
    /// expired.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn sweep(&mut self) -> Result<Sweep, Error> {
        let now = At(self.now());
        let idempotency_keys = on_each_backend!(self.connection, |conn| diesel::delete(
            idempotency::table.filter(idempotency::expires_at.le(now))
        )
        .execute(conn))?;
        let assertions = on_each_backend!(self.connection, |conn| diesel::delete(
            used_assertion::table.filter(used_assertion::expires_at.le(now))
        )
        .execute(conn))?;
        let imports = on_each_backend!(self.connection, |conn| diesel::delete(
            asset_import::table.filter(asset_import::expires_at.le(now))
        )
        .execute(conn))?;
        // A day more: whoever checks may have another clock.
        let ended = At(now.0 - chrono::Duration::days(1));
        let positions = on_each_backend!(self.connection, |conn| diesel::delete(
            revoked_position::table.filter(revoked_position::valid_until.le(ended))
        )
        .execute(conn))?;
        Ok(Sweep { idempotency_keys, assertions, imports, positions })
    }
}
