//! Cached now: a timer counts from the beginning of the turn, and not from the call.
//!
//! Believed: a turn takes no time, so one look at the clock per turn is enough and saves the rest.
//!
//! Wrong: a turn takes as long as its tasks. A timer that is armed late in a long turn fires early.
//!
//! Run with: `cargo run --example cached_now`, or `cargo run --example cached_now -- mended`

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use boucle_watch::{Watch, block_for, now};
use museum::Way;
use museum::small::{self, Oldest, loop_time, sleep_until};

const MS: Duration = Duration::from_millis(1);

// ANCHOR: ways
/// Waits so long.
async fn sleep(duration: Duration, way: Way) {
    match way {
        Way::Broken => sleep_until(loop_time() + duration).await,
        Way::Mended => sleep_until(now() + duration).await,
    }
}
// ANCHOR_END: ways

/// A cook cuts vegetables for 40 ms, and boils them for 50. Returns how long they have boiled.
pub fn dinner(way: Way) -> Duration {
    let boiled = Rc::new(Cell::new(Duration::ZERO));
    let seen = Rc::clone(&boiled);
    let cook = async move {
        block_for(40 * MS);
        let began = now();
        sleep(50 * MS, way).await;
        seen.set(now().saturating_sub(began));
    };
    small::run(Oldest::default(), vec![("cook", Box::pin(cook))]).expect("it is woken");
    boiled.get()
}

fn main() -> std::io::Result<()> {
    let _watch = Watch::from_environment()?;
    println!("50 ms were asked for, and it was {} ms", dinner(Way::asked()).as_millis());
    Ok(())
}
