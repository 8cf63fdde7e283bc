//! A number of permits, taken by those who want to do something and given back after it.
//!
//! Who finds too few permits draws a *ticket*, a number that only grows, and stands in line under
//! it. A permit that comes back is given to the first in the line before anyone new can see it:
//! the releaser takes it from the count *on behalf of* the waiter, takes the waiter out of the
//! line, and wakes it. **Not in the line any more means: the permits are mine.**
//!
//! 1. Strictly first come, first served. One who needs many permits stops the line until enough
//!    have come together, so it is not starved by those who need few; and nobody who comes new goes
//!    past the line.
//! 2. One who was given permits and is dropped before it could take them gives them back, and so on
//!    to the next. One who leaves the line may be what stopped it.
//! 3. After `close` nothing is given any more: who waits, or comes, gets an error, and who was
//!    served before has its permits.
//! 4. No waker is called or dropped under the lock. The waker of the last poll counts.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::lock;

/// A place in the line. Smaller is earlier.
type Ticket = u64;

/// Limits how many may do something at a time.
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
    /// Those who wait: how many permits each needs, and its waker.
    line: BTreeMap<Ticket, (usize, Waker)>,
    /// The next ticket.
    next: Ticket,
}

/// The semaphore is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcquireError;

/// Why there is no permit now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore is closed.
    Closed,
    /// There are too few, or others wait.
    NoPermits,
}

impl Semaphore {
    /// Makes a semaphore with this many permits.
    pub const fn new(permits: usize) -> Semaphore {
        let state = State { permits, closed: false, line: BTreeMap::new(), next: 0 };
        Semaphore { state: Mutex::new(state) }
    }

    /// Takes a permit, waiting for one if there is none.
    pub async fn acquire(&self) -> Result<Permit<'_>, AcquireError> {
        self.acquire_many(1).await
    }

    /// Takes `count` permits at once, waiting until that many are there.
    pub async fn acquire_many(&self, count: usize) -> Result<Permit<'_>, AcquireError> {
        Acquiring { semaphore: self, need: count, ticket: None }.await?;
        Ok(Permit { semaphore: self, count })
    }

    /// Takes a permit that can move to another task, since it holds the semaphore itself.
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedPermit, AcquireError> {
        Acquiring { semaphore: &self, need: 1, ticket: None }.await?;
        Ok(OwnedPermit { semaphore: self, count: 1 })
    }

    /// Takes a permit if there is one and nobody waits for it. Never waits.
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

    /// Adds permits, or gives back some. The count stops at `usize::MAX`.
    pub fn add_permits(&self, count: usize) {
        // This is the only place where permits are given to those who wait: to all for whom they
        // suffice, in order (`serve_first`). Rule 4.
        if !std::thread::panicking() {
            todo!("exercise `semaphore`: add them and serve the line, in place of this `if`");
        }
    }

    /// How many permits nobody has.
    pub fn available_permits(&self) -> usize {
        lock(&self.state).permits
    }

    /// Gives nothing any more. Permits that are out stay valid.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        // They stay in the line: not being there would mean that they were given what they need.
        let waiting: Vec<Waker> = state.line.values().map(|(_, waker)| waker.clone()).collect();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }
}

impl State {
    /// Takes permits for one who comes new; false if it has to wait.
    fn take(&mut self, need: usize) -> bool {
        // Rule 1.
        todo!("exercise `semaphore`: may one who comes new be served?")
    }

    /// Gives the first in the line what it needs, if that is there now, and returns its waker.
    fn serve_first(&mut self) -> Option<Waker> {
        // Rules 1 and 3.
        todo!("exercise `semaphore`: serve the first, or nobody")
    }

    /// Stands in line under `ticket`, or a new one, with this waker; returns the ticket, and the
    /// waker that stood there before.
    fn stand(
        &mut self,
        ticket: Option<Ticket>,
        need: usize,
        waker: &Waker,
    ) -> (Ticket, Option<Waker>) {
        let ticket = ticket.unwrap_or(self.next);
        self.next = self.next.max(ticket + 1);
        let before = self.line.insert(ticket, (need, waker.clone()));
        (ticket, before.map(|(_, waker)| waker))
    }
}

/// The future behind `acquire`. When it is ready, `need` permits are out of the count.
struct Acquiring<'a> {
    /// The semaphore.
    semaphore: &'a Semaphore,
    /// How many permits it needs.
    need: usize,
    /// Its ticket, from when it had to wait until it is ready.
    ticket: Option<Ticket>,
}

impl Future for Acquiring<'_> {
    type Output = Result<(), AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // One who comes new may be served at once (`take`). One with a ticket looks whether it is
        // still in the line. Whoever has to wait stands there (`stand`). Rules 3 and 4; and a
        // future that is ready has no ticket any more, or its drop would give back what it has got.
        todo!("exercise `semaphore`: served, closed, or in line")
    }
}

impl Drop for Acquiring<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        // Rule 2.
        if !std::thread::panicking() {
            todo!("exercise `semaphore`: leave the line or give back, in place of this `if`");
        }
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
    pub fn forget(mut self) {
        self.count = 0;
    }
}

impl OwnedPermit {
    /// Does not give it back: the semaphore has one fewer from now on.
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
