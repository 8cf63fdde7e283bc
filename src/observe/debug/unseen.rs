//! Unseen panics: names tasks that panicked while nobody looked.
//!
//! A panic ends its task alone, and waits in the task's handle for whoever awaits that. If nobody
//! ever does, the program goes on without a part of itself. The panic hook has printed what was
//! wrong, but not which task is gone. This observer remembers which tasks panicked, and reports
//! those whose output is dropped unread: because the handle was dropped, or the loop was first.
//!
//! The idea is asyncio's "Task exception was never retrieved".

use std::collections::HashSet;
use std::fmt;
use std::io::{self, Write};
use std::panic::Location;
use std::time::Duration;

use crate::observe::event::{Event, Observer, Outcome, TaskId};
use crate::observe::story::tasks::{Place, Shortened, Tasks};

/// Reports tasks that panicked and whose [`JoinHandle`](crate::JoinHandle) nobody awaited to the
/// end, with name and place of spawn.
///
/// The report comes when the panic is lost: at once if the handle was dropped before, else when it
/// is, or when the loop is. A task that was aborted has not panicked. Costs memory for the names of
/// the living tasks.
///
/// ```
/// use boucle::{EventLoop, observe::UnseenPanics};
///
/// let event_loop = EventLoop::builder().observer(UnseenPanics::new()).build()?;
/// event_loop.block_on(async {
///     drop(boucle::spawn(async { panic!("lost") })); // reported
///     boucle::task::yield_now().await;
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnseenPanics {
    /// Who is told.
    tell: Box<dyn FnMut(&UnseenPanic)>,
    /// The tasks by name.
    tasks: Tasks,
    /// Those that panicked and are not gone.
    panicked: HashSet<TaskId>,
}

impl UnseenPanics {
    /// Reports to the standard error stream, a line each.
    ///
    /// ```
    /// let watch = boucle::observe::UnseenPanics::new();
    /// let builder = boucle::EventLoop::builder().observer(watch);
    /// ```
    #[must_use]
    pub fn new() -> UnseenPanics {
        UnseenPanics::with(|report| drop(writeln!(io::stderr(), "boucle: {report}")))
    }

    /// Reports to `tell`, which is called on the loop's thread.
    ///
    /// ```
    /// use boucle::observe::UnseenPanics;
    ///
    /// let watch = UnseenPanics::with(|unseen| assert_eq!(unseen.name, "fetch"));
    /// let builder = boucle::EventLoop::builder().observer(watch);
    /// ```
    #[must_use]
    pub fn with(tell: impl FnMut(&UnseenPanic) + 'static) -> UnseenPanics {
        UnseenPanics { tell: Box::new(tell), tasks: Tasks::default(), panicked: HashSet::new() }
    }
}

impl Default for UnseenPanics {
    /// Reports to the standard error stream.
    fn default() -> UnseenPanics {
        UnseenPanics::new()
    }
}

impl Observer for UnseenPanics {
    fn event(&mut self, _at: Duration, event: &Event<'_>) {
        match *event {
            Event::Spawned { .. } => self.tasks.note_birth(event),
            Event::PollEnded { task, outcome: Outcome::Panicked } => {
                self.panicked.insert(task);
            }
            Event::Dropped { task, joined } => {
                if self.panicked.remove(&task)
                    && !joined
                    && let Some(known) = self.tasks.get(task)
                {
                    let (name, place) = (known.name.clone().into(), known.place);
                    (self.tell)(&UnseenPanic { task, name, place });
                }
                self.tasks.note_death(event);
            }
            _ => {}
        }
    }
}

impl fmt::Debug for UnseenPanics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnseenPanics").finish_non_exhaustive()
    }
}

/// A task that panicked while nobody looked, as [`UnseenPanics`] tells it. Its `Display` is one
/// line of text.
///
/// ```
/// use boucle::observe::UnseenPanics;
///
/// let watch = UnseenPanics::with(|unseen| eprintln!("{unseen}"));
/// let builder = boucle::EventLoop::builder().observer(watch);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnseenPanic {
    /// The task.
    pub task: TaskId,
    /// Its name as the program gave it, empty if it has none.
    pub name: String,
    /// Where it was spawned.
    pub place: &'static Location<'static>,
}

impl fmt::Display for UnseenPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.task)?;
        if !self.name.is_empty() {
            write!(f, " {}", Shortened(&self.name))?;
        }
        let place = Place(self.place);
        write!(f, ", spawned at {place}, panicked and nobody awaited its JoinHandle")
    }
}
