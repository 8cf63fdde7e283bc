//! The cooperative budget: how much one task may do before the others have their turn.
//!
//! A task gives the thread back only where an `.await` has to wait. One that reads from a channel
//! which is never empty does not wait, and starves everything else on the loop, timers and sockets
//! included. So the executor gives every poll of a task a number of units; each operation that
//! completes costs one; and when none is left, the next operation says `Pending` although it could
//! have gone on, having woken its own task. The task goes to the back of the ready queue.
//!
//! * Looking (`poll_left`) and paying (`charge`) are two calls, so that an operation which has
//!   to wait after all was never charged and there is nothing to give back.
//! * Outside of a loop the budget is unlimited: `sync` works on any executor.
//! * An executor that knows nothing of budgets may run *inside* of a task (some `block_on` in a
//!   library) and poll again at once, for ever. After `PATIENCE` refusals within one poll, it is
//!   given more: such a task blocks its loop, which is its own doing, but it does not hang.
//!
//! Cost: a thread-local load before the operation and a load and store after it, about a
//! nanosecond each. The idea is tokio's `coop`, by way of `throttle.rs` in smol 0.1.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// What is left when no executor counts. Charges do lower it, and need 292 years to use it up at
/// one a nanosecond, so that no operation has to ask whether it is limited.
const UNLIMITED: i64 = i64::MAX;

/// Refusals in one poll before more is granted, and how much is. A select over more than this
/// many channels that are all ready would escape the budget, a smaller one does not.
const PATIENCE: i64 = 1024;

thread_local! {
    /// Units left in the poll under way on this thread; below zero, it counts refusals.
    static LEFT: Cell<i64> = const { Cell::new(UNLIMITED) };
}

/// Starts a poll with this many units. For the executor, before each poll of a task.
#[inline]
pub(crate) fn set(units: u32) {
    LEFT.set(units.into());
}

/// Lifts the limit. For the executor, when it leaves the loop.
pub(crate) fn lift() {
    LEFT.set(UNLIMITED);
}

/// Ready if a unit is left, and takes none. Otherwise the task is woken and has to yield.
#[inline]
pub(crate) fn poll_left(cx: &mut Context<'_>) -> Poll<()> {
    let left = LEFT.get();
    if left > 0 {
        return Poll::Ready(());
    }
    LEFT.set(if left > -PATIENCE { left - 1 } else { PATIENCE });
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Takes a unit for an operation that has completed.
#[inline]
pub(crate) fn charge() {
    LEFT.set(LEFT.get() - 1);
}

/// Takes a unit of the budget; when none is left, wakes the task and says `Pending`.
///
/// For a hand-written future that may always be ready, as its first step. The operations of this
/// crate do it themselves. A unit that was taken is spent, whatever happens next. Costs about two
/// nanoseconds. The idea is tokio's `poll_proceed`.
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// let mut cx = Context::from_waker(Waker::noop());
/// // Outside of a loop there is no limit.
/// assert_eq!(boucle::budget::poll_spend(&mut cx), Poll::Ready(()));
/// ```
#[inline]
pub fn poll_spend(cx: &mut Context<'_>) -> Poll<()> {
    ready!(poll_left(cx));
    charge();
    Poll::Ready(())
}

/// Takes a unit of the budget, and yields to the other tasks when none is left.
///
/// For a long computation, once a step: unlike `yield_now`, it costs two nanoseconds as long as
/// the budget lasts. Dropping the future has no effect. The idea is tokio's `consume_budget`.
///
/// ```
/// # futures_lite::future::block_on(async {
/// let mut sum = 0;
/// for n in 0..1000 {
///     sum += n;
///     boucle::budget::spend().await;
/// }
/// # assert_eq!(sum, 499_500); });
/// ```
pub async fn spend() {
    poll_fn(poll_spend).await;
}

#[cfg(test)]
mod tests;
