//! X14: five functions that block. Called in a task they stop the loop, each for its time. Given to
//! the pool, each has a thread, and the loop awaits them like anything else.

use boucle::spawn_blocking;
use boucle::time::block_for;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// How long each of them blocks its thread, in milliseconds.
const TAKES: [u64; 5] = [740, 1_230, 460, 950, 310];

/// A function that knows nothing of loops.
fn crunch(takes: u64) {
    block_for(Duration::from_millis(takes));
}

async fn on_the_loop() {
    for takes in TAKES {
        crunch(takes);
    }
}

async fn offloaded() {
    let mut jobs = Vec::new();
    for takes in TAKES {
        jobs.push(spawn_blocking(move || crunch(takes)));
    }
    for job in jobs {
        job.await.unwrap();
    }
}

#[test]
fn on_the_loop_they_take_the_sum_in_one_poll() {
    let trace = Stage::new("x14_on_the_loop").play(on_the_loop());
    assert_eq!(trace.took(), ms(TAKES.iter().sum()));
    assert_eq!(trace.longest_poll(), ("block_on".into(), ms(TAKES.iter().sum())));
}

#[test]
fn offloaded_they_take_the_longest_and_no_poll_takes_time() {
    let trace = Stage::new("x14_offloaded").play(offloaded());
    assert_eq!(trace.took(), ms(1_230));
    assert_eq!(trace.longest_poll().1, ms(0));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (5, 5));
}
