//! What `timeout` can end, and what it cannot.
//!
//! Run with: `cargo run --example time_limits`

use std::fmt::Debug;
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
async fn attempt(what: &str, limit: u64, future: impl Future<Output: Debug>) {
    let began = Instant::now();
    let outcome: Result<_, Elapsed> = timeout(Duration::from_millis(limit), future).await;
    let outcome = if outcome.is_ok() { "done" } else { "cut off" };
    println!("{what:9} limit {limit:2} ms: {outcome} after {} ms", began.elapsed().as_millis());
}

fn main() {
    boucle::block_on(async {
        attempt("waits,", 80, waits()).await;
        attempt("waits,", 20, waits()).await;
        attempt("computes,", 20, computes()).await;
        attempt("is ready,", 0, ready(())).await;
    });
}
