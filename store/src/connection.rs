//! One connection type over two databases.

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;
use crate::postgres::PgConnection;

/// A connection to whichever database the URL named.
#[expect(clippy::large_enum_variant, reason = "there is one for each thread, and it stays there")]
pub(crate) enum AnyConnection {
    /// A file beside the program.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// Compiles one body for each database: the same Diesel text, two SQL dialects.
///
/// Written like a closure, so that rustfmt keeps it in shape.
macro_rules! on_each_backend {
    ($any:expr, |$conn:ident| $body:expr) => {
        match $any {
            $crate::connection::AnyConnection::Sqlite($conn) => $body,
            $crate::connection::AnyConnection::Postgres($conn) => $body,
        }
    };
}
pub(crate) use on_each_backend;

impl AnyConnection {
    /// Runs statements that take and give nothing, such as `BEGIN`.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        on_each_backend!(self, |conn| conn.batch_execute(sql)).map_err(Error::from)
    }

    /// Counts every statement from now on.
    pub(crate) fn count_statements(&mut self, counter: Arc<AtomicU64>) {
        let counting = Counting(counter);
        on_each_backend!(self, |conn| conn.set_instrumentation(counting));
    }
}

struct Counting(Arc<AtomicU64>);

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
