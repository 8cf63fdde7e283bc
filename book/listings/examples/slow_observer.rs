//! An observer that prints every event, on a terminal that takes half a millisecond for a line.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example slow_observer off`, or `on`

use std::env;
use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Event, Observer};
use boucle::task::{spawn_named, yield_now};
use boucle::time::{Instant, block_for, interval, sleep_until};

const MS: Duration = Duration::from_millis(1);

/// Prints: each line takes half a millisecond.
struct Terminal;

impl Observer for Terminal {
    fn event(&mut self, _at: Duration, _event: &Event<'_>) {
        block_for(MS / 2);
    }
}

/// Has much to do, in small steps that take no time.
async fn steps() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Beats every 20 ms.
async fn beat() {
    let mut ticks = interval(20 * MS);
    for _ in 0..4 {
        ticks.tick().await;
    }
}

fn main() -> io::Result<()> {
    let mut event_loop = EventLoop::builder();
    if env::args().nth(1).is_some_and(|watched| watched == "on") {
        event_loop = event_loop.observer(Terminal);
    }
    event_loop.build()?.block_on(async {
        let began = Instant::now();
        let beat = spawn_named("beat", beat());
        sleep_until(began + 10 * MS).await;
        let steps = spawn_named("steps", steps());
        steps.await.expect("it does not panic");
        println!("the steps were done after {:?}", began.elapsed());
        beat.await.expect("it does not panic");
    });
    Ok(())
}
