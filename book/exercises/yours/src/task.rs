//! What a program does with tasks, which is given.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::budget;
use crate::context;
use crate::join::{JoinError, JoinHandle};
use crate::sync::oneshot::{Receiver, Sender, channel};

/// Starts a task in the loop that turns on this thread.
///
/// # Panics
///
/// If there is none.
#[track_caller]
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let engine = context::current();
    engine.executor.spawn(future)
}

/// Gives work that blocks to a thread of the loop's pool.
///
/// # Panics
///
/// If no loop turns on this thread.
#[track_caller]
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Remote<T> {
    let (sender, remote) = Remote::new();
    let job = move || {
        let result = catch_unwind(AssertUnwindSafe(work));
        drop(sender.send(result.map_err(JoinError::Panicked)));
    };
    // A job that is not taken is dropped, and with it the sender: the handle gives `Aborted`.
    drop(context::current().pool().submit(Box::new(job)));
    remote
}

/// Lets all others that are ready have their turn, and the loop look at sockets and timers.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// Says `Pending` once.
#[must_use = "nothing is yielded until this is awaited"]
pub struct YieldNow {
    /// Whether it has.
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        budget::give_way(cx);
        Poll::Pending
    }
}

/// What comes back from another thread, or goes to one.
pub struct Remote<T> {
    /// The output.
    receiver: Receiver<Result<T, JoinError>>,
}

impl<T> Remote<T> {
    /// The handle, and where its output is to be put. If that is dropped: `Aborted`.
    pub fn new() -> (Sender<Result<T, JoinError>>, Remote<T>) {
        let (sender, receiver) = channel();
        (sender, Remote { receiver })
    }
}

impl<T> Future for Remote<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.receiver).poll(cx);
        received.map(|received| received.unwrap_or(Err(JoinError::Aborted)))
    }
}
