//! The window: what can be seen of a loop.
//!
//! Every mechanism of the loop says what it does, as an [`Event`]; an [`Observer`] listens. Give
//! one to [`Builder::observer`](crate::Builder::observer):
//!
//! * [`Print`] tells the story of the loop in words, turn by turn.
//! * [`Record`] keeps the events for the program to read.
//! * [`SlowPoll`] reports tasks that keep the thread to themselves, while they do and afterwards.
//! * [`UnseenPanics`] reports tasks that panicked while nobody awaited them.
//!
//! Or leave the program as it is, and set a variable of its environment:
//!
//! | variable | effect |
//! |---|---|
//! | `BOUCLE_TRACE=run.txt` | the story in words, into that file; the process's second loop writes `run-2.txt`, and so on |
//! | `BOUCLE_TRACE=-` | the story in words, to stderr |
//! | `BOUCLE_DEBUG=1` | reports to stderr: polls of 100 ms and more, while they last and afterwards; panics that nobody saw |
//! | `BOUCLE_SLOW_POLL_MS=50` | reports polls from 50 ms on |
//!
//! They hold for simulated loops too. An existing file is overwritten; a value that is not
//! understood is an error of [`Builder::build`](crate::Builder::build).
//!
//! A loop that nobody watches pays under a nanosecond an event; one that is watched, a clock read
//! (some 20 ns) and what the observer takes. The seam is trio's `Instrument`.

mod block;
mod environment;
pub mod event;
mod past;
mod print;
pub(crate) mod probe;
mod record;
#[cfg(feature = "trace")]
mod schema;
mod slow_poll;
mod slow_report;
mod tasks;
#[cfg(feature = "trace")]
mod trace;
mod unseen;
mod watchdog;
mod words;

use std::io;
use std::time::Duration;

use crate::shield::shield;

pub use event::{Awaited, Cause, Event, Observer, Outcome, WaitReason};
pub use event::{JobId, PoolId, SourceId, TaskId, ThreadId, TimerId, WorkerId};
pub use print::Print;
pub use record::{Record, Recorded};
pub use slow_poll::SlowPoll;
pub use slow_report::SlowReport;
#[cfg(feature = "trace")]
pub use trace::Trace;
pub use unseen::{UnseenPanic, UnseenPanics};

/// Who is to watch a loop that is being built.
#[derive(Default)]
pub(crate) struct Watch {
    /// The observers, in the order in which they are told.
    observers: Vec<Box<dyn Observer>>,
}

impl Watch {
    /// One more.
    pub(crate) fn add(&mut self, observer: impl Observer + 'static) {
        self.observers.push(Box::new(observer));
    }

    /// All of them as one, with those that the environment asks for; `None` if nobody watches.
    pub(crate) fn into_observer(mut self) -> io::Result<Option<Box<dyn Observer>>> {
        self.observers.extend(environment::observers()?);
        Ok(match self.observers.len() {
            0 => None,
            1 => self.observers.pop(),
            _ => Some(Box::new(Everybody(self.observers))),
        })
    }
}

/// Several observers, each told everything. One that panics leaves the others.
struct Everybody(Vec<Box<dyn Observer>>);

impl Observer for Everybody {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        self.0.retain_mut(|observer| shield(|| observer.event(at, event)).is_some());
    }
}
