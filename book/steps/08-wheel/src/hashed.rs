//! A hashed wheel: the wheel with one dial, to be compared. No loop uses it.
//!
//! It has a slot for each of the next 256 ticks, and begins again at the front: a timer lies in slot
//! `deadline % 256`, with the number of *rounds* that the hand has still to go past it.
//!
//! Arming is O(1). But at each tick every timer of the slot is looked at, those whose round has not
//! come as well: a timer of a minute is looked at 234 times in vain.

/// The slots of the dial.
const SLOTS: usize = 256;

/// Timers that are numbered by whoever arms them.
pub struct HashedWheel {
    /// The current tick.
    elapsed: u64,
    /// The timers of each slot, each with the rounds that it has still to wait.
    slots: Vec<Vec<(u64, u32)>>,
    /// How many timers were looked at, whether they fired or not.
    pub looks: u64,
}

impl Default for HashedWheel {
    fn default() -> HashedWheel {
        HashedWheel { elapsed: 0, slots: vec![Vec::new(); SLOTS], looks: 0 }
    }
}

impl HashedWheel {
    /// Arms a timer that fires after so many ticks, at least one.
    pub fn insert(&mut self, ticks: u64, timer: u32) {
        let slot = (self.elapsed + ticks) % SLOTS as u64;
        let rounds = (ticks - 1) / SLOTS as u64;
        self.slots[slot as usize].push((rounds, timer));
    }

    /// Goes on by one tick; returns the timers that are due.
    pub fn advance(&mut self) -> Vec<u32> {
        self.elapsed += 1;
        let slot = &mut self.slots[(self.elapsed % SLOTS as u64) as usize];
        self.looks += slot.len() as u64;
        // Those whose last round this is leave; the others have one round less to wait.
        let due = slot.extract_if(.., |(rounds, _)| *rounds == 0).map(|(_, timer)| timer).collect();
        for (rounds, _) in slot {
            *rounds -= 1;
        }
        due
    }
}
