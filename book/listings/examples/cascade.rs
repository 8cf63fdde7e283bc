//! A short sleep, a longer one, a very long one: timers that move from dial to dial.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example cascade`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{sleep, timeout};

fn main() {
    boucle::block_on(async {
        let sleepers = [3, 100, 5_000, 300_000].map(|millis| {
            spawn_named(format!("{millis} ms"), sleep(Duration::from_millis(millis)))
        });
        // What most timers are: armed, and cancelled long before they are due.
        let guarded = spawn_named("guarded", async {
            let quick = sleep(Duration::from_millis(2));
            timeout(Duration::from_secs(60), quick).await.expect("it is quick");
        });
        guarded.await.expect("it does not panic");
        for sleeper in sleepers {
            sleeper.await.expect("no sleeper panics");
        }
        println!("all five have woken");
    });
}
