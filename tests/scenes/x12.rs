//! X12, a trap: five futures in a `Vec` look as if they had started. A future does nothing until it
//! is polled, and this loop polls the second only when the first is done.

use boucle::time::sleep;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// How long each of them takes, in milliseconds.
const WAITS: [u64; 5] = [570, 420, 220, 340, 460];

/// Asks for something far away. The wait begins when this is polled, not when it is called.
async fn fetch(wait: u64) {
    sleep(Duration::from_millis(wait)).await;
}

async fn collected() {
    let mut futures = Vec::new();
    for wait in WAITS {
        futures.push(fetch(wait));
    }
    for future in futures {
        future.await;
    }
}

#[test]
fn collected_futures_run_one_by_one_in_the_task_that_awaits_them() {
    let trace = Stage::new("x12_collected").play(collected());
    assert_eq!(trace.took(), ms(WAITS.iter().sum()));
    assert_eq!(trace.timers_at_once(), 1);
    // There is only one task: five futures are not five tasks.
    assert_eq!(trace.tasks(), ["block_on"]);
}
