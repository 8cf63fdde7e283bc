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

use crate::blocking::pool::{Job, Pool, Rejected};
use crate::blocking::simulated::Place;
use crate::clock::Clock;
use crate::clock::Instant;
use crate::engine::{Engine, context};
use crate::observe::event::{Event, JobId, PoolId, WorkerId};
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
            return simulate(engine, PoolId(0), engine.config.max_blocking_threads, work, place);
        }
        submit(Some(engine), engine.pool(), work, place)
    })
}

/// A pool of threads for blocking work, beside the one that each loop has: for work that must not
/// take the place of other work, or of which only so much may be done at once.
///
/// Threads are started on demand and leave after 10 seconds without work. Dropping the pool drops
/// the work that has not begun and leaves the rest to end by itself.
///
/// ```
/// let pool = boucle::blocking::BlockingPool::new(2);
/// let work = pool.spawn(|| 6 * 7);
/// assert_eq!(boucle::block_on(work).unwrap(), 42);
/// ```
pub struct BlockingPool {
    /// Its number in the process; 0 is for the pools that loops have.
    id: PoolId,
    /// How many threads it may have.
    max_workers: usize,
    /// Its threads.
    pool: Pool,
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
        assert!(max_workers > 0, "a pool without threads does nothing: allow at least 1");
        static POOLS: AtomicU32 = AtomicU32::new(1);
        let id = PoolId(POOLS.fetch_add(1, Ordering::Relaxed));
        BlockingPool { id, max_workers, pool: Pool::new(max_workers, KEEP_ALIVE) }
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
            _ => submit(engine, &self.pool, work, place),
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
    pool: &Pool,
    work: F,
    place: &'static Location<'static>,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (completer, handle) = JoinHandle::remote();
    let note = engine.and_then(|engine| Note::queued(engine, PoolId(0), place));
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

/// Gives `work` to a worker of a simulated loop, who is a task that runs it and sleeps until its end.
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
    let (completer, handle) = JoinHandle::remote();
    let note = Note::queued(engine, pool, place);
    let (turn, _begun) = engine.simulated.submit(pool, max_workers, engine.clock.now());
    let job = note.map_or_else(|| engine.next_job(), |note| note.job);
    let task = async move {
        // The line ends with the loop, and so does this task.
        let Ok(Place { worker, start }) = turn.await else { return };
        // A job of a job begins when that has come so far.
        sleep_until(start).await;
        let mut done = Done(Some(completer), None);
        let end = context::current(|engine| {
            let end = engine.clock.run_on_worker(start, || done.run(work));
            engine.simulated.ran(pool, worker, end);
            end
        });
        sleep_until(end).await;
        if let (Some(note), Some(result)) = (note, &done.1) {
            note.tell(worker, start, end, result.is_err());
        }
        context::current(|engine| engine.simulated.assign(pool, end));
        drop(done);
    };
    // Nobody can abort it: as on a thread, a job that has begun goes on.
    drop(spawn_at(task, Some(job.to_string().into()), place));
    handle
}

/// The output of a simulated job, which is sent when this is dropped: at the job's end, or with the
/// loop, which on a real one would wait for it.
struct Done<T>(Option<Completer<T>>, Option<Result<T, JoinError>>);

impl<T> Done<T> {
    /// Runs the job, unless its handle has aborted it.
    fn run(&mut self, work: impl FnOnce() -> T) {
        if self.0.as_ref().is_some_and(|completer| !completer.is_aborted()) {
            let result = catch_unwind(AssertUnwindSafe(work));
            self.1 = Some(result.map_err(JoinError::Panicked));
        }
    }
}

impl<T> Drop for Done<T> {
    fn drop(&mut self) {
        if let (Some(completer), Some(result)) = (self.0.take(), self.1.take()) {
            completer.complete(result);
        }
    }
}

/// What an observed loop wants to be told about a job. The observer is called on the loop's
/// thread alone, so the job carries its times back.
#[derive(Clone, Copy)]
struct Note {
    loop_id: u32,
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
            let at = engine.probe.age_at(started);
            engine.probe.emit(|| Event::JobStarted { job, worker, at });
            let at = engine.probe.age_at(finished);
            engine.probe.emit(|| Event::JobFinished { job, worker, at, panicked });
        });
    }
}
