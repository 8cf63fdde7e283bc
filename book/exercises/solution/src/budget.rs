//! The cooperative budget: how much one task may do before the others have their turn.
//!
//! A task gives the thread back only where an `.await` has to wait. One that reads from a socket
//! which is never empty does not wait, and starves everything else on the loop. So the executor
//! gives every poll of a task a number of units (`set`); each operation that completes costs one;
//! and when none is left, the next operation says `Pending` although it could have gone on, having
//! woken its own task. The task goes to the back of the ready queue.
//!
//! Looking (`poll_left`) and paying (`charge`) are two calls: an operation that has to wait after
//! all is never charged. Outside of a loop the budget is unlimited.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

thread_local! {
    /// How many operations the task that is being polled may still complete; `None` outside of a
    /// loop, where nobody counts.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// A poll begins, with so many units.
pub fn set(units: u32) {
    LEFT.set(Some(units));
}

/// No loop turns on this thread any more.
pub fn lift() {
    LEFT.set(None);
}

/// Whether an operation may go on. If not, the task comes again, after the others.
pub fn poll_left(cx: &mut Context<'_>) -> Poll<()> {
    // Whoever says `Pending` has seen to it that the task is woken.
    if LEFT.get() != Some(0) {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// An operation has completed.
pub fn charge() {
    // Where nobody counts, nobody begins to.
    LEFT.set(LEFT.get().map(|left| left.saturating_sub(1)));
}

/// An operation that does nothing, and costs one unit.
pub async fn spend() {
    poll_fn(|cx| {
        ready!(poll_left(cx));
        charge();
        Poll::Ready(())
    })
    .await;
}
