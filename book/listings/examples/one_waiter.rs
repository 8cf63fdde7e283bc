//! Five customers and one waiter: each request is awaited before the next is made (X10).
//!
//! Run with: `cargo run --example one_waiter`

use std::time::Duration;

use boucle::time::{Instant, sleep};

/// Asks a server far away, which takes so many milliseconds to answer.
async fn fetch(page: &str, millis: u64) {
    sleep(Duration::from_millis(millis)).await;
    println!("  {page} has come");
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        for (page, millis) in
            [("news", 570), ("mail", 420), ("maps", 220), ("music", 340), ("photos", 460)]
        {
            fetch(page, millis).await;
        }
        println!("all after {} ms", began.elapsed().as_millis());
    });
}
