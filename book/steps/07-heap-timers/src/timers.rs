//! The timers: who waits for which time, in a heap.
//!
//! Time is counted in ticks of a millisecond, as the operating system does when it waits.
//!
//! ```text
//!      deadlines, the next on top         wakers
//!
//!               (5, timer 2)              2: ...
//!              /            \
//!      (9, timer 1)    (30, timer 3)      1: ...        3 was cancelled: its entry is a tombstone
//! ```
//!
//! **Order.** Timers fire by deadline, and within a tick in the order in which they were armed.
//!
//! **Cost.** Arming is O(log n). Cancelling takes out the waker alone: the entry in the heap is a
//! tombstone then, and stays until it comes to the top. A server that arms a timeout of 30 s for each
//! of 10,000 requests a second keeps 300,000 of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::task::Waker;
use std::time::Duration;

use boucle::observe::{Cause, Event, TimerId};
use boucle_watch::{cause, emit, now};

/// Timers, which fire as time goes on.
#[derive(Default)]
pub struct Timers {
    /// When each is due, the next on top; those that were cancelled too.
    deadlines: BinaryHeap<Reverse<(u64, TimerId)>>,
    /// Whom each wakes.
    wakers: BTreeMap<TimerId, Waker>,
    /// How many there have been.
    armed: u32,
}

impl Timers {
    /// Arms a timer that wakes `waker` at this tick.
    pub fn insert(&mut self, tick: u64, waker: Waker) -> TimerId {
        self.armed += 1;
        let (timer, deadline) = (TimerId(self.armed), Duration::from_millis(tick));
        self.deadlines.push(Reverse((tick, timer)));
        self.wakers.insert(timer, waker);
        emit(|| Event::TimerArmed { timer, by: cause(), deadline, level: 0, slot: 0 });
        timer
    }

    /// The waker of a timer, unless the timer has fired or was removed.
    pub fn get_mut(&mut self, timer: TimerId) -> Option<&mut Waker> {
        self.wakers.get_mut(&timer)
    }

    /// Cancels a timer; returns its waker, unless the timer has fired or was removed.
    pub fn remove(&mut self, timer: TimerId) -> Option<Waker> {
        let waker = self.wakers.remove(&timer)?;
        emit(|| Event::TimerCancelled { timer });
        Some(waker)
    }

    /// The tick to advance to next.
    pub fn next_tick(&mut self) -> Option<u64> {
        while let Some(&Reverse((tick, timer))) = self.deadlines.peek() {
            if self.wakers.contains_key(&timer) {
                return Some(tick);
            }
            // A tombstone: nobody is to be woken for it.
            self.deadlines.pop();
        }
        None
    }

    /// Makes `to` the current tick: the timers that are due leave, and their wakers go to `due`.
    pub fn advance(&mut self, to: u64, due: &mut Vec<(Cause, Waker)>) {
        while let Some(tick) = self.next_tick().filter(|&tick| tick <= to) {
            let Some(Reverse((_, timer))) = self.deadlines.pop() else { return };
            let late = now().saturating_sub(Duration::from_millis(tick));
            emit(|| Event::TimerFired { timer, late });
            due.extend(self.wakers.remove(&timer).map(|waker| (Cause::Timer(timer), waker)));
        }
    }

    /// How many entries take memory.
    pub fn kept(&self) -> usize {
        self.deadlines.len()
    }
}
