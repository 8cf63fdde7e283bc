//! The slow-poll watch: names tasks that keep the thread to themselves.
//!
//! A loop serves everybody from one thread, so a task that computes or blocks for long stops all
//! others, timers and sockets included. That is the most common fault of programs on a loop, and
//! it shows only elsewhere, as everybody's lateness. The watch notes when each poll begins and
//! ends, and reports those that took too long.
//!
//! The ideas are asyncio's `slow_callback_duration` and curio's `longblock`.

use std::fmt;
use std::io::{self, Write};
use std::panic::Location;
use std::time::Duration;

use super::event::{Event, Observer, TaskId};
use super::tasks::{Place, Shortened, Tasks};
use super::words::{Span, rounded};

/// Reports polls that take longer than a threshold, with the task's name and where it was spawned.
///
/// The report comes when the poll ends. In a simulated loop a poll takes the time that its code
/// says it takes, by [`time::block_for`](crate::time::block_for), and no other. Costs two
/// comparisons a poll beside the clock reads of any observer, and memory for the names of the
/// living tasks.
///
/// ```
/// use boucle::{EventLoop, observe::SlowPoll};
/// use std::time::Duration;
///
/// let watch = SlowPoll::new(Duration::from_millis(50));
/// let event_loop = EventLoop::builder().observer(watch).build()?;
/// event_loop.block_on(async { std::thread::sleep(Duration::from_millis(60)) }); // reported
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SlowPoll {
    /// The shortest time that is reported.
    threshold: Duration,
    /// Who is told.
    tell: Box<dyn FnMut(&SlowReport)>,
    /// The tasks by name.
    tasks: Tasks,
    /// When the present poll began.
    began: Duration,
}

impl SlowPoll {
    /// The threshold unless another is chosen: 100 ms, as in asyncio.
    pub const THRESHOLD: Duration = Duration::from_millis(100);

    /// Reports polls of at least `threshold` to the standard error stream, a line each.
    ///
    /// ```
    /// let watch = boucle::observe::SlowPoll::new(std::time::Duration::from_millis(20));
    /// let builder = boucle::EventLoop::builder().observer(watch);
    /// ```
    #[must_use]
    pub fn new(threshold: Duration) -> SlowPoll {
        SlowPoll::with(threshold, |report| {
            // A watch must not stop a program because nobody listens.
            let _ = writeln!(io::stderr(), "boucle: {report}");
        })
    }

    /// Tells `tell` of polls of at least `threshold`. It is called on the loop's thread, when the
    /// poll has ended.
    ///
    /// ```
    /// use boucle::observe::{SlowPoll, SlowReport};
    /// use std::time::Duration;
    ///
    /// let watch = SlowPoll::with(Duration::ZERO, |report: &SlowReport| {
    ///     assert!(report.name == "block_on");
    /// });
    /// boucle::EventLoop::builder().observer(watch).build()?.block_on(async {});
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn with(threshold: Duration, tell: impl FnMut(&SlowReport) + 'static) -> SlowPoll {
        SlowPoll { threshold, tell: Box::new(tell), tasks: Tasks::default(), began: Duration::ZERO }
    }
}

impl Default for SlowPoll {
    /// Reports polls of at least [`SlowPoll::THRESHOLD`] to the standard error stream.
    fn default() -> SlowPoll {
        SlowPoll::new(SlowPoll::THRESHOLD)
    }
}

impl Observer for SlowPoll {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        match *event {
            Event::PollBegan { .. } => self.began = at,
            Event::PollEnded { task, .. } => {
                let took = at.saturating_sub(self.began);
                if took >= self.threshold
                    && let Some(known) = self.tasks.get(task)
                {
                    let (name, place) = (known.name.clone().into(), known.place);
                    (self.tell)(&SlowReport { task, name, place, began: self.began, took });
                }
            }
            Event::Spawned { .. } => self.tasks.note_birth(event),
            Event::Dropped { .. } => self.tasks.note_death(event),
            _ => {}
        }
    }
}

impl fmt::Debug for SlowPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowPoll").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

/// A poll that took too long, as [`SlowPoll`] tells it. Its `Display` is one line of text.
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
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for SlowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.task)?;
        if !self.name.is_empty() {
            write!(f, " {}", Shortened(&self.name))?;
        }
        write!(
            f,
            ", spawned at {}, kept the loop for {} in one poll; nothing else could run meanwhile \
             (`spawn_blocking` moves such work to a thread)",
            Place(self.place),
            Span(rounded(self.took)),
        )
    }
}
