//! Time: sleeping, and setting a limit.
//!
//! 1. A sleep arms its timer at its first poll, not when it is made.
//! 2. It never ends early.
//! 3. The task that polled it last is woken.
//! 4. A sleep that is dropped takes its timer along.
//! 5. A timeout polls its future first, so what is ready in time counts, whatever the limit.

use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::arena::Key;
use crate::context;
use crate::engine::Engine;

/// Waits for this long.
///
/// # Panics
///
/// If no loop turns on this thread.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let deadline = context::current().clock.now().saturating_add(duration);
    Sleep { deadline, timer: None }
}

/// Waits until a moment.
#[must_use = "nobody sleeps until this is awaited"]
pub struct Sleep {
    /// The moment, on the loop's clock.
    deadline: Duration,
    /// Its timer, and the loop where that is armed.
    timer: Option<(Weak<Engine>, Key)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Rules 1 and 3. The first poll arms the timer, with its waker (`arm_timer` of the loop, which
        // `context::current` has); each later one asks the timer (`poll_timer`). A deadline that has
        // passed at the first needs no timer.
        todo!("exercise `heap`: arm the timer first, ask it later")
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // Rule 4. The loop has `cancel_timer`, and may be gone.
        if !std::thread::panicking() {
            todo!("exercise `heap`: cancel the timer, in place of this `if`");
        }
    }
}

/// Gives a future this long to end.
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout { future: Box::pin(future), limit: sleep(duration) }
}

/// A future with a limit. Drop it, and both are gone.
#[must_use = "nothing runs until this is awaited"]
pub struct Timeout<F> {
    /// What should end in time.
    future: Pin<Box<F>>,
    /// When the time is over.
    limit: Sleep,
}

/// The limit was reached before the future was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Rule 5.
        todo!("exercise `select`: the future, or the limit")
    }
}
