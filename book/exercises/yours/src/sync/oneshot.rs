//! A channel for one value.
//!
//! Both halves share a place for the value and a place for the waker of each side.
//!
//! ```text
//!            send                         poll, try_recv
//!   open ------------> sent (value) ------------------------> over
//!     |                                                        ^
//!     +--- the sender dropped, or the receiver closed ---------+
//! ```
//!
//! 1. `over` is set once and for ever, by the sender when it sends or goes, and by the receiver
//!    when it closes or goes; a value is only ever put there before that.
//! 2. Whoever waits is woken when what it waits for has happened: the receiver when `over` is set,
//!    the sender (in `closed`) when the receiver closes or goes. The waker of the last poll counts.
//! 3. A half that goes takes its own waker along at once, so that two tasks which hold each other's
//!    halves do not keep each other alive.
//! 4. Nothing of the user's runs under the lock: no waker is called there, no waker and no value is
//!    dropped there.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::{lock, wake};

/// Makes a channel for one value.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = State { value: None, over: false, receiver: None, sender: None };
    let shared = Arc::new(Mutex::new(state));
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

/// The half that sends.
pub struct Sender<T> {
    /// What both halves share.
    shared: Arc<Mutex<State<T>>>,
}

/// The half that receives: a future of the value.
#[must_use = "the value is received when this is awaited"]
pub struct Receiver<T> {
    /// What both halves share.
    shared: Arc<Mutex<State<T>>>,
}

/// What both halves share.
struct State<T> {
    /// The value, from `send` until it is received.
    value: Option<T>,
    /// Nothing will be sent (any more).
    over: bool,
    /// Waits for the value.
    receiver: Option<Waker>,
    /// Waits for the receiver to go.
    sender: Option<Waker>,
}

/// The sender was dropped without sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

/// Why there is no value now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// It may still come.
    Empty,
    /// It will not come, or was received before.
    Closed,
}

impl<T> Sender<T> {
    /// Sends the value, and wakes the receiver; gives the value back if the receiver is closed or
    /// gone. Never waits. (`Sender::drop` follows, whatever this returns.)
    pub fn send(self, value: T) -> Result<(), T> {
        todo!("exercise `oneshot`: put the value there")
    }

    /// Whether the receiver is closed or gone.
    pub fn is_closed(&self) -> bool {
        lock(&self.shared).over
    }

    /// Waits until the receiver is closed or gone.
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// Ready when the receiver is closed or gone.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        todo!("exercise `oneshot`: is it over? keep the waker")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Rules 1 to 4. After `send` there is nobody left to be woken.
        if !std::thread::panicking() {
            todo!("exercise `oneshot`: the sender goes, in place of this `if`");
        }
    }
}

impl<T> Receiver<T> {
    /// Takes the value if it is there. Never waits.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        todo!("exercise `oneshot`: value, empty or closed")
    }

    /// Refuses a value from now on. One that was sent before can still be received.
    pub fn close(&mut self) {
        todo!("exercise `oneshot`: the receiver closes")
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("exercise `oneshot`: value, error, or keep the waker")
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Rules 1 to 4. A value that was sent and not received goes too.
        if !std::thread::panicking() {
            todo!("exercise `oneshot`: the receiver goes, in place of this `if`");
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("oneshot::Sender").field("closed", &self.is_closed()).finish()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("oneshot::Receiver").finish_non_exhaustive()
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sender was dropped without sending")
    }
}

impl Error for RecvError {}
