//! The cooperative budget: how much one task may do before the others have their turn.
//!
//! A task gives the thread back only where an `.await` has to wait. One that reads from a socket
//! which is never empty does not wait, and starves everything else on the loop. So the executor
//! gives every poll of a task a number of units (`begin`); each operation that completes costs one;
//! and when none is left, the next operation says `Pending` although it could have gone on: the task
//! *gives way*, as one does that awaits `yield_now`. It goes to the back of the ready queue, and is
//! not polled again before the loop has looked at sockets and timers.
//!
//! Looking (`poll_left`) and paying (`charge`) are two calls: an operation that has to wait after
//! all is never charged. Outside of a loop the budget is unlimited.

use std::cell::Cell;
use std::future::poll_fn;
use std::ptr;
use std::task::{Context, Poll, Waker, ready};

thread_local! {
    /// How many operations the task that is being polled may still complete; `None` outside of a
    /// loop, where nobody counts.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };

    /// The waker that the executor has lent to the poll under way; only compared, never called.
    static LENT: Cell<*const Waker> = const { Cell::new(ptr::null()) };

    /// Whether the task that is being polled, or was polled last, has given way.
    static GAVE_WAY: Cell<GaveWay> = const { Cell::new(GaveWay::No) };
}

/// Whether a task that could have gone on gives way to others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GaveWay {
    /// It does not.
    No,
    /// It does, and has called the waker of something between it and the executor.
    ByWaker,
    /// It does, and the executor has to queue it.
    ByReturning,
}

/// A poll begins, with so many units, and with this waker.
pub fn begin(units: u32, lent: &Waker) {
    LEFT.set(Some(units));
    LENT.set(lent);
    GAVE_WAY.set(GaveWay::No);
}

/// The poll is over. Says whether its task has to be queued, since it has given way.
pub fn end() -> bool {
    LENT.set(ptr::null());
    GAVE_WAY.get() == GaveWay::ByReturning
}

/// No loop turns on this thread any more.
pub fn lift() {
    LEFT.set(None);
}

/// Has the task polled again, after the others: for one that says `Pending` although it could go on.
/// For the executor's own waker it leaves a note, which the executor reads when the poll is over.
pub fn give_way(cx: &Context<'_>) {
    if ptr::eq(LENT.get(), cx.waker()) {
        GAVE_WAY.set(GaveWay::ByReturning);
    } else {
        GAVE_WAY.set(GaveWay::ByWaker);
        cx.waker().wake_by_ref();
    }
}

/// Whether the task that was polled last has given way.
pub fn gave_way() -> bool {
    GAVE_WAY.get() != GaveWay::No
}

/// Whether an operation may go on. If not, the task comes again, after the others.
pub fn poll_left(cx: &mut Context<'_>) -> Poll<()> {
    // Whoever says `Pending` has seen to it that the task is polled again: here, by giving way.
    if LEFT.get() != Some(0) {
        return Poll::Ready(());
    }
    give_way(cx);
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
