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
use std::collections::{BTreeMap, VecDeque};

use crate::clock::Instant;
use crate::observe::event::{PoolId, WorkerId};
use crate::sync::oneshot;

/// The pools of one simulated loop.
#[derive(Default)]
pub(crate) struct Pools {
    /// Those that have had a job.
    pools: RefCell<BTreeMap<PoolId, Workers>>,
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
    /// Puts a job into the queue of a pool that may have `max_workers`; the receiver will get its
    /// place. Also returns the worker that began for it, if one did.
    pub(crate) fn submit(
        &self,
        pool: PoolId,
        max_workers: usize,
        now: Instant,
    ) -> (oneshot::Receiver<Place>, Option<WorkerId>) {
        let mut pools = self.pools.borrow_mut();
        let workers = pools.entry(pool).or_default();
        let (sender, receiver) = oneshot::channel();
        workers.queue.push_back((now, sender));
        let mut begun = None;
        if workers.first_free(now).is_none() && workers.free.len() < max_workers {
            begun = Some(WorkerId(workers.free.len() as u32));
            workers.free.push(Some(now));
        }
        drop(pools);
        self.assign(pool, now);
        (receiver, begun)
    }

    /// The closure of a job has run: its worker will be free from `end` on.
    pub(crate) fn ran(&self, pool: PoolId, worker: WorkerId, end: Instant) {
        if let Some(workers) = self.pools.borrow_mut().get_mut(&pool) {
            workers.free[worker.0 as usize] = Some(end);
        }
    }

    /// Gives those who are free by now to jobs that wait.
    pub(crate) fn assign(&self, pool: PoolId, now: Instant) {
        // A job is told, which wakes it, with no borrow held.
        while let Some((job, place)) = self.next(pool, now) {
            let _ = job.send(place);
        }
    }

    /// Takes the next job out of the queue, if there is a worker for it.
    fn next(&self, pool: PoolId, now: Instant) -> Option<(oneshot::Sender<Place>, Place)> {
        let mut pools = self.pools.borrow_mut();
        let workers = pools.get_mut(&pool)?;
        let &(submitted, _) = workers.queue.front()?;
        let index = workers.first_free(now.max(submitted))?;
        let since = workers.free[index].take()?;
        let (_, job) = workers.queue.pop_front()?;
        let place = Place { worker: WorkerId(index as u32), start: since.max(submitted) };
        Some((job, place))
    }
}

impl Workers {
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
