//! X13: the loop of X12 over handles. Spawning started all five, so while the first is awaited the
//! others go on.

use boucle::task::spawn_named;
use boucle::time::sleep;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// How long each of them takes, in milliseconds.
const WAITS: [u64; 5] = [570, 420, 220, 340, 460];

async fn spawned_first() {
    let mut handles = Vec::new();
    for (wait, number) in WAITS.into_iter().zip(1..) {
        let fetch = async move { sleep(Duration::from_millis(wait)).await };
        handles.push(spawn_named(format!("fetch {number}"), fetch));
    }
    for handle in handles {
        handle.await.unwrap();
    }
}

#[test]
fn tasks_that_were_spawned_first_overlap_though_they_are_awaited_one_by_one() {
    let trace = Stage::new("x13_spawned_first").play(spawned_first());
    assert_eq!(trace.took(), ms(570));
    assert_eq!(trace.timers_at_once(), 5);
    // The first handle is the longest to wait for; the other four are there by then.
    assert_eq!(trace.polls_of("block_on"), 2);
}
