//! "Something has changed, look again": a notification without a value.
//!
//! Idea: [`Notify::notify_one`] calls the one who has waited longest, and if nobody waits it leaves
//! one permit for the next who comes, so that a notification sent just before the other side began
//! to wait is not lost. [`Notify::notify_waiters`] calls everybody who waits now, and leaves
//! nothing.
//!
//! Invariant: a notification for one is *received* by somebody. A [`Notified`] that was called by
//! `notify_one` and is dropped before it was ready passes it on. For that, `called` remembers the
//! tickets of those who were called singly; not in the line and not in `called` means: called with
//! everybody.
//!
//! Cost: one lock to make a `Notified`, one a poll, one to notify. The interface follows
//! `tokio::sync::Notify`; that one waits from the call of `notified()` on, and not from its first
//! poll, is from `event-listener`: it leaves no gap between looking and waiting.

use super::lock;
use super::waiters::{Ticket, Waiters};
use crate::budget;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker, ready};

/// Tells tasks that something has changed. Works from any thread and on any executor.
///
/// ```
/// # use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
/// # use boucle::sync::Notify;
/// static READY: AtomicBool = AtomicBool::new(false);
/// static CHANGED: Notify = Notify::new();
/// std::thread::spawn(|| {
///     READY.store(true, SeqCst);
///     CHANGED.notify_one();
/// });
/// while !READY.load(SeqCst) {
///     futures_lite::future::block_on(CHANGED.notified());
/// }
/// ```
#[derive(Debug)]
pub struct Notify {
    /// What changes.
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug)]
struct State {
    /// A notification for one that came when nobody waited.
    permit: bool,
    /// Those who wait.
    line: Waiters,
    /// Those who were called by `notify_one` and have not come yet. In order, since that is how they
    /// are called.
    called: VecDeque<Ticket>,
}

impl Notify {
    /// Makes one on which nobody waits.
    ///
    /// ```
    /// static CHANGED: boucle::sync::Notify = boucle::sync::Notify::new();
    /// CHANGED.notify_one();
    /// futures_lite::future::block_on(CHANGED.notified());
    /// ```
    #[must_use]
    pub const fn new() -> Notify {
        Notify {
            state: Mutex::new(State {
                permit: false,
                line: Waiters::new(),
                called: VecDeque::new(),
            }),
        }
    }

    /// Notifies the one who has waited longest; if nobody waits, the next who comes. Two such
    /// notifications before anyone comes are one.
    ///
    /// ```
    /// let changed = boucle::sync::Notify::new();
    /// changed.notify_one();
    /// // Nobody waited, so this one does not have to.
    /// futures_lite::future::block_on(changed.notified());
    /// ```
    pub fn notify_one(&self) {
        let mut state = lock(&self.state);
        let Some((ticket, _)) = state.line.first() else {
            state.permit = true;
            return;
        };
        state.called.push_back(ticket);
        let waker = state.line.call_first();
        drop(state);
        super::wake(waker);
    }

    /// Notifies everybody who waits: every [`Notified`] that exists and has not been notified.
    ///
    /// ```
    /// let changed = boucle::sync::Notify::new();
    /// let (a, b) = (changed.notified(), changed.notified());
    /// changed.notify_waiters();
    /// futures_lite::future::block_on(async { (a.await, b.await) });
    /// ```
    pub fn notify_waiters(&self) {
        let waiting = lock(&self.state).line.call_all();
        waiting.for_each(Waker::wake);
    }

    /// Waits for a notification that comes after this call (not after the first poll), or came
    /// before to nobody. So the safe order is: call this, then look at what may have changed, then
    /// await.
    ///
    /// Dropping the future passes a notification for one on to the next.
    ///
    /// ```
    /// let changed = boucle::sync::Notify::new();
    /// let waiting = changed.notified();
    /// changed.notify_one();
    /// futures_lite::future::block_on(waiting);
    /// ```
    pub fn notified(&self) -> Notified<'_> {
        let mut state = lock(&self.state);
        let first = if state.permit {
            state.permit = false;
            Stage::Called
        } else {
            // The first poll will bring a real waker.
            let (ticket, _) = state.line.stand(None, 1, Waker::noop());
            Stage::Waiting(ticket)
        };
        Notified { notify: self, stage: first }
    }
}

impl State {
    /// Whether this one was called by `notify_one`; forgets it.
    fn take_called(&mut self, ticket: Ticket) -> bool {
        let found = self.called.binary_search(&ticket);
        found.is_ok_and(|index| self.called.remove(index).is_some())
    }
}

impl Default for Notify {
    fn default() -> Notify {
        Notify::new()
    }
}

/// The future of [`Notify::notified`].
#[derive(Debug)]
#[must_use = "this waits when it is awaited"]
pub struct Notified<'a> {
    /// Where the notification comes from.
    notify: &'a Notify,
    /// How far it has come.
    stage: Stage,
}

/// How far a [`Notified`] has come.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// In the line under this ticket, or called since.
    Waiting(Ticket),
    /// It found a permit, and has not been ready yet.
    Called,
    /// It has been ready.
    Done,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_left(cx));
        if let Stage::Waiting(ticket) = self.stage {
            let mut state = lock(&self.notify.state);
            if state.line.contains(ticket) {
                let (_, old) = state.line.stand(Some(ticket), 1, cx.waker());
                drop(state);
                drop(old);
                return Poll::Pending;
            }
            state.take_called(ticket);
        }
        budget::charge();
        self.stage = Stage::Done;
        Poll::Ready(())
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        let pass_on = match self.stage {
            Stage::Waiting(ticket) => {
                let mut state = lock(&self.notify.state);
                let (own, called) = (state.line.leave(ticket), state.take_called(ticket));
                drop(state);
                drop(own);
                called
            }
            Stage::Called => true,
            Stage::Done => false,
        };
        if pass_on {
            self.notify.notify_one();
        }
    }
}
