//! The window: what can be seen of a loop.
//!
//! Every mechanism of the loop says what it does, as an [`Event`]; an [`Observer`] listens. Give
//! one to [`Builder::observer`](crate::Builder::observer), or leave the program as it is and set an
//! environment variable.

pub mod event;

use std::io;
use std::time::Duration;

pub use event::{Cause, Event, Observer, Outcome, WaitReason};
pub use event::{JobId, SourceId, TaskId, TimerId, WorkerId};

/// Who is to watch a loop that is being built.
#[derive(Default)]
pub(crate) struct Watch {
    observers: Vec<Box<dyn Observer>>,
}

impl Watch {
    /// One more.
    pub(crate) fn add(&mut self, observer: impl Observer + 'static) {
        self.observers.push(Box::new(observer));
    }

    /// All of them as one, with those that the environment asks for; `None` if nobody watches.
    pub(crate) fn into_observer(mut self) -> io::Result<Option<Box<dyn Observer>>> {
        Ok(match self.observers.len() {
            0 => None,
            1 => self.observers.pop(),
            _ => Some(Box::new(Everybody(self.observers))),
        })
    }
}

/// Several observers, each told everything.
struct Everybody(Vec<Box<dyn Observer>>);

impl Observer for Everybody {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        for observer in &mut self.0 {
            observer.event(at, event);
        }
    }
}
