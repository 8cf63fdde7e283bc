//! The seeded generator by which a simulated loop draws the task that it polls next.
//!
//! The same seed gives the same numbers on every machine and in every version of this crate: a
//! seed that has found a bug is worth keeping. So the generator is written out here, in a few lines
//! that will stay as they are, where a crate's could change under us.

use std::cell::Cell;

/// The generator "SplitMix64" (Steele, Lea and Flood, 2014).
pub(crate) struct Shuffle(Cell<u64>);

impl Shuffle {
    /// A generator that starts from `seed`.
    pub(crate) fn new(seed: u64) -> Shuffle {
        Shuffle(Cell::new(seed))
    }

    /// The next number, below `end`, which is not zero. Small numbers come more often than large
    /// ones by a part in 2^64 / `end`: nothing that a run of tasks could show.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.0.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
