//! The `block_on` that many tutorials begin with: it asks until the answer is yes.
//!
//! It is right, and it is step 1 again: the waker does nothing, so nobody can tell the thread when to
//! look, so it looks all the time.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future until it is done; returns its output, and how often it was polled.
pub fn block_on<F: Future>(future: F) -> (F::Output, u64) {
    let mut future = pin!(future);
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return (output, polls);
        }
    }
}
