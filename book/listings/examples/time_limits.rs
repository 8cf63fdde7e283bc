//! What `timeout` can end, and what it cannot.
//!
//! Run with: `cargo run --example time_limits`

use std::future::ready;
use std::time::Duration;

use boucle::time::{Elapsed, Instant, block_for, sleep, timeout};

/// Waits for 50 ms.
async fn waits() -> &'static str {
    sleep(Duration::from_millis(50)).await;
    "done"
}

/// Computes for 50 ms, and has no `.await` at which it could be told to stop.
async fn computes() -> &'static str {
    block_for(Duration::from_millis(50));
    "done"
}

/// Tries a future under a limit, and prints what came of it and when.
async fn attempt(what: &str, limit: u64, future: impl Future) {
    let began = Instant::now();
    let outcome = match timeout(Duration::from_millis(limit), future).await {
        Ok(_) => "done",
        Err(Elapsed { .. }) => "cut off",
    };
    let took = began.elapsed().as_millis();
    println!("{what:9} limit {limit:2} ms: {outcome} after {took} ms");
}

fn main() {
    boucle::block_on(async {
        attempt("waits,", 80, waits()).await;
        attempt("waits,", 20, waits()).await;
        attempt("computes,", 20, computes()).await;
        attempt("is ready,", 0, ready(())).await;
    });
}
