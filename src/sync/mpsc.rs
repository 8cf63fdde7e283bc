//! A bounded queue with many senders and one receiver.
//!
//! Idea: a queue with a number of places. Who finds it full stands in line; each value received
//! *calls* the first in the line, which then sends as if it had just come.
//!
//! ```text
//!   send --> [ v v v v ] --> recv       full:  send stands in line
//!            `capacity'                 recv:  takes a value, calls the first in the line
//!   line: S4 S5 S6 ...                  empty: recv leaves its waker, the next send wakes it
//! ```
//!
//! Rules:
//!
//! 1. Senders are called in the order in which they came, and nobody who comes new goes past the
//!    line. One who was called and finds the queue full all the same is first in the line again.
//! 2. *No place is kept for one who was called*: it may have been forgotten (`mem::forget`), and
//!    will never come. So, as long as the queue is empty and somebody stands in line, the receiver
//!    does not sleep. It yields once to those it has called, and then calls one more each time.
//! 3. One who was called and is dropped calls the next.
//!
//! Invariant, from these: if anybody stands in line, then the queue is full, or one who was called
//! is still to come, or the receiver is about to look.
//!
//! Cost: one lock a call, and no allocation a message. With one place and two tasks on a loop, a
//! message is one poll of each. The interface follows `tokio::sync::mpsc`; that a place is not kept
//! for a waiter is from `async-channel`.

pub use super::error::{SendError, TryRecvError, TrySendError};

use super::waiters::{Ticket, Waiters};
use super::{Notify, keep, lock, wake};
use crate::budget;
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

/// Makes a queue with this many places.
///
/// Both halves work from any thread and on any executor.
///
/// # Panics
///
/// If `capacity` is zero.
///
/// ```
/// # futures_lite::future::block_on(async {
/// let (tx, mut rx) = boucle::sync::mpsc::channel(8);
/// std::thread::spawn(move || tx.try_send("hello"));
/// assert_eq!(rx.recv().await, Some("hello"));
/// assert_eq!(rx.recv().await, None); // Every sender is gone.
/// # });
/// ```
#[must_use]
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        capacity > 0,
        "a channel needs at least one place: use channel(1), or sync::Notify to send no value"
    );
    let shared = Arc::new(Shared {
        capacity,
        state: Mutex::new(State {
            queue: VecDeque::new(),
            senders: 1,
            closed: false,
            receiver: None,
            blocked: Waiters::new(),
        }),
        gone: Notify::new(),
    });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared, yielded: false })
}

/// A half that sends. Clones send into the same queue; when the last is dropped, the receiver gets
/// what is in the queue and then `None`.
pub struct Sender<T> {
    /// What all halves share.
    shared: Arc<Shared<T>>,
}

/// The half that receives. It is also a `Stream`. Dropping it drops what is in the queue.
pub struct Receiver<T> {
    /// What all halves share.
    shared: Arc<Shared<T>>,
    /// Whether it has yielded to those who were called since it received the last value (rule 2).
    yielded: bool,
}

/// What all halves share.
struct Shared<T> {
    /// The number of places.
    capacity: usize,
    /// What changes.
    state: Mutex<State<T>>,
    /// Tells `Sender::closed` that the receiver is closed or dropped.
    gone: Notify,
}

/// What changes.
struct State<T> {
    /// Values sent and not yet received, at most `capacity`.
    queue: VecDeque<T>,
    /// How many senders there are.
    senders: usize,
    /// The receiver is closed or dropped.
    closed: bool,
    /// Waits for a value.
    receiver: Option<Waker>,
    /// Senders that wait to be called.
    blocked: Waiters,
}

impl<T> Sender<T> {
    /// Sends the value, waiting for a place when the queue is full.
    ///
    /// Senders that wait are called in the order of their first poll. One that is slow to come may
    /// be overtaken, since a place is never kept for one that might not come at all.
    ///
    /// Dropping the future before it is ready means that the value was not sent: it is dropped
    /// with the future. One lock a poll.
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver is closed or dropped.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let (tx, mut rx) = boucle::sync::mpsc::channel(1);
    /// tx.send(7).await.unwrap();
    /// assert_eq!(rx.recv().await, Some(7));
    /// drop(rx);
    /// assert_eq!(tx.send(8).await.unwrap_err().0, 8);
    /// # });
    /// ```
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        Sending { shared: &self.shared, value: Some(value), ticket: None }
    }

    /// Sends the value if there is a place and nobody waits for it. Never waits.
    ///
    /// # Errors
    ///
    /// Gives the value back, in [`TrySendError::Full`] or [`TrySendError::Closed`].
    ///
    /// ```
    /// use boucle::sync::mpsc::{TrySendError, channel};
    /// let (tx, _rx) = channel(1);
    /// assert_eq!(tx.try_send(7), Ok(()));
    /// assert_eq!(tx.try_send(8), Err(TrySendError::Full(8)));
    /// ```
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let state = lock(&self.shared.state);
        if state.closed {
            return Err(TrySendError::Closed(value));
        }
        if !state.blocked.is_empty() || state.queue.len() == self.shared.capacity {
            return Err(TrySendError::Full(value));
        }
        put(state, value);
        Ok(())
    }

    /// Whether the receiver is closed or dropped, so that nothing can be sent any more.
    ///
    /// ```
    /// let (tx, mut rx) = boucle::sync::mpsc::channel::<()>(1);
    /// assert!(!tx.is_closed());
    /// rx.close();
    /// assert!(tx.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared.state).closed
    }

    /// Waits until the receiver is closed or dropped. Dropping the future has no effect.
    ///
    /// ```
    /// let (tx, rx) = boucle::sync::mpsc::channel::<()>(1);
    /// drop(rx);
    /// futures_lite::future::block_on(tx.closed());
    /// ```
    pub async fn closed(&self) {
        let gone = self.shared.gone.notified();
        if self.is_closed() {
            budget::spend().await;
        } else {
            gone.await;
        }
    }

    /// The number of places, taken or not.
    ///
    /// ```
    /// let (tx, _rx) = boucle::sync::mpsc::channel::<()>(8);
    /// assert_eq!(tx.capacity(), 8);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.capacity
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        lock(&self.shared.state).senders += 1;
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.senders -= 1;
        if state.senders == 0 {
            let receiver = state.receiver.take();
            drop(state);
            wake(receiver);
        }
    }
}

impl<T> Receiver<T> {
    /// Receives the next value, waiting when the queue is empty. `None` when there will be none
    /// any more: the queue is empty, and closed or without a sender.
    ///
    /// Dropping the future loses nothing: a value is received in the poll that returns it. One lock
    /// a poll.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let (tx, mut rx) = boucle::sync::mpsc::channel(1);
    /// tx.try_send(7).unwrap();
    /// drop(tx);
    /// assert_eq!(rx.recv().await, Some(7));
    /// assert_eq!(rx.recv().await, None);
    /// # });
    /// ```
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The same as [`recv`](Self::recv), for a hand-written future. The task of the last poll is
    /// the one that is woken.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// let (tx, mut rx) = boucle::sync::mpsc::channel(1);
    /// tx.try_send(7).unwrap();
    /// let got = futures_lite::future::block_on(poll_fn(|cx| rx.poll_recv(cx)));
    /// assert_eq!(got, Some(7));
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(budget::poll_left(cx));
        let mut state = lock(&self.shared.state);

        // 1. A value: its place is free, and the first in the line is called.
        if let Some(value) = state.queue.pop_front() {
            let next = state.blocked.call_first();
            drop(state);
            wake(next);
            self.yielded = false;
            budget::charge();
            return Poll::Ready(Some(value));
        }

        // 2. None, and none will come.
        if state.closed || state.senders == 0 {
            drop(state);
            budget::charge();
            return Poll::Ready(None);
        }

        // 3. None yet: wait.
        let old = keep(&mut state.receiver, cx.waker());
        let line = !state.blocked.is_empty();
        let next = self.yielded.then(|| state.blocked.call_first());
        drop(state);
        drop(old);

        // 4. If there is a line all the same, then one who was called has not come (rule 2): come
        //    back in a moment.
        if line {
            self.yielded = true;
            wake(next.flatten());
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Receives a value if there is one. Never waits.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] when there is none now, [`TryRecvError::Closed`] when there will be
    /// none any more.
    ///
    /// ```
    /// let (tx, mut rx) = boucle::sync::mpsc::channel(1);
    /// assert!(rx.try_recv().is_err());
    /// tx.try_send(7).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(7));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut state = lock(&self.shared.state);
        let value = state.queue.pop_front();
        // When there is no value, one who was called has not come (rule 2).
        let next = state.blocked.call_first();
        let over = state.closed || state.senders == 0;
        drop(state);
        wake(next);
        value.ok_or(if over { TryRecvError::Closed } else { TryRecvError::Empty })
    }

    /// Refuses values from now on. What is in the queue can still be received. Senders that wait
    /// get their value back.
    ///
    /// ```
    /// let (tx, mut rx) = boucle::sync::mpsc::channel(2);
    /// tx.try_send(7).unwrap();
    /// rx.close();
    /// assert!(tx.try_send(8).is_err());
    /// assert_eq!(rx.try_recv(), Ok(7));
    /// ```
    pub fn close(&mut self) {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        let waiting = state.blocked.call_all();
        drop(state);
        waiting.for_each(Waker::wake);
        self.shared.gone.notify_waiters();
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.close();
        let mut state = lock(&self.shared.state);
        let left = (std::mem::take(&mut state.queue), state.receiver.take());
        drop(state);
        drop(left);
    }
}

/// Puts a value into a queue that has a place for it, and wakes the receiver.
fn put<T>(mut state: MutexGuard<'_, State<T>>, value: T) {
    state.queue.push_back(value);
    let receiver = state.receiver.take();
    drop(state);
    wake(receiver);
}

/// The future of [`Sender::send`].
struct Sending<'a, T> {
    /// The queue.
    shared: &'a Shared<T>,
    /// The value, until it is in the queue.
    value: Option<T>,
    /// Its ticket, if it ever found the queue full. Not in the line any more: it was called.
    ticket: Option<Ticket>,
}

// The value is moved, never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        ready!(budget::poll_left(cx));
        let mut guard = lock(&this.shared.state);
        let state = &mut *guard;

        // 1. Is it this sender's turn, and is there a place?
        let turn = match this.ticket {
            None => state.blocked.is_empty(),
            Some(ticket) => !state.blocked.contains(ticket),
        };
        let place = state.queue.len() < this.shared.capacity;

        // 2. Not yet: stand in line.
        if !(state.closed || turn && place) {
            let (ticket, old) = state.blocked.stand(this.ticket, 1, cx.waker());
            this.ticket = Some(ticket);
            drop(guard);
            drop(old);
            return Poll::Pending;
        }

        // 3. It is over in any case.
        let value = this.value.take().expect("polled after it was ready");
        this.ticket = None;
        budget::charge();
        if state.closed {
            return Poll::Ready(Err(SendError(value)));
        }
        put(guard, value);
        Poll::Ready(Ok(()))
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = lock(&self.shared.state);
        let own = state.blocked.leave(ticket);
        // If it was called, and will not come, then the next one may.
        let next = own.is_none().then(|| state.blocked.call_first());
        drop(state);
        drop(own);
        wake(next.flatten());
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mpsc::Sender").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mpsc::Receiver").finish_non_exhaustive()
    }
}
