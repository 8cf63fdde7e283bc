//! What it costs to ask the system for news after each poll, after two, after sixty-one.
//!
//! Run with: `cargo run --release --example look_often`
//!
//! Recorded: it measures real time.

use std::io;

use boucle::net::TcpListener;
use boucle::time::Instant;
use boucle::{EventLoop, spawn};
use futures_lite::future;

const WAKES: u32 = 500_000;

async fn wakes() {
    for _ in 0..WAKES {
        future::yield_now().await;
    }
}

/// How many nanoseconds a poll takes, if two tasks do nothing but wake themselves.
fn measure(polls_per_turn: usize) -> io::Result<u128> {
    let event_loop = EventLoop::builder().polls_per_turn(polls_per_turn).build()?;
    event_loop.block_on(async {
        // With no socket at all there would be nothing to ask the system about.
        let _listener = TcpListener::bind("127.0.0.1:0").await?;
        let began = Instant::now();
        let (one, two) = (spawn(wakes()), spawn(wakes()));
        one.await.expect("no panic");
        two.await.expect("no panic");
        Ok(began.elapsed().as_nanos() / u128::from(2 * WAKES))
    })
}

fn main() -> io::Result<()> {
    for polls_per_turn in [1, 2, 8, 61, 1000] {
        println!("a look after {polls_per_turn:4} polls: {:3} ns a poll", measure(polls_per_turn)?);
    }
    Ok(())
}
