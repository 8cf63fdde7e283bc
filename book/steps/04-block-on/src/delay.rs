//! Something to wait for: a future that is ready after some time.
//!
//! A thread counts the time and calls the waker. That is the simplest thing that wakes anybody from
//! outside, and a thread for each wait is what it costs; from step 7 on the loop counts itself.
//!
//! The waker is replaced at every poll: the future may have been moved to another task since, and
//! the first waker would wake the wrong one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// Ready when so much time has passed since its first poll.
pub struct Delay {
    /// How much time.
    duration: Duration,
    /// What the thread and the future share; none before the first poll.
    shared: Option<Arc<Mutex<Shared>>>,
}

/// What the thread and the future share.
#[derive(Default)]
struct Shared {
    /// The time has passed.
    over: bool,
    /// Who is to be told.
    waker: Option<Waker>,
}

impl Delay {
    /// A delay that begins when it is first polled.
    pub fn new(duration: Duration) -> Delay {
        Delay { duration, shared: None }
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let duration = self.duration;
        let shared = self.shared.get_or_insert_with(|| begin(duration));
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.over {
            return Poll::Ready(());
        }
        shared.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Starts the thread that counts.
fn begin(duration: Duration) -> Arc<Mutex<Shared>> {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let counted = Arc::clone(&shared);
    thread::spawn(move || {
        thread::sleep(duration);
        let mut shared = counted.lock().unwrap_or_else(PoisonError::into_inner);
        shared.over = true;
        let waker = shared.waker.take();
        // Nobody's waker is called under a lock: who knows what it does.
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    });
    shared
}
