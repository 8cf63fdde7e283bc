//! An event as a history holds it: what a text cannot give back in its place is text.
//!
//! That are a `&'static Location` and the `&'static str` of a source's kind, and with them the name
//! of a task. In the event itself stands the same nothing for all of them, so that events which are
//! equal otherwise are equal.

use std::panic::Location;
use std::time::Duration;

use crate::observe::event::Event;

/// An event of a history.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// When it happened, after the loop was built.
    pub(crate) at: Duration,
    /// The event; what it has to say in text is below, and nothing stands for it here.
    pub(crate) event: Event<'static>,
    /// What the event has to say in text.
    pub(crate) texts: Texts,
}

/// The texts of an event, as the program chose them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    /// The name of a task, empty if it has none.
    pub(crate) name: Box<str>,
    /// The place of a `spawn`; the kind of a source.
    pub(crate) other: Box<str>,
}

impl Told {
    /// What happened.
    pub(crate) fn event(&self) -> Event<'_> {
        self.event.with_name(&self.texts.name)
    }
}

/// What stands in an event for a place that the history has as text: always the same.
pub(crate) fn no_place() -> &'static Location<'static> {
    Location::caller()
}
