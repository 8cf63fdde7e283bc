//! X21: the ten jobs of X20, all given away before the first is awaited. Predict, before you look:
//! ten workers take a second. How long do nine take? And five?

use boucle::spawn_blocking;
use boucle::time::block_for;
use std::time::Duration;

use crate::stage::{Stage, ms};

async fn joined() {
    let mut jobs = Vec::new();
    for _ in 0..10 {
        jobs.push(spawn_blocking(|| block_for(Duration::from_secs(1))));
    }
    for job in jobs {
        job.await.unwrap();
    }
}

#[test]
fn ten_workers_take_a_second() {
    let trace = Stage::new("x21_pool_of_10").workers(10).play(joined());
    assert_eq!(trace.took(), ms(1_000));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (10, 10));
}

#[test]
fn nine_workers_take_two_since_the_tenth_job_waits_for_one_of_them() {
    let trace = Stage::new("x21_pool_of_9").workers(9).play(joined());
    assert_eq!(trace.took(), ms(2_000));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (9, 9));
}

#[test]
fn five_workers_take_two_as_well() {
    let trace = Stage::new("x21_pool_of_5").workers(5).play(joined());
    assert_eq!(trace.took(), ms(2_000));
    assert_eq!((trace.workers(), trace.jobs_at_once()), (5, 5));
}
