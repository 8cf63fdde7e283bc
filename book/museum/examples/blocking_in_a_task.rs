//! Blocking in a task: a call that waits by itself, on the thread of the loop.
//!
//! Believed: it stands in an `async fn`, so it waits without stopping the others.
//!
//! Wrong: only an `.await` gives the thread back. A call that blocks keeps it.
//!
//! Run with: `cargo run --example blocking_in_a_task`, or `... -- mended`

use std::time::Duration;

use boucle::spawn_blocking;
use boucle::task::spawn_named;
use boucle::time::{Instant, block_for, interval};
use museum::Way;

const MS: Duration = Duration::from_millis(1);

/// Asks a name server, as `std`'s `to_socket_addrs` does: the thread stands still until it answers.
fn look_up() {
    block_for(180 * MS);
}

// ANCHOR: broken
async fn greet_broken() {
    look_up();
}
// ANCHOR_END: broken

// ANCHOR: mended
async fn greet_mended() {
    spawn_blocking(look_up).await.expect("it does not panic");
}
// ANCHOR_END: mended

/// A heart beats every 50 ms while a guest's name is looked up. Returns the longest time between
/// two beats.
pub async fn evening(way: Way) -> Duration {
    let heart = spawn_named("heart", async {
        let (mut beats, mut longest) = (interval(50 * MS), Duration::ZERO);
        let mut last = Instant::now();
        for _ in 0..6 {
            beats.tick().await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        longest
    });
    let guest = spawn_named("guest", async move {
        match way {
            Way::Broken => greet_broken().await,
            Way::Mended => greet_mended().await,
        }
    });
    guest.await.expect("it does not panic");
    heart.await.expect("it does not panic")
}

fn main() {
    let longest = museum::event_loop().block_on(evening(Way::asked()));
    println!("at most {} ms between two beats", longest.as_millis());
}
