//! The timers of a loop, which are given: a heap, until there is a wheel.

use std::task::Waker;

use crate::arena::Key;
use crate::heap::Heap;
use crate::wheel::{Place, Step, Wheel};

/// One of the two, with the wakers of those who sleep.
pub enum Timers {
    /// The heap: O(log n).
    Heap(Heap<Waker>),
    /// The wheel: O(1).
    Wheel(Box<Wheel<Waker>>),
}

impl Timers {
    /// A heap without timers.
    pub fn heap() -> Timers {
        Timers::Heap(Heap::new())
    }

    /// A wheel without timers.
    pub fn wheel() -> Timers {
        Timers::Wheel(Box::default())
    }

    /// Whether there are no timers.
    pub fn is_empty(&self) -> bool {
        match self {
            Timers::Heap(heap) => heap.is_empty(),
            Timers::Wheel(wheel) => wheel.is_empty(),
        }
    }

    /// Adds a timer, and tells where it was put.
    pub fn insert(&mut self, deadline: u64, waker: Waker) -> (Key, Place) {
        match self {
            Timers::Heap(heap) => (heap.insert(deadline, waker), Place::default()),
            Timers::Wheel(wheel) => wheel.insert(deadline, waker),
        }
    }

    /// The waker of a timer, unless the timer has fired or was removed.
    pub fn get_mut(&mut self, timer: Key) -> Option<&mut Waker> {
        match self {
            Timers::Heap(heap) => heap.get_mut(timer),
            Timers::Wheel(wheel) => wheel.get_mut(timer),
        }
    }

    /// Removes a timer, unless it has fired or was removed.
    pub fn remove(&mut self, timer: Key) -> Option<Waker> {
        match self {
            Timers::Heap(heap) => heap.remove(timer),
            Timers::Wheel(wheel) => wheel.remove(timer),
        }
    }

    /// The tick to advance to next.
    pub fn next_wakeup(&mut self) -> Option<u64> {
        match self {
            Timers::Heap(heap) => heap.next_wakeup(),
            Timers::Wheel(wheel) => wheel.next_wakeup(),
        }
    }

    /// Makes `now` the current tick.
    pub fn advance(&mut self, now: u64, step: impl FnMut(Step<Waker>)) {
        match self {
            Timers::Heap(heap) => heap.advance(now, step),
            Timers::Wheel(wheel) => wheel.advance(now, step),
        }
    }
}
