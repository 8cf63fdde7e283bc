//! Simulated workers: what a pool of threads is in a simulated loop.
//!
//! The idea: nobody works, only the books are kept. The closure of a job runs on the loop's thread,
//! at its start and in no time; what it says it takes (`time::block_for`) is its worker's time. The
//! worker is busy until then, the job ends then, and the loop and other workers go on meanwhile. So
//! jobs run in parallel on the virtual clock, and always in the same way.
//!
//! ```text
//!     pool of 2      submitted at 0: a (3 ms), b (1 ms), c (1 ms), d (2 ms)
//!
//!     worker 0       [ a         ]
//!     worker 1       [ b ][ c ][ d     ]
//!                    0    1    2    3    4 ms
//! ```
//!
//! 1. Jobs start in the order of submission, each on the first worker who is free. A new one begins
//!    while there may be one and all others are busy.
//! 2. All that happens to a pool, the submission, the start and the end of each job, stands in a
//!    *diary* by its time, and is done in that order when it is due: as a message that the loop
//!    reads, as if a thread had sent it. The loop sleeps no longer than until the next.
//! 3. A worker does not wait for a loop that is kept busy. What was due meanwhile is done late but
//!    in order, and the times are those at which threads would have done it.
//!
//! Cost: a look at each worker of the pool for a job. Workers stay until their loop is dropped.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::clock::{Clock, Instant};
use crate::observe::event::{PoolId, ThreadId, WorkerId};
use crate::shield::shield;

/// The start of a job, on the worker that gets it.
pub(crate) type Job = Box<dyn FnOnce(Place) + Send>;

/// The end of a job, or what a loop runs because of a message.
pub(crate) type Run = Box<dyn FnOnce() + Send>;

/// How a loop comes to [`Workers::run_due`]: a function, and the loop's number, which it is given.
pub(crate) type Call = (fn(u32), u32);

/// The simulated workers of one loop.
#[derive(Default)]
pub(crate) struct Workers {
    /// For the loop's own pool, then for each that it came to use, the pool's number in the process,
    /// and its books.
    pools: RefCell<Vec<(PoolId, Books)>>,
    /// What happens when; second, in the order in which it was entered.
    diary: RefCell<BTreeMap<(Instant, u64), Entry>>,
    /// How much was ever entered into the diary.
    entered: Cell<u64>,
    /// How many workers there are in all pools.
    count: Cell<u32>,
    /// How the loop comes to do what is due, once there is something.
    call: Cell<Option<Call>>,
    /// The loop is being dropped: nothing begins any more.
    closed: Cell<bool>,
}

/// The books of one pool.
#[derive(Default)]
struct Books {
    /// For each worker, the thread that it would be, and whether it is free.
    workers: Vec<(ThreadId, bool)>,
    /// The jobs that wait for a worker, oldest first.
    queue: VecDeque<Job>,
}

/// What happens to a pool at some moment.
enum Entry {
    /// A pool that may have so many workers gets a job.
    Submission(PoolId, usize, Job),
    /// A worker starts a job.
    Start(Place, Job),
    /// A worker ends a job.
    End(Run),
}

/// Where and when a job runs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Its pool.
    pub(crate) pool: PoolId,
    /// Its worker.
    pub(crate) worker: WorkerId,
    /// The thread that the worker would be.
    pub(crate) thread: ThreadId,
    /// Whether the worker begins with this job.
    pub(crate) is_first: bool,
    /// The start of the job.
    pub(crate) start: Instant,
}

impl Workers {
    /// The number of a pool in this loop, which other loops of the process do not change.
    pub(crate) fn number(&self, pool: PoolId) -> PoolId {
        let mut pools = self.pools.borrow_mut();
        if pools.is_empty() {
            pools.push((PoolId(0), Books::default()));
        }
        let known = pools.iter().position(|&(number, _)| number == pool);
        let number = known.unwrap_or_else(|| {
            pools.push((pool, Books::default()));
            pools.len() - 1
        });
        PoolId(number as u32)
    }

    /// Gives a job to a pool that may have `max_workers`.
    pub(crate) fn submit(
        &self,
        pool: PoolId,
        max_workers: usize,
        now: Instant,
        call: Call,
        job: Job,
    ) {
        self.call.set(Some(call));
        self.enter(now, Entry::Submission(pool, max_workers, job));
    }

    /// The job that was started at `place` is going to end at `at`, and then `run` is called.
    pub(crate) fn end_at(&self, at: Instant, run: Run) {
        self.enter(at, Entry::End(run));
    }

    /// The worker at `place` has ended its job, and takes the next one.
    pub(crate) fn ended(&self, place: Place, now: Instant) {
        self.with(place.pool, |books| books.workers[place.worker.0 as usize].1 = true);
        self.start(Place { is_first: false, start: now, ..place });
    }

    /// Does what is due, and what comes to be due by that.
    pub(crate) fn run_due(&self, clock: &Clock) {
        while let Some((now, entry)) = self.next_due(clock) {
            match entry {
                Entry::Submission(pool, max_workers, job) => {
                    self.with(pool, |books| books.queue.push_back(job));
                    if let Some(place) = self.find(pool, max_workers, now) {
                        self.start(place);
                    }
                }
                // They catch what the user's code does; this is only to be safe.
                Entry::Start(place, job) => _ = shield(|| job(place)),
                Entry::End(run) => _ = shield(run),
            }
        }
    }

    /// A message to the loop, if something is due. It is done when that is read.
    pub(crate) fn message(&self, clock: &Clock) -> Option<Run> {
        let (call, loop_id) = self.call.get()?;
        let is_due = self.until_next(clock, None) == Some(Duration::ZERO);
        is_due.then(|| -> Run { Box::new(move || call(loop_id)) })
    }

    /// How long a loop may sleep that may sleep so long for other reasons.
    pub(crate) fn until_next(&self, clock: &Clock, sleep: Option<Duration>) -> Option<Duration> {
        let diary = self.diary.borrow();
        let next = diary.keys().next().map(|&(at, _)| at.duration_since(clock.present()));
        next.into_iter().chain(sleep).min()
    }

    /// Drops the jobs that have not begun, and the ends of those that have. None begins any more.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let mut queued = Vec::new();
        self.pools
            .borrow_mut()
            .iter_mut()
            .for_each(|(_, books)| queued.extend(books.queue.drain(..)));
        let diary = self.diary.take();
        // What they hold is the user's, so each is dropped by itself, with no borrow held.
        for job in queued {
            shield(|| drop(job));
        }
        for entry in diary.into_values() {
            shield(|| drop(entry));
        }
    }

    /// Enters something into the diary.
    fn enter(&self, at: Instant, entry: Entry) {
        if self.closed.get() {
            return;
        }
        let number = self.entered.replace(self.entered.get() + 1);
        self.diary.borrow_mut().insert((at, number), entry);
    }

    /// Takes what is due first out of the diary.
    fn next_due(&self, clock: &Clock) -> Option<(Instant, Entry)> {
        let mut diary = self.diary.borrow_mut();
        let next = diary.first_entry().filter(|next| next.key().0 <= clock.present())?;
        let ((now, _), entry) = next.remove_entry();
        Some((now, entry))
    }

    /// Changes something about a pool, by its number in this loop.
    fn with<R>(&self, pool: PoolId, change: impl FnOnce(&mut Books) -> R) -> R {
        change(&mut self.pools.borrow_mut()[pool.0 as usize].1)
    }

    /// Finds a worker for a job: the first who is free, or a new one.
    fn find(&self, pool: PoolId, max_workers: usize, start: Instant) -> Option<Place> {
        self.with(pool, |books| {
            let free = books.workers.iter().position(|&(_, is_free)| is_free);
            let index = free.unwrap_or(books.workers.len());
            if free.is_none() {
                if index >= max_workers {
                    return None;
                }
                self.count.set(self.count.get() + 1);
                books.workers.push((ThreadId(self.count.get()), true));
            }
            let (thread, worker) = (books.workers[index].0, WorkerId(index as u32));
            Some(Place { pool, worker, thread, is_first: free.is_none(), start })
        })
    }

    /// Gives a free worker the first job of the queue, if there is one.
    fn start(&self, place: Place) {
        let job = self.with(place.pool, |books| {
            let job = books.queue.pop_front();
            books.workers[place.worker.0 as usize].1 = job.is_none();
            job
        });
        if let Some(job) = job {
            self.enter(place.start, Entry::Start(place, job));
        }
    }
}
