//! What all listeners have in common: accepting, and what to do when that fails.
//!
//! Three kinds of failure are told apart. What befell only the one connection that would have been
//! accepted is passed over in silence. A shortage of descriptors or memory is waited out: the
//! connection stays in the queue, so trying again at once would fail at once, and a server would
//! be busy with nothing else. Everything else is an error of the listener, for its owner.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use mio::event;

use crate::io::{Direction, Source};
use crate::time::{Sleep, sleep};

/// How long a listener rests when the process or the system has no descriptor left for a new
/// connection: long enough to cost nothing, short enough for a client not to give up.
const REST: Duration = Duration::from_millis(100);

/// Whoever can be accepted from. It is the bound of [`Incoming`], and nobody else can implement it.
pub trait Listener {
    /// What is accepted.
    type Stream;

    /// The next connection; `rest` is where it sleeps when descriptors are short.
    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        rest: &mut Option<Sleep>,
    ) -> Poll<io::Result<Self::Stream>>;
}

/// The next connection that `accept` gives.
pub(super) fn poll_accept<L: event::Source, T>(
    source: &Source<L>,
    cx: &mut Context<'_>,
    rest: &mut Option<Sleep>,
    accept: impl Fn(&L) -> io::Result<T>,
) -> Poll<io::Result<T>> {
    loop {
        if let Some(sleep) = rest {
            ready!(Pin::new(sleep).poll(cx));
            *rest = None;
        }
        match ready!(source.poll_io(Direction::Read, cx, &accept)) {
            Err(error) if is_peers_fault(&error) => {}
            Err(error) if is_shortage(&error) => *rest = Some(sleep(REST)),
            done => return Poll::Ready(done),
        }
    }
}

/// Whether an accept failed because of the one connection that it would have given: Linux reports
/// there what the network has already done to it.
fn is_peers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

/// Whether an accept failed for want of descriptors or memory, which others may give back.
fn is_shortage(error: &io::Error) -> bool {
    // EMFILE, ENFILE and ENOBUFS have no name in std; on Windows WSAEMFILE and WSAENOBUFS.
    const CODES: [i32; 3] = if cfg!(windows) {
        [10024, 10024, 10055]
    } else if cfg!(any(target_os = "linux", target_os = "android")) {
        [24, 23, 105]
    } else {
        [24, 23, 55]
    };
    // "Storage full" is what `epoll` says when the user may watch no more descriptors.
    matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::StorageFull)
        || error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

/// The connections of a listener, as a stream that never ends.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a, L> {
    /// From where they come.
    listener: &'a L,
    /// Where it sleeps when descriptors are short.
    rest: Option<Sleep>,
}

impl<'a, L> Incoming<'a, L> {
    /// The connections of `listener`.
    pub(super) fn new(listener: &'a L) -> Incoming<'a, L> {
        Incoming { listener, rest: None }
    }
}

impl<L: Listener> Stream for Incoming<'_, L> {
    type Item = io::Result<L::Stream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let listener = self.listener;
        listener.poll_accept(cx, &mut self.rest).map(Some)
    }
}

#[cfg(test)]
mod tests;
