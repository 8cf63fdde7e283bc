//! Await is not a yield: awaiting what is ready gives nobody a turn.
//!
//! Run with: `cargo run --example ready_await`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{block_for, sleep};

/// Computes for two milliseconds, and has nothing to wait for.
async fn double(n: u32) -> u32 {
    block_for(Duration::from_millis(2));
    n * 2
}

/// Three awaits, and each finds its future ready.
async fn never_waits() {
    for n in 1..=3 {
        println!("never waits: {}", double(n).await);
    }
}

/// Three awaits, and each finds its future pending.
async fn waits() {
    for n in 1..=3 {
        sleep(Duration::from_millis(2)).await;
        println!("waits: {n}");
    }
}

fn main() {
    boucle::block_on(async {
        let tasks = [
            spawn_named("never waits", never_waits()),
            spawn_named("waits", waits()),
            spawn_named("other", async { println!("other: my turn") }),
        ];
        for task in tasks {
            task.await.expect("it does not panic");
        }
    });
}
