//! The trap mended: tasks are collected first, then awaited one after the other (X13).
//!
//! Run with: `cargo run --example spawned`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};

/// The pages that we want, and how long a server far away takes to send each.
const PAGES: [(&str, u64); 5] =
    [("news", 57), ("mail", 42), ("maps", 22), ("music", 34), ("photos", 46)];

/// Asks for a page, and waits for it.
async fn fetch(page: &str, millis: u64) {
    sleep(Duration::from_millis(millis)).await;
    println!("{page} after {millis} ms");
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let requests: Vec<_> =
            PAGES.map(|(page, millis)| spawn_named(page, fetch(page, millis))).into();
        for request in requests {
            request.await.expect("no request panics");
        }
        println!("all five after {} ms", began.elapsed().as_millis());
    });
}
