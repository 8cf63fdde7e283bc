//! The engine: [`Engine::turn`] is the loop, once around.
//!
//! ```text
//!        other threads                      the operating system
//!              |                                     |
//!          1. inbox                              4. reactor     5. timers
//!              |                                     |               |
//!              +------------> ready queue <----------+------6.-------+
//!                                  |
//!                            2. executor: poll, at most so many
//! ```
//!
//! 1. No borrow of an organ is held while code of the user runs: a poll, a destructor, a waker.
//! 2. The loop sleeps only where nothing can be missed: no task is ready, the inbox has said that
//!    it may (and rings from then on), and it sleeps no longer than to the next deadline.
//! 3. However busy the tasks are, sockets, timers and other threads have their turn: after so many
//!    polls at the latest.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use boucle::observe::{Awaited, Cause, Event, Observer, ThreadId, TimerId, WaitReason};

use crate::arena::Key;
use crate::budget;
use crate::clock::Clock;
use crate::executor::{Executor, Root};
use crate::inbox::{Bell, Inbox, Message, this_thread};
use crate::pool::Pool;
use crate::probe::Probe;
use crate::reactor::Reactor;
use crate::ready::Ready;
use crate::shield;
use crate::timers::Timers;
use crate::waker::wake;
use crate::wheel::{Place, Step};

/// How long an idle thread of the pool stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long the end of the loop waits for jobs.
const PATIENCE: Duration = Duration::from_secs(1);

/// What can be chosen when a loop is built.
pub struct Config {
    /// Whether its clock is virtual.
    pub simulated: bool,
    /// Polls in a turn, at most.
    pub polls_per_turn: usize,
    /// Operations in a poll, at most.
    pub budget: u32,
    /// Threads of the pool, at most.
    pub max_blocking_threads: usize,
    /// What keeps the deadlines.
    pub timers: Timers,
    /// Who watches.
    pub observer: Option<Box<dyn Observer>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            simulated: false,
            polls_per_turn: 61,
            budget: 128,
            max_blocking_threads: 512,
            timers: Timers::wheel(),
            observer: None,
        }
    }
}

/// One event loop, without its front door.
pub struct Engine {
    /// What other threads leave for us.
    pub inbox: Arc<Inbox>,
    /// The tasks to be polled.
    pub ready: Rc<Ready>,
    /// All tasks.
    pub executor: Rc<Executor>,
    /// The timers, each with the waker of the task that sleeps.
    pub timers: RefCell<Timers>,
    /// The sources; a simulated loop has none.
    pub reactor: Option<Rc<Reactor>>,
    /// What time it is.
    pub clock: Rc<Clock>,
    /// Says what happens.
    pub probe: Rc<Probe>,
    /// The threads for blocking work, started by the first job.
    pool: OnceCell<Pool>,
    /// Polls in a turn, at most.
    polls_per_turn: usize,
    /// Threads of the pool, at most.
    max_blocking_threads: usize,
    /// How many turns there have been.
    turns: Cell<u64>,
}

/// What a turn was good for.
pub struct Turned {
    /// Tasks polled.
    pub polls: usize,
    /// A simulated loop found that nothing will ever happen again.
    pub stalled: bool,
}

/// The bell of a loop that never sleeps.
impl Bell for () {
    fn ring(&self) {}
}

impl Engine {
    /// A loop with no tasks.
    pub fn new(config: Config) -> io::Result<Engine> {
        let Config { simulated, polls_per_turn, budget, max_blocking_threads, .. } = config;
        let (reactor, bell, clock): (_, Box<dyn Bell>, _) = if simulated {
            (None, Box::new(()), Clock::simulated())
        } else {
            let (reactor, bell) = Reactor::new()?;
            (Some(Rc::new(reactor)), bell, Clock::real())
        };
        let clock = Rc::new(clock);
        let probe = Rc::new(Probe::new(config.observer, Rc::clone(&clock)));
        probe.emit(|| Event::LoopBuilt {
            simulated,
            seed: None,
            polls_per_turn: polls_per_turn as u32,
            max_blocking_threads: max_blocking_threads as u32,
        });
        let inbox = Arc::new(Inbox::new(bell));
        let ready = Rc::new(Ready::new(inbox.loop_id, Rc::clone(&probe)));
        let for_tasks = Arc::clone(&inbox);
        let executor = Executor::new(Rc::clone(&ready), for_tasks, Rc::clone(&probe), budget);
        Ok(Engine {
            inbox,
            ready,
            executor: Rc::new(executor),
            timers: RefCell::new(config.timers),
            reactor,
            clock,
            probe,
            pool: OnceCell::new(),
            polls_per_turn,
            max_blocking_threads,
            turns: Cell::new(0),
        })
    }

    /// The loop, once around. It sleeps at most `at_most`, and not at all once `root` is done.
    pub fn turn(
        &self,
        mut root: Option<&mut Root<'_>>,
        at_most: Option<Duration>,
    ) -> io::Result<Turned> {
        let turn = self.turns.get() + 1;
        self.turns.set(turn);
        self.probe.emit(|| Event::TurnBegan { turn });
        // What steps 4 and 5 find: whom to wake, and on whose behalf.
        let mut due: Vec<(Cause, Waker)> = Vec::new();
        let (polls, stalled): (usize, bool) = {
            // The six steps: read the mail; poll tasks; ask how long the loop may sleep; wait in
            // the operating system (`wait`) or let a virtual clock go on (`pass_time`); note whose
            // timers are due (`fire_timers`); wake all who are due, each with its cause
            // (`Probe::set_cause`, and `Cause::Program` when that is over). A turn in which the
            // root has ended is over after step 2. Say how many were polled, and whether the loop
            // has stalled, which is what `pass_time` says.
            self.read_mail();
            let polls = self.poll_tasks(root.as_deref_mut());
            let mut stalled = false;
            if root.is_none_or(|root| root.outcome.is_none()) {
                let (timeout, reason) = self.timeout(at_most);
                match &self.reactor {
                    Some(reactor) => self.wait(reactor, timeout, reason, &mut due)?,
                    None => stalled = self.pass_time(timeout, reason),
                }
                self.fire_timers(&mut due);
                for (cause, waker) in due {
                    self.probe.set_cause(cause);
                    wake(waker);
                }
                self.probe.set_cause(Cause::Program);
            }
            (polls, stalled)
        };
        self.probe.emit(|| Event::TurnEnded { turn, polls: polls as u32 });
        Ok(Turned { polls, stalled })
    }

    /// Reads the messages of other threads.
    fn read_mail(&self) {
        let mut messages = Vec::new();
        self.inbox.take(&mut messages);
        if messages.is_empty() {
            return;
        }
        self.probe.emit(|| Event::MailTaken { messages: messages.len() as u32 });
        for (sender, message) in messages {
            let sender = if sender == this_thread() { ThreadId(0) } else { sender };
            self.probe.set_cause(Cause::Thread(sender));
            // A wake is for the executor; what is to be run may panic, which is nobody's affair.
            match message {
                Message::Wake(task) => self.executor.wake_by_message(task),
                Message::Run(run) => drop(shield(run)),
            }
        }
        self.probe.set_cause(Cause::Program);
    }

    /// Polls ready tasks until none is left, or the turn's share is used up, or the root is done;
    /// says how many were polled.
    pub fn poll_tasks(&self, mut root: Option<&mut Root<'_>>) -> usize {
        let mut polls = 0;
        // Oldest first, those included that become ready meanwhile; but no more than
        // `polls_per_turn` places of the queue are looked at, whether their task is still there or
        // not. After a task that was polled and gave way (`budget::gave_way`) the turn goes on for
        // those that stand before it, and ends there. `root` goes to `Executor::poll` each time
        // (`as_deref_mut`).
        let mut left = self.polls_per_turn;
        while left > 0
            && let Some(task) = self.ready.pop()
        {
            left -= 1;
            let polled = self.executor.poll(task, root.as_deref_mut());
            polls += usize::from(polled);
            if polled && budget::gave_way() {
                left = left.min(self.ready.len().saturating_sub(1));
            }
            if root.as_ref().is_some_and(|root| root.outcome.is_some()) {
                break;
            }
        }
        self.probe.set_cause(Cause::Program);
        polls
    }

    /// How long the loop may sleep, and why no longer.
    fn timeout(&self, at_most: Option<Duration>) -> (Option<Duration>, WaitReason) {
        // Not at all while tasks are ready; to the next deadline (`next_wakeup`, on the clock); as
        // long as the caller allows; for ever. The shortest of them counts, and of two that are
        // alike the deadline. The reasons are `TasksReady`, with their number, `TimerDue`,
        // `CallerLimit` and `Nothing`.
        let ready = self.ready.len();
        if ready > 0 {
            return (Some(Duration::ZERO), WaitReason::TasksReady(ready as u32));
        }
        let next = self.timers.borrow_mut().next_wakeup();
        let until = next.map(|tick| Clock::moment_of(tick).saturating_sub(self.clock.now()));
        match (until, at_most) {
            (Some(timer), Some(limit)) if limit < timer => (at_most, WaitReason::CallerLimit),
            (Some(_), _) => (until, WaitReason::TimerDue),
            (None, Some(_)) => (at_most, WaitReason::CallerLimit),
            (None, None) => (None, WaitReason::Nothing),
        }
    }

    /// Sleeps in the operating system, unless there is mail.
    fn wait(
        &self,
        reactor: &Reactor,
        mut timeout: Option<Duration>,
        mut reason: WaitReason,
        due: &mut Vec<(Cause, Waker)>,
    ) -> io::Result<()> {
        // Whoever is to sleep asks the inbox first. If that says no, the loop only looks (a timeout
        // of zero), for the reason `MailWaits`.
        if timeout != Some(Duration::ZERO) && !self.inbox.may_sleep() {
            (timeout, reason) = (Some(Duration::ZERO), WaitReason::MailWaits);
        }
        if timeout == Some(Duration::ZERO) && reactor.is_empty() {
            // Nothing to sleep for, and nobody to ask about.
            return Ok(());
        }
        self.probe.emit(|| Event::WaitBegan { timeout, reason });
        let sources = reactor.wait(timeout, due, |source, readable, writable| {
            self.probe.emit(|| Event::SourceReady { source, readable, writable });
        })?;
        self.probe.emit(|| Event::WaitEnded { sources });
        Ok(())
    }

    /// What a simulated loop does instead of sleeping: its clock jumps to the moment at which the
    /// wait would end. Returns whether nothing can ever end it.
    pub fn pass_time(&self, timeout: Option<Duration>, reason: WaitReason) -> bool {
        if timeout == Some(Duration::ZERO) || self.inbox.has_mail() {
            return false;
        }
        self.probe.emit(|| Event::WaitBegan { timeout, reason });
        self.clock.advance_by(timeout.unwrap_or_default());
        self.probe.emit(|| Event::WaitEnded { sources: 0 });
        timeout.is_none()
    }

    /// Moves the timers on to the present, and notes whose are due.
    pub fn fire_timers(&self, due: &mut Vec<(Cause, Waker)>) {
        let mut timers = self.timers.borrow_mut();
        if timers.is_empty() {
            return;
        }
        let now = self.clock.now();
        timers.advance(Clock::tick_of(now), |step| match step {
            Step::Cascaded { timer, to: Place { level, slot } } => {
                let timer = TimerId(timer.serial());
                self.probe.emit(|| Event::TimerCascaded { timer, level, slot });
            }
            Step::Fired { timer, deadline, payload } => {
                let timer = TimerId(timer.serial());
                let late = now.saturating_sub(Clock::moment_of(deadline));
                self.probe.emit(|| Event::TimerFired { timer, late });
                due.push((Cause::Timer(timer), payload));
            }
        });
    }

    /// Arms a timer that wakes `waker` when `deadline` has passed.
    pub fn arm_timer(&self, now: Duration, deadline: Duration, waker: &Waker) -> Key {
        let mut timers = self.timers.borrow_mut();
        if timers.is_empty() {
            // Nobody has moved its hands while it was empty, and places are counted from them.
            timers.advance(Clock::tick_of(now), |_| {});
        }
        let (key, place) = timers.insert(Clock::tick_after(deadline), waker.clone());
        let (timer, by) = (TimerId(key.serial()), self.probe.cause());
        let Place { level, slot } = place;
        self.probe.emit(|| Event::TimerArmed { timer, by, deadline, level, slot });
        key
    }

    /// Whether a timer has fired; if not, it will wake `cx` from now on.
    pub fn poll_timer(&self, timer: Key, cx: &mut Context<'_>) -> Poll<()> {
        let mut timers = self.timers.borrow_mut();
        let Some(waker) = timers.get_mut(timer) else { return Poll::Ready(()) };
        let replaced = std::mem::replace(waker, cx.waker().clone());
        drop(timers);
        drop(replaced);
        self.probe.awaits(Awaited::Timer(TimerId(timer.serial())));
        Poll::Pending
    }

    /// Takes a timer out, if it has not fired.
    pub fn cancel_timer(&self, timer: Key) {
        let waker = self.timers.borrow_mut().remove(timer);
        if waker.is_some() {
            self.probe.emit(|| Event::TimerCancelled { timer: TimerId(timer.serial()) });
        }
    }

    /// The threads for blocking work.
    pub fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| Pool::new(self.max_blocking_threads, KEEP_ALIVE))
    }

    /// Ends the loop: every task is dropped, nothing is accepted from other threads, and blocking
    /// work is waited for, but not for long.
    pub fn close(&self) {
        self.executor.close();
        let waiting = self.reactor.as_ref().map(|reactor| reactor.close());
        waiting.into_iter().flatten().for_each(wake);
        for (_, message) in self.inbox.close() {
            shield(|| drop(message));
        }
        if let Some(pool) = self.pool.get() {
            pool.shutdown(PATIENCE);
        }
        self.probe.emit(|| Event::LoopDropped);
    }
}
