//! Two tasks that always wake themselves, after 1 ms of work each, and a timer: how late is it?
//!
//! Run with: `cargo run --example sixty_one -- 61`, or another number of polls in a turn

use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::task::spawn_named;
use boucle::time::{Instant, block_for, interval};
use futures_lite::future;

async fn works_and_wakes() {
    loop {
        block_for(Duration::from_millis(1));
        // Unlike boucle's own, it says nothing to the loop.
        future::yield_now().await;
    }
}

fn main() -> io::Result<()> {
    let polls = std::env::args().nth(1).and_then(|polls| polls.parse().ok());
    let polls = polls.expect("how many polls in a turn? 61 is the default");
    let event_loop = EventLoop::builder().polls_per_turn(polls).build()?;
    event_loop.block_on(async {
        spawn_named("one", works_and_wakes());
        spawn_named("two", works_and_wakes());
        let mut heart = interval(Duration::from_millis(50));
        let mut latest = Duration::ZERO;
        for _ in 0..8 {
            let due = heart.tick().await;
            latest = latest.max(Instant::now() - due);
        }
        println!("{polls} polls a turn: the latest beat came {} ms late", latest.as_millis());
    });
    Ok(())
}
