//! What cannot be seen from outside: jobs of which no end is ever told. All else is in
//! `tests/past.rs`.

use std::panic::Location;
use std::time::Duration;

use super::{Block, Event, JobId, OLDER_JOBS, Past, PoolId, WorkerId};
use crate::observe::event::Cause;

/// An event of a job.
fn queued(job: u32, pool: u32) -> Event<'static> {
    let place = Location::caller();
    Event::JobQueued { job: JobId(job), pool: PoolId(pool), by: Cause::Program, place }
}

/// The beginning of a job.
fn started(job: u32) -> Event<'static> {
    Event::JobStarted { job: JobId(job), worker: WorkerId(0), at: Duration::ZERO }
}

/// The end of a job.
fn finished(job: u32) -> Event<'static> {
    let (worker, at) = (WorkerId(0), Duration::ZERO);
    Event::JobFinished { job: JobId(job), worker, at, panicked: false }
}

/// The past after these events.
fn past(events: impl Iterator<Item = Event<'static>>) -> Past {
    let mut past = Past::default();
    let mut block = Block::default();
    events.for_each(|event| block.push(Duration::ZERO, &event));
    past.fold(&block);
    past
}

#[test]
fn jobs_that_are_aborted_before_they_begin_are_not_kept_for_ever() {
    // Of each pair the first is aborted, of which nothing is told.
    let pairs = (0..5_000).flat_map(|pair| {
        let done = 2 * pair + 2;
        [queued(2 * pair + 1, 0), queued(done, 0), started(done), finished(done)]
    });
    let past = past(pairs);
    assert_eq!(past.dropped(), 20_000);
    assert!((OLDER_JOBS..=OLDER_JOBS + 1).contains(&past.tell().len()));
}

#[test]
fn jobs_that_wait_are_kept_and_so_are_those_of_other_pools() {
    let waiting = (1..=2_000).map(|job| queued(job, 7));
    let others = (2_001..=2_600).flat_map(|job| [queued(job, 0), started(job), finished(job)]);
    assert_eq!(past(waiting.chain(others)).tell().len(), 2_000);
}

#[test]
fn a_job_that_hangs_is_kept_however_many_come_after_it() {
    let hangs = [queued(1, 0), started(1)];
    let others = (2..=2_000).flat_map(|job| [queued(job, 0), started(job), finished(job)]);
    let told = past(hangs.into_iter().chain(others)).tell();
    let told: Vec<_> = told.iter().map(|(_, event, _)| event).collect();
    assert!(
        matches!(told[..], [Event::JobQueued { .. }, began] if began == started(1)),
        "{told:?}"
    );
}
