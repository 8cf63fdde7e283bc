//! The window: what can be seen of a loop.
//!
//! Every mechanism of the loop says what it does, as an [`Event`]; an [`Observer`] listens. Give
//! one to [`Builder::observer`](crate::Builder::observer):
//!
//! * [`Print`] tells the story of the loop in words, turn by turn.
//! * [`Record`] keeps the events for the program to read.
//! * `Trace` writes them to a file, in one of five forms (feature `trace`).
//! * [`History`] says why something happened, and where two runs differ.
//! * [`SlowPoll`] reports tasks that keep the thread to themselves, while they do and afterwards.
//! * `Spans` (feature `tracing`) tells `tracing` of the tasks, so that tokio-console shows them.
//! * [`UnseenPanics`] reports tasks that panicked while nobody awaited them.
//!
//! Or leave the program as it is, and set a variable of its environment:
//!
//! | variable | effect |
//! |---|---|
//! | `BOUCLE_TRACE=run.html` | a page that replays the loop; the process's second loop writes `run-2.html`, and so on |
//! | `BOUCLE_TRACE=run.svg` | a picture of who did what when |
//! | `BOUCLE_TRACE=run.jsonl` | the events, for programs: a line of JSON each, as `src/observe/trace/schema.rs` describes |
//! | `BOUCLE_TRACE=run.json` | Chrome's trace format, for Perfetto, speedscope and others |
//! | `BOUCLE_TRACE=run.txt` | the story in words, while it happens |
//! | `BOUCLE_TRACE=-` | the same, to stderr |
//! | `BOUCLE_TRACE=run.html:run.svg` | several of these, of one run, separated as the paths in `PATH` are: by `;` on Windows |
//! | `BOUCLE_COMPARE=old.jsonl` | shows another run beside this one on the page |
//! | `BOUCLE_INSPECT=127.0.0.1:4141` | serves a page on which the loop can be watched as it turns: see [`inspect`](crate::inspect) |
//! | `BOUCLE_DEBUG=1` | reports to stderr: polls of 100 ms and more, while they last and afterwards; panics that nobody saw |
//! | `BOUCLE_SLOW_POLL_MS=50` | reports polls from 50 ms on |
//! | `BOUCLE_SIMULATE=in-order` | runs every loop in virtual time, the oldest task first: the same run on every machine. A number is the seed of a drawn order. See [`Builder::build`](crate::Builder::build) |
//!
//! All but the story is written when the loop is dropped, or on Linux when Ctrl-C ends the program.
//! They hold for simulated loops too. An existing file is overwritten; a value that is not
//! understood is an error of [`Builder::build`](crate::Builder::build).
//!
//! A loop that nobody watches pays under a nanosecond a poll; one that is watched, a clock read for
//! almost every event (some 20 ns) and what the observer takes. Threads of a pool tell a watched loop
//! by messages what they do, two for each job, so it takes some more turns than one that nobody
//! watches. The seam is trio's `Instrument`.

mod debug;
mod environment;
pub mod event;
mod history;
pub(crate) mod probe;
pub(crate) mod record;
#[cfg(feature = "tracing")]
mod spans;
mod story;
#[cfg(feature = "trace")]
pub(crate) mod trace;

use std::io;
use std::time::Duration;

use crate::shield::shield;

pub use debug::slow_poll::SlowPoll;
pub use debug::slow_report::SlowReport;
pub use debug::unseen::{UnseenPanic, UnseenPanics};
pub use event::{Awaited, Cause, Event, Observer, Outcome, WaitReason};
pub use event::{JobId, PoolId, SourceId, TaskId, ThreadId, TimerId, WorkerId};
pub use history::History;
pub use history::chain::Because;
pub use history::compare::Difference;
pub use history::why::Why;
pub use record::{Record, Recorded};
#[cfg(feature = "tracing")]
pub use spans::Spans;
pub use story::print::Print;
#[cfg(feature = "trace")]
pub use trace::Trace;
#[cfg(feature = "trace")]
pub use trace::format::Format;

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
