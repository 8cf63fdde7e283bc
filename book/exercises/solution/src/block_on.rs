//! `block_on`: one future, one thread, no loop.
//!
//! The smallest executor there is. It polls the future; when that says `Pending` the thread parks,
//! and the waker unparks it.
//!
//! 1. The future is polled when it was woken, and only then. `thread::park` may return for no
//!    reason, or because somebody else called `unpark`; and code inside of the future may park the
//!    thread too, and so use up an `unpark` that was meant for us. So the thread's own token is not
//!    enough: a flag says whether the future was woken.
//! 2. The flag is cleared *before* the poll. A wake that comes during the poll causes another.
//! 3. A wake that comes between the last look at the flag and the park must end the park.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// What the waker points at.
struct Parker {
    /// Who is to be unparked.
    thread: Thread,
    /// The future was woken and not polled since.
    woken: AtomicBool,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        // What the waking thread wrote before the wake is seen by the poll that follows.
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let parker = Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(true) });
    let waker = Waker::from(Arc::clone(&parker));
    let mut cx = Context::from_waker(&waker);
    // Rules 1 to 3.
    loop {
        while !parker.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
