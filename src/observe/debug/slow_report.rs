//! A poll that takes too long, in words: while it lasts, and when it is over.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::observe::event::TaskId;
use crate::observe::story::tasks::{Place, Shortened};
use crate::observe::story::words::{Span, rounded};

/// A poll that takes too long, as [`SlowPoll`](crate::observe::SlowPoll) tells it. Its `Display` is
/// one line of text.
///
/// ```
/// use boucle::observe::SlowPoll;
///
/// let watch = SlowPoll::with(SlowPoll::THRESHOLD, |report| eprintln!("{report}"));
/// let builder = boucle::EventLoop::builder().observer(watch);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowReport {
    /// The task.
    pub task: TaskId,
    /// Its name as the program gave it, empty if it has none.
    pub name: String,
    /// Where it was spawned.
    pub place: &'static Location<'static>,
    /// When the poll began, after the loop was built.
    pub began: Duration,
    /// How long it took, or has taken until now.
    pub took: Duration,
    /// Whether the poll has ended.
    pub is_over: bool,
}

impl fmt::Display for SlowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.task)?;
        if !self.name.is_empty() {
            write!(f, " {}", Shortened(&self.name))?;
        }
        let (place, took) = (Place(self.place), Span(rounded(self.took)));
        if self.is_over {
            write!(
                f,
                ", spawned at {place}, kept the loop for {took} in one poll; nothing else could \
                 run meanwhile (`spawn_blocking` moves such work to a thread)",
            )
        } else {
            write!(f, ", spawned at {place}, has kept the loop for {took} and is still running")
        }
    }
}
