//! The spin: a future wakes itself before it says `Pending`.
//!
//! Believed: that keeps the promise that somebody will wake it, and needs no second party.
//!
//! Wrong: nothing has changed when it is polled again. It asks as fast as the loop can turn, the
//! loop never sleeps, and a look at the clock has to wait for the end of a turn full of polls.
//!
//! Run with: `cargo run --example self_wake`, or `cargo run --example self_wake -- mended`

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, block_for, sleep};
use museum::Way;

/// Water that gets hot.
#[derive(Default)]
struct Kettle {
    is_hot: Cell<bool>,
    /// Who waits for it.
    guest: RefCell<Option<Waker>>,
}

impl Kettle {
    // ANCHOR: broken
    fn poll_hot_broken(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.look() {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
    // ANCHOR_END: broken

    // ANCHOR: mended
    fn poll_hot_mended(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.look() {
            return Poll::Ready(());
        }
        self.guest.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
    // ANCHOR_END: mended

    /// A look takes a millisecond.
    fn look(&self) -> bool {
        block_for(Duration::from_millis(1));
        self.is_hot.get()
    }
}

/// The water is hot after 20 ms. Returns when the tea was made.
pub async fn tea(way: Way) -> Duration {
    let (kettle, began) = (Rc::new(Kettle::default()), Instant::now());
    let seen = Rc::clone(&kettle);
    let guest = spawn_named("guest", async move {
        match way {
            Way::Broken => poll_fn(|cx| seen.poll_hot_broken(cx)).await,
            Way::Mended => poll_fn(|cx| seen.poll_hot_mended(cx)).await,
        }
        began.elapsed()
    });
    spawn_named("stove", async move {
        sleep(Duration::from_millis(20)).await;
        kettle.is_hot.set(true);
        if let Some(guest) = kettle.guest.take() {
            guest.wake();
        }
    });
    guest.await.expect("it does not panic")
}

fn main() {
    let made = museum::event_loop().block_on(tea(Way::asked()));
    println!("tea after {} ms", made.as_millis());
}
