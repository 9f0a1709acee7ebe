//! What an organization agrees to (同意).

/// What a consent is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Anybody who has the corporate number or the declaration id may see the status of the
    /// declaration.
    Listing,
    /// The custodian may have statements of the status signed and hand them on.
    Attestation,
}
