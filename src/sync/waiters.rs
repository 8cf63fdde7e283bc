//! The line in which futures wait for their turn: first come, first called.
//!
//! Idea: a future that has to wait draws a *ticket*, a number that only grows, and stands in the
//! line under it with its waker. To call a future is to take it out of the line and to wake it: **a
//! future whose ticket is not in the line has been called**, and no further state is needed between
//! the two sides.
//!
//! Invariant: the line is ordered by ticket, so its front has waited longest and a ticket is found
//! by bisection. Whoever leaves from the middle leaves a gap, never at the front, and never are
//! there more gaps than waiters. Whoever drew a ticket leaves the line when dropped, so a ticket in
//! the line belongs to a future that is alive (or was forgotten).
//!
//! Cost: O(1) to join and to be called, O(log n) to be polled again and to leave, the closing of
//! gaps included. The line keeps its memory, so that it does not allocate once it was long enough.
//! An ordered map would do the same in fewer lines; it made a message through a full channel 10 ns
//! slower.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

/// A place in the line. Smaller is earlier.
pub(super) type Ticket = u64;

/// One future that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    /// How many permits it needs (of a semaphore; one elsewhere).
    pub(super) need: usize,
    /// Wakes it: the waker of its last poll.
    pub(super) waker: Waker,
}

/// The line.
#[derive(Debug)]
pub(super) struct Waiters {
    /// The last ticket drawn.
    last: Ticket,
    /// Those who wait, by ticket. `None` is a gap: this one has left.
    line: VecDeque<(Ticket, Option<Waiter>)>,
    /// The number of gaps.
    gaps: usize,
}

impl Waiters {
    /// A line in which nobody waits.
    pub(super) const fn new() -> Waiters {
        Waiters { last: 0, line: VecDeque::new(), gaps: 0 }
    }

    /// Stands in the line, or goes on standing there with the waker of the latest poll. Without a
    /// ticket one is drawn, and the place is the last; one who was called in vain and comes back
    /// with its ticket is first again. Returns the ticket, and the waker it had, to be dropped after
    /// unlocking.
    pub(super) fn stand(
        &mut self,
        ticket: Option<Ticket>,
        need: usize,
        waker: &Waker,
    ) -> (Ticket, Option<Waker>) {
        let place = ticket.map(|ticket| (ticket, self.find(ticket)));
        let (ticket, index) = match place {
            // 1. It stands there.
            Some((ticket, Ok(index))) => {
                let kept = self.line[index].1.as_mut().filter(|it| !it.waker.will_wake(waker));
                return (ticket, kept.map(|it| mem::replace(&mut it.waker, waker.clone())));
            }
            // 2. It comes back,
            Some((ticket, Err(index))) => (ticket, index),
            // 3. or comes new.
            None => {
                self.last += 1;
                (self.last, self.line.len())
            }
        };
        self.line.insert(index, (ticket, Some(Waiter { need, waker: waker.clone() })));
        (ticket, None)
    }

    /// Whether this ticket still waits to be called.
    pub(super) fn contains(&self, ticket: Ticket) -> bool {
        self.find(ticket).is_ok()
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// The one who has waited longest.
    pub(super) fn first(&self) -> Option<(Ticket, &Waiter)> {
        let (ticket, waiter) = self.line.front()?;
        Some((*ticket, waiter.as_ref()?))
    }

    /// Takes the one who has waited longest out of the line. The waker is to be called after
    /// unlocking.
    pub(super) fn call_first(&mut self) -> Option<Waker> {
        let (_, waiter) = self.line.pop_front()?;
        self.close_gaps();
        waiter.map(|waiter| waiter.waker)
    }

    /// Takes everybody out of the line. To be called after unlocking.
    pub(super) fn call_all(&mut self) -> impl Iterator<Item = Waker> + use<> {
        self.gaps = 0;
        mem::take(&mut self.line).into_iter().filter_map(|(_, waiter)| Some(waiter?.waker))
    }

    /// The wakers of everybody, who stay in the line. To be called after unlocking.
    pub(super) fn wakers(&self) -> Vec<Waker> {
        self.line.iter().filter_map(|(_, waiter)| Some(waiter.as_ref()?.waker.clone())).collect()
    }

    /// Leaves the line without having been called. `None` means: had been called before.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waker> {
        let index = self.find(ticket).ok()?;
        let waiter = self.line[index].1.take()?;
        self.gaps += 1;
        self.close_gaps();
        Some(waiter.waker)
    }

    /// Where a ticket stands, or else where it would.
    fn find(&self, ticket: Ticket) -> Result<usize, usize> {
        self.line.binary_search_by_key(&ticket, |(ticket, _)| *ticket)
    }

    /// Closes the gaps at the front, and all of them when they are more than those who wait: that
    /// is O(n), after as many have left.
    fn close_gaps(&mut self) {
        while let Some((_, None)) = self.line.front() {
            self.line.pop_front();
            self.gaps -= 1;
        }
        if self.gaps > self.line.len() / 2 {
            self.line.retain(|(_, waiter)| waiter.is_some());
            self.gaps = 0;
        }
    }
}

#[cfg(test)]
mod tests;
