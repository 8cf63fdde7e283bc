//! A channel for one value.
//!
//! Idea: both halves share one allocation with a place for the value and a place for the waker of
//! each side. [`Sender::send`] puts the value there and wakes the receiver, which *is* the future
//! of the value. Either side learns when the other is gone: the receiver by [`RecvError`], the
//! sender by [`Sender::closed`], so that work nobody waits for can stop.
//!
//! ```text
//!            send                         poll, try_recv
//!   open ------------> sent (value) ------------------------> over
//!     |                                                        ^
//!     +--- the sender dropped, or the receiver closed ---------+
//! ```
//!
//! Invariant: `over` is set once and for ever, by the sender when it sends or goes, and by the
//! receiver when it closes; a value is only ever put there before that. A half that goes takes its
//! waker along at once, so that two tasks which hold each other's halves do not keep each other
//! alive.
//!
//! Cost: one allocation for both halves, one lock to send, one to receive. The interface follows
//! `tokio::sync::oneshot` and `futures::channel::oneshot`.

pub use super::error::{RecvError, TryRecvError};

use super::{keep, lock, wake};
use crate::budget;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

/// Makes a channel for one value.
///
/// Both halves work from any thread and on any executor. One allocation.
///
/// ```
/// let (tx, rx) = boucle::sync::oneshot::channel();
/// std::thread::spawn(move || tx.send("hello"));
/// assert_eq!(futures_lite::future::block_on(rx), Ok("hello"));
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared =
        Arc::new(Mutex::new(State { value: None, over: false, receiver: None, sender: None }));
    (Sender { shared: Arc::clone(&shared), sent: false }, Receiver { shared, received: false })
}

/// The half that sends. Dropping it unused gives the receiver a [`RecvError`].
pub struct Sender<T> {
    /// What both halves share.
    shared: Arc<Mutex<State<T>>>,
    /// Whether the value was sent, and dropping has nothing left to do.
    sent: bool,
}

/// The half that receives: a future of the value.
///
/// It gives `Err(RecvError)` when the sender was dropped without sending, and when polled again
/// after the value. Dropping it drops a value that was sent, and wakes [`Sender::closed`]. While
/// pending it may be polled by one task and then by another: the last one is woken.
#[must_use = "the value is received when this is awaited"]
pub struct Receiver<T> {
    /// What both halves share.
    shared: Arc<Mutex<State<T>>>,
    /// Whether the value was received, and dropping has nothing left to do.
    received: bool,
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

impl<T> Sender<T> {
    /// Sends the value, and wakes the receiver. Never waits.
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver is closed or dropped. `Ok` says that the receiver was
    /// there to take it, not that it will.
    ///
    /// ```
    /// let (tx, rx) = boucle::sync::oneshot::channel();
    /// drop(rx);
    /// assert_eq!(tx.send(7), Err(7));
    /// ```
    pub fn send(mut self, value: T) -> Result<(), T> {
        let mut state = lock(&self.shared);
        if state.over {
            return Err(value);
        }
        // 1. The value, and with it the end: the sender is used up.
        state.value = Some(value);
        state.over = true;
        let (receiver, own) = (state.receiver.take(), state.sender.take());
        drop(state);
        self.sent = true;

        // 2. Unlocked, whoever waits for it is woken.
        drop(own);
        wake(receiver);
        Ok(())
    }

    /// Whether the receiver is closed or dropped, so that a value can no longer be sent.
    ///
    /// ```
    /// let (tx, rx) = boucle::sync::oneshot::channel::<()>();
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared).over
    }

    /// Waits until the receiver is closed or dropped. Dropping the future has no effect.
    ///
    /// ```
    /// let (mut tx, rx) = boucle::sync::oneshot::channel::<()>();
    /// drop(rx);
    /// futures_lite::future::block_on(tx.closed());
    /// ```
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// Ready when the receiver is closed or dropped; otherwise the task of the last poll is woken
    /// when that happens.
    ///
    /// ```
    /// # use std::{future::poll_fn, task::Poll};
    /// let (mut tx, mut rx) = boucle::sync::oneshot::channel::<()>();
    /// rx.close();
    /// futures_lite::future::block_on(poll_fn(|cx| tx.poll_closed(cx)));
    /// ```
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_left(cx));
        let mut state = lock(&self.shared);
        if state.over {
            budget::charge();
            return Poll::Ready(());
        }
        let old = keep(&mut state.sender, cx.waker());
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.sent {
            return;
        }
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
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] while the value may still come, [`TryRecvError::Closed`] when it
    /// will not, or was received before.
    ///
    /// ```
    /// let (tx, mut rx) = boucle::sync::oneshot::channel();
    /// assert!(rx.try_recv().is_err());
    /// tx.send(7).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(7));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut state = lock(&self.shared);
        match state.value.take() {
            Some(value) => {
                drop(state);
                self.received = true;
                Ok(value)
            }
            None if state.over => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Refuses a value from now on, and wakes [`Sender::closed`]. One that was sent before can
    /// still be received.
    ///
    /// ```
    /// let (tx, mut rx) = boucle::sync::oneshot::channel();
    /// rx.close();
    /// assert_eq!(tx.send(7), Err(7));
    /// assert!(futures_lite::future::block_on(rx).is_err());
    /// ```
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

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_left(cx));
        let mut state = lock(&self.shared);
        let output = match state.value.take() {
            Some(value) => Ok(value),
            None if state.over => Err(RecvError),
            None => {
                let old = keep(&mut state.receiver, cx.waker());
                drop(state);
                drop(old);
                return Poll::Pending;
            }
        };
        drop(state);
        budget::charge();
        self.received = output.is_ok();
        Poll::Ready(output)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.received {
            return;
        }
        let mut state = lock(&self.shared);
        state.over = true;
        let (own, sender) = (state.receiver.take(), state.sender.take());
        let value = state.value.take();
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
