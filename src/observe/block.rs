//! A block of a record: some events in a row, with their names.
//!
//! An event borrows its task's name, so a kept one stands beside the names of its block: the first
//! event that has a name owns the first of them, and so on.
//!
//! ```text
//!     events   | turn 1 | spawned | woken | ... | spawned | polled |
//!     names             | "fetch" |             | "save"  |
//! ```
//!
//! Cost: a copy of 56 bytes an event; an allocation for a name.

use std::time::Duration;

use super::event::{Event, Observer};

/// What an event in a block has in place of its name, which is kept beside it.
const NAMED: &str = "(named)";

/// The bytes of a name beside its characters.
const NAME: usize = size_of::<Box<str>>();

/// The most bytes of one name that are kept.
const LONGEST_NAME: usize = 1024;

/// Some events in a row.
#[derive(Default, Clone)]
pub(super) struct Block {
    /// When each event happened, and the event, without its name.
    events: Vec<(Duration, Event<'static>)>,
    /// The names of those events that have one.
    names: Vec<Box<str>>,
    /// What the names take, in bytes.
    name_bytes: usize,
}

impl Block {
    /// The bytes of an event without its name.
    pub(super) const EVENT: usize = size_of::<(Duration, Event<'static>)>();

    /// Keeps an event, and as much of its name as is kept.
    #[inline]
    pub(super) fn push(&mut self, at: Duration, event: &Event<'_>) {
        let mut kept = "";
        if let Some(name) = event.name() {
            self.push_name(name);
            kept = NAMED;
        }
        self.events.push((at, event.with_name(kept)));
    }

    /// Keeps a name, or as much of it as is kept.
    fn push_name(&mut self, name: &str) {
        let end = (0..=name.len().min(LONGEST_NAME)).rev().find(|&end| name.is_char_boundary(end));
        let name = &name[..end.unwrap_or_default()];
        self.name_bytes += NAME + name.len();
        self.names.push(name.into());
    }

    /// Each event with its time and its name, in order. The event itself is without the name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Duration, &Event<'static>, &str)> {
        let mut names = self.names.iter();
        self.events.iter().map(move |(at, event)| {
            let name = event.name().and_then(|_| names.next());
            (*at, event, name.map_or("", |name| name))
        })
    }

    /// Tells `observer` what happened.
    pub(super) fn replay(&self, observer: &mut impl Observer) {
        for (at, event, name) in self.iter() {
            observer.event(at, &event.with_name(name));
        }
    }

    /// How many events it holds.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// What it takes, in bytes.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        self.events.len() * Block::EVENT + self.name_bytes
    }

    /// Empties it, and makes room for so many events.
    pub(super) fn clear(&mut self, room: usize) {
        self.events.clear();
        self.events.reserve(room);
        self.names.clear();
        self.name_bytes = 0;
    }
}
