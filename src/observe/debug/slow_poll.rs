//! The slow-poll watch: names tasks that keep the thread to themselves.
//!
//! A loop serves everybody from one thread, so a task that computes or blocks for long stops all
//! others, timers and sockets included. That is the most common fault of programs on a loop, and
//! it shows only elsewhere, as everybody's lateness. The watch notes when each poll begins and
//! ends, and reports those that took too long; its [`Watchdog`], a thread, reports them while they
//! still go on.
//!
//! The ideas are asyncio's `slow_callback_duration` and curio's `longblock`.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Once};
use std::time::Duration;

use crate::observe::debug::slow_report::SlowReport;
use crate::observe::debug::watchdog::{Bark, Watchdog, Watched};
use crate::observe::event::{Event, Observer};

/// Reports polls that take longer than a threshold, with the task's name and where it was spawned:
/// while they go on, and when they have ended.
///
/// A poll that goes on is reported by a thread of the watch's own: when it has lasted the threshold
/// (or 10 ms, if that is longer), then after 1 s, 10 s, 100 s and so on. The thread begins with the
/// first poll and is waited for when the loop is dropped; while the program is idle it sleeps.
///
/// In a simulated loop a poll takes the time that its code says it takes, by
/// [`time::block_for`](crate::time::block_for), and no other; it is reported when it has ended, and
/// no thread is started. Costs two uncontended locks a poll, some 30 ns, beside the clock reads of
/// any observer, and memory for the names of the living tasks.
///
/// ```
/// use boucle::{EventLoop, observe::SlowPoll};
/// use std::time::Duration;
///
/// let watch = SlowPoll::new(Duration::from_millis(50));
/// let event_loop = EventLoop::builder().observer(watch).build()?;
/// event_loop.block_on(async { std::thread::sleep(Duration::from_millis(60)) }); // reported, twice
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SlowPoll {
    /// The shortest time that is reported.
    threshold: Duration,
    /// Who is told when a poll has ended.
    tell: Box<dyn FnMut(&SlowReport)>,
    /// What the loop does now.
    watched: Arc<Watched>,
    /// Who is told while a poll goes on, until the watchdog has it.
    bark: Option<Bark>,
    /// Tells while a poll goes on.
    watchdog: Option<Watchdog>,
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
        // A watch must not stop a program because nobody listens.
        let tell = |report: &SlowReport| drop(writeln!(io::stderr(), "boucle: {report}"));
        SlowPoll::with(threshold, tell).while_stuck(tell)
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
        SlowPoll {
            threshold,
            tell: Box::new(tell),
            watched: Arc::default(),
            bark: None,
            watchdog: None,
        }
    }

    /// Tells `tell` of such polls already while they go on. It is called on the watch's own thread,
    /// and should not wait for the loop, which is stuck. One that panics is not called again.
    ///
    /// If the system refuses the thread, a line on the standard error stream says so, and polls are
    /// reported only when they have ended.
    ///
    /// ```
    /// use boucle::observe::SlowPoll;
    ///
    /// let watch = SlowPoll::with(SlowPoll::THRESHOLD, |_| {});
    /// let watch = watch.while_stuck(|report| eprintln!("{report}"));
    /// let builder = boucle::EventLoop::builder().observer(watch);
    /// ```
    #[must_use]
    pub fn while_stuck(mut self, tell: impl FnMut(&SlowReport) + Send + 'static) -> SlowPoll {
        self.bark = Some(Box::new(tell));
        self
    }

    /// Starts the watchdog, if there is to be one.
    #[cold]
    fn start_watchdog(&mut self, at: Duration, bark: Bark) {
        static SAID: Once = Once::new();
        match Watchdog::start(&self.watched, self.threshold, at, bark) {
            Ok(watchdog) => self.watchdog = Some(watchdog),
            Err(error) => SAID.call_once(|| {
                let told = "polls are reported only when they have ended";
                let _ =
                    writeln!(io::stderr(), "boucle: no thread for the watchdog ({error}): {told}");
            }),
        }
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
            // Of a simulation's time a thread knows nothing.
            Event::LoopBuilt { simulated: true, .. } => self.bark = None,
            Event::PollBegan { task } => {
                self.watched.begin(task, at);
                if let Some(bark) = self.bark.take() {
                    self.start_watchdog(at, bark);
                }
            }
            Event::PollEnded { .. } => {
                if let Some(report) = self.watched.end(at, self.threshold) {
                    let _telling = self.watched.telling();
                    (self.tell)(&report);
                }
            }
            Event::Spawned { .. } => self.watched.present().tasks.note_birth(event),
            Event::Dropped { .. } => self.watched.present().tasks.note_death(event),
            _ => {}
        }
    }
}

impl fmt::Debug for SlowPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowPoll").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}
