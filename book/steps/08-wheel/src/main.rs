//! Three sleepers, and one who is not waited for any longer.
//!
//! Run with: `cargo run -p step-08-wheel`

use std::io;
use std::time::Duration;

use boucle_watch::{Watch, now};
use step_08_wheel::time::{sleep, timeout};
use step_08_wheel::{block_on, spawn};

/// Sleeps for so many milliseconds, and tells when it woke.
async fn nap(name: &'static str, millis: u64) -> &'static str {
    sleep(Duration::from_millis(millis)).await;
    println!("{name} wakes after {} ms", now().as_millis());
    name
}

fn main() -> io::Result<()> {
    let _watch = Watch::from_environment()?;
    block_on(async {
        let sleepers = [("the cat", 70), ("the dog", 30), ("the mouse", 100)];
        let naps = sleepers.map(|(name, millis)| spawn(nap(name, millis)));
        let bear = timeout(Duration::from_millis(50), nap("the bear", 5_000)).await;
        println!("the bear: {bear:?} after {} ms", now().as_millis());
        for nap in naps {
            nap.await.expect("nobody panics");
        }
    });
    Ok(())
}
