//! X15: the five of X14 on a pool of one thread, two, and five. One thread is a queue: the sum. With
//! each further thread the total falls, down to the longest function.

use boucle::spawn_blocking;
use boucle::time::block_for;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// How long each of them blocks its thread, in milliseconds.
const TAKES: [u64; 5] = [740, 1_230, 460, 950, 310];

async fn five_jobs() {
    let mut jobs = Vec::new();
    for takes in TAKES {
        jobs.push(spawn_blocking(move || block_for(Duration::from_millis(takes))));
    }
    for job in jobs {
        job.await.unwrap();
    }
}

#[test]
fn a_pool_of_one_is_a_queue() {
    let trace = Stage::new("x15_pool_of_1").workers(1).play(five_jobs());
    assert_eq!(trace.took(), ms(TAKES.iter().sum()));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (1, 1));
}

#[test]
fn a_pool_of_two_takes_the_longer_of_two_queues() {
    let trace = Stage::new("x15_pool_of_2").workers(2).play(five_jobs());
    // 740 and 460 and 950 on the one, 1,230 and 310 on the other.
    assert_eq!(trace.took(), ms(740 + 460 + 950));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (2, 2));
}

#[test]
fn a_pool_of_five_takes_the_longest() {
    let trace = Stage::new("x15_pool_of_5").workers(5).play(five_jobs());
    assert_eq!(trace.took(), ms(1_230));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (5, 5));
}
