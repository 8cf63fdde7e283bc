//! What the judges share: a limit of time, a waker that counts, and a bench: a loop whose turn is
//! given, for organs that come before the turn.

#![allow(dead_code, reason = "not every judge needs all of it")]

pub mod bench;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// So many milliseconds.
pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Runs `test` on a thread of its own, and fails if it takes longer than ten seconds: what waits for
/// ever should say so.
pub fn within_limit<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, end) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = test();
        let _ = done.send(());
        result
    });
    let ended = end.recv_timeout(Duration::from_secs(10));
    assert_ne!(ended, Err(mpsc::RecvTimeoutError::Timeout), "this waits for ever");
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Counts the calls of its wakers.
#[derive(Default)]
pub struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Wakes {
    /// None yet.
    pub fn new() -> Arc<Wakes> {
        Arc::default()
    }

    /// A waker that counts here.
    pub fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// How many calls there were.
    pub fn count(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Polls a future as the task that is woken here.
    pub fn poll<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        std::pin::Pin::new(future).poll(&mut Context::from_waker(&self.waker()))
    }
}

/// A number that clones share, for futures of one loop.
#[derive(Clone, Default)]
pub struct Count(Rc<Cell<usize>>);

impl Count {
    /// Zero.
    pub fn new() -> Count {
        Count::default()
    }

    /// One more.
    pub fn add(&self) {
        self.0.set(self.0.get() + 1);
    }

    /// The number.
    pub fn get(&self) -> usize {
        self.0.get()
    }
}

/// Calls a closure when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
