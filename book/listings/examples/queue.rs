//! One task makes work three times as fast as another does it. Between them is a queue.
//!
//! Run with: `cargo run --example queue -- unbounded`, or `bounded`

use std::time::Duration;

use boucle::sync::mpsc;
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};

fn main() {
    let places = match std::env::args().nth(1).as_deref() {
        Some("unbounded") => usize::MAX,
        Some("bounded") => 2,
        _ => panic!("which queue? Say unbounded or bounded"),
    };
    boucle::block_on(async {
        let began = Instant::now();
        let (tx, mut rx) = mpsc::channel(places);
        spawn_named("maker", async move {
            for number in 1..=20 {
                sleep(Duration::from_millis(10)).await;
                tx.send((number, Instant::now())).await.expect("somebody receives");
            }
            println!("all is made after {} ms", began.elapsed().as_millis());
        });
        let worker = spawn_named("worker", async move {
            while let Some((number, made)) = rx.recv().await {
                let age = made.elapsed().as_millis();
                sleep(Duration::from_millis(30)).await;
                if number % 5 == 0 {
                    println!("piece {number} had waited {age} ms");
                }
            }
        });
        worker.await.expect("no panic");
        println!("all is done after {} ms", began.elapsed().as_millis());
    });
}
