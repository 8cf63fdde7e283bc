//! Blocking work: calls that would stop the loop, given to threads.
//!
//! A loop serves everybody from one thread, so a call that waits for a disk or computes for long
//! stops everybody. Here it is given to a pool of threads and awaited like anything else.
//!
//! A job that has begun cannot be interrupted. One that has not begun never begins once its handle
//! is aborted or its loop is dropped. The closure and what it captured are used and dropped on the
//! pool's thread; its output is sent back. The queue has no bound: where that matters, take a
//! [`Semaphore`](crate::sync::Semaphore) permit before the job. A job that waits for another job
//! of the same pool may wait for ever, if the pool is full of such.

#[cfg_attr(not(feature = "os"), path = "../absent/pool.rs")]
pub(crate) mod pool;
pub(crate) mod simulated;

use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::blocking::pool::{Job, Pool, Rejected, Shift, Watch};
use crate::blocking::simulated::Place;
use crate::clock::{Clock, Instant};
use crate::config::told;
use crate::engine::inbox::Message;
use crate::engine::{Engine, context};
use crate::observe::event::{Cause, Event, JobId, PoolId, WorkerId};
use crate::shield::shield;
use crate::shim::this_thread;
use crate::task::{Completer, JoinError, JoinHandle};

/// How long an idle thread of a [`BlockingPool`] stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Runs `work` on a thread of the loop's pool, so that it may block.
///
/// The handle gives what it returns. A panic in it reaches the handle and harms nobody else. Costs a
/// few microseconds, most of which is waking the other thread.
///
/// Under [`EventLoop::simulated`](crate::EventLoop::simulated) there are no threads, only workers
/// who pretend: the closure runs on the loop's thread, in no time. If it says that it takes some, by
/// [`time::block_for`](crate::time::block_for), its worker is busy for so long, and the output comes
/// then. Whatever else the closure does, as sending on a channel, is done at its start.
///
/// # Panics
///
/// If no loop turns on this thread; a [`BlockingPool`] needs none. If the operating system refuses
/// the pool's first thread, as [`std::thread::spawn`] does.
///
/// ```
/// boucle::block_on(async {
///     let sum = boucle::spawn_blocking(|| (1..=100).sum::<u32>());
///     assert_eq!(sum.await.unwrap(), 5050);
/// });
/// ```
#[track_caller]
pub fn spawn_blocking<F, T>(work: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let place = Location::caller();
    context::current(|engine| {
        if engine.clock.is_virtual() {
            return simulate(engine, OWN, engine.config.max_blocking_threads, work, place);
        }
        submit(Some(engine), OWN, own_pool(engine), work, place)
    })
}

/// The number of a loop's own pool.
const OWN: PoolId = PoolId(0);

/// The loop's own pool, made for the first job.
fn own_pool(engine: &Engine) -> &Pool {
    let config = &engine.config;
    engine.pool.get_or_init(|| {
        let watch = watch(engine, OWN, config.max_blocking_threads);
        Pool::new(config.max_blocking_threads, config.blocking_keep_alive, watch)
    })
}

/// A pool of threads for blocking work, beside the one that each loop has: for work that must not
/// take the place of other work, or of which only so much may be done at once.
///
/// Threads are started on demand and leave after 10 seconds without work. Dropping the pool drops
/// the work that has not begun and leaves the rest to end by itself.
///
/// A job is told to whoever watches the loop in which it is spawned. When threads begin and end is
/// told to the loop that turned on the thread that built the pool; if none did, to nobody.
///
/// ```
/// let pool = boucle::blocking::BlockingPool::new(2);
/// let work = pool.spawn(|| 6 * 7);
/// assert_eq!(boucle::block_on(work).unwrap(), 42);
/// ```
pub struct BlockingPool {
    /// How many threads it may have.
    max_workers: usize,
    /// The threads.
    pool: Pool,
    /// By what number observers call it.
    id: PoolId,
}

impl BlockingPool {
    /// A pool of at most `max_workers` threads.
    ///
    /// # Panics
    ///
    /// If `max_workers` is 0: no work would ever be done.
    ///
    /// ```
    /// let one_at_a_time = boucle::blocking::BlockingPool::new(1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(max_workers: usize) -> BlockingPool {
        /// The number of the next pool of this process.
        static POOLS: AtomicU32 = AtomicU32::new(1);

        assert!(max_workers > 0, "a pool without threads does nothing: allow at least 1");
        let id = PoolId(POOLS.fetch_add(1, Ordering::Relaxed));
        let watch = context::try_current(|engine| watch(engine, id, max_workers)).flatten();
        BlockingPool { max_workers, pool: Pool::new(max_workers, KEEP_ALIVE, watch), id }
    }

    /// Runs `work` on a thread of this pool. As [`spawn_blocking`] otherwise, but it can be called
    /// on any thread, in or outside a loop, and awaited by any executor.
    ///
    /// ```
    /// let pool = boucle::blocking::BlockingPool::new(1);
    /// assert_eq!(boucle::block_on(pool.spawn(|| "done")).unwrap(), "done");
    /// ```
    #[track_caller]
    pub fn spawn<F, T>(&self, work: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let place = Location::caller();
        context::with_current(|engine| match engine {
            Some(engine) if engine.clock.is_virtual() => {
                simulate(engine, self.id, self.max_workers, work, place)
            }
            _ => submit(engine, self.id, &self.pool, work, place),
        })
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingPool").finish_non_exhaustive()
    }
}

/// Gives `work` to a pool.
#[track_caller]
fn submit<F, T>(
    engine: Option<&Engine>,
    pool_id: PoolId,
    pool: &Pool,
    work: F,
    place: &'static Location<'static>,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let note = engine.and_then(|engine| Note::queued(engine, pool_id, place));
    let (completer, handle) = JoinHandle::remote(note.map(|note| (note.loop_id, note.job)));
    let job: Job = Box::new(move |worker| run(work, completer, note, worker));
    match pool.submit(job) {
        // A job that is not taken is dropped, and with it the completer: the handle gives
        // `Aborted`.
        Ok(()) | Err(Rejected::Closed(_)) => {}
        Err(Rejected::NoThread(_, error)) => panic!("no thread for blocking work: {error}"),
    }
    handle
}

/// What a thread of the pool does with a job.
fn run<T>(work: impl FnOnce() -> T, completer: Completer<T>, note: Option<Note>, worker: WorkerId) {
    if completer.is_aborted() {
        return;
    }
    if let Some(note) = note {
        note.started(worker);
    }
    let result = catch_unwind(AssertUnwindSafe(work));
    if let Some(note) = note {
        note.finished(worker, result.is_err());
    }
    completer.complete(result.map_err(JoinError::Panicked));
}

/// Gives `work` to a simulated worker.
fn simulate<F, T>(
    engine: &Engine,
    pool: PoolId,
    max_workers: usize,
    work: F,
    place: &'static Location<'static>,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (loop_id, now) = (engine.inbox.loop_id, engine.clock.now());
    let pool = engine.workers.number(pool);
    let note = Note::queued(engine, pool, place);
    let (completer, handle) = JoinHandle::remote(note.map(|note| (note.loop_id, note.job)));
    let job = move |place: Place| {
        let output = Output { completer: Some(completer), result: None };
        context::of(loop_id, |engine| start(engine, place, max_workers, note, work, output));
    };
    engine.workers.submit(pool, max_workers, now, (run_due, loop_id), Box::new(job));
    handle
}

/// Starts the job of a simulated worker: runs its closure, and so finds out when it will end.
fn start<T: Send + 'static>(
    engine: &Engine,
    place: Place,
    max_workers: usize,
    note: Option<Note>,
    work: impl FnOnce() -> T,
    mut output: Output<T>,
) {
    let Place { pool, worker, thread, is_first, start } = place;
    let (probe, at, loop_id) = (&engine.probe, engine.probe.age_at(start), engine.inbox.loop_id);
    probe.set_cause(Cause::Thread(thread));
    if is_first {
        let max_workers = told(max_workers);
        probe.emit(|| Event::WorkerStarted { worker, pool, thread, max_workers, at });
    }
    let runs = output.completer.as_ref().is_some_and(|completer| !completer.is_aborted());
    let note = note.filter(|_| runs);
    if let Some(Note { job, .. }) = note {
        probe.emit(|| Event::JobStarted { job, worker, at });
    }
    let end = engine.clock.run_on_worker(start, || {
        if runs {
            output.result = Some(catch_unwind(AssertUnwindSafe(work)));
        } else {
            shield(|| drop(work));
        }
    });
    let finish = move || {
        context::of(loop_id, |engine| finish(engine, place, note, end, output));
    };
    engine.workers.end_at(end, Box::new(finish));
}

/// Ends the job of a simulated worker.
fn finish<T>(engine: &Engine, place: Place, note: Option<Note>, end: Instant, output: Output<T>) {
    let (probe, worker) = (&engine.probe, place.worker);
    probe.set_cause(Cause::Thread(place.thread));
    if let (Some(Note { job, .. }), Some(result)) = (note, &output.result) {
        let (at, panicked) = (probe.age_at(end), result.is_err());
        probe.emit(|| Event::JobFinished { job, worker, at, panicked });
    }
    shield(|| drop(output));
    engine.workers.ended(place, end);
}

/// Does what is due for the simulated workers of a loop.
fn run_due(loop_id: u32) {
    context::of(loop_id, |engine| engine.workers.run_due(&engine.clock));
}

/// The output of a simulated job. Dropping this sends it: at the job's end, or with the loop, which
/// on a real one would wait for the job.
struct Output<T> {
    /// Takes the output, and then is gone.
    completer: Option<Completer<T>>,
    /// The output, once the job has run.
    result: Option<thread::Result<T>>,
}

impl<T> Drop for Output<T> {
    fn drop(&mut self) {
        if let (Some(completer), Some(result)) = (self.completer.take(), self.result.take()) {
            completer.complete(result.map_err(JoinError::Panicked));
        }
    }
}

/// What an observed loop wants to be told about a job. The observer is called on the loop's
/// thread alone, so the worker sends it messages: one when the job begins, since one that hangs
/// would send no other, and one when it ends.
#[derive(Clone, Copy)]
struct Note {
    /// The loop.
    loop_id: u32,
    /// What it calls the job.
    job: JobId,
}

impl Note {
    /// Notes that a job is queued, if anybody watches.
    fn queued(engine: &Engine, pool: PoolId, place: &'static Location<'static>) -> Option<Note> {
        let probe = &engine.probe;
        if !probe.is_on() {
            return None;
        }
        let job = engine.next_job();
        let by = probe.cause();
        probe.emit(|| Event::JobQueued { job, pool, by, place });
        Some(Note { loop_id: engine.inbox.loop_id, job })
    }

    /// Tells the loop that the job begins.
    fn started(self, worker: WorkerId) {
        let job = self.job;
        tell(self.loop_id, move |at| Event::JobStarted { job, worker, at });
    }

    /// Tells the loop that the job has ended.
    fn finished(self, worker: WorkerId, panicked: bool) {
        let job = self.job;
        tell(self.loop_id, move |at| Event::JobFinished { job, worker, at, panicked });
    }
}

/// What the workers of a pool tell a loop, if anybody watches it: when they begin and end. They do
/// so by messages, in the order in which it happens: a worker's beginning comes before its jobs,
/// and its end after them. The times are the worker's own. What is told after the loop's end, as by
/// a worker that goes home because the loop is dropped, comes too late and is lost.
///
/// A simulated loop is told nothing: its clock knows nothing of real threads.
fn watch(engine: &Engine, pool: PoolId, max_workers: usize) -> Option<Watch> {
    let (loop_id, max_workers) = (engine.inbox.loop_id, told(max_workers));
    let is_watched = engine.probe.is_on() && !engine.clock.is_virtual();
    is_watched.then(|| -> Watch {
        Box::new(move |worker, shift| {
            let thread = this_thread();
            tell(loop_id, move |at| match shift {
                Shift::Begins => Event::WorkerStarted { worker, pool, thread, max_workers, at },
                Shift::Ends => Event::WorkerStopped { worker, pool, at },
            });
        })
    })
}

/// Tells those who watch a loop what a worker does now, by a message: when that is read or, if the
/// loop ends before, when it is dropped. Messages of a thread are read in order, so a job whose
/// output was taken has its beginning and its end told, always: they were there before the output.
fn tell(loop_id: u32, event: impl FnOnce(Duration) -> Event<'static> + Send + 'static) {
    let now = Clock::read();
    let emit = move |engine: &Engine| {
        let at = engine.probe.age_at(now);
        engine.probe.emit(|| event(at));
    };
    let unread = Unread { loop_id, emit: Some(emit) };
    if let Some(inbox) = context::inbox(loop_id) {
        // A loop that closed in the meantime needs to be told nothing.
        let _ = inbox.send(Message::Run(Box::new(move || drop(unread))));
    }
}

/// An event in the mail. Dropping this on the loop's thread tells it.
struct Unread<F: FnOnce(&Engine)> {
    /// The loop.
    loop_id: u32,
    /// Tells it, once.
    emit: Option<F>,
}

impl<F: FnOnce(&Engine)> Drop for Unread<F> {
    fn drop(&mut self) {
        if let Some(emit) = self.emit.take() {
            context::of(self.loop_id, emit);
        }
    }
}
