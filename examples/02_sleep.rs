//! Sleep: a task that waits does not hold the thread.
//!
//! Run with: `cargo run --release --example 02_sleep`

use std::time::Duration;

use boucle::TaskGroup;
use boucle::time::{Instant, interval, sleep, timeout};

fn main() {
    boucle::block_on(async {
        // 1. Ten thousand tasks sleep on one thread. `std::thread::sleep` would stop the loop and
        //    all of them; this one leaves a timer and gives the thread back.
        let started = Instant::now();
        let mut sleepers = TaskGroup::new();
        for _ in 0..10_000 {
            sleepers.spawn(sleep(Duration::from_millis(200)));
        }
        sleepers.join_all().await;
        let took = started.elapsed();
        println!("10,000 tasks slept 200 ms each, together in {} ms", took.as_millis());
        assert!(took >= Duration::from_millis(200), "a sleep is never too short");
        assert!(took < Duration::from_secs(20), "the sleeps overlap");

        // 2. A time limit is a race between a future and a sleep. Who loses is dropped, and that
        //    is how everything is cancelled here.
        let long = sleep(Duration::from_secs(3600));
        let result = timeout(Duration::from_millis(50), long).await;
        println!("an hour within 50 ms: {}", result.as_ref().unwrap_err());
        assert!(result.is_err());

        // 3. An interval aims at moments, not at pauses: the 10 ms of work between two beats do
        //    not make the next one late. The first beat comes at once.
        let started = Instant::now();
        let mut beat = interval(Duration::from_millis(50));
        for number in 1..=4 {
            beat.tick().await;
            println!("beat {number} after {} ms", started.elapsed().as_millis());
            sleep(Duration::from_millis(10)).await;
        }
        assert!(started.elapsed() >= Duration::from_millis(160));
    });
}
