//! Two timers in one slot of a coarse dial: what a wheel pays for not sorting.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example two_in_a_slot`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::sleep;

fn main() {
    boucle::block_on(async {
        let sleepers = [200, 250].map(|millis| {
            spawn_named(format!("{millis} ms"), async move {
                sleep(Duration::from_millis(millis)).await;
                println!("{millis} ms are over");
            })
        });
        for sleeper in sleepers {
            sleeper.await.expect("it does not panic");
        }
    });
}
