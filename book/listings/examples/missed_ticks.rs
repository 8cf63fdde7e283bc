//! A metronome that is held up: what becomes of the ticks that were missed?
//!
//! Run with: `cargo run --example missed_ticks burst`, or `delay`, or `skip`

use std::env;
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, MissedTickBehavior, block_for, interval, sleep};

const MS: Duration = Duration::from_millis(1);

fn main() {
    let behavior = match env::args().nth(1).as_deref() {
        Some("delay") => MissedTickBehavior::Delay,
        Some("skip") => MissedTickBehavior::Skip,
        _ => MissedTickBehavior::Burst,
    };
    boucle::block_on(async {
        let metronome = spawn_named("metronome", async move {
            let began = Instant::now();
            let mut ticks = interval(100 * MS);
            ticks.set_missed_tick_behavior(behavior);
            for _ in 0..7 {
                ticks.tick().await;
                println!("tick at {} ms", began.elapsed().as_millis());
            }
        });
        let drummer = spawn_named("drummer", async {
            sleep(150 * MS).await;
            block_for(270 * MS);
        });
        metronome.await.expect("it does not panic");
        drummer.await.expect("it does not panic");
    });
}
