//! Stale waker: a future keeps the waker of its first poll, and moves to another task.
//!
//! Believed: a future is polled by one task all its life, so one waker is enough.
//!
//! Wrong: a future is a value. It can be polled here and then given away; and some that poll
//! others, like a group of futures, make a new waker each time. Only the last waker counts.
//!
//! Run with: `cargo run --example stale_waker`, or `cargo run --example stale_waker -- mended`

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use boucle::sync::oneshot;
use boucle::task::spawn_named;
use boucle::time::{sleep, timeout};
use museum::Way;

/// Tells when dinner is ready.
#[derive(Default)]
struct Gong {
    has_struck: Cell<bool>,
    /// Who waits for it.
    guest: RefCell<Option<Waker>>,
}

impl Gong {
    fn poll_struck(&self, cx: &mut Context<'_>, way: Way) -> Poll<()> {
        if self.has_struck.get() {
            return Poll::Ready(());
        }
        let mut guest = self.guest.borrow_mut();
        // ANCHOR: ways
        match way {
            Way::Broken => _ = guest.get_or_insert_with(|| cx.waker().clone()),
            Way::Mended => *guest = Some(cx.waker().clone()),
        }
        // ANCHOR_END: ways
        Poll::Pending
    }

    fn strike(&self) {
        self.has_struck.set(true);
        if let Some(guest) = self.guest.take() {
            guest.wake();
        }
    }
}

/// Ann waits for the gong, loses patience, and lets Bob wait in her place.
pub async fn dinner(way: Way) {
    let gong = Rc::new(Gong::default());
    let heard = Rc::clone(&gong);
    let mut struck = Box::pin(poll_fn(move |cx| heard.poll_struck(cx, way)));
    let (give, take) = oneshot::channel();
    spawn_named("ann", async move {
        if timeout(Duration::from_millis(10), &mut struck).await.is_err() {
            assert!(give.send(struck).is_ok(), "bob is there");
        }
        sleep(Duration::from_millis(40)).await;
    });
    let bob = spawn_named("bob", async move {
        take.await.expect("ann gives it").await;
        println!("bob has dinner");
    });
    spawn_named("cook", async move {
        sleep(Duration::from_millis(30)).await;
        gong.strike();
        println!("the gong has struck");
    });
    bob.await.expect("it does not panic");
}

fn main() {
    if let Err(stalled) = museum::event_loop().try_block_on(dinner(Way::asked())) {
        println!("{stalled}");
    }
}
