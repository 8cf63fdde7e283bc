//! The queues of pools: how many jobs wait for a thread, over time.
//!
//! A job waits from when it was queued until a thread takes it, or finds that it was aborted. Of the
//! latter nothing is told; but a pool takes jobs in order, so it has left the queue when a later one
//! began.
//!
//! Cost: a pass over the jobs of each pool, and a sort.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Job, Lanes, NOTICEABLE, QueueLane};

/// The queues in which a job waited noticeably.
pub(super) fn queues(lanes: &Lanes) -> Vec<QueueLane> {
    let mut jobs: BTreeMap<u32, Vec<&Job>> = BTreeMap::new();
    for job in &lanes.jobs {
        jobs.entry(job.pool.0).or_default().push(job);
    }
    let mut queues = Vec::new();
    for jobs in jobs.into_values() {
        // The clock is read by two threads.
        let wait = |job: &&Job| (job.queued.0, job.left.unwrap_or(lanes.to).max(job.queued.0));
        let waits: Vec<_> = jobs.iter().map(wait).collect();
        if waits.iter().any(|(from, to)| to.saturating_sub(*from) >= NOTICEABLE) {
            queues.push(QueueLane { pool: jobs[0].pool, steps: steps(&waits) });
        }
    }
    queues
}

/// How many wait, from the beginning and the end of each wait.
fn steps(waits: &[(Duration, Duration)]) -> Vec<(Duration, Duration, usize)> {
    let mut changes: BTreeMap<Duration, isize> = BTreeMap::new();
    for (from, to) in waits {
        *changes.entry(*from).or_default() += 1;
        *changes.entry(*to).or_default() -= 1;
    }
    let mut steps = Vec::new();
    let (mut before, mut count) = (Duration::ZERO, 0usize);
    for (at, change) in changes.into_iter().filter(|(_, change)| *change != 0) {
        if count > 0 {
            steps.push((before, at, count));
        }
        before = at;
        count = count.saturating_add_signed(change);
    }
    steps
}
