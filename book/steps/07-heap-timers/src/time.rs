//! Time as futures.
//!
//! A sleep arms its timer when it is first polled, and takes it out again when it is dropped. To
//! cancel anything is to drop it: that is all that `timeout` does.

use std::future::poll_fn;
use std::mem;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use boucle::observe::{Awaited, Event, TimerId};
use boucle_watch::{cause, emit, now};

use crate::{EventLoop, current};

/// Nanoseconds in a tick.
const TICK: u128 = 1_000_000;

/// Waits until so much time has passed since this call.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { deadline: now().saturating_add(duration), armed: None }
}

/// The future of [`sleep`].
pub struct Sleep {
    /// When it ends.
    deadline: Duration,
    /// Its timer, and whose that is; none before the first poll.
    armed: Option<(Rc<EventLoop>, TimerId)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some((event_loop, timer)) = &self.armed {
            let mut timers = event_loop.timers.borrow_mut();
            // A timer that is not there has fired.
            let Some(waker) = timers.get_mut(*timer) else { return Poll::Ready(()) };
            let replaced = mem::replace(waker, cx.waker().clone());
            drop(timers);
            // With no borrow held: whatever a waker keeps may end with it.
            drop(replaced);
            emit(|| Event::Awaits { what: Awaited::Timer(*timer), by: cause() });
        } else if now() >= self.deadline {
            return Poll::Ready(());
        } else {
            // Rounded up, so that no sleep ends early.
            let tick = self.deadline.as_nanos().div_ceil(TICK).try_into().unwrap_or(u64::MAX);
            let event_loop = current();
            let timer = event_loop.timers.borrow_mut().insert(tick, cx.waker().clone());
            self.armed = Some((event_loop, timer));
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((event_loop, timer)) = &self.armed {
            let waker = event_loop.timers.borrow_mut().remove(*timer);
            // Here too.
            drop(waker);
        }
    }
}

/// Says that the time was over first.
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed;

/// Waits for `future`, but no longer than so; then the future is dropped.
pub async fn timeout<F: Future>(duration: Duration, future: F) -> Result<F::Output, Elapsed> {
    let (mut future, mut sleep) = (pin!(future), sleep(duration));
    // The future first: whatever is ready needs no timer.
    let race = |cx: &mut Context<'_>| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| Err(Elapsed)),
    };
    poll_fn(race).await
}
