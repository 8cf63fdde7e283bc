//! The spans by which other people's tools see our tasks: tokio-console, and whatever else listens
//! to `tracing`.
//!
//! ```text
//!     Spawned        a span `runtime.spawn`: number, name, kind, and where it was spawned
//!     PollBegan      the span is entered:    what the program logs in the poll is inside of it
//!     PollEnded      the span is left
//!     Woken          an event of target `runtime::waker`, with the span's number
//!     the end        the span is closed:     the output may still wait for its handle
//! ```
//!
//! tokio-console also counts a task's wakers, to warn of one that lost its last. Wakers are cloned
//! and dropped where no loop sees it. So a task that waits is said to have left one waker, and to
//! have taken it back when it is polled again: the console warns of no task of ours.
//!
//! Cost: what the subscriber takes, some hundreds of nanoseconds a poll with tokio-console's; with
//! none installed, a look-up a poll.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tracing::{Level, Span, event, span};

use crate::observe::event::{Event, Observer, Outcome, TaskId};

/// Tells `tracing` of the loop's tasks, so that [tokio-console] shows them.
///
/// Each task is a span `runtime.spawn`, entered while the task is polled and closed when it is
/// done; so a subscriber also learns in which task of ours the program's own spans and events
/// happen. The spans and the events of target `runtime::waker` have the level `TRACE`. Timers,
/// sockets and jobs are not told.
///
/// For tokio-console, install `console-subscriber` (built with `--cfg
/// console_without_tokio_unstable`) and watch the loop with this; `examples/console` is a program
/// that does.
///
/// ```
/// use boucle::{EventLoop, observe::Spans};
///
/// let event_loop = EventLoop::builder().observer(Spans::new()).build()?;
/// event_loop.block_on(async { tracing::info!("inside the span of task 1") });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [tokio-console]: https://docs.rs/tokio-console
#[derive(Default)]
pub struct Spans {
    /// The spans of the tasks that are not done.
    tasks: HashMap<TaskId, Task>,
}

/// A task that is not done.
struct Task {
    /// Its span.
    span: Span,
    /// It waits, and is said to have left a waker.
    waits: bool,
}

impl Spans {
    /// An observer that tells the subscriber of the loop's thread: the one that is installed for
    /// the thread, or for all, before the first task is spawned.
    ///
    /// ```
    /// let builder = boucle::EventLoop::builder().observer(boucle::observe::Spans::new());
    /// ```
    #[must_use]
    pub fn new() -> Spans {
        Spans::default()
    }
}

/// What a subscriber of tokio-console knows a task's wakers by.
fn tell_waker(span: &Span, op: &str) {
    if let Some(id) = span.id() {
        event!(target: "runtime::waker", parent: None, Level::TRACE, op, task.id = id.into_u64());
    }
}

impl Observer for Spans {
    fn event(&mut self, _at: Duration, event: &Event<'_>) {
        match *event {
            Event::Spawned { task, place, name, .. } => {
                let span = span!(
                    target: "boucle::task",
                    parent: None,
                    Level::TRACE,
                    "runtime.spawn",
                    kind = if name == "block_on" { "block_on" } else { "task" },
                    task.id = u64::from(task.0),
                    task.name = (!name.is_empty()).then_some(name),
                    loc.file = place.file(),
                    loc.line = u64::from(place.line()),
                    loc.col = u64::from(place.column()),
                );
                self.tasks.insert(task, Task { span, waits: false });
            }
            Event::PollBegan { task } => {
                let Some(task) = self.tasks.get_mut(&task) else { return };
                if std::mem::take(&mut task.waits) {
                    tell_waker(&task.span, "waker.drop");
                }
                task.span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
            }
            Event::PollEnded { task, outcome } => {
                let Some(polled) = self.tasks.get_mut(&task) else { return };
                polled.span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
                if outcome == Outcome::Pending {
                    polled.waits = true;
                    tell_waker(&polled.span, "waker.clone");
                } else {
                    self.tasks.remove(&task);
                }
            }
            Event::Woken { task, .. } | Event::WakeIgnored { task, .. } => {
                let Some(task) = self.tasks.get(&task) else { return };
                tell_waker(&task.span, "waker.wake_by_ref");
            }
            Event::Aborted { task } | Event::Dropped { task, .. } => {
                self.tasks.remove(&task);
            }
            Event::LoopDropped => self.tasks.clear(),
            _ => {}
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}
