//! What the tests of `sync` share: a waker that counts, and a poll by hand.

#![allow(dead_code, reason = "not every test file needs all of it")]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

/// A task that only counts how often it was woken.
#[derive(Default)]
pub struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Task {
    pub fn new() -> Arc<Task> {
        Arc::default()
    }

    /// Polls a future as this task.
    pub fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(self));
        future.poll(&mut Context::from_waker(&waker))
    }

    /// Polls a future that need not be pinned.
    pub fn poll_unpin<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        self.poll(Pin::new(future))
    }

    /// How often it was woken since it was last asked.
    pub fn wakes(&self) -> usize {
        self.0.swap(0, SeqCst)
    }

    /// How many wakers of this task somebody keeps.
    pub fn wakers_kept(self: &Arc<Self>) -> usize {
        Arc::strong_count(self) - 1
    }
}

/// Calls a closure when woken: what a hostile, or only an eager, executor may do.
pub struct OnWake<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Counts how often its clones' originals were dropped: one for each value.
pub struct CountsDrops(pub Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Says `Pending` once.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Numbers that look random and are the same in every run (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// Fails to compile unless the value may be sent and shared.
pub fn is_send_and_sync<T: Send + Sync>(_: &T) {}
