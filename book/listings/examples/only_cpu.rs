//! Five tasks that compute and never wait: one thread is one cook, however many orders there are.
//!
//! Run with: `cargo run --example only_cpu`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, block_for};

/// The pictures that we want to shrink, and how long the processor is busy with each.
const PICTURES: [(&str, u64); 5] =
    [("news", 570), ("mail", 420), ("maps", 220), ("music", 340), ("photos", 460)];

/// Shrinks a picture: the thread computes all the time. (`block_for` stands for code that takes
/// so long, on a virtual clock too.)
async fn shrink(picture: &str, millis: u64) {
    block_for(Duration::from_millis(millis));
    println!("{picture} after {millis} ms");
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let tasks = PICTURES.map(|(picture, millis)| spawn_named(picture, shrink(picture, millis)));
        for task in tasks {
            task.await.expect("no picture panics");
        }
        println!("all five after {} ms", began.elapsed().as_millis());
    });
}
