//! The pool: threads for work that would stop the loop.
//!
//! ```text
//!      the loop's thread                       a thread of the pool
//!
//!      spawn_blocking ----- job --------------> waits for jobs, runs one
//!                                                       |
//!      the handle is woken <--- message, bell ----------'
//! ```
//!
//! 1. A thread is started by a job that finds more jobs than idle threads, up to a maximum. The
//!    others wait in a queue.
//! 2. The output comes as a message, and is handed over on the loop's thread. So only one thread ever
//!    touches a handle, and whoever watches sees all in one order.
//! 3. A job that panics gives its panic to the handle, and its thread lives on.
//!
//! When the loop ends, jobs that have not begun never do, and those that have are waited for.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

use boucle::observe::{Awaited, Event, JobId, PoolId, WorkerId};
use boucle_watch::{cause, emit, moment, this_thread};

use crate::current;
use crate::inbox::{Inbox, Message};

/// Threads, at most.
pub const MAX_THREADS: u32 = 4;

/// The pool of one loop.
pub(crate) struct Pool {
    /// What its threads share with it.
    shared: Arc<Shared>,
    /// Its threads.
    threads: RefCell<Vec<thread::JoinHandle<()>>>,
    /// How many jobs there have been.
    jobs: Cell<u32>,
}

/// What the threads of a pool share.
struct Shared {
    /// The jobs, and how many threads wait for one.
    state: Mutex<State>,
    /// Wakes a thread that waits for a job.
    work: Condvar,
    /// Where results go.
    inbox: Arc<Inbox>,
}

/// What the lock guards.
#[derive(Default)]
struct State {
    /// The jobs that have not begun, oldest first.
    queue: VecDeque<Job>,
    /// Threads that wait for a job.
    idle: usize,
    /// The loop is over.
    closed: bool,
}

/// A job whose types are forgotten: it is told which thread runs it, and makes the message for the
/// loop.
type Job = Box<dyn FnOnce(WorkerId) -> Message + Send>;

/// Runs `work` on a thread of the loop's pool, where it may block.
#[track_caller]
pub fn spawn_blocking<T, F>(work: F) -> BlockingHandle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (event_loop, place) = (current(), Location::caller());
    let pool = &event_loop.pool;
    pool.jobs.set(pool.jobs.get() + 1);
    let job = JobId(pool.jobs.get());
    let slot = Arc::new(Mutex::new(Slot { output: None, waker: None }));
    let handle = BlockingHandle { job, slot: Arc::clone(&slot) };
    emit(|| Event::JobQueued { job, pool: PoolId(0), by: cause(), place });
    pool.submit(Box::new(move |worker| {
        let began = Instant::now();
        let output = catch_unwind(AssertUnwindSafe(work));
        let (ended, panicked) = (Instant::now(), output.is_err());
        Message::Run(Box::new(move || {
            emit(|| Event::JobStarted { job, worker, at: moment(began) });
            emit(|| Event::JobFinished { job, worker, at: moment(ended), panicked });
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.output = Some(output);
            let waker = slot.waker.take();
            drop(slot);
            waker.into_iter().for_each(Waker::wake);
        }))
    }));
    handle
}

/// Gives the output of a job when it is awaited, or what its panic said.
pub struct BlockingHandle<T> {
    /// The job.
    job: JobId,
    /// Where its output will be.
    slot: Arc<Mutex<Slot<T>>>,
}

/// What a job and its handle share.
struct Slot<T> {
    /// The output, when it has come.
    output: Option<thread::Result<T>>,
    /// Who awaits it.
    waker: Option<Waker>,
}

impl<T> Future for BlockingHandle<T> {
    type Output = thread::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<thread::Result<T>> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(output) = slot.output.take() {
            return Poll::Ready(output);
        }
        slot.waker = Some(cx.waker().clone());
        emit(|| Event::Awaits { what: Awaited::Job(self.job), by: cause() });
        Poll::Pending
    }
}

impl Pool {
    /// A pool without threads.
    pub(crate) fn new(inbox: Arc<Inbox>) -> Pool {
        let shared = Shared { state: Mutex::default(), work: Condvar::new(), inbox };
        Pool { shared: Arc::new(shared), threads: RefCell::default(), jobs: Cell::new(0) }
    }

    /// Queues a job, and starts a thread if there are too few and may be more.
    fn submit(&self, job: Job) {
        let mut state = self.shared.state();
        state.queue.push_back(job);
        let too_few = state.queue.len() > state.idle;
        drop(state);
        self.shared.work.notify_one();
        let mut threads = self.threads.borrow_mut();
        if too_few && threads.len() < MAX_THREADS as usize {
            let (shared, worker) = (Arc::clone(&self.shared), WorkerId(threads.len() as u32));
            threads.push(thread::spawn(move || shared.run_jobs(worker)));
        }
    }

    /// Ends all threads, when they have finished what they have begun.
    pub(crate) fn close(&self) {
        let mut state = self.shared.state();
        state.closed = true;
        let never_begun = std::mem::take(&mut state.queue);
        drop(state);
        drop(never_begun);
        self.shared.work.notify_all();
        for thread in self.threads.take() {
            // Whatever a job panicked with went to its handle.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// What a thread does until the loop is over.
    fn run_jobs(&self, worker: WorkerId) {
        let (thread, began) = (this_thread(), Instant::now());
        self.inbox.send(Message::Run(Box::new(move || {
            let (pool, max_workers, at) = (PoolId(0), MAX_THREADS, moment(began));
            emit(|| Event::WorkerStarted { worker, pool, thread, max_workers, at });
        })));
        let mut state = self.state();
        while !state.closed {
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                self.inbox.send(job(worker));
                state = self.state();
            } else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }

    /// What the lock guards. Nobody panics under it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
