//! A number of permits, taken by those who want to do something and given back after it.
//!
//! Idea: who finds too few permits stands in line. A permit that comes back is given to the first
//! in the line before anyone new can see it: the releaser takes it from the count *on behalf of*
//! the waiter, takes the waiter out of the line, and wakes it. Not in the line any more means: the
//! permits are mine.
//!
//! Rules:
//!
//! 1. Strictly first come, first served. One who needs many permits stops the line until enough
//!    have come together, so it is not starved by those who need few; and nobody who comes new goes
//!    past the line.
//! 2. One who was given permits and is dropped before it could take them gives them back, and so on
//!    to the next. (One that is *forgotten* keeps its place for ever, as a forgotten permit does.)
//! 3. After `close` nothing is given any more.
//!
//! Cost: one lock to acquire, one to give back, and one more for each waiter that is served.
//! The interface follows `tokio::sync::Semaphore`, and rule 2 a bug that asyncio's had for years.

use super::error::{AcquireError, TryAcquireError};
use super::lock;
use super::waiters::{Ticket, Waiters};
use crate::budget;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

/// Limits how many may do something at a time.
///
/// With one permit it is a lock that may be held across an `.await`. Works from any thread and on
/// any executor. First come, first served.
///
/// ```
/// # futures_lite::future::block_on(async {
/// let two_at_a_time = boucle::sync::Semaphore::new(2);
/// let _a = two_at_a_time.acquire().await.unwrap();
/// let b = two_at_a_time.acquire().await.unwrap();
/// assert!(two_at_a_time.try_acquire().is_err());
/// drop(b);
/// assert!(two_at_a_time.try_acquire().is_ok());
/// # });
/// ```
#[derive(Debug)]
pub struct Semaphore {
    /// What changes.
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug)]
struct State {
    /// Permits nobody has. Those that gather for the first in the line are among them.
    permits: usize,
    /// Nothing is given any more.
    closed: bool,
    /// Those who wait for permits.
    line: Waiters,
}

impl Semaphore {
    /// Makes a semaphore with this many permits.
    ///
    /// ```
    /// static ONE_AT_A_TIME: boucle::sync::Semaphore = boucle::sync::Semaphore::new(1);
    /// let _permit = ONE_AT_A_TIME.try_acquire();
    /// assert_eq!(ONE_AT_A_TIME.available_permits(), 0);
    /// ```
    #[must_use]
    pub const fn new(permits: usize) -> Semaphore {
        Semaphore { state: Mutex::new(State { permits, closed: false, line: Waiters::new() }) }
    }

    /// Takes a permit, waiting for one if there is none. It comes back when the [`Permit`] is
    /// dropped.
    ///
    /// Dropping the future leaves the line; a permit that was given to it goes to the next.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let semaphore = boucle::sync::Semaphore::new(1);
    /// let permit = semaphore.acquire().await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # });
    /// ```
    pub async fn acquire(&self) -> Result<Permit<'_>, AcquireError> {
        self.acquire_many(1).await
    }

    /// Takes `count` permits at once, waiting until that many are there. Everyone who comes later
    /// waits behind it, those who need fewer too. Asking for more than there ever will be waits,
    /// and makes them wait, for ever.
    ///
    /// Dropping the future is as for [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let semaphore = boucle::sync::Semaphore::new(5);
    /// let three = semaphore.acquire_many(3).await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # drop(three); });
    /// ```
    pub async fn acquire_many(&self, count: usize) -> Result<Permit<'_>, AcquireError> {
        Acquiring { semaphore: self, need: count, ticket: None }.await?;
        Ok(Permit { semaphore: self, count })
    }

    /// Takes a permit that can move to another task, since it holds the semaphore itself.
    ///
    /// Dropping the future is as for [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let semaphore = std::sync::Arc::new(boucle::sync::Semaphore::new(1));
    /// let permit = semaphore.clone().acquire_owned().await.unwrap();
    /// std::thread::spawn(move || drop(permit)).join().unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # });
    /// ```
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedPermit, AcquireError> {
        Acquiring { semaphore: &self, need: 1, ticket: None }.await?;
        Ok(OwnedPermit { semaphore: self, count: 1 })
    }

    /// Takes a permit if there is one and nobody waits for it. Never waits.
    ///
    /// # Errors
    ///
    /// When there is none, or others wait, or the semaphore is closed.
    ///
    /// ```
    /// let semaphore = boucle::sync::Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert!(semaphore.try_acquire().is_err());
    /// # drop(permit);
    /// ```
    pub fn try_acquire(&self) -> Result<Permit<'_>, TryAcquireError> {
        let mut state = lock(&self.state);
        if state.closed {
            Err(TryAcquireError::Closed)
        } else if state.take(1) {
            Ok(Permit { semaphore: self, count: 1 })
        } else {
            Err(TryAcquireError::NoPermits)
        }
    }

    /// Adds permits, or gives back some that were forgotten. The count stops at `usize::MAX`.
    ///
    /// ```
    /// let semaphore = boucle::sync::Semaphore::new(0);
    /// semaphore.add_permits(2);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    pub fn add_permits(&self, count: usize) {
        let mut state = lock(&self.state);
        state.permits = state.permits.saturating_add(count);
        // This is the only place where permits are given to those who wait. Each is woken unlocked;
        // nobody can go past the line meanwhile.
        while let Some(waker) = state.serve_first() {
            drop(state);
            waker.wake();
            state = lock(&self.state);
        }
    }

    /// How many permits nobody has. Some of them may be gathering for one who needs many.
    ///
    /// ```
    /// assert_eq!(boucle::sync::Semaphore::new(3).available_permits(), 3);
    /// ```
    #[must_use]
    pub fn available_permits(&self) -> usize {
        lock(&self.state).permits
    }

    /// Gives nothing any more: those who wait, and those who come, get an error. Permits that are
    /// out stay valid.
    ///
    /// ```
    /// let semaphore = boucle::sync::Semaphore::new(1);
    /// semaphore.close();
    /// assert!(futures_lite::future::block_on(semaphore.acquire()).is_err());
    /// ```
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        // They stay in the line: not being there would mean that they were given what they need.
        let waiting = state.line.wakers();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether [`close`](Self::close) was called.
    ///
    /// ```
    /// assert!(!boucle::sync::Semaphore::new(3).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }
}

impl State {
    /// Takes permits for one who comes new.
    fn take(&mut self, need: usize) -> bool {
        let there = self.line.is_empty() && need <= self.permits;
        if there {
            self.permits -= need;
        }
        there
    }

    /// Gives the first in the line what it needs, if that is there now.
    fn serve_first(&mut self) -> Option<Waker> {
        let (_, first) = self.line.first()?;
        if self.closed || first.need > self.permits {
            return None;
        }
        self.permits -= first.need;
        self.line.call_first()
    }
}

/// The future behind `acquire`. When it is ready, `need` permits are out of the count.
struct Acquiring<'a> {
    /// The semaphore.
    semaphore: &'a Semaphore,
    /// How many permits it needs.
    need: usize,
    /// Its ticket, if it had to wait. Not in the line any more: the permits are out of the count.
    ticket: Option<Ticket>,
}

impl Future for Acquiring<'_> {
    type Output = Result<(), AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_left(cx));
        let this = &mut *self;
        let mut state = lock(&this.semaphore.state);
        let given = match this.ticket {
            None => !state.closed && state.take(this.need),
            Some(ticket) => !state.line.contains(ticket),
        };
        if given {
            this.ticket = None;
        } else if !state.closed {
            let (ticket, old) = state.line.stand(this.ticket, this.need, cx.waker());
            this.ticket = Some(ticket);
            drop(state);
            drop(old);
            return Poll::Pending;
        }
        budget::charge();
        Poll::Ready(if given { Ok(()) } else { Err(AcquireError) })
    }
}

impl Drop for Acquiring<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let own = lock(&self.semaphore.state).line.leave(ticket);
        // Either it was given permits, or it may have been what stopped the line.
        self.semaphore.add_permits(if own.is_none() { self.need } else { 0 });
    }
}

/// Permits taken from a [`Semaphore`], given back when this is dropped.
#[derive(Debug)]
#[must_use = "the permit is given back when this is dropped"]
pub struct Permit<'a> {
    /// Where they go back.
    semaphore: &'a Semaphore,
    /// How many.
    count: usize,
}

/// A permit that holds its [`Semaphore`], and can move to another task.
#[derive(Debug)]
#[must_use = "the permit is given back when this is dropped"]
pub struct OwnedPermit {
    /// Where it goes back.
    semaphore: Arc<Semaphore>,
    /// How many: one, until it is forgotten.
    count: usize,
}

impl Permit<'_> {
    /// Does not give them back: the semaphore has that many fewer from now on.
    ///
    /// ```
    /// let semaphore = boucle::sync::Semaphore::new(1);
    /// semaphore.try_acquire().unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// ```
    pub fn forget(mut self) {
        self.count = 0;
    }
}

impl OwnedPermit {
    /// Does not give it back: the semaphore has one fewer from now on.
    ///
    /// ```
    /// let semaphore = std::sync::Arc::new(boucle::sync::Semaphore::new(1));
    /// let permit = futures_lite::future::block_on(semaphore.clone().acquire_owned());
    /// permit.unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// ```
    pub fn forget(mut self) {
        self.count = 0;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.semaphore.add_permits(self.count);
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        self.semaphore.add_permits(self.count);
    }
}
