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
//! 3. When a job ends is known as soon as its closure has run. Until then its worker is nobody's.
//!
//! Cost: a look at each worker of the pool for a job. Workers stay until their loop is dropped.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::clock::Instant;
use crate::observe::event::{PoolId, WorkerId};
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
    /// For each worker, from when on it is free; `None` while its job has not run.
    free: Vec<Option<Instant>>,
    /// Jobs that wait for a worker, oldest first: when they were submitted, and who is to be told.
    queue: VecDeque<(Instant, oneshot::Sender<Place>)>,
}

/// Where and when a job runs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Its worker.
    pub(crate) worker: WorkerId,
    /// Its start.
    pub(crate) start: Instant,
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

    /// Changes something about a pool, by its number in this loop.
    fn with<R>(&self, pool: PoolId, change: impl FnOnce(&mut Workers) -> R) -> R {
        change(&mut self.pools.borrow_mut()[pool.0 as usize].1)
    }

    /// Puts a job into the queue of a pool that may have `max_workers`; the receiver will get its
    /// place. Also returns the worker that began for it, if one did.
    pub(crate) fn submit(
        &self,
        pool: PoolId,
        max_workers: usize,
        now: Instant,
    ) -> (oneshot::Receiver<Place>, Option<WorkerId>) {
        let (sender, receiver) = oneshot::channel();
        let begun = self.with(pool, |workers| {
            workers.queue.push_back((now, sender));
            let index = workers.free.len();
            let begins = workers.first_free(now).is_none() && index < max_workers;
            begins.then(|| {
                workers.free.push(Some(now));
                WorkerId(index as u32)
            })
        });
        self.assign(pool, now);
        (receiver, begun)
    }

    /// The closure of a job has run: its worker will be free from `end` on.
    pub(crate) fn ran(&self, pool: PoolId, worker: WorkerId, end: Instant) {
        self.with(pool, |workers| workers.free[worker.0 as usize] = Some(end));
    }

    /// Gives those who are free by now to jobs that wait.
    pub(crate) fn assign(&self, pool: PoolId, now: Instant) {
        // A job is told, which wakes it, with no borrow held.
        while let Some((job, place)) = self.with(pool, |workers| workers.assign_one(now)) {
            let _ = job.send(place);
        }
    }
}

impl Workers {
    /// Takes the next job out of the queue, if there is a worker for it.
    fn assign_one(&mut self, now: Instant) -> Option<(oneshot::Sender<Place>, Place)> {
        let index = self.first_free(now)?;
        let (submitted, job) = self.queue.pop_front()?;
        let since = self.free[index].take()?;
        let place = Place { worker: WorkerId(index as u32), start: since.max(submitted) };
        Some((job, place))
    }

    /// Who of those who are free at `now` could start the first job of the queue first.
    fn first_free(&self, now: Instant) -> Option<usize> {
        let &(submitted, _) = self.queue.front()?;
        let free = self.free.iter().enumerate();
        let free = free.filter_map(|(index, since)| since.map(|since| (index, since)));
        free.filter(|&(_, since)| since <= now)
            .min_by_key(|&(index, since)| (since.max(submitted), index))
            .map(|(index, _)| index)
    }
}
