//! The first of two: whoever is ready first wins, and the other is dropped.
//!
//! To drop a future is to cancel it. There is nothing else to it: no message, no flag. What the
//! future holds is dropped with it, and whoever waits for anything takes his waker along.
//!
//! 1. Both are polled whenever the whole is, until one is ready; the first before the second. So if
//!    both are ready at once the first wins, and the second is not polled.
//! 2. The loser is dropped *before* the winner's output is handed out, and the winner too: whoever
//!    has the output need not wait for the drop of `Select` to have a lock, a permit or a socket
//!    back.

use std::pin::Pin;
use std::task::{Context, Poll};

/// Which of two was first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first future, with this output.
    First(A),
    /// The second.
    Second(B),
}

/// Waits for the first of two futures to be ready.
pub fn select<A: Future, B: Future>(first: A, second: B) -> Select<A, B> {
    Select { both: Some((Box::pin(first), Box::pin(second))) }
}

/// Waits for the first of two futures.
#[must_use = "nothing runs until this is awaited"]
pub struct Select<A, B> {
    /// The two, until one is ready.
    both: Option<Both<A, B>>,
}

/// The first and the second.
type Both<A, B> = (Pin<Box<A>>, Pin<Box<B>>);

impl<A: Future, B: Future> Future for Select<A, B> {
    type Output = Either<A::Output, B::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (first, second) = self.both.as_mut().expect("a Select was polled again after its end");
        // Rules 1 and 2.
        let output = match first.as_mut().poll(cx) {
            Poll::Ready(output) => Either::First(output),
            Poll::Pending => match second.as_mut().poll(cx) {
                Poll::Ready(output) => Either::Second(output),
                Poll::Pending => return Poll::Pending,
            },
        };
        self.both = None;
        Poll::Ready(output)
    }
}
