//! Threads that own connections, and the bounded queue before them.
//!
//! No connection lives on an async worker: a request hands its work to a lane and waits
//! for the answer without holding a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use tokio::sync::oneshot;

use crate::Error;
use crate::connection::AnyConnection;

/// Whether what a job wrote is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Commit it.
    Keep,
    /// Undo it.
    Undo,
    /// Undo it and run the job again.
    Again,
}

/// Work for a connection, and the one who waits for it.
pub(crate) trait Job: Send {
    /// Does the work; may be called again after [`Verdict::Again`].
    fn run(&mut self, connection: &mut AnyConnection) -> Verdict;
    /// Whether the one who waited went away before the work began.
    fn abandoned(&self) -> bool;
    /// Answers the one who waits: with what the work gave, or with why it could not be kept.
    fn answer(self: Box<Self>, fate: Result<(), Error>);
    /// Whether the work reads one statement's worth, or a consistent many.
    fn mode(&self) -> Mode;
}

/// What kind of transaction a job needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A single statement, which needs none.
    Single,
    /// Several statements over one snapshot.
    Snapshot,
    /// A change.
    Write,
}

/// A closure as a [`Job`].
pub(crate) struct Task<F, T> {
    work: F,
    mode: Mode,
    outcome: Option<T>,
    waiting: oneshot::Sender<Result<T, Error>>,
}

impl<F, T> Task<F, T>
where
    F: FnMut(&mut AnyConnection) -> (Verdict, T) + Send,
    T: Send,
{
    pub(crate) fn new(mode: Mode, work: F) -> (Self, oneshot::Receiver<Result<T, Error>>) {
        let (waiting, answer) = oneshot::channel();
        (Self { work, mode, outcome: None, waiting }, answer)
    }
}

impl<F, T> Job for Task<F, T>
where
    F: FnMut(&mut AnyConnection) -> (Verdict, T) + Send,
    T: Send,
{
    fn run(&mut self, connection: &mut AnyConnection) -> Verdict {
        self.outcome = None;
        // A panic costs one request: its writes are undone and the thread goes on.
        match catch_unwind(AssertUnwindSafe(|| (self.work)(connection))) {
            Ok((verdict, outcome)) => {
                self.outcome = Some(outcome);
                verdict
            }
            Err(_) => Verdict::Undo,
        }
    }

    fn abandoned(&self) -> bool {
        self.waiting.is_closed()
    }

    fn answer(self: Box<Self>, fate: Result<(), Error>) {
        let answer = match (fate, self.outcome) {
            (Ok(()), Some(outcome)) => Ok(outcome),
            (Ok(()), None) => Err(Error::internal("the work panicked")),
            (Err(error), _) => Err(error),
        };
        // Whoever went away does not need the answer.
        let _ = self.waiting.send(answer);
    }

    fn mode(&self) -> Mode {
        self.mode
    }
}

/// A queue with threads behind it.
#[derive(Clone)]
pub(crate) struct Lane {
    queue: Sender<Box<dyn Job>>,
    /// What is done after a job was queued.
    queued: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Lane {
    /// A queue of at most `bound` jobs, and the end that threads take from.
    pub(crate) fn new(bound: usize) -> (Self, Receiver<Box<dyn Job>>) {
        let (queue, jobs) = crossbeam_channel::bounded(bound);
        (Self { queue, queued: None }, jobs)
    }

    /// The same, with something to do whenever a job was queued.
    pub(crate) fn growing(self, queued: impl Fn() + Send + Sync + 'static) -> Self {
        Self { queued: Some(Arc::new(queued)), ..self }
    }

    /// Queues a job; a full queue is refused at once, so that load is shed, not hidden.
    pub(crate) fn push(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::unavailable("too many requests wait for the database"),
            TrySendError::Disconnected(_) => Error::unavailable("the database threads have ended"),
        })?;
        if let Some(queued) = &self.queued {
            queued();
        }
        Ok(())
    }
}
