//! Why the store did not do what it was asked.

use std::fmt;
use std::sync::Arc;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What the caller can do about an [`Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A value that must be unique is taken.
    Taken,
    /// Something else still points here.
    InUse,
    /// The client is disabled, so nothing may be done in its name.
    ClientDisabled,
    /// The same Idempotency-Key is being worked on elsewhere.
    InFlight,
    /// The Idempotency-Key was used for another request.
    KeyReused,
    /// The first answer held a secret, which is told only once; where the thing is now.
    SecretAlreadyShown(Option<String>),
    /// The database is away or has too much to do; try again.
    Unavailable,
    /// Another transaction got in the way; the same work may succeed when run again.
    Again,
    /// The database holds something that mamori never wrote.
    Corrupt,
    /// A bug, here or in the schema.
    Internal,
}

/// A failure of the store. Its text is for the log and holds no value of any row.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    cause: Option<Arc<str>>,
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, cause: None }
    }

    pub(crate) fn unavailable(cause: impl fmt::Display) -> Self {
        Self { kind: Kind::Unavailable, cause: Some(cause.to_string().into()) }
    }

    pub(crate) fn corrupt(cause: &str) -> Self {
        Self { kind: Kind::Corrupt, cause: Some(cause.into()) }
    }

    pub(crate) fn internal(cause: &str) -> Self {
        Self { kind: Kind::Internal, cause: Some(cause.into()) }
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{:?}: {cause}", self.kind),
            None => write!(f, "{:?}", self.kind),
        }
    }
}

impl std::error::Error for Error {}

impl From<DieselError> for Error {
    /// Texts of the drivers name tables and constraints, but sometimes values too (a
    /// failed cast, say), so only the kinds that are known to be free of them are kept.
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Db;
        let (kind, cause) = match &error {
            DieselError::DatabaseError(Db::UniqueViolation, _) => (Kind::Taken, None),
            DieselError::DatabaseError(Db::ForeignKeyViolation, _) => (Kind::InUse, None),
            DieselError::DatabaseError(Db::SerializationFailure, _) => (Kind::Again, None),
            DieselError::DatabaseError(Db::ClosedConnection | Db::UnableToSendCommand, _) => {
                (Kind::Unavailable, Some("the connection to the database was lost"))
            }
            // Neither driver has a kind for these; PostgreSQL's text of the first two is
            // only in English where lc_messages is, and SQLite's are fixed.
            DieselError::DatabaseError(_, info) => match info.message() {
                "deadlock detected" => (Kind::Again, None),
                "canceling statement due to lock timeout" => {
                    (Kind::Unavailable, Some("waited too long for a lock"))
                }
                "canceling statement due to statement timeout" => {
                    (Kind::Unavailable, Some("a statement took too long"))
                }
                "database or disk is full" | "disk I/O error" => {
                    (Kind::Unavailable, Some("the disk is full or failing"))
                }
                "database is locked" => {
                    (Kind::Unavailable, Some("another process holds the database"))
                }
                message
                    if message.starts_with("terminating connection")
                        || message.starts_with("the database system is") =>
                {
                    (Kind::Unavailable, Some("the connection to the database was lost"))
                }
                message => {
                    let plain = message.split(['"', '\'', ':']).next().unwrap_or_default();
                    return Self { kind: Kind::Internal, cause: Some(plain.into()) };
                }
            },
            DieselError::NotFound => (Kind::Internal, Some("a row that must be there is not")),
            DieselError::DeserializationError(_) => {
                (Kind::Corrupt, Some("a column could not be read"))
            }
            DieselError::BrokenTransactionManager => {
                (Kind::Unavailable, Some("the transaction broke"))
            }
            _ => (Kind::Internal, Some("a statement could not be made")),
        };
        Self { kind, cause: cause.map(Into::into) }
    }
}
