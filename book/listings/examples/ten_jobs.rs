//! Ten jobs that block for a second each, given to a pool: awaited one by one (X20), or given
//! first and awaited then (X21).
//!
//! Run with: `cargo run --example ten_jobs one_by_one`; a number joins them on so many threads

use std::env;
use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::time::{Instant, block_for};

/// Something that no `await` can interrupt: compressing, hashing, a driver that blocks.
fn work(number: u32) -> u32 {
    block_for(Duration::from_secs(1));
    number * number
}

/// The trap: the pool has ten threads, and one job at a time.
async fn one_by_one(pool: &BlockingPool) -> u32 {
    let mut sum = 0;
    for number in 1..=10 {
        sum += pool.spawn(move || work(number)).await.expect("no job panics");
    }
    sum
}

/// All jobs are given before the first is awaited.
async fn joined(pool: &BlockingPool) -> u32 {
    let jobs: Vec<_> = (1..=10).map(|number| pool.spawn(move || work(number))).collect();
    let mut sum = 0;
    for job in jobs {
        sum += job.await.expect("no job panics");
    }
    sum
}

fn main() {
    let how = env::args().nth(1).unwrap_or("one_by_one".into());
    boucle::block_on(async {
        let began = Instant::now();
        let sum = match how.as_str() {
            "one_by_one" => one_by_one(&BlockingPool::new(10)).await,
            threads => joined(&BlockingPool::new(threads.parse().expect("a number"))).await,
        };
        println!("{sum}, after {} s", began.elapsed().as_secs());
    });
}
