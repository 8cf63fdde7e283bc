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
        let mut state = lock(&self.shared);
        if state.over {
            return Err(value);
        }
        state.value = Some(value);
        state.over = true;
        let receiver = state.receiver.take();
        drop(state);
        wake(receiver);
        Ok(())
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
        let mut state = lock(&self.shared);
        if state.over {
            return Poll::Ready(());
        }
        let before = state.sender.replace(cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Rules 1 to 4. After `send` there is nobody left to be woken.
        let mut state = lock(&self.shared);
        state.over = true;
        let (receiver, own) = (state.receiver.take(), state.sender.take());
        drop(state);
        drop(own);
        wake(receiver);
    }
}

impl<T> Receiver<T> {
    /// Takes the value if it is there. Never waits.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut state = lock(&self.shared);
        match state.value.take() {
            Some(value) => Ok(value),
            None if state.over => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Refuses a value from now on. One that was sent before can still be received.
    pub fn close(&mut self) {
        let mut state = lock(&self.shared);
        state.over = true;
        let sender = state.sender.take();
        drop(state);
        wake(sender);
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.shared);
        match state.value.take() {
            Some(value) => Poll::Ready(Ok(value)),
            None if state.over => Poll::Ready(Err(RecvError)),
            None => {
                let before = state.receiver.replace(cx.waker().clone());
                drop(state);
                drop(before);
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Rules 1 to 4. A value that was sent and not received goes too.
        let mut state = lock(&self.shared);
        state.over = true;
        let (own, sender, value) = (state.receiver.take(), state.sender.take(), state.value.take());
        drop(state);
        wake(sender);
        drop((own, value));
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
