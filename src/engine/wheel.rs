//! The timer wheel: knows which timers are due without ever sorting them.
//!
//! Time is counted in ticks (one millisecond for the loop; the wheel need not know). Write a tick
//! as a number in base 64, and each digit is the hand of a dial with 64 slots, as the seconds,
//! minutes and hours of a clock are. A timer lies on the dial of the *highest digit in which its
//! deadline differs from the current tick*, in the slot which that digit of the deadline names.
//! When the hand gets to the slot, its timers *cascade* to the dials below, which tell them apart
//! more finely. On the lowest dial a slot is one tick, and its timers fire.
//!
//! ```text
//!                  one slot       once round     slot   0   1   2   3       62  63
//!     ...
//!     level 3       4.4 minutes    4.7 hours          [   |   |   | c | ... |   |   ]
//!     level 2       4.1 seconds    4.4 minutes        [   | b |   |   | ... |   |   ]
//!     level 1        64 ms         4.1 seconds        [   |   |   |   | ... |   |   ]
//!     level 0         1 ms          64 ms             [   |   |   | a | ... |   |   ]
//!
//!     At tick 0: a is due at 3, b at 5,000 (digits 1, 14, 8), c at 800,000 (digits 3, 3, 20, 0).
//!     At tick 4,096 b cascades to level 1, slot 14; at 4,992 to level 0, slot 8; at 5,000 it fires.
//! ```
//!
//! There are as many dials as a `u64` has digits, so any deadline will do, and nothing ever comes
//! round to where it was.
//!
//! Most timers are limits of something that is soon done, and are removed long before they are due.
//! So the *newest* timer waits at the door: it is put among the others when anything else is done to
//! the wheel, and costs next to nothing if it is removed before.
//!
//! **Invariant.** The place of a timer follows from its deadline and the current tick alone, at all
//! times; the newest gets there before the next timer comes and before the hands move. Hence all
//! timers of one tick are in one list at any moment: they are appended in the order of insertion,
//! cascade in the order of the list, and so keep that order to the end. Hence whatever lies on a
//! dial is earlier than anything on the dials above. And hence a timer need not store its place.
//!
//! **Order.** Timers fire by deadline, and within one tick in the order of insertion. A deadline
//! that has passed when it is inserted counts as the tick of its insertion.
//!
//! **Cost.** Insert and remove are O(1), and cheapest where a timer is removed before the next is
//! inserted. A timer cascades at most once per level. Empty slots cost nothing: a bitmap per level
//! tells where the next timers are, and the hands jump there. With a payload of 16 bytes a timer
//! takes 40; the wheel takes 6 KiB.
//!
//! The idea is from Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (1987); Linux made
//! it known. To place a timer by its highest differing digit is how tokio does it; tokio and Linux
//! stop at six and nine dials and park what lies beyond.

use std::mem;

use crate::engine::arena::{Arena, Key};

/// The dials: one for each digit of a `u64`.
const LEVELS: usize = (u64::BITS as usize).div_ceil(BITS);

/// The slots of a dial: as many as a word has bits.
const SLOTS: usize = 64;

/// The bits of a digit: `SLOTS` is 2 to the power of this.
const BITS: usize = 6;

/// Says "no timer" where a list links timers by their slots in the arena.
const NONE: u32 = u32::MAX;

/// The list of a slot without timers.
const EMPTY: List = List { first: NONE, last: NONE };

/// Timers, each with a deadline and a payload, which fire as the current tick advances.
pub(crate) struct Wheel<T> {
    /// The current tick: all hands in one number. Whatever was due before it has fired.
    elapsed: u64,
    /// For each level, a bitmap of the slots that hold timers.
    occupied: [u64; LEVELS],
    /// For each level, the timers of each slot.
    slots: [[List; SLOTS]; LEVELS],
    /// All timers but the newest.
    timers: Arena<Timer<T>>,
    /// The timer inserted last, if nothing has happened since.
    newest: Option<(Key, Timer<T>)>,
}

/// A slot of the wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The dial, from 0, the finest, to 10.
    pub(crate) level: u8,
    /// The slot on the dial, from 0 to 63.
    pub(crate) slot: u8,
}

/// What happens to a timer in [`Wheel::advance`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<T> {
    /// Its slot was reached, and it went to another where it is told apart more finely.
    Cascaded {
        /// The timer.
        timer: Key,
        /// Where it is now.
        to: Place,
    },
    /// It is due and has left the wheel.
    Fired {
        /// The timer. Its key is stale from now on.
        timer: Key,
        /// The deadline, as it was inserted.
        deadline: u64,
        /// The payload.
        payload: T,
    },
}

/// A timer in the list of its slot.
struct Timer<T> {
    /// What the owner of the wheel wants back when the timer fires.
    payload: T,
    /// The tick at which it fires.
    deadline: u64,
    /// The timer inserted before this one, or [`NONE`].
    previous: u32,
    /// The timer inserted after this one, or [`NONE`].
    next: u32,
}

/// The list of a slot: its two ends.
#[derive(Clone, Copy)]
struct List {
    /// The timer inserted first, or [`NONE`].
    first: u32,
    /// The timer inserted last, or [`NONE`].
    last: u32,
}

impl<T> Wheel<T> {
    /// An empty wheel at tick 0.
    pub(crate) const fn new() -> Self {
        Self {
            elapsed: 0,
            occupied: [0; LEVELS],
            slots: [[EMPTY; SLOTS]; LEVELS],
            timers: Arena::new(),
            newest: None,
        }
    }

    /// Whether there are no timers.
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none() && self.timers.is_empty()
    }

    /// Adds a timer, and tells where it belongs. If its deadline is not after the current tick, it
    /// fires in the next [`advance`](Self::advance), even one to the current tick. Costs O(1).
    #[inline]
    pub(crate) fn insert(&mut self, deadline: u64, payload: T) -> (Key, Place) {
        self.settle();
        let key = self.timers.reserve();
        self.newest = Some((key, Timer { payload, deadline, previous: NONE, next: NONE }));
        (key, Place::of(deadline, self.elapsed))
    }

    /// The payload of a timer, unless the timer has fired or was removed.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.settle();
        self.timers.get_mut(key).map(|timer| &mut timer.payload)
    }

    /// Removes a timer and returns its payload, unless it has fired or was removed. Costs O(1).
    #[inline]
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        if let Some((_, timer)) = self.newest.take_if(|(newest, _)| *newest == key) {
            return Some(timer.payload);
        }
        self.settle();
        let timer = self.timers.remove(key)?;
        let place = Place::of(timer.deadline, self.elapsed);
        match timer.previous {
            NONE => self.list(place).first = timer.next,
            previous => self.timers.at_mut(previous).next = timer.next,
        }
        match timer.next {
            NONE => self.list(place).last = timer.previous,
            next => self.timers.at_mut(next).previous = timer.previous,
        }
        if self.list(place).first == NONE {
            self.occupied[usize::from(place.level)] &= !place.bit();
        }
        Some(timer.payload)
    }

    /// The tick to [`advance`](Self::advance) to next, at which a timer fires or some cascade. It
    /// is never after the first deadline (or the current tick, if that is later), and is exactly
    /// the first deadline if the next timer is alone in its slot: a lone sleep wakes the loop once.
    /// Costs O(levels).
    pub(crate) fn next_wakeup(&mut self) -> Option<u64> {
        let (place, start) = self.first_slot()?;
        let List { first, last } = *self.list(place);
        Some(if first == last { start.max(self.timers.at_mut(first).deadline) } else { start })
    }

    /// Makes `now` the current tick, and tells `step` of each timer that fires or cascades on the
    /// way, in order. Does nothing if `now` is before the current tick.
    ///
    /// `step` cannot reach the wheel. Whatever it wants to arm has to wait until this returns, so a
    /// timer that is armed again without delay cannot keep the loop here.
    ///
    /// Costs O(timers fired and cascaded), however far away `now` is.
    pub(crate) fn advance(&mut self, now: u64, mut step: impl FnMut(Step<T>)) {
        // The hands jump from one occupied slot to the next, and in the end to `now`.
        while let Some((place, start)) = self.first_slot()
            && start <= now
        {
            // 1. Move the hands into the slot, and empty it.
            self.elapsed = start;
            self.occupied[usize::from(place.level)] &= !place.bit();
            let mut index = mem::replace(self.list(place), EMPTY).first;
            // 2. On the lowest dial, fire its timers. On the others, let them cascade.
            while index != NONE {
                let timer = self.timers.key_at(index);
                let next = self.timers.at_mut(index).next;
                if place.level > 0 {
                    let to = self.link(index);
                    step(Step::Cascaded { timer, to });
                } else if let Some(Timer { payload, deadline, .. }) = self.timers.remove(timer) {
                    step(Step::Fired { timer, deadline, payload });
                }
                index = next;
            }
        }
        self.elapsed = self.elapsed.max(now);
    }

    /// The occupied slot that a hand gets to first, and the tick at which it does.
    fn first_slot(&mut self) -> Option<(Place, u64)> {
        self.settle();
        // The lowest dial that holds timers holds the earliest.
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        // No slot behind the hand is occupied, so the first is the lowest bit. The digits above are
        // those of the current tick, and those below are zero.
        let slot = self.occupied[level].trailing_zeros();
        let shift = BITS * level;
        let above = if level + 1 < LEVELS { self.elapsed >> (shift + BITS) } else { 0 };
        let count = (above << BITS) + u64::from(slot);
        Some((Place::new(level, count), count << shift))
    }

    /// Puts the newest timer among the others, if that has not been done.
    #[inline]
    fn settle(&mut self) {
        if let Some((key, timer)) = self.newest.take() {
            self.timers.fill(key, timer);
            self.link(key.index());
        }
    }

    /// Appends a timer to the list of the slot where it belongs now.
    fn link(&mut self, index: u32) -> Place {
        let place = Place::of(self.timers.at_mut(index).deadline, self.elapsed);
        let previous = mem::replace(&mut self.list(place).last, index);
        let timer = self.timers.at_mut(index);
        (timer.previous, timer.next) = (previous, NONE);
        match previous {
            NONE => self.list(place).first = index,
            _ => self.timers.at_mut(previous).next = index,
        }
        self.occupied[usize::from(place.level)] |= place.bit();
        place
    }

    /// The list of a slot.
    fn list(&mut self, place: Place) -> &mut List {
        &mut self.slots[usize::from(place.level)][usize::from(place.slot)]
    }
}

impl Place {
    /// Where a timer belongs that has this deadline, when the current tick is `elapsed`.
    #[inline]
    fn of(deadline: u64, elapsed: u64) -> Self {
        // What is overdue is due now.
        let deadline = deadline.max(elapsed);
        // The highest differing bit gives the digit; bit 0 stands in for it where none differs.
        let level = ((deadline ^ elapsed) | 1).ilog2() as usize / BITS;
        Self::new(level, deadline >> (BITS * level))
    }

    /// The slot that a hand gets to when it has moved on `count` times since tick 0.
    #[expect(clippy::cast_possible_truncation, reason = "levels are below 11, slots below 64")]
    const fn new(level: usize, count: u64) -> Self {
        Self { level: level as u8, slot: (count % SLOTS as u64) as u8 }
    }

    /// The bit of the slot in the bitmap of its level.
    fn bit(self) -> u64 {
        1 << self.slot
    }
}

#[cfg(test)]
mod tests;
