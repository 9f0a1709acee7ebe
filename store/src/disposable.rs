//! A store whose data is worth nothing: a copy of it is kept beside it, and put back in one go.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::connection::AnyConnection;
use crate::door::{Context, Stop, Store, Tx};
use crate::{Error, Kind};

/// What the file of the copy is called, behind the name of the database's own.
pub(crate) const COPY: &str = "-copy";

/// The tables with data. The epoch is none: it only goes up, so that every cache notices.
const TABLES: &str = "SELECT name FROM main.sqlite_schema WHERE type = 'table' \
                      AND name NOT LIKE 'sqlite!_%' ESCAPE '!' \
                      AND name NOT IN ('__diesel_schema_migrations', 'epoch') ORDER BY rowid";

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Store {
    /// Keeps a copy of all that is there now, in the place of an earlier one.
    ///
    /// # Errors
    ///
    /// Where the store was not opened as disposable, or the database fails.
    pub async fn keep_copy(&self) -> Result<(), Error> {
        self.disposably(|tx| tx.keep_copy()).await
    }

    /// Puts the copy back and forgets all that came after it, in one transaction: whoever reads
    /// meanwhile sees all of the one or all of the other.
    ///
    /// # Errors
    ///
    /// As [`Store::keep_copy`].
    pub async fn put_copy_back(&self) -> Result<(), Error> {
        self.disposably(|tx| tx.put_copy_back()).await
    }

    async fn disposably(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        if !self.is_disposable() {
            return Err(Error::internal("the data of this store is worth keeping"));
        }
        let work = move |tx: &mut Tx<'_>| work(tx).map_err(Stop::<()>::from);
        match self.transact(Context::system("disposable data"), work).await {
            Ok(()) => Ok(()),
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Refused(())) => Err(Error::internal("nothing refuses")),
        }
    }
}

impl Tx<'_> {
    fn keep_copy(&mut self) -> Result<(), Error> {
        let (conn, tables) = self.tables()?;
        for table in &tables {
            conn.batch_execute(&format!(
                "DROP TABLE IF EXISTS copy.\"{table}\"; \
                 CREATE TABLE copy.\"{table}\" AS SELECT * FROM main.\"{table}\""
            ))?;
        }
        Ok(())
    }

    fn put_copy_back(&mut self) -> Result<(), Error> {
        let (conn, tables) = self.tables()?;
        // Looked at when the transaction ends, when every row is in its place again.
        conn.batch_execute("PRAGMA defer_foreign_keys = ON")?;
        // Tables were made after those that they refer to, and are emptied before them.
        for table in tables.iter().rev() {
            conn.batch_execute(&format!("DELETE FROM main.\"{table}\""))?;
        }
        for table in &tables {
            conn.batch_execute(&format!(
                "INSERT INTO main.\"{table}\" SELECT * FROM copy.\"{table}\""
            ))?;
        }
        self.raise_epoch()
    }

    /// The connection and the names of its tables. The names are those of our own schema, so
    /// they may stand in a statement.
    fn tables(&mut self) -> Result<(&mut SqliteConnection, Vec<String>), Error> {
        let AnyConnection::Sqlite(conn) = &mut *self.connection else {
            return Err(Error::new(Kind::Unavailable));
        };
        let tables: Vec<Table> = diesel::sql_query(TABLES).load(conn)?;
        Ok((conn, tables.into_iter().map(|table| table.name).collect()))
    }
}
