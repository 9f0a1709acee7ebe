//! SQLite: one writer whose concurrent changes share a commit, and readers beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::Error;
use crate::connection::AnyConnection;
use crate::disposable::COPY;
use crate::door::{Options, Statements};
use crate::lane::{Job, Lane, Mode, Verdict};

/// The most changes that share one commit.
const LARGEST_BATCH: usize = 256;
/// How often a job may ask to run again.
const MOST_RUNS: usize = 3;

/// Where the database is, and who counts its statements.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) counter: Statements,
    /// Whether what is in it is worth nothing, and has a copy beside it.
    pub(crate) disposable: bool,
}

impl File {
    /// Opens a connection. An acknowledged commit is on disk: `synchronous = FULL`; but for what is
    /// worth nothing.
    pub(crate) fn connect(&self) -> Result<AnyConnection, Error> {
        let path = self.path.to_string_lossy();
        let mut conn = SqliteConnection::establish(&path).map_err(Error::unavailable)?;
        conn.batch_execute(
            "PRAGMA busy_timeout = 5000;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA cache_size = -8192;
             PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;",
        )?;
        if self.disposable {
            let attach = diesel::sql_query("ATTACH DATABASE ? AS copy");
            attach
                .bind::<diesel::sql_types::Text, _>(format!("{path}{COPY}"))
                .execute(&mut conn)?;
            conn.batch_execute(
                "PRAGMA main.synchronous = OFF;
                 PRAGMA copy.synchronous = OFF;
                 PRAGMA copy.journal_mode = MEMORY;",
            )?;
        }
        let mut conn = AnyConnection::Sqlite(conn);
        conn.count_statements(Arc::clone(&self.counter));
        Ok(conn)
    }
}

/// Makes the folder (mode 0700) and the file (mode 0600) if they are not there.
pub(crate) fn prepare(path: &Path) -> std::io::Result<()> {
    use std::fs::{DirBuilder, OpenOptions};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Starts the writer and the readers; gives the lanes to them, the writer's first.
pub(crate) fn start(file: &File, options: &Options) -> Result<(Lane, Lane), Error> {
    let (writes, jobs) = Lane::new(options.queue);
    let writer = Writer { connection: file.connect()?, file: file.clone() };
    spawn("sqlite-writer", move || writer.run(&jobs))?;

    let (reads, jobs) = Lane::new(options.queue);
    for _ in 0..options.readers.max(1) {
        let reader = Reader { connection: file.connect()?, file: file.clone() };
        let jobs = jobs.clone();
        spawn("sqlite-reader", move || reader.run(&jobs))?;
    }
    Ok((writes, reads))
}

pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map(drop).map_err(Error::unavailable)
}

struct Writer {
    connection: AnyConnection,
    file: File,
}

impl Writer {
    fn run(mut self, jobs: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = jobs.recv() {
            if first.abandoned() {
                continue;
            }
            let mut batch = Vec::new();
            // Whatever it was, nothing of the batch was kept, and it may be tried again.
            let fate = self.batch(first, jobs, &mut batch).map_err(|error| {
                tracing::error!(%error, "a batch of changes was not kept");
                Error::unavailable("a batch of changes was not kept")
            });
            if fate.is_err() {
                match self.file.connect() {
                    Ok(connection) => self.connection = connection,
                    Err(error) => tracing::error!(%error, "could not open the database anew"),
                }
            }
            for job in batch {
                job.answer(fate.clone());
            }
        }
    }

    /// Runs `first` and whatever else waits in one transaction, each in a savepoint of its
    /// own. If a savepoint or the commit itself fails, nothing of the batch is kept.
    fn batch(
        &mut self,
        first: Box<dyn Job>,
        jobs: &Receiver<Box<dyn Job>>,
        batch: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), Error> {
        batch.push(first);
        self.connection.batch("BEGIN IMMEDIATE")?;
        let mut next = 0;
        while let Some(job) = batch.get_mut(next) {
            self.one(job.as_mut())?;
            next += 1;
            if next == batch.len() && next < LARGEST_BATCH {
                batch.extend(jobs.try_iter().find(|job| !job.abandoned()));
            }
        }
        self.connection.batch("COMMIT")
    }

    fn one(&mut self, job: &mut dyn Job) -> Result<(), Error> {
        for _ in 0..MOST_RUNS {
            self.connection.batch("SAVEPOINT job")?;
            match job.run(&mut self.connection) {
                Verdict::Keep => return self.connection.batch("RELEASE job"),
                Verdict::Undo => return self.connection.batch("ROLLBACK TO job; RELEASE job"),
                Verdict::Again => self.connection.batch("ROLLBACK TO job; RELEASE job")?,
            }
        }
        Ok(())
    }
}

struct Reader {
    connection: AnyConnection,
    file: File,
}

impl Reader {
    fn run(mut self, jobs: &Receiver<Box<dyn Job>>) {
        while let Ok(mut job) = jobs.recv() {
            if job.abandoned() {
                continue;
            }
            let fate = self.one(job.as_mut());
            if fate.is_err() {
                match self.file.connect() {
                    Ok(connection) => self.connection = connection,
                    Err(error) => tracing::error!(%error, "could not open the database anew"),
                }
            }
            job.answer(fate);
        }
    }

    fn one(&mut self, job: &mut dyn Job) -> Result<(), Error> {
        if job.mode() == Mode::Single {
            job.run(&mut self.connection);
            return Ok(());
        }
        self.connection.batch("BEGIN")?;
        job.run(&mut self.connection);
        self.connection.batch("COMMIT")
    }
}
