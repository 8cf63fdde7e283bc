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
use std::time::Duration;

use crate::blocking::pool::{Job, Pool, Rejected, Shift, Watch};
use crate::blocking::simulated::{Place, Ran};
use crate::clock::{Clock, Instant};
use crate::config::told;
use crate::engine::{Engine, context};
use crate::observe::event::{Event, JobId, PoolId, ThreadId, WorkerId};
use crate::shim::this_thread;
use crate::task::{Completer, JoinError, JoinHandle, spawn_at};
use crate::time::sleep_until;

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
    // The clock is read only for those who watch.
    let started = note.map(|_| Clock::read());
    let result = catch_unwind(AssertUnwindSafe(work));
    if let (Some(note), Some(started)) = (note, started) {
        note.tell(worker, started, Clock::read(), result.is_err());
    }
    completer.complete(result.map_err(JoinError::Panicked));
}

/// Gives `work` to a worker of a simulated loop: a task that runs it, and sleeps until its end.
#[track_caller]
fn simulate<F, T>(
    engine: &Engine,
    pool: PoolId,
    max_workers: usize,
    work: F,
    place: &'static Location<'static>,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    let (pool, now) = (engine.simulated.number(pool), engine.clock.now());
    let note = Note::queued(engine, pool, place);
    let (completer, handle) = JoinHandle::remote(note.map(|note| (note.loop_id, note.job)));
    let job = note.map_or_else(|| engine.next_job(), |note| note.job);
    settle(engine, pool);
    let (turn, begun) = engine.simulated.submit(pool, max_workers, now);
    if let Some(worker) = begun {
        // It is no thread of its own but this one, whose number is 0 for itself.
        let (thread, max_workers, at) = (ThreadId(0), told(max_workers), engine.probe.age_at(now));
        engine.probe.emit(|| Event::WorkerStarted { worker, pool, thread, max_workers, at });
    }
    settle(engine, pool);
    let task = async move {
        // The queue ends with the loop, and so does this task.
        let Ok(place) = turn.await else { return };
        // A job of a job begins when that has come so far.
        sleep_until(place.start).await;
        let mut output = Output { completer: Some(completer), result: None };
        let end = context::current(|engine| {
            let end = engine.clock.run_on_worker(place.start, || output.make(work));
            let panicked = output.result.as_ref().map(Result::is_err);
            engine.simulated.ran(pool, Ran { place, end, job, panicked });
            end
        });
        sleep_until(end).await;
        context::current(|engine| settle(engine, pool));
        drop(output);
    };
    // Nobody can abort it: as on a thread, a job that has begun goes on.
    drop(spawn_at(task, Some(job.to_string().into()), place));
    handle
}

/// Tells what the workers of a simulated pool have done by now, and gives them other jobs.
fn settle(engine: &Engine, pool: PoolId) {
    let now = engine.clock.present();
    for Ran { place: Place { worker, start }, end, job, panicked } in
        engine.simulated.finished(pool, now)
    {
        if let Some(panicked) = panicked {
            tell(engine, job, worker, start, end, panicked);
        }
    }
    engine.simulated.assign(pool, now);
}

/// The output of a simulated job. Dropping this sends it: at the job's end, or with the loop, which
/// on a real one would wait for the job.
struct Output<T> {
    /// Takes the output, and then is gone.
    completer: Option<Completer<T>>,
    /// The output, once the job has run.
    result: Option<Result<T, JoinError>>,
}

impl<T> Output<T> {
    /// Runs the job, unless its handle has aborted it.
    fn make(&mut self, work: impl FnOnce() -> T) {
        if self.completer.as_ref().is_some_and(|completer| !completer.is_aborted()) {
            let result = catch_unwind(AssertUnwindSafe(work));
            self.result = Some(result.map_err(JoinError::Panicked));
        }
    }
}

impl<T> Drop for Output<T> {
    fn drop(&mut self) {
        if let (Some(completer), Some(result)) = (self.completer.take(), self.result.take()) {
            completer.complete(result);
        }
    }
}

/// What an observed loop wants to be told about a job. The observer is called on the loop's
/// thread alone, so the job carries its times back.
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

    /// Tells the loop when the job ran.
    fn tell(self, worker: WorkerId, started: Instant, finished: Instant, panicked: bool) {
        let job = self.job;
        context::tell(self.loop_id, move |engine| {
            tell(engine, job, worker, started, finished, panicked);
        });
    }
}

/// Tells when a job ran.
fn tell(
    engine: &Engine,
    job: JobId,
    worker: WorkerId,
    started: Instant,
    finished: Instant,
    panicked: bool,
) {
    let at = engine.probe.age_at(started);
    engine.probe.emit(|| Event::JobStarted { job, worker, at });
    let at = engine.probe.age_at(finished);
    engine.probe.emit(|| Event::JobFinished { job, worker, at, panicked });
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
            let (now, thread) = (Clock::read(), this_thread());
            context::tell(loop_id, move |engine| {
                let at = engine.probe.age_at(now);
                engine.probe.emit(|| match shift {
                    Shift::Begins => Event::WorkerStarted { worker, pool, thread, max_workers, at },
                    Shift::Ends => Event::WorkerStopped { worker, pool, at },
                });
            });
        })
    })
}
