//! The pool of a loop without threads (no feature `os`): there is none.
//!
//! Such a loop is simulated, and runs blocking work on its own thread.

#![expect(
    clippy::unused_self,
    reason = "these are the methods of the pool that there is elsewhere"
)]

use std::io;
use std::time::Duration;

use crate::observe::event::WorkerId;

/// Work for the pool.
pub(crate) type Job = Box<dyn FnOnce(WorkerId) + Send>;

/// Whoever wants to know when workers begin and end.
pub(crate) type Watch = Box<dyn Fn(WorkerId, Shift) + Send + Sync>;

/// What a [`Watch`] would be told.
#[allow(dead_code, reason = "the words of the pool that there could be")]
#[derive(Clone, Copy)]
pub(crate) enum Shift {
    /// A worker begins.
    Begins,
    /// A worker goes home.
    Ends,
}

/// A job that the pool gave back unrun, and why.
#[allow(dead_code, reason = "the words of the pool that there could be")]
pub(crate) enum Rejected {
    /// The pool is shut down.
    Closed(Job),
    /// There are no threads.
    NoThread(Job, io::Error),
}

/// A pool that takes no job.
pub(crate) struct Pool;

impl Pool {
    /// A pool without threads.
    pub(crate) fn new(_max_workers: usize, _keep_alive: Duration, _watch: Option<Watch>) -> Pool {
        Pool
    }

    /// Gives the job back.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Rejected> {
        Err(Rejected::NoThread(job, io::ErrorKind::Unsupported.into()))
    }

    /// Has nothing to wait for.
    pub(crate) fn shutdown(&self, _patience: Duration) -> usize {
        0
    }
}
