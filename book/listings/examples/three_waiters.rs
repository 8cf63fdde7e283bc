//! Three waiters: threads that stand and wait, each at its own table (X22).
//!
//! Run with: `cargo run --example three_waiters`

use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::time::{Instant, block_for};

/// The pages that we want, and how long a server far away takes to send each.
const PAGES: [(&str, u64); 9] = [
    ("news", 300),
    ("mail", 200),
    ("maps", 100),
    ("music", 250),
    ("photos", 150),
    ("weather", 200),
    ("trains", 300),
    ("films", 100),
    ("books", 200),
];

/// Asks for a page, and holds the thread until it has come.
fn fetch(page: &str, millis: u64) -> String {
    block_for(Duration::from_millis(millis));
    format!("<h1>{page}</h1>")
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let waiters = BlockingPool::new(3);
        let pages = PAGES.map(|(page, millis)| waiters.spawn(move || fetch(page, millis)));
        for page in pages {
            println!("{}", page.await.expect("no request panics"));
        }
        println!("all nine after {} ms", began.elapsed().as_millis());
    });
}
