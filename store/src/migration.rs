//! Bringing the schema up to date.

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Error;
use crate::connection::AnyConnection;

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
/// Held while migrating on PostgreSQL, so that two processes do not: 'mamori' in ASCII.
const ADVISORY_LOCK: i64 = 0x6d61_6d6f_7269;

/// What the schema is, compared with what this binary knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// There is none yet.
    Empty,
    /// Older than the binary.
    Old,
    /// As the binary wants it.
    Current,
    /// Newer than the binary, which must not touch it.
    New,
}

/// Compares the schema with the migrations of this binary.
pub(crate) fn look(connection: &mut AnyConnection) -> Result<Schema, Error> {
    let applied = match connection {
        AnyConnection::Sqlite(conn) => conn.applied_migrations(),
        AnyConnection::Postgres(conn) => conn.applied_migrations(),
    };
    let applied: Vec<String> =
        applied.map_err(Error::unavailable)?.iter().map(ToString::to_string).collect();
    let known = known()?;
    if applied.is_empty() {
        Ok(Schema::Empty)
    } else if applied.iter().any(|version| !known.contains(version)) {
        Ok(Schema::New)
    } else if applied.len() < known.len() {
        Ok(Schema::Old)
    } else {
        Ok(Schema::Current)
    }
}

/// Applies what is missing; gives the versions that it applied.
pub(crate) fn run(connection: &mut AnyConnection) -> Result<Vec<String>, Error> {
    if let AnyConnection::Postgres(conn) = connection {
        diesel::sql_query("SELECT pg_advisory_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(ADVISORY_LOCK)
            .execute(conn)?;
    }
    if look(connection)? == Schema::New {
        return Err(Error::unavailable("the database is newer than this mamori; update mamori"));
    }
    let done = match connection {
        AnyConnection::Sqlite(conn) => conn.run_pending_migrations(SQLITE),
        AnyConnection::Postgres(conn) => conn.run_pending_migrations(POSTGRES),
    };
    // The advisory lock ends with the connection.
    let done = done.map_err(Error::unavailable)?;
    Ok(done.iter().map(ToString::to_string).collect())
}

fn known() -> Result<Vec<String>, Error> {
    let migrations: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> =
        SQLITE.migrations().map_err(|_| Error::internal("the embedded migrations"))?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
