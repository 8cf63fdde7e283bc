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
//! 1. Jobs get workers in the order of submission, each the one who is free first; of several, the
//!    one who began first. A new worker begins while there may be one and all others are busy.
//! 2. A job starts as soon as both it and its worker are there, even if the loop was kept busy then
//!    and comes to see it only later: threads do not wait for the loop.
//! 3. When a job ends is known as soon as its closure has run. What has ended by now is told in
//!    order, and only then are its workers given other jobs. Whoever deals with a pool does that
//!    first ([`Pools::finished`], then [`Pools::assign`]).
//!
//! Cost: a look at each worker of the pool for a job. Workers stay until their loop is dropped.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::clock::Instant;
use crate::observe::event::{JobId, PoolId, WorkerId};
use crate::sync::oneshot;

/// The pools of one simulated loop.
#[derive(Default)]
pub(crate) struct Pools {
    /// For the loop's own, then for each that it came to use, its number in the process and its
    /// workers.
    pools: RefCell<Vec<(PoolId, Workers)>>,
}

/// The workers of one pool.
#[derive(Default)]
struct Workers {
    /// What each is doing.
    workers: Vec<Worker>,
    /// Jobs that wait for a worker, oldest first: when they were submitted, and who is to be told.
    queue: VecDeque<(Instant, oneshot::Sender<Place>)>,
}

/// What a worker is doing.
enum Worker {
    /// Nothing, since then.
    Free(Instant),
    /// It was given a job, whose closure has not run.
    Taken,
    /// The closure of its job has run, and it is busy until the end of this.
    Busy(Ran),
}

/// Where and when a job runs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Its worker.
    pub(crate) worker: WorkerId,
    /// Its start.
    pub(crate) start: Instant,
}

/// What a worker did.
#[derive(Clone, Copy)]
pub(crate) struct Ran {
    /// Where and when.
    pub(crate) place: Place,
    /// Until when.
    pub(crate) end: Instant,
    /// The job.
    pub(crate) job: JobId,
    /// Whether the job panicked; `None` if it had been aborted, and did not run at all.
    pub(crate) panicked: Option<bool>,
}

impl Pools {
    /// The number of a pool in this loop, which other loops of the process do not change.
    pub(crate) fn number(&self, pool: PoolId) -> PoolId {
        let mut pools = self.pools.borrow_mut();
        if pools.is_empty() {
            pools.push((PoolId(0), Workers::default()));
        }
        let known = pools.iter().position(|&(number, _)| number == pool);
        let number = known.unwrap_or_else(|| {
            pools.push((pool, Workers::default()));
            pools.len() - 1
        });
        PoolId(number as u32)
    }

    /// Puts a job into the queue of a pool that may have `max_workers`; the receiver will get its
    /// place. Also returns the worker that begins for it, if one does.
    pub(crate) fn submit(
        &self,
        pool: PoolId,
        max_workers: usize,
        now: Instant,
    ) -> (oneshot::Receiver<Place>, Option<WorkerId>) {
        let (sender, receiver) = oneshot::channel();
        let begun = self.with(pool, |pool| {
            pool.queue.push_back((now, sender));
            let index = pool.workers.len();
            let begins = pool.first_free(now).is_none() && index < max_workers;
            begins.then(|| {
                pool.workers.push(Worker::Free(now));
                WorkerId(index as u32)
            })
        });
        (receiver, begun)
    }

    /// The closure of a job has run.
    pub(crate) fn ran(&self, pool: PoolId, ran: Ran) {
        let index = ran.place.worker.0 as usize;
        self.with(pool, |pool| pool.workers[index] = Worker::Busy(ran));
    }

    /// Frees the workers whose jobs have ended by now; returns what they did, in the order in which
    /// they ended.
    pub(crate) fn finished(&self, pool: PoolId, now: Instant) -> Vec<Ran> {
        let mut done = self.with(pool, |pool| {
            let workers = pool.workers.iter_mut();
            workers.filter_map(|worker| worker.finish(now)).collect::<Vec<_>>()
        });
        done.sort_by_key(|ran| ran.end);
        done
    }

    /// Gives those who are free by now to jobs that wait.
    pub(crate) fn assign(&self, pool: PoolId, now: Instant) {
        // A job is told, which wakes it, with no borrow held.
        while let Some((job, place)) = self.with(pool, |pool| pool.assign(now)) {
            let _ = job.send(place);
        }
    }

    /// Changes something about a pool, by its number in this loop.
    fn with<R>(&self, pool: PoolId, change: impl FnOnce(&mut Workers) -> R) -> R {
        change(&mut self.pools.borrow_mut()[pool.0 as usize].1)
    }
}

impl Workers {
    /// Takes the next job out of the queue, if there is a worker for it.
    fn assign(&mut self, now: Instant) -> Option<(oneshot::Sender<Place>, Place)> {
        let (start, index) = self.first_free(now)?;
        let (_, job) = self.queue.pop_front()?;
        self.workers[index] = Worker::Taken;
        Some((job, Place { worker: WorkerId(index as u32), start }))
    }

    /// When the first job of the queue can start on one who is free by now, and on whom.
    fn first_free(&self, now: Instant) -> Option<(Instant, usize)> {
        let &(submitted, _) = self.queue.front()?;
        let workers = self.workers.iter().enumerate();
        let free = workers.filter_map(|(index, worker)| match *worker {
            // A job of a job may be submitted when it is not yet that late for the loop.
            Worker::Free(since) if since <= now.max(submitted) => {
                Some((since.max(submitted), index))
            }
            _ => None,
        });
        free.min()
    }
}

impl Worker {
    /// Makes it free if its job has ended by now; returns what it did.
    fn finish(&mut self, now: Instant) -> Option<Ran> {
        match *self {
            Worker::Busy(ran) if ran.end <= now => {
                *self = Worker::Free(ran.end);
                Some(ran)
            }
            _ => None,
        }
    }
}
