//! X20, a trap: ten jobs of a second, each given to the pool as it should be, but awaited before the
//! next one is. The loop is free meanwhile, and so are nine workers who never even begin: the sum.
//! Called in the task the ten take the same time, and stop the loop.

use boucle::spawn_blocking;
use boucle::time::block_for;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// A function that blocks its thread.
fn crunch() {
    block_for(Duration::from_secs(1));
}

async fn on_the_loop() {
    for _ in 0..10 {
        crunch();
    }
}

async fn awaited_one_by_one() {
    for _ in 0..10 {
        spawn_blocking(crunch).await.unwrap();
    }
}

#[test]
fn on_the_loop_they_take_the_sum_in_one_poll() {
    let trace = Stage::new("x20_on_the_loop").play(on_the_loop());
    assert_eq!(trace.took(), ms(10_000));
    assert_eq!(trace.longest_poll(), ("block_on".into(), ms(10_000)));
}

#[test]
fn offloaded_but_awaited_one_by_one_they_take_the_sum_on_a_single_worker() {
    let trace = Stage::new("x20_awaited_one_by_one").workers(10).play(awaited_one_by_one());
    assert_eq!(trace.took(), ms(10_000));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (1, 1));
    // The loop was free: it slept ten times, for a second each.
    assert_eq!(trace.longest_poll().1, ms(0));
    assert_eq!(trace.sleeps(), [ms(1_000); 10]);
}
