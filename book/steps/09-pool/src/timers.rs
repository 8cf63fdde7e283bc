//! The timers: who waits for which time, in a wheel.
//!
//! Time is counted in ticks of a millisecond, as the operating system does when it waits. Write a tick
//! as a number in base 64, and each digit is the hand of a dial with 64 slots. A timer lies on the
//! dial of the *highest digit in which its deadline differs from the current tick*, in the slot which
//! that digit of the deadline names. When the hand gets there, the slot's timers *cascade* to the
//! dials below. On the lowest dial a slot is one tick, and its timers fire.
//!
//! ```text
//!                  one slot       slot   0   1   2   3       62  63
//!     level 2       4.1 seconds       [   | b |   |   | ... |   |   ]
//!     level 1        64 ms            [   |   |   |   | ... |   |   ]
//!     level 0         1 ms            [   |   |   | a | ... |   |   ]
//!
//!     At tick 0: a is due at 3, b at 5,000 (digits 1, 14, 8).
//! ```
//!
//! **Order.** Timers fire by deadline, and within a tick in the order in which they were armed.
//!
//! **Cost.** Nothing is sorted by deadline. A timer cascades at most once a level. Cancelling takes it
//! out of its slot, which follows from its deadline and the current tick, and nothing is left of it.
//! (The sets in the slots are sorted by number; `src/engine/wheel.rs` has linked lists instead, and
//! does all of this in O(1).)

use std::array;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::task::Waker;
use std::time::Duration;

use boucle::observe::{Cause, Event, TimerId};
use boucle_watch::{cause, emit, now};

/// The bits of a digit.
const BITS: u32 = 6;

/// The slots of a dial: as many as a word has bits.
const SLOTS: usize = 1 << BITS;

/// The dials: one for each digit of a `u64`.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;

/// Timers, which fire as time goes on.
pub struct Timers {
    /// The current tick: all hands in one number. Whatever was due before it has fired.
    elapsed: u64,
    /// The dials.
    dials: [Dial; LEVELS],
    /// When each timer is due, and whom it wakes.
    entries: BTreeMap<TimerId, (u64, Waker)>,
    /// How many there have been.
    armed: u32,
}

/// A dial.
struct Dial {
    /// The bit of each slot that holds timers.
    occupied: u64,
    /// The timers of each slot, in the order in which they were armed.
    slots: [BTreeSet<TimerId>; SLOTS],
}

/// A slot of a dial.
#[derive(Clone, Copy)]
struct Place {
    /// The dial, 0 the finest.
    level: u8,
    /// The slot.
    slot: u8,
}

impl Default for Timers {
    fn default() -> Timers {
        let dial = |_| Dial { occupied: 0, slots: array::from_fn(|_| BTreeSet::new()) };
        Timers { elapsed: 0, dials: array::from_fn(dial), entries: BTreeMap::new(), armed: 0 }
    }
}

impl Timers {
    /// Arms a timer that wakes `waker` at this tick.
    pub fn insert(&mut self, tick: u64, waker: Waker) -> TimerId {
        self.armed += 1;
        let (timer, deadline) = (TimerId(self.armed), Duration::from_millis(tick));
        let Place { level, slot } = self.link(timer, tick);
        self.entries.insert(timer, (tick, waker));
        emit(|| Event::TimerArmed { timer, by: cause(), deadline, level, slot });
        timer
    }

    /// The waker of a timer, unless the timer has fired or was removed.
    pub fn get_mut(&mut self, timer: TimerId) -> Option<&mut Waker> {
        self.entries.get_mut(&timer).map(|(_, waker)| waker)
    }

    /// Cancels a timer; returns its waker, unless the timer has fired or was removed.
    pub fn remove(&mut self, timer: TimerId) -> Option<Waker> {
        let (tick, waker) = self.entries.remove(&timer)?;
        let Place { level, slot } = self.place(tick);
        let dial = &mut self.dials[usize::from(level)];
        dial.slots[usize::from(slot)].remove(&timer);
        if dial.slots[usize::from(slot)].is_empty() {
            dial.occupied &= !(1 << slot);
        }
        emit(|| Event::TimerCancelled { timer });
        Some(waker)
    }

    /// The tick to advance to next, at which a timer fires or some cascade.
    pub fn next_tick(&self) -> Option<u64> {
        let (Place { level, slot }, start) = self.first_slot()?;
        let mut timers = self.dials[usize::from(level)].slots[usize::from(slot)].iter();
        match (timers.next(), timers.next()) {
            // One that is alone in its slot can cascade when it fires: the loop wakes once for it.
            (Some(alone), None) => Some(self.entries[alone].0.max(start)),
            _ => Some(start),
        }
    }

    /// Makes `to` the current tick: the timers that are due leave, and their wakers go to `due`.
    pub fn advance(&mut self, to: u64, due: &mut Vec<(Cause, Waker)>) {
        // The hands jump from one occupied slot to the next, and in the end to `to`.
        while let Some((Place { level, slot }, start)) = self.first_slot()
            && start <= to
        {
            self.elapsed = start;
            let dial = &mut self.dials[usize::from(level)];
            dial.occupied &= !(1 << slot);
            for timer in mem::take(&mut dial.slots[usize::from(slot)]) {
                if level > 0 {
                    let tick = self.entries[&timer].0;
                    let Place { level, slot } = self.link(timer, tick);
                    emit(|| Event::TimerCascaded { timer, level, slot });
                } else if let Some((tick, waker)) = self.entries.remove(&timer) {
                    let late = now().saturating_sub(Duration::from_millis(tick));
                    emit(|| Event::TimerFired { timer, late });
                    due.push((Cause::Timer(timer), waker));
                }
            }
        }
        self.elapsed = self.elapsed.max(to);
    }

    /// How many entries take memory.
    pub fn kept(&self) -> usize {
        self.dials.iter().flat_map(|dial| &dial.slots).map(BTreeSet::len).sum()
    }

    /// The occupied slot that a hand gets to first, and the tick at which it does.
    fn first_slot(&self) -> Option<(Place, u64)> {
        // The lowest dial that holds timers holds the earliest; and no slot behind a hand is
        // occupied, so its first is the lowest bit.
        let level = self.dials.iter().position(|dial| dial.occupied != 0)?;
        let slot = self.dials[level].occupied.trailing_zeros();
        // The digits above are those of the current tick, and those below are zero.
        let shift = BITS * level as u32;
        let above = self.elapsed.checked_shr(shift + BITS).unwrap_or(0);
        let start = ((above << BITS) + u64::from(slot)) << shift;
        Some((Place { level: level as u8, slot: slot as u8 }, start))
    }

    /// Where a timer belongs that is due at this tick.
    fn place(&self, tick: u64) -> Place {
        // What is overdue is due now.
        let tick = tick.max(self.elapsed);
        // The highest bit that differs gives the digit; bit 0 stands in for it where none does.
        let level = ((tick ^ self.elapsed) | 1).ilog2() / BITS;
        let slot = (tick >> (BITS * level)) % SLOTS as u64;
        Place { level: level as u8, slot: slot as u8 }
    }

    /// Puts a timer into the slot where it belongs now.
    fn link(&mut self, timer: TimerId, tick: u64) -> Place {
        let place = self.place(tick);
        let dial = &mut self.dials[usize::from(place.level)];
        dial.slots[usize::from(place.slot)].insert(timer);
        dial.occupied |= 1 << place.slot;
        place
    }
}
