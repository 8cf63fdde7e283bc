//! Timers on a heap: the next one is on top.
//!
//! The heap holds a small entry for each timer: its tick, the number of its insertion, its key. The
//! timers themselves are in an arena. To cancel a timer takes it out of the arena and leaves its
//! entry behind: to find it in the heap would cost O(n). A *stale* entry, whose key finds nothing,
//! means nothing.
//!
//! 1. Timers fire by deadline, and those of one tick in the order of insertion. A deadline that has
//!    passed when it is inserted counts as the tick of its insertion.
//! 2. No stale entry is ever on top. So the top says when to wake up, and nobody is woken for a
//!    timer that was cancelled.
//! 3. There are never more than twice as many entries as timers, plus 64. A server that arms a
//!    timeout of a minute for each request, and cancels it a millisecond later, would otherwise
//!    carry a minute of stale entries.
//!
//! Cost: O(log n) to insert, and for each entry that leaves; O(1) to cancel, over time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::arena::{Arena, Key};
use crate::wheel::Step;

/// Stale entries that do no harm.
const SLACK: usize = 64;

/// Timers, each with a deadline and a payload, which fire as the current tick advances.
pub struct Heap<T> {
    /// The current tick: whatever was due before it has fired.
    elapsed: u64,
    /// The tick at which a timer fires, the number of its insertion, its key; the smallest first.
    entries: BinaryHeap<Reverse<(u64, u64, Key)>>,
    /// The timers: deadline as it was inserted, and payload.
    timers: Arena<(u64, T)>,
    /// How many timers there are.
    alive: usize,
    /// How many there ever were.
    inserted: u64,
}

impl<T> Heap<T> {
    /// An empty heap at tick 0.
    pub fn new() -> Self {
        let (entries, timers) = (BinaryHeap::new(), Arena::new());
        Heap { elapsed: 0, entries, timers, alive: 0, inserted: 0 }
    }

    /// Whether there are no timers.
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    /// How many entries the heap holds, stale ones included.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Adds a timer. If its deadline is not after the current tick, it fires in the next
    /// [`advance`](Self::advance), even one to the current tick.
    pub fn insert(&mut self, deadline: u64, payload: T) -> Key {
        // Rule 1.
        let key = self.timers.insert((deadline, payload));
        self.entries.push(Reverse((deadline.max(self.elapsed), self.inserted, key)));
        self.alive += 1;
        self.inserted += 1;
        key
    }

    /// The payload of a timer, unless the timer has fired or was removed.
    pub fn get_mut(&mut self, timer: Key) -> Option<&mut T> {
        self.timers.get_mut(timer).map(|(_, payload)| payload)
    }

    /// Removes a timer and returns its payload, unless it has fired or was removed.
    pub fn remove(&mut self, timer: Key) -> Option<T> {
        // Rules 2 and 3.
        let (_, payload) = self.timers.remove(timer)?;
        self.alive -= 1;
        self.clean_up();
        Some(payload)
    }

    /// The tick at which the next timer fires.
    pub fn next_wakeup(&self) -> Option<u64> {
        // Never in the past: what is overdue is due now.
        let Reverse((tick, ..)) = self.entries.peek()?;
        Some((*tick).max(self.elapsed))
    }

    /// Makes `now` the current tick, and tells `step` of each timer that fires on the way, in
    /// order. Does nothing if `now` is before the current tick.
    pub fn advance(&mut self, now: u64, mut step: impl FnMut(Step<T>)) {
        // `Step::Fired` says what was inserted. Rules 2 and 3 hold afterwards.
        self.elapsed = self.elapsed.max(now);
        while let Some(&Reverse((tick, _, timer))) = self.entries.peek()
            && tick <= self.elapsed
        {
            self.entries.pop();
            if let Some((deadline, payload)) = self.timers.remove(timer) {
                self.alive -= 1;
                step(Step::Fired { timer, deadline, payload });
            }
        }
        self.clean_up();
    }

    /// Takes stale entries off the top, and all of them out when they are too many.
    fn clean_up(&mut self) {
        if self.entries.len() > 2 * self.alive + SLACK {
            self.entries.retain(|Reverse((.., key))| self.timers.get(*key).is_some());
        }
        while let Some(Reverse((.., key))) = self.entries.peek()
            && self.timers.get(*key).is_none()
        {
            self.entries.pop();
        }
    }
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Heap::new()
    }
}
