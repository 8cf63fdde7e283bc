//! X20, a trap: ten jobs of a second, each given to the pool as it should be, but awaited before the
//! next one is. The loop is free meanwhile, as the heart beats tell, but nine workers never begin:
//! the sum. Called in the task they take the same time, and the heart does not even begin to beat.

use boucle::spawn_blocking;
use boucle::task::spawn_named;
use boucle::time::{block_for, sleep};
use std::time::Duration;

use crate::stage::{Stage, ms};

/// A function that blocks its thread.
fn crunch() {
    block_for(Duration::from_secs(1));
}

/// Something else that the loop has to do.
async fn heart() {
    loop {
        sleep(Duration::from_millis(300)).await;
    }
}

async fn blocking() {
    spawn_named("heart", heart());
    for _ in 0..10 {
        crunch();
    }
}

async fn offloaded_but_awaited_at_once() {
    spawn_named("heart", heart());
    for _ in 0..10 {
        spawn_blocking(crunch).await.unwrap();
    }
}

#[test]
fn blocking_takes_the_sum_and_stops_everybody() {
    let trace = Stage::new("x20_blocking").play(blocking());
    assert_eq!(trace.took(), ms(10_000));
    assert_eq!(trace.longest_poll(), ("block_on".into(), ms(10_000)));
    assert_eq!((trace.polls_of("block_on"), trace.polls_of("heart")), (1, 0));
}

#[test]
fn offloaded_but_awaited_one_by_one_takes_the_sum_too() {
    let trace =
        Stage::new("x20_awaited_one_by_one").workers(10).play(offloaded_but_awaited_at_once());
    assert_eq!(trace.took(), ms(10_000));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (1, 1));
    // The loop was free: the heart beats 33 times before the end, and never late.
    assert_eq!(trace.longest_poll().1, ms(0));
    assert_eq!((trace.polls_of("heart"), trace.late()), (34, vec![]));
}
