//! No wake: a future says `Pending`, and nobody knows when it is to be asked again.
//!
//! Believed: whoever runs a future polls it again and again until it is ready.
//!
//! Wrong: it is polled when it was woken, and not else. `Pending` is a promise that the waker of
//! this poll was left with somebody who will call it.
//!
//! Run with: `cargo run --example no_wake`, or `cargo run --example no_wake -- mended`

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::sleep;
use museum::Way;

/// A gate that opens once.
#[derive(Default)]
struct Gate {
    is_open: Cell<bool>,
    /// Who waits in front of it.
    guest: RefCell<Option<Waker>>,
}

impl Gate {
    // ANCHOR: broken
    fn poll_open_broken(&self, _cx: &mut Context<'_>) -> Poll<()> {
        if self.is_open.get() { Poll::Ready(()) } else { Poll::Pending }
    }
    // ANCHOR_END: broken

    // ANCHOR: mended
    fn poll_open_mended(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_open.get() {
            return Poll::Ready(());
        }
        self.guest.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
    // ANCHOR_END: mended

    fn open(&self) {
        self.is_open.set(true);
        if let Some(guest) = self.guest.take() {
            guest.wake();
        }
    }
}

/// A guest waits at the gate, which is opened after 30 ms.
pub async fn visit(way: Way) {
    let gate = Rc::new(Gate::default());
    let seen = Rc::clone(&gate);
    let guest = spawn_named("guest", async move {
        match way {
            Way::Broken => poll_fn(|cx| seen.poll_open_broken(cx)).await,
            Way::Mended => poll_fn(|cx| seen.poll_open_mended(cx)).await,
        }
        println!("the guest is in");
    });
    spawn_named("porter", async move {
        sleep(Duration::from_millis(30)).await;
        gate.open();
        println!("the gate is open");
        sleep(Duration::from_millis(30)).await;
    });
    guest.await.expect("it does not panic");
}

fn main() {
    if let Err(stalled) = museum::event_loop().try_block_on(visit(Way::asked())) {
        println!("{stalled}");
    }
}
