//! A heart is to beat every 50 ms, while another task computes for 300 ms.
//!
//! Run with: `cargo run --example greedy -- hold`, or `wakes`, `pieces`, `short-turns`, `pool`

use std::io;
use std::time::Duration;

use boucle::task::{spawn_named, yield_now};
use boucle::time::{Instant, block_for, interval, sleep};
use boucle::{EventLoop, spawn_blocking};
use futures_lite::future;

const PIECE: Duration = Duration::from_millis(10);
const PIECES: u32 = 30;

// ANCHOR: ways
/// All of it in one poll.
async fn hold() {
    block_for(PIECE * PIECES);
}

/// A piece at a time. Then futures-lite's yield: it wakes the task and says `Pending`, no more.
async fn wakes() {
    for _ in 0..PIECES {
        block_for(PIECE);
        future::yield_now().await;
    }
}

/// A piece at a time, and after each it tells the loop that it gives way.
async fn pieces() {
    for _ in 0..PIECES {
        block_for(PIECE);
        yield_now().await;
    }
}

/// On another thread.
async fn pool() {
    spawn_blocking(|| block_for(PIECE * PIECES)).await.expect("no panic");
}
// ANCHOR_END: ways

async fn beat() {
    let mut heart = interval(Duration::from_millis(50));
    let mut latest = Duration::ZERO;
    for _ in 0..9 {
        let due = heart.tick().await;
        latest = latest.max(Instant::now() - due);
    }
    println!("the latest beat came {} ms late", latest.as_millis());
}

fn main() -> io::Result<()> {
    let way = std::env::args().nth(1);
    // ANCHOR: turns
    let event_loop = match way.as_deref() {
        Some("short-turns") => EventLoop::builder().polls_per_turn(1).build()?,
        _ => EventLoop::new()?,
    };
    // ANCHOR_END: turns
    event_loop.block_on(async {
        let heart = spawn_named("heart", beat());
        sleep(Duration::from_millis(60)).await;
        let began = Instant::now();
        let work = match way.as_deref() {
            Some("hold") => spawn_named("work", hold()),
            Some("wakes" | "short-turns") => spawn_named("work", wakes()),
            Some("pieces") => spawn_named("work", pieces()),
            Some("pool") => spawn_named("work", pool()),
            _ => panic!("which way? Say hold, wakes, pieces, short-turns or pool"),
        };
        work.await.expect("no panic");
        println!("the work took {} ms", began.elapsed().as_millis());
        heart.await.expect("no panic");
    });
    Ok(())
}
