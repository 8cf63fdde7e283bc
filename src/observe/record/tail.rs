//! The tail: what a record has got since a reader last looked.
//!
//! A reader that follows a running loop remembers how far it has read, the *cursor*: how many
//! events there were before the next one it wants, counted from the beginning of the loop. It
//! reads on in pieces of one block, so that neither side pays for the other: under the lock a
//! finished block is only counted as held once more, and of the present one no more is copied than
//! the reader lacks. A reader that is too slow finds that the ring has dropped events before it
//! came for them, and is told how many.

use std::sync::Arc;

use super::Record;
use crate::observe::block::Block;
use crate::observe::event::Observer;

/// Some events in a row, and where they stand among all that happened.
pub(crate) struct Piece {
    /// How many events, between the cursor and these, nobody can read any more.
    pub(crate) lost: u64,
    /// The cursor for the next piece.
    pub(crate) next: u64,
    /// The events.
    block: Arc<Block>,
    /// How many of the block were read before.
    skip: usize,
}

impl Record {
    /// What a reader begins with: the dropped events that are told all the same, and the cursor of
    /// the first that was not dropped.
    pub(crate) fn begin(&self) -> Piece {
        let ring = self.ring();
        let (block, next) = (Arc::new(ring.past.tell()), ring.past.dropped());
        Piece { lost: 0, next, block, skip: 0 }
    }

    /// The next events from `cursor` on, a block's worth at most.
    pub(crate) fn read_from(&self, cursor: u64) -> Piece {
        let ring = self.ring();
        let from = cursor.max(ring.past.dropped());
        let lost = from - cursor;
        if from >= ring.present.first {
            // A cursor beyond the end reads nothing, and stays.
            let end = ring.present.first + ring.present.len() as u64;
            let skip = (from.min(end) - ring.present.first) as usize;
            let block = Arc::new(ring.present.after(skip));
            return Piece { lost, next: from.max(end), block, skip: 0 };
        }
        let after = ring.older.partition_point(|block| block.first <= from);
        let block = Arc::clone(&ring.older[after - 1]);
        let (next, skip) = (block.first + block.len() as u64, (from - block.first) as usize);
        Piece { lost, next, block, skip }
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
