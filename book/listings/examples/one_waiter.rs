//! One waiter: each request is awaited before the next is made (X10).
//!
//! Run with: `cargo run --example one_waiter`

use std::time::Duration;

use boucle::time::{Instant, sleep};

/// The pages that we want, and how long a server far away takes to send each.
const PAGES: [(&str, u64); 5] =
    [("news", 570), ("mail", 420), ("maps", 220), ("music", 340), ("photos", 460)];

/// Asks for a page. All that we do meanwhile is to wait.
async fn fetch(page: &str, millis: u64) {
    sleep(Duration::from_millis(millis)).await;
    println!("{page} after {millis} ms");
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        for (page, millis) in PAGES {
            fetch(page, millis).await;
        }
        println!("all five after {} ms", began.elapsed().as_millis());
    });
}
