//! A block of a record: some events in a row.
//!
//! Nine of ten events tell of polls and wakes, and these are small. So a block has a line of small
//! things, one an event, and beside it those events that do not fit, in their order. An event
//! borrows its task's name, so names stand beside too.
//!
//! ```text
//!     line     | other | other | woken | polled | done | ... | other | polled | done |
//!     others   | turn 1 | spawned |                          | spawned |
//!     names             | "fetch" |                          | "save"  |
//! ```
//!
//! Cost: 24 bytes an event, and 40 more for one that does not fit; an allocation for a name.

use std::time::Duration;

use crate::observe::event::{Cause, Event, Observer, Outcome, TaskId};

/// What an event in a block has in place of its name, which is kept beside it.
const NAMED: &str = "(named)";

/// The bytes of an event that does not fit into the line.
const OTHER: usize = size_of::<Event<'static>>();

/// The bytes of a name beside its characters.
const NAME: usize = size_of::<Box<str>>();

/// The most bytes of one name that are kept.
const LONGEST_NAME: usize = 1024;

/// Some events in a row.
#[derive(Default, Clone)]
pub(crate) struct Block {
    /// How many events of the loop there were before the first of these, if they are in a row.
    pub(crate) first: u64,
    /// All events, small.
    line: Vec<Small>,
    /// Those events of the line that are not in it, without their names.
    others: Vec<Event<'static>>,
    /// The names of those events that have one.
    names: Vec<Box<str>>,
    /// What the names take, in bytes.
    name_bytes: usize,
}

/// An event in the line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Small {
    /// When it happened, in nanoseconds after the loop was built.
    at: u64,
    /// What happened.
    what: What,
}

/// What fits into the line.
#[derive(Debug, Clone, Copy)]
enum What {
    /// [`Event::Woken`].
    Woken(TaskId, Cause),
    /// [`Event::PollBegan`].
    PollBegan(TaskId),
    /// [`Event::PollEnded`].
    PollEnded(TaskId, Outcome),
    /// The next of the other events.
    Other,
}

impl Small {
    /// An event, small; `None` if it does not fit.
    #[inline]
    pub(crate) fn new(at: Duration, event: &Event<'_>) -> Option<Small> {
        let what = match *event {
            Event::Woken { task, by } => What::Woken(task, by),
            Event::PollBegan { task } => What::PollBegan(task),
            Event::PollEnded { task, outcome } => What::PollEnded(task, outcome),
            _ => return None,
        };
        Some(Small { at: nanos(at), what })
    }
}

/// A time in nanoseconds: enough for 584 years.
#[inline]
fn nanos(at: Duration) -> u64 {
    at.as_secs() * 1_000_000_000 + u64::from(at.subsec_nanos())
}

impl Block {
    /// The bytes of an event that fits into the line.
    pub(crate) const SMALL: usize = size_of::<Small>();

    /// The bytes of an event, without its name.
    pub(crate) const EVENT: usize = Block::SMALL + OTHER;

    /// Keeps an event, and as much of its name as is kept.
    pub(crate) fn push(&mut self, at: Duration, event: &Event<'_>) {
        let small = Small::new(at, event).unwrap_or_else(|| {
            let mut kept = "";
            if let Some(name) = event.name() {
                self.push_name(name);
                kept = NAMED;
            }
            self.others.push(event.with_name(kept));
            Small { at: nanos(at), what: What::Other }
        });
        self.line.push(small);
    }

    /// Keeps events that fit into the line.
    pub(crate) fn extend(&mut self, events: &[Small]) {
        self.line.extend_from_slice(events);
    }

    /// Keeps a name, or as much of it as is kept.
    fn push_name(&mut self, name: &str) {
        let end = (0..=name.len().min(LONGEST_NAME)).rev().find(|&end| name.is_char_boundary(end));
        let name = &name[..end.unwrap_or_default()];
        self.name_bytes += NAME + name.len();
        self.names.push(name.into());
    }

    /// Each event with its time and its name, in order. The event itself is without the name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Duration, Event<'static>, &str)> {
        let (mut others, mut names) = (self.others.iter(), self.names.iter());
        self.line.iter().filter_map(move |small| {
            let event = match small.what {
                What::Woken(task, by) => Event::Woken { task, by },
                What::PollBegan(task) => Event::PollBegan { task },
                What::PollEnded(task, outcome) => Event::PollEnded { task, outcome },
                What::Other => *others.next()?,
            };
            let name = event.name().and_then(|_| names.next());
            Some((Duration::from_nanos(small.at), event, name.map_or("", |name| name)))
        })
    }

    /// Tells `observer` what happened.
    pub(crate) fn replay(&self, observer: &mut impl Observer) {
        for (at, event, name) in self.iter() {
            observer.event(at, &event.with_name(name));
        }
    }

    /// A copy of what follows the first `skip` events.
    #[cfg(feature = "inspect")]
    pub(crate) fn after(&self, skip: usize) -> Block {
        let line = self.line[skip..].to_vec();
        let others = line.iter().filter(|small| matches!(small.what, What::Other)).count();
        let others = self.others[self.others.len() - others..].to_vec();
        let names = others.iter().filter(|event| event.name().is_some()).count();
        let names = self.names[self.names.len() - names..].to_vec();
        Block { first: self.first + skip as u64, line, others, names, name_bytes: 0 }
    }

    /// How many events it holds.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.line.len()
    }

    /// What it takes, in bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.line.len() * Block::SMALL + self.others.len() * OTHER + self.name_bytes
    }

    /// Empties it, and makes room for so many bytes of events that fit into the line.
    pub(crate) fn clear(&mut self, room: usize) {
        self.line.clear();
        self.line.reserve(room / Block::SMALL);
        self.others.clear();
        self.names.clear();
        self.name_bytes = 0;
    }
}
