//! The watchdog: a thread that sees a loop stand still while it does.
//!
//! A task that blocks for ever never comes to the end of its poll, so whoever waits for that end
//! has nothing to tell. The watchdog does not wait for it: the loop notes what it polls, and since
//! when, where a thread can see it, and the thread looks.
//!
//! The loop must pay little for it, and an idle program nothing:
//!
//! 1. A poll's begin and end are noted under a lock that nobody else wants (the thread looks once
//!    or twice in the threshold). No reader is called under it.
//! 2. While a poll goes on, the thread sleeps until that poll would be too long. Between polls it
//!    looks every half threshold, so that it sees a poll before that is too long.
//! 3. If nothing was polled between two looks, it sleeps until the loop calls it (*asleep*): the
//!    first poll after a pause costs that call, a few microseconds.
//! 4. A poll is told of when it has lasted the threshold, then 1 s, 10 s, 100 s ...
//! 5. Whoever tells, the thread or the loop, holds `telling`, and looks again before. So "is still
//!    running" is never told after the end was.
//!
//! The thread ends, and is waited for, when the loop is dropped.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::clock::{Clock, Instant};
use crate::observe::debug::slow_report::SlowReport;
use crate::observe::event::TaskId;
use crate::observe::story::tasks::Tasks;
use crate::shield::shield;

/// Polls shorter than this are over before anyone has read that they are still running, so the
/// thread leaves them to the report at their end. It also bounds how often the thread looks.
const SHORTEST: Duration = Duration::from_millis(10);

/// Who is told of a poll that goes on.
pub(crate) type Bark = Box<dyn FnMut(&SlowReport) + Send>;

/// What a loop and its watchdog share.
#[derive(Default)]
pub(crate) struct Watched {
    /// What the loop does now.
    present: Mutex<Present>,
    /// Where the thread sleeps.
    called: Condvar,
    /// Held by whoever tells.
    telling: Mutex<()>,
}

/// What a loop does at one moment.
#[derive(Default)]
pub(crate) struct Present {
    /// The tasks by name.
    pub(crate) tasks: Tasks,
    /// What is polled.
    poll: Option<Poll>,
    /// A poll began since the thread looked last.
    busy: bool,
    /// The thread sleeps until it is called.
    asleep: bool,
    /// The loop is gone.
    closed: bool,
}

/// A poll that goes on.
#[derive(Clone, Copy)]
struct Poll {
    /// Whose.
    task: TaskId,
    /// Since when, after the loop was built.
    began: Duration,
    /// How long it has lasted at the next report; zero is for the threshold.
    mark: Duration,
}

impl Watched {
    /// What the loop does now.
    pub(crate) fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to tell. It is asked for without the other lock.
    pub(crate) fn telling(&self) -> MutexGuard<'_, ()> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A poll begins.
    pub(crate) fn begin(&self, task: TaskId, at: Duration) {
        let mut present = self.present();
        present.poll = Some(Poll { task, began: at, mark: Duration::ZERO });
        present.busy = true;
        if std::mem::take(&mut present.asleep) {
            self.called.notify_one();
        }
    }

    /// The poll has ended. Returns the report if it took `threshold` or longer.
    pub(crate) fn end(&self, at: Duration, threshold: Duration) -> Option<SlowReport> {
        let mut present = self.present();
        let poll = present.poll.take()?;
        let took = at.saturating_sub(poll.began);
        if took < threshold { None } else { present.report(poll, took, true) }
    }
}

impl Present {
    /// What there is to tell of a poll.
    fn report(&self, poll: Poll, took: Duration, is_over: bool) -> Option<SlowReport> {
        let Poll { task, began, .. } = poll;
        let known = self.tasks.get(task)?;
        let (name, place) = (known.name.clone().into(), known.place);
        Some(SlowReport { task, name, place, began, took, is_over })
    }
}

/// The thread. It ends when this is dropped.
pub(crate) struct Watchdog {
    /// What it looks at.
    watched: Arc<Watched>,
    /// Itself; `None` once it was waited for.
    thread: Option<thread::JoinHandle<()>>,
}

impl Watchdog {
    /// Starts the thread of a loop whose clock shows `at` now.
    pub(crate) fn start(
        watched: &Arc<Watched>,
        threshold: Duration,
        at: Duration,
        bark: Bark,
    ) -> io::Result<Watchdog> {
        let threshold = threshold.max(SHORTEST);
        let born = Clock::read() - at;
        let seen = Arc::clone(watched);
        let thread = thread::Builder::new()
            .name("boucle-watchdog".into())
            .spawn(move || watch(&seen, threshold, born, bark))?;
        Ok(Watchdog { watched: Arc::clone(watched), thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.watched.present().closed = true;
        self.watched.called.notify_one();
        // It panics nowhere, and a loop's end is no place to pass a panic on.
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

/// What the thread does.
fn watch(watched: &Watched, threshold: Duration, born: Instant, mut bark: Bark) {
    let mut present = watched.present();
    while !present.closed {
        let age = |poll: Poll| Clock::read().duration_since(born).saturating_sub(poll.began);
        let busy = std::mem::take(&mut present.busy);
        let pause = match present.poll {
            // A poll goes on: until it would be too long, or longer still.
            Some(poll) => {
                let left = poll.mark.max(threshold).saturating_sub(age(poll));
                if left.is_zero() {
                    drop(present);
                    if !tell(watched, threshold, age, &mut bark) {
                        return;
                    }
                    present = watched.present();
                    continue;
                }
                Some(left)
            }
            // The loop is at work: until a poll that begins now would be half way.
            None if busy => Some(threshold / 2),
            // Nothing happens: until the loop calls.
            None => None,
        };
        present.asleep = pause.is_none();
        let slept = match pause {
            Some(pause) => {
                watched.called.wait_timeout(present, pause).map(|(present, _)| present).ok()
            }
            None => watched.called.wait(present).ok(),
        };
        present = slept.unwrap_or_else(|| watched.present());
    }
}

/// Tells of the poll, if it still goes on. Returns whether the thread is to go on.
fn tell(
    watched: &Watched,
    threshold: Duration,
    age: impl Fn(Poll) -> Duration,
    bark: &mut Bark,
) -> bool {
    let _telling = watched.telling();
    let report = {
        let mut present = watched.present();
        let Some(poll) = present.poll else { return true };
        let took = age(poll);
        if took < poll.mark.max(threshold) {
            return true;
        }
        present.poll = Some(Poll { mark: next_mark(took), ..poll });
        present.report(poll, took, false)
    };
    // Somebody's code: if it panics, there is nobody left to tell.
    report.is_none_or(|report| shield(|| bark(&report)).is_some())
}

/// How long a poll has lasted when it is told of next: 1 s, 10 s, 100 s ...
fn next_mark(took: Duration) -> Duration {
    let mut mark = Duration::from_secs(1);
    while mark <= took {
        mark = mark.saturating_mul(10);
    }
    mark
}
