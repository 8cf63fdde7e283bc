//! The tail: a reader that follows a record while it grows.
//!
//! A tail remembers how far it has read, its *cursor*: how many events there were before the next
//! one it wants, counted from the beginning of the loop. From time to time it looks, and takes what
//! is new: under the lock, finished blocks are only counted as held once more, and of the present
//! one no more is copied than the tail lacks. What it has taken stays whole, however long it is
//! read. If the ring drops events meanwhile that it never took, there is a gap, and the tail begins
//! anew with the past, as if it had only come now.
//!
//! ```text
//!                       look            look                    look
//!     events   ---------|---------------|---------- . . . ------|----------
//!     tail     past, ---'  -------------'           lost; past, '
//! ```
//!
//! Cost: beside the lock, that blocks which are held are not used again; so many bytes at most as a
//! record may have.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Record, Ring};
use crate::observe::event::Observer;
use crate::observe::record::block::Block;

/// A reader that follows a record.
pub(crate) struct Tail {
    /// What it follows.
    record: Record,
    /// How many events there are before the next to be taken; `None` before the first look.
    cursor: Option<u64>,
    /// What was taken and not read.
    taken: VecDeque<Piece>,
}

/// Some events in a row.
pub(crate) struct Piece {
    /// The events.
    block: Arc<Block>,
    /// How many of the block were taken before.
    skip: usize,
}

/// Where a tail begins: with the first look, or after a gap.
pub(crate) struct Begin {
    /// How many events the gap has, if there is one.
    pub(crate) lost: u64,
    /// How many events were dropped.
    pub(crate) dropped: u64,
    /// Those of them that are told all the same.
    pub(crate) past: Piece,
    /// How many events follow that are there already.
    pub(crate) held: usize,
}

impl Record {
    /// A reader that follows this record, and has read nothing.
    pub(crate) fn follow(&self) -> Tail {
        Tail { record: self.clone(), cursor: None, taken: VecDeque::new() }
    }
}

impl Tail {
    /// Takes what is new. If it begins here or there is a gap, that comes first, and what was taken
    /// before and not read is forgotten.
    pub(crate) fn look(&mut self) -> Option<Begin> {
        let record = self.record.clone();
        let ring = record.ring();
        let dropped = ring.past.dropped();
        let from = self.cursor.filter(|cursor| *cursor >= dropped);
        let begin = from.is_none().then(|| {
            self.taken.clear();
            Begin {
                lost: self.cursor.map_or(0, |cursor| dropped - cursor),
                dropped,
                past: Piece { block: Arc::new(ring.past.tell()), skip: 0 },
                held: (ring.end() - dropped) as usize,
            }
        });
        self.take(&ring, from.unwrap_or(dropped));
        begin
    }

    /// Takes all events from `from` on.
    fn take(&mut self, ring: &Ring, from: u64) {
        let after = ring.older.partition_point(|block| block.first + block.len() as u64 <= from);
        for block in ring.older.iter().skip(after) {
            let skip = from.saturating_sub(block.first) as usize;
            self.taken.push_back(Piece { block: Arc::clone(block), skip });
        }
        let skip = from.saturating_sub(ring.present.first) as usize;
        if skip < ring.present.len() {
            self.taken.push_back(Piece { block: Arc::new(ring.present.after(skip)), skip: 0 });
        }
        self.cursor = Some(ring.end());
    }

    /// The next events of those that were taken, and `None` if all have been read.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        self.taken.pop_front()
    }
}

impl Ring {
    /// How many events there ever were.
    fn end(&self) -> u64 {
        self.present.first + self.present.len() as u64
    }
}

impl Piece {
    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.block.len() - self.skip
    }

    /// Tells `observer` what happened.
    pub(crate) fn replay(&self, observer: &mut impl Observer) {
        for (at, event, name) in self.block.iter().skip(self.skip) {
            observer.event(at, &event.with_name(name));
        }
    }
}

#[cfg(test)]
mod tests;
