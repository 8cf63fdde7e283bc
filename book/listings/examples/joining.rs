//! A page needs a row from the database and a reply from another server: at the same time?
//!
//! Run with: `cargo run --example joining -- in-turn`, or `one-task`, or `many-tasks`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};
use futures_lite::future;

/// What the database finds, after 300 ms.
async fn sql() -> &'static str {
    sleep(Duration::from_millis(300)).await;
    println!("  the row is there");
    "row"
}

/// What the other server says, after 200 ms.
async fn http() -> &'static str {
    sleep(Duration::from_millis(200)).await;
    println!("  the reply is there");
    "reply"
}

// ANCHOR: ways
/// One, then the other.
async fn in_turn() -> (&'static str, &'static str) {
    let row = sql().await;
    let reply = http().await;
    (row, reply)
}

/// Both, as parts of the task that asks.
async fn one_task() -> (&'static str, &'static str) {
    future::zip(sql(), http()).await
}

/// Both, each as a task of its own.
async fn many_tasks() -> (&'static str, &'static str) {
    let row = spawn_named("sql", sql());
    let reply = spawn_named("http", http());
    (row.await.expect("no panic"), reply.await.expect("no panic"))
}
// ANCHOR_END: ways

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let page = match std::env::args().nth(1).as_deref() {
            Some("in-turn") => in_turn().await,
            Some("one-task") => one_task().await,
            Some("many-tasks") => many_tasks().await,
            _ => panic!("which way? Say in-turn, one-task or many-tasks"),
        };
        println!("{page:?} after {} ms", began.elapsed().as_millis());
    });
}
