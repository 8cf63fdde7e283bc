//! The queues of pools: how many jobs wait for a thread, over time.
//!
//! A job waits from when it was queued until a thread takes it. The loop is told of both the
//! beginning and the end of a job when it has ended; so of jobs whose end was not told, the
//! beginning is worked out: a pool takes jobs in order, so such a job has begun when a later one
//! began, and at the end the first of them have the threads that are free.
//!
//! Cost: a pass over the jobs of each pool, and a sort.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::{Job, Lanes, NOTICEABLE, QueueLane};
use crate::observe::event::PoolId;

/// The queues in which a job waited noticeably. `pools` tells how many threads each may have.
pub(super) fn queues(lanes: &Lanes, pools: &HashMap<PoolId, usize>) -> Vec<QueueLane> {
    let mut jobs: BTreeMap<u32, Vec<&Job>> = BTreeMap::new();
    for job in &lanes.jobs {
        jobs.entry(job.pool.0).or_default().push(job);
    }
    let mut queues = Vec::new();
    for jobs in jobs.into_values() {
        let pool = jobs[0].pool;
        let max = pools.get(&pool).copied().unwrap_or(usize::MAX);
        let begins = beginnings(&jobs, max, lanes.to);
        let waits: Vec<_> = jobs.iter().map(|job| job.queued.0).zip(begins).collect();
        if waits.iter().any(|(from, to)| to.saturating_sub(*from) >= NOTICEABLE) {
            queues.push(QueueLane { pool, steps: steps(&waits) });
        }
    }
    queues
}

/// When each job of a pool began; the end of all if it has not.
fn beginnings(jobs: &[&Job], max: usize, end: Duration) -> Vec<Duration> {
    let is_told = |job: &Job| job.started.is_some() && job.finished.is_some();
    // When each thread was done with all that is known of it, the earliest last.
    let mut done = HashMap::new();
    for job in jobs {
        if let (Some(worker), Some((at, _))) = (job.worker, job.finished) {
            let last = done.entry(worker).or_insert(at);
            *last = at.max(*last);
        }
    }
    let mut unused = max.saturating_sub(done.len());
    let mut free: Vec<_> = done.into_values().collect();
    free.sort_unstable_by(|one, other| other.cmp(one));
    let mut begins: Vec<_> = jobs
        .iter()
        .map(|job| {
            if is_told(job) {
                return end;
            }
            let at = if unused > 0 { Some(Duration::ZERO) } else { free.pop() };
            unused = unused.saturating_sub(1);
            at.unwrap_or(end)
        })
        .collect();
    let mut earliest = end;
    for (job, begin) in jobs.iter().zip(&mut begins).rev() {
        if let Some((started, _)) = job.started {
            *begin = started;
            earliest = earliest.min(started);
        }
        let latest = if job.started.is_some() { *begin } else { earliest.min(*begin) };
        *begin = latest.max(job.queued.0);
    }
    begins
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
