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
//! **Cost.** Insert and remove are O(1). A timer cascades at most once per level. Empty slots cost
//! nothing: a bitmap per level tells where the next timers are, and the hands jump there. With a
//! payload of 16 bytes a timer takes 40; the wheel takes 6 KiB.
//!
//! The idea is from Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (1987); Linux made
//! it known. To place a timer by its highest differing digit is how tokio does it; tokio and Linux
//! stop at six and nine dials and park what lies beyond.

use std::mem;

use crate::arena::{Arena, Key};

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
pub struct Wheel<T> {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The dial, from 0, the finest, to 10.
    pub level: u8,
    /// The slot on the dial, from 0 to 63.
    pub slot: u8,
}

/// What happens to a timer in [`Wheel::advance`].
#[derive(Debug, PartialEq, Eq)]
pub enum Step<T> {
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
    pub const fn new() -> Self {
        Self {
            elapsed: 0,
            occupied: [0; LEVELS],
            slots: [[EMPTY; SLOTS]; LEVELS],
            timers: Arena::new(),
            newest: None,
        }
    }

    /// Whether there are no timers.
    pub fn is_empty(&self) -> bool {
        self.newest.is_none() && self.timers.is_empty()
    }

    /// Adds a timer, and tells where it belongs. If its deadline is not after the current tick, it
    /// fires in the next [`advance`](Self::advance), even one to the current tick. Costs O(1).
    pub fn insert(&mut self, deadline: u64, payload: T) -> (Key, Place) {
        self.settle();
        let key = self.timers.reserve();
        self.newest = Some((key, Timer { payload, deadline, previous: NONE, next: NONE }));
        (key, Place::of(deadline, self.elapsed))
    }

    /// The payload of a timer, unless the timer has fired or was removed.
    pub fn get_mut(&mut self, timer: Key) -> Option<&mut T> {
        self.settle();
        self.timers.get_mut(timer).map(|timer| &mut timer.payload)
    }

    /// Removes a timer and returns its payload, unless it has fired or was removed. Costs O(1).
    pub fn remove(&mut self, timer: Key) -> Option<T> {
        if let Some((_, timer)) = self.newest.take_if(|(newest, _)| *newest == timer) {
            return Some(timer.payload);
        }
        self.settle();
        self.take(timer).map(|timer| timer.payload)
    }

    /// The tick to [`advance`](Self::advance) to next, at which a timer fires or some cascade. It
    /// is never after the first deadline (or the current tick, if that is later), and is exactly
    /// the first deadline if the next timer is alone in its slot: a lone sleep wakes the loop once.
    /// Costs O(levels).
    pub fn next_wakeup(&mut self) -> Option<u64> {
        // `first_slot` knows; a timer that is alone in its slot needs no cascade to wake for.
        todo!("exercise `wheel`: when does the next slot, or lone timer, come?")
    }

    /// Makes `now` the current tick, and tells `step` of each timer that fires or cascades on the
    /// way, in order. Does nothing if `now` is before the current tick.
    ///
    /// `step` cannot reach the wheel. Whatever it wants to arm has to wait until this returns, so a
    /// timer that is armed again without delay cannot keep the loop here.
    ///
    /// Costs O(timers fired and cascaded), however far away `now` is.
    pub fn advance(&mut self, now: u64, mut step: impl FnMut(Step<T>)) {
        // Slot by slot, as a hand gets to them (`first_slot`), up to `now`: empty it, then fire its
        // timers if it is on the lowest dial, or `link` them anew if it is on another, also those
        // that are due; in the order of its list. Empty slots cost nothing. `elapsed` is the tick of
        // the slot meanwhile, since a place is counted from there, and `now` in the end.
        todo!("exercise `wheel`: move the hands to `now`")
    }

    /// The occupied slot that a hand gets to first, and the tick at which it does.
    fn first_slot(&mut self) -> Option<(Place, u64)> {
        self.settle();
        // It is on the lowest dial that holds timers (the invariant), and no slot behind a hand is
        // occupied. A slot's tick has the digits of `elapsed` above its own digit, and zeros below.
        todo!("exercise `wheel`: the next occupied slot, and its tick")
    }

    /// Puts the newest timer among the others, if that has not been done.
    fn settle(&mut self) {
        if let Some((key, timer)) = self.newest.take() {
            self.timers.fill(key, timer);
            self.link(key.index());
        }
    }

    /// Appends a timer to the list of the slot where it belongs now.
    fn link(&mut self, index: u32) -> Place {
        // At the end of the list (order!), found by `Place::of`, and the bitmap knows it.
        todo!("exercise `wheel`: append it to the list of its place")
    }

    /// Takes a timer out of the arena and out of its list, if it is still there.
    fn take(&mut self, timer: Key) -> Option<Timer<T>> {
        // The list closes behind it, at both ends too, and the bitmap knows when it was the last.
        todo!("exercise `wheel`: take it out, wherever in its list it is")
    }

    /// The list of a slot.
    fn list(&self, place: Place) -> List {
        self.slots[usize::from(place.level)][usize::from(place.slot)]
    }

    /// The list of a slot, to be changed.
    fn list_mut(&mut self, place: Place) -> &mut List {
        &mut self.slots[usize::from(place.level)][usize::from(place.slot)]
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Wheel::new()
    }
}

impl Place {
    /// Where a timer belongs that has this deadline, when the current tick is `elapsed`.
    fn of(deadline: u64, elapsed: u64) -> Self {
        // On the dial of the highest digit in which the two differ, the lowest if they do not. What
        // is overdue is due now.
        todo!("exercise `wheel`: from deadline and current tick alone")
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

/// The very tests of the engine's wheel.
#[cfg(test)]
#[path = "../../../../src/engine/wheel/tests.rs"]
mod tests;
