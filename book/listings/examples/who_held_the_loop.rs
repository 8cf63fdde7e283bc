//! Who held the loop? Somebody computes for 250 ms, and everybody else is late (X24).
//!
//! Run with: `BOUCLE_DEBUG=1 cargo run --example who_held_the_loop`; with `pieces` it computes in
//! pieces and yields in between, with `yields` by the loop's own `yield_now`

use std::env;
use std::time::Duration;

use boucle::task::{self, spawn_named};
use boucle::time::{block_for, interval, sleep};
use futures_lite::future;

/// Wants to be called every 50 ms, as the heart of a game or the ping of a connection does.
async fn heartbeat() {
    let mut beats = interval(Duration::from_millis(50));
    for _ in 0..8 {
        let due = beats.tick().await;
        println!("beat, {} ms late", due.elapsed().as_millis());
    }
}

/// Answers a guest, and makes a report between two answers.
async fn reports(way: String) {
    sleep(Duration::from_millis(75)).await;
    if way.is_empty() {
        summarize();
    } else {
        for _ in 0..25 {
            summarize_a_piece();
            match way.as_str() {
                "pieces" => future::yield_now().await,
                _ => task::yield_now().await,
            }
        }
    }
    sleep(Duration::from_millis(75)).await;
}

/// An innocent function, in another file perhaps. Nothing in its name says that it takes long.
fn summarize() {
    block_for(Duration::from_millis(250));
}

/// A 25th of it.
fn summarize_a_piece() {
    block_for(Duration::from_millis(10));
}

fn main() {
    let way = env::args().nth(1).unwrap_or_default();
    boucle::block_on(async {
        let reports = spawn_named("reports", reports(way));
        spawn_named("heartbeat", heartbeat()).await.expect("the heart does not panic");
        reports.await.expect("the reports do not panic");
    });
}
