//! The cooperative budget: how much one task may do before the others have their turn.
//!
//! A task gives the thread back only where an `.await` has to wait. One that reads from a channel
//! which is never empty does not wait, and starves everything else on the loop, timers and sockets
//! included. So the executor gives every poll of a task a number of units; each operation that
//! completes costs one; and when none is left, the next operation says `Pending` although it could
//! have gone on. The task *gives way*, as one does that calls `yield_now`: it goes to the back of the
//! ready queue, and is not polled again before the loop has looked at sockets and timers.
//!
//! * Looking (`poll_left`) and paying (`charge`) are two calls, so that an operation which has
//!   to wait after all was never charged and there is nothing to give back.
//! * Who gives way must be polled again, so its waker would have to be called. But a waker finds its
//!   way, by thread and queue, to what the executor has in its hands just then, and that would be a
//!   quarter of what a yield costs. So `give_way` leaves a note, which the executor reads when the poll
//!   returns. A waker is called only where it is not the executor's own: on another executor, or
//!   where something between the two (a `FuturesUnordered`) has put its own in.
//! * Outside of a loop the budget is unlimited: `sync` works on any executor.
//! * An executor that knows nothing of budgets may run *inside* of a task (some `block_on` in a
//!   library) and poll again at once, for ever. After `PATIENCE` refusals within one poll, it is
//!   given more: such a task blocks its loop, which is its own doing, but it does not hang.
//!
//! Cost: a thread-local load before the operation and a load and store after it, about a
//! nanosecond each. The idea is tokio's `coop`, by way of `throttle.rs` in smol 0.1.

use std::cell::Cell;
use std::future::poll_fn;
use std::ptr;
use std::task::{Context, Poll, Waker, ready};

/// What is left when no executor counts. Charges do lower it, and need 292 years to use it up at
/// one a nanosecond, so that no operation has to ask whether it is limited.
const UNLIMITED: i64 = i64::MAX;

/// Refusals in one poll before more is granted, and how much is. A select over more than this
/// many channels that are all ready would escape the budget, a smaller one does not.
const PATIENCE: i64 = 1024;

thread_local! {
    /// Of the poll under way on this thread.
    static BUDGET: Budget = const { Budget::none() };
}

/// What the task that is polled may still do, and whether it stops short of it.
struct Budget {
    /// Units left; below zero, it counts refusals.
    left: Cell<i64>,
    /// The waker that the executor has lent to this poll. It is only compared, never called.
    lent: Cell<*const Waker>,
    /// Whether the task has given way.
    gave_way: Cell<GaveWay>,
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

impl Budget {
    /// That of a poll whose executor does not count.
    const fn none() -> Budget {
        let (left, lent) = (Cell::new(UNLIMITED), Cell::new(ptr::null()));
        Budget { left, lent, gave_way: Cell::new(GaveWay::No) }
    }
}

/// Starts a poll with this many units, to which this waker is lent. For the executor.
#[inline]
pub(crate) fn begin(units: u32, lent: &Waker) {
    BUDGET.with(|budget| {
        budget.left.set(units.into());
        budget.lent.set(lent);
        budget.gave_way.set(GaveWay::No);
    });
}

/// Ends a poll, and says whether its task has to be queued since it has given way. For the executor.
#[inline]
pub(crate) fn end() -> bool {
    BUDGET.with(|budget| {
        budget.lent.set(ptr::null());
        budget.gave_way.get() == GaveWay::ByReturning
    })
}

/// Whether the task that was polled last has given way. For the turn, which goes on no longer than
/// until that task stands first again.
#[inline]
pub(crate) fn gave_way() -> bool {
    BUDGET.with(|budget| budget.gave_way.get() != GaveWay::No)
}

/// Lifts the limit. For the executor, when it leaves the loop.
pub(crate) fn lift() {
    BUDGET.with(|budget| {
        budget.left.set(UNLIMITED);
        budget.lent.set(ptr::null());
    });
}

/// Has the task polled again, after the others. For a future that says `Pending` although it could go
/// on.
#[inline]
pub(crate) fn give_way(cx: &Context<'_>) {
    BUDGET.with(|budget| {
        if ptr::eq(budget.lent.get(), cx.waker()) {
            budget.gave_way.set(GaveWay::ByReturning);
        } else {
            budget.gave_way.set(GaveWay::ByWaker);
            cx.waker().wake_by_ref();
        }
    });
}

/// Ready if a unit is left, and takes none. Otherwise the task has to yield, and will be polled again.
#[inline]
pub(crate) fn poll_left(cx: &mut Context<'_>) -> Poll<()> {
    let left = BUDGET.with(|budget| budget.left.get());
    if left > 0 {
        return Poll::Ready(());
    }
    BUDGET.with(|budget| budget.left.set(if left > -PATIENCE { left - 1 } else { PATIENCE }));
    give_way(cx);
    Poll::Pending
}

/// Takes a unit for an operation that has completed.
#[inline]
pub(crate) fn charge() {
    BUDGET.with(|budget| budget.left.set(budget.left.get() - 1));
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
