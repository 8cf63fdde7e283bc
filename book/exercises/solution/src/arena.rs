//! The arena: things in numbered slots, and keys that know when their thing is gone.
//!
//! Tasks, sources and timers refer to each other by [`Key`], never by pointer. A slot is used again
//! as soon as its entry leaves, so its number alone would soon name somebody else. Therefore a key
//! also carries a *generation*: the arena counts its insertions, and stamps both the slot and the
//! key with the count.
//!
//! ```text
//!     Key { index: 2, generation: 9 }          a key from before: { index: 2, generation: 4 }
//!                      |                                                  |
//!     slots   | 0: #7 | 1: vacant -> 3 | 2: #9 | 3: vacant |           4 != 9: None
//! ```
//!
//! **Invariant.** An entry is found by the key that its insertion returned, and by no other, until
//! it is removed.
//!
//! **How sure that is.** The count has 32 bits, skips zero and wraps. A stale key finds a stranger
//! only if its slot was filled again exactly 4,294,967,295 insertions later, or a multiple of that.
//! For a key kept that long the chance is that its slot happens to be filled by just that
//! insertion: below one in four thousand million when slots take turns, certain when a single slot
//! is used over and over. Memory stays safe even then; a stranger would be polled once too often,
//! which is harmless, or be cancelled, which is not. At a million insertions a second the first
//! such moment comes after 71 minutes, and only for a key that was stale all that time: drop keys
//! with the things they name.
//!
//! **Cost.** Everything is O(1). Four bytes an entry for the generation, which is never zero: the
//! compiler can mark a vacant slot by that zero, so the slot needs no other flag. When the last
//! entry leaves an arena that had grown large, its memory is given back. That is safe because the
//! count belongs to the arena, not to the slots.
//!
//! The slots and their free list are `slab`'s; keys with generations are an old habit of game
//! engines (handles, slot maps).

use std::num::NonZeroU32;

use slab::Slab;

/// An empty arena keeps room for at most this many entries; more is given back to the allocator.
const KEPT_WHEN_EMPTY: usize = 1024;

/// Names one entry of one [`Arena`], and never the entry that took its slot later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The slot.
    index: u32,
    /// The arena's count of insertions when this entry came in. Never zero, so that `Option<Key>`
    /// has 8 bytes too.
    generation: NonZeroU32,
}

/// Entries of one type in slots that are used again, each found by its [`Key`].
pub struct Arena<T> {
    /// The entries, each with its stamp.
    slots: Slab<Slot<T>>,
    /// The stamp of the next insertion.
    next_generation: NonZeroU32,
}

/// An occupied slot.
struct Slot<T> {
    /// What was inserted.
    value: T,
    /// The stamp that a key must show.
    generation: NonZeroU32,
}

impl<T> Arena<T> {
    /// An empty arena, without any memory yet.
    pub const fn new() -> Self {
        Self { slots: Slab::new(), next_generation: NonZeroU32::MIN }
    }

    /// Puts `value` into a free slot and returns its key.
    ///
    /// # Panics
    ///
    /// If the arena holds 4,294,967,295 entries already.
    pub fn insert(&mut self, value: T) -> Key {
        let key = self.reserve();
        self.fill(key, value);
        key
    }

    /// A key for an entry that will be [filled in](Self::fill) before anything else is inserted or
    /// removed, or never.
    pub fn reserve(&mut self) -> Key {
        // The stamp is this insertion's count; the count goes on, wraps and skips zero. The slot is
        // the one that the slab will fill next, and its number fits into 32 bits (`checked`).
        let generation = self.next_generation;
        self.next_generation = generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        Key { index: checked(self.slots.vacant_key()), generation }
    }

    /// Puts in the entry for which `key` was reserved.
    pub fn fill(&mut self, key: Key, value: T) {
        // With the stamp of its key.
        self.slots.insert(Slot { value, generation: key.generation });
    }

    /// The entry, if it is still there.
    pub fn get(&self, key: Key) -> Option<&T> {
        // A stale key, and one from beyond the slots, finds nothing.
        let slot = self.slots.get(key.index as usize)?;
        (slot.generation == key.generation).then_some(&slot.value)
    }

    /// The entry, to be changed, if it is still there.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        // As `get`.
        let slot = self.slots.get_mut(key.index as usize)?;
        (slot.generation == key.generation).then_some(&mut slot.value)
    }

    /// Takes the entry out, if it is still there. From now on its key finds nothing.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        // Only the key of this entry takes it out. When the last entry leaves an arena with room
        // for more than `KEPT_WHEN_EMPTY`, its memory is given back; no old key fits all the same.
        self.get(key)?;
        let slot = self.slots.remove(key.index as usize);
        if self.slots.is_empty() && self.slots.capacity() > KEPT_WHEN_EMPTY {
            self.slots = Slab::new();
        }
        Some(slot.value)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// All entries with their keys, in the order of their slots. Costs O(slots ever used at once).
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().map(|(index, slot)| {
            (Key { index: checked(index), generation: slot.generation }, &slot.value)
        })
    }

    /// The keys of all entries, in the order of their slots.
    pub fn keys(&self) -> Vec<Key> {
        self.iter().map(|(key, _)| key).collect()
    }
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena::new()
    }
}

/// For lists whose links are slot numbers, half the size of keys. Whoever keeps such a number
/// vouches that its entry is still there: these three panic when the slot is vacant.
impl<T> Arena<T> {
    /// The entry in this slot.
    pub fn at(&self, index: u32) -> &T {
        &self.slots[index as usize].value
    }

    /// The entry in this slot, to be changed.
    pub fn at_mut(&mut self, index: u32) -> &mut T {
        &mut self.slots[index as usize].value
    }

    /// The key of the entry in this slot.
    pub fn key_at(&self, index: u32) -> Key {
        Key { index, generation: self.slots[index as usize].generation }
    }
}

impl Key {
    /// The slot: below `u32::MAX`, which lists may therefore use to say "none".
    pub fn index(self) -> u32 {
        self.index
    }

    /// The how-manieth insertion into its arena this was: what people call the thing by.
    pub fn serial(self) -> u32 {
        self.generation.get()
    }

    /// The key as one number, for places that carry nothing else (an event's token). Never zero.
    pub fn to_u64(self) -> u64 {
        u64::from(self.generation.get()) << 32 | u64::from(self.index)
    }

    /// The key that [`to_u64`](Self::to_u64) made into a number. `None` if no key can have done so.
    pub fn from_u64(number: u64) -> Option<Self> {
        let generation = NonZeroU32::new((number >> 32) as u32)?;
        Some(Self { index: number as u32, generation })
    }
}

/// The number of a slot in 32 bits, `u32::MAX` excepted.
#[inline]
fn checked(index: usize) -> u32 {
    match u32::try_from(index) {
        Ok(index) if index != u32::MAX => index,
        _ => panic!("an arena holds at most {} entries", u32::MAX),
    }
}

/// The very tests of the engine's arena.
#[cfg(test)]
#[path = "../../../../src/engine/arena/tests.rs"]
mod tests;
