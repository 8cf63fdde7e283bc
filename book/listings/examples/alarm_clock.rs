//! Three sleepers and one who is impatient: how long may the loop sleep?
//!
//! Run with: `cargo run --example alarm_clock`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

fn main() {
    boucle::block_on(async {
        let sleepers = [("long", 300), ("short", 100), ("middle", 200)].map(|(name, millis)| {
            spawn_named(name, async move {
                sleep(millis * MS).await;
                println!("{name} wakes");
            })
        });
        let impatient = spawn_named("impatient", async {
            if timeout(150 * MS, sleep(10_000 * MS)).await.is_err() {
                println!("impatient has waited long enough");
            }
        });
        for task in sleepers {
            task.await.expect("no sleeper panics");
        }
        impatient.await.expect("no sleeper panics");
    });
}
