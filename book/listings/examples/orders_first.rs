//! One waiter who takes all orders before the first dish is served: five tasks (X13).
//!
//! Run with: `cargo run --example orders_first`

use std::time::Duration;

use boucle::task::spawn_named;
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
        let tasks = PAGES.map(|(page, millis)| spawn_named(page, fetch(page, millis)));
        for task in tasks {
            task.await.expect("no request panics");
        }
        println!("all five after {} ms", began.elapsed().as_millis());
    });
}
