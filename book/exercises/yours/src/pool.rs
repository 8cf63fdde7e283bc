//! The pool: threads for calls that block.
//!
//! Threads are started when there is work for them, as many as the jobs need and the limit allows,
//! and leave when they have been idle for long.
//!
//! **Invariant.** Seen under the lock: if more jobs wait than workers are idle, there are as many
//! threads as there may be. So jobs that wait for each other come to run at the same time, up to
//! the limit, and none waits behind another while a thread could be had.
//!
//! 1. A worker is *idle* from the moment at which it waits for a job to that at which it has
//!    looked again, both under the lock. One that was notified and has not woken yet is idle still,
//!    and its job still waits: so two jobs that come one after the other do not both count on it.
//! 2. A worker goes home only if no job waits, and it is no longer counted from that look on.
//! 3. No job runs, and none is dropped, under the lock. A job that panics harms nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::shield;

/// Work for the pool.
pub type Job = Box<dyn FnOnce() + Send>;

/// A pool of threads. It closes, without waiting, when it is dropped.
pub struct Pool {
    /// What the pool and its workers share.
    shared: Arc<Shared>,
}

/// What the pool and its workers share.
struct Shared {
    /// The queue and the counts: the only lock.
    state: Mutex<State>,
    /// Where idle workers wait.
    work: Condvar,
    /// Where `shutdown` waits until the last thread has gone home.
    gone: Condvar,
    /// The most threads at once.
    max_workers: usize,
    /// How long an idle worker stays.
    keep_alive: Duration,
}

/// The queue and the counts.
#[derive(Default)]
struct State {
    /// Jobs that wait, oldest first.
    queue: VecDeque<Job>,
    /// No job enters any more, and workers go home.
    closed: bool,
    /// Threads started and not gone home.
    threads: usize,
    /// Those among them that wait for a job.
    idle: usize,
}

impl Pool {
    /// A pool without threads yet, and with at most `max_workers` (which is not 0) later.
    pub fn new(max_workers: usize, keep_alive: Duration) -> Pool {
        let (work, gone) = (Condvar::new(), Condvar::new());
        let state = Mutex::default();
        Pool { shared: Arc::new(Shared { state, work, gone, max_workers, keep_alive }) }
    }

    /// Queues a job, and gives it back if the pool is shut down. Never waits.
    pub fn submit(&self, job: Job) -> Result<(), Job> {
        let shared = &self.shared;
        let mut state = shared.lock();
        // The invariant: notify a worker, or start one (`Shared::start`).
        todo!("exercise `pool`: queue the job, and find somebody to do it")
    }

    /// Closes the pool: drops the jobs that wait, unrun, and waits at most `patience` for those
    /// that run. Returns how many threads are still there; they end with their jobs.
    pub fn shutdown(&self, patience: Duration) -> usize {
        self.shared.close();
        // Rule 3, in `close`.
        todo!("exercise `pool`: wait for the threads, but not for ever")
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.shared.lock().threads
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Shared {
    /// The queue and the counts.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread, and counts it.
    fn start(shared: &Arc<Shared>, state: &mut State) {
        let worker = Arc::clone(shared);
        let thread = thread::Builder::new().name("worker".into()).spawn(move || worker.work());
        state.threads += usize::from(thread.is_ok());
    }

    /// Lets no job in any more, drops those that wait, and sends the workers home.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let unrun = std::mem::take(&mut state.queue);
        drop(state);
        self.work.notify_all();
        for job in unrun {
            shield(|| drop(job));
        }
    }

    /// The life of a worker.
    fn work(&self) {
        let mut state = self.lock();
        // Jobs, oldest first, as long as there are any; then idle, for `keep_alive` at the most
        // (`Condvar::wait_timeout` may also return for no reason). Rules 1 to 3.
        todo!("exercise `pool`: work, wait, and leave in time");
        state.threads -= 1;
        if state.threads == 0 {
            self.gone.notify_all();
        }
    }
}
