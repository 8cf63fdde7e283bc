//! The engine: the machine that turns.
//!
//! [`Engine::turn`] is the loop, once around; everything else in this folder is one of its parts,
//! each in a file of its own. To read them in the order in which they build on each other:
//! `arena`, `ready`, `inbox`, `waker`, `body`, `spares`, `executor`, `wheel`, `reactor`,
//! this file, and `context`, the way in from outside.
//!
//! ```text
//!        other threads                      the operating system
//!              |                                     |
//!          1. inbox                              4. reactor     5. timer wheel
//!              |                                     |               |
//!              +------------> ready queue <----------+------6.-------+
//!                                  |
//!                            2. executor: poll, at most so many
//! ```
//!
//! Everything lives on one thread and is reached through shared references: each part guards its
//! own state with a `RefCell` or `Cell`, and none holds a borrow while it runs code of the user.

pub(crate) mod arena;
pub(crate) mod body;
pub(crate) mod context;
pub(crate) mod executor;
pub(crate) mod inbox;
#[cfg_attr(not(feature = "os"), path = "../absent/reactor.rs")]
pub(crate) mod reactor;
pub(crate) mod ready;
pub(crate) mod spares;
pub(crate) mod waker;
pub(crate) mod wheel;

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::blocking::{pool::Pool, simulated::Workers};
use crate::budget;
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::engine::arena::Key;
use crate::engine::executor::{Executor, Root};
use crate::engine::inbox::{Bell, Inbox, Message};
use crate::engine::reactor::Reactor;
use crate::engine::ready::Ready;
use crate::engine::waker::wake;
use crate::engine::wheel::{Place, Step, Wheel};
use crate::observe::event::{Awaited, Cause, Event, JobId, ThreadId, TimerId, WaitReason};
use crate::observe::probe::Probe;
use crate::shield::shield;
use crate::shim;

/// One event loop, without its front door.
pub(crate) struct Engine {
    /// What other threads leave for us.
    pub(crate) inbox: Arc<Inbox>,
    /// The tasks to be polled.
    pub(crate) ready: Rc<Ready>,
    /// All tasks.
    pub(crate) executor: Executor,
    /// The timers, each with the waker of the task that sleeps.
    wheel: RefCell<Wheel<Waker>>,
    /// The sources; a simulated loop has none.
    pub(crate) reactor: Option<Reactor>,
    /// What time it is.
    pub(crate) clock: Rc<Clock>,
    /// The threads for blocking work, started by the first job.
    pub(crate) pool: OnceCell<Pool>,
    /// Who does it in a simulated loop.
    pub(crate) workers: Workers,
    /// Says what happens.
    pub(crate) probe: Rc<Probe>,
    /// What was chosen.
    pub(crate) config: Config,
    /// How many turns there have been.
    turns: Cell<u64>,
    /// The number of the next job.
    jobs: Cell<u32>,
    /// Kept between turns for its memory: the messages being read.
    messages: Cell<Vec<(ThreadId, Message)>>,
    /// Kept between turns for its memory: the wakers being called, and why.
    due: Cell<Vec<(Cause, Waker)>>,
}

/// What a turn was good for.
pub(crate) struct Turned {
    /// Tasks polled.
    pub(crate) polls: usize,
    /// A simulated loop found that nothing will ever happen again.
    pub(crate) stalled: bool,
}

impl Engine {
    /// A loop with no tasks.
    pub(crate) fn new(mut config: Config) -> io::Result<Engine> {
        static LOOPS: AtomicU32 = AtomicU32::new(0);
        let loop_id = LOOPS.fetch_add(1, Ordering::Relaxed);
        let (reactor, bell, clock): (_, Box<dyn Bell>, _) = match config.simulated {
            false => Reactor::new().map(|(reactor, bell)| (Some(reactor), bell, Clock::real()))?,
            true => (None, Box::new(()), Clock::simulated()),
        };
        let clock = Rc::new(clock);
        let probe = Rc::new(Probe::new(config.observer.take(), Rc::clone(&clock)));
        probe.emit(|| config.loop_built());
        let inbox = Arc::new(Inbox::new(loop_id, bell));
        let ready = Rc::new(Ready::new(loop_id, config.seed, Rc::clone(&probe)));
        let (for_tasks, budget) = (Arc::clone(&inbox), config.budget);
        let executor = Executor::new(Rc::clone(&ready), for_tasks, Rc::clone(&probe), budget);
        Ok(Engine {
            inbox,
            ready,
            executor,
            wheel: RefCell::new(Wheel::new()),
            reactor,
            clock,
            pool: OnceCell::new(),
            workers: Workers::default(),
            probe,
            config,
            turns: Cell::new(0),
            jobs: Cell::new(1),
            messages: Cell::default(),
            due: Cell::default(),
        })
    }

    /// The loop, once around. It sleeps at most `at_most`, and not at all once `root` is done.
    pub(crate) fn turn(
        &self,
        mut root: Option<&mut Root<'_>>,
        at_most: Option<Duration>,
    ) -> io::Result<Turned> {
        let turn = self.turns.get() + 1;
        self.turns.set(turn);
        self.probe.emit(|| Event::TurnBegan { turn });
        // 1. What other threads left for us.
        self.read_mail();
        // 2. Poll ready tasks, oldest first, but not so many that sockets and timers starve.
        let polls = self.poll_tasks(root.as_deref_mut());
        let mut stalled = false;
        if root.is_none_or(|root| root.outcome.is_none()) {
            // 3. How long may we sleep: not at all, until the next deadline, or for ever?
            let (timeout, reason) = self.timeout(at_most);
            // 4. Wait in the operating system, and note who waited for what it brings.
            let mut due = self.due.take();
            match &self.reactor {
                Some(reactor) => self.wait(reactor, timeout, reason, &mut due)?,
                None => stalled = self.pass_time(timeout, reason),
            }
            // 5. Note whose timers are due.
            self.fire_timers(&mut due);
            // 6. Wake them, now that no borrow is held.
            for (cause, waker) in due.drain(..) {
                self.probe.set_cause(cause);
                wake(waker);
            }
            self.probe.set_cause(Cause::Program);
            self.due.set(due);
        }
        self.probe.emit(|| Event::TurnEnded { turn, polls: polls as u32 });
        Ok(Turned { polls, stalled })
    }

    /// Reads the messages of other threads.
    fn read_mail(&self) {
        let mut messages = self.messages.take();
        self.inbox.take(&mut messages);
        messages
            .extend(self.workers.message(&self.clock).map(|run| (ThreadId(0), Message::Run(run))));
        if !messages.is_empty() {
            self.probe.emit(|| Event::MailTaken { messages: messages.len() as u32 });
            for (sender, message) in messages.drain(..) {
                self.probe.set_cause(Cause::Thread(shim::as_seen_here(sender)));
                match message {
                    Message::Wake(task) => self.executor.wake_by_message(task),
                    Message::Run(run) => drop(shield(run)),
                }
            }
            self.probe.set_cause(Cause::Program);
        }
        self.messages.set(messages);
    }

    /// Polls ready tasks until none is left, or the turn's share is used up, or the root is done.
    ///
    /// A task that gave way is not polled twice in a turn, since it may have meant sockets and
    /// timers: the turn goes on for those that stand before it in the queue, and ends there. (Only one
    /// that has also called its waker may stand before some that its poll has queued. tokio has tasks
    /// that yield wait aside until it has looked at the system.)
    // `never`: where nothing else needs the processor's registers, a poll takes a nanosecond less.
    #[inline(never)]
    fn poll_tasks(&self, mut root: Option<&mut Root<'_>>) -> usize {
        let (mut polls, mut left) = (0, self.config.polls_per_turn);
        while left > 0
            && let Some(task) = self.ready.pop(left)
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
        let ready = self.ready.len();
        if ready > 0 {
            return (Some(Duration::ZERO), WaitReason::TasksReady(ready as u32));
        }
        let until_timer = self.wheel.borrow_mut().next_wakeup().map(|tick| self.clock.until(tick));
        match (until_timer, at_most) {
            (Some(timer), Some(limit)) if limit < timer => (at_most, WaitReason::CallerLimit),
            (Some(_), _) => (until_timer, WaitReason::TimerDue),
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
        let probe = &self.probe;
        let told = |source, readable, writable| {
            probe.emit(|| Event::SourceReady { source, readable, writable });
        };
        if timeout != Some(Duration::ZERO) && !self.config.spin_before_park.is_zero() {
            // Somebody may be about to wake us: look for a while before the expensive sleep.
            let spin = self.config.spin_before_park.min(timeout.unwrap_or(Duration::MAX));
            probe.emit(|| Event::WaitBegan { timeout: Some(spin), reason: WaitReason::Spin });
            let end = self.clock.now() + spin;
            let mut sources = 0;
            while sources == 0 && !self.inbox.has_mail() && self.clock.now() < end {
                sources = reactor.wait(Some(Duration::ZERO), due, told)?;
            }
            probe.emit(|| Event::WaitEnded { sources });
            if sources > 0 {
                return Ok(());
            }
            timeout = timeout.map(|timeout| timeout.saturating_sub(spin));
        }
        if timeout != Some(Duration::ZERO) && !self.inbox.may_sleep() {
            (timeout, reason) = (Some(Duration::ZERO), WaitReason::MailWaits);
        }
        if timeout == Some(Duration::ZERO) && reactor.is_empty() {
            // Nothing to sleep for, and nobody to ask about.
            return Ok(());
        }
        probe.emit(|| Event::WaitBegan { timeout, reason });
        if self.ready.len() > 0 {
            // Whoever watches has woken a task just now.
            timeout = Some(Duration::ZERO);
        }
        let sources = reactor.wait(timeout, due, told)?;
        probe.emit(|| Event::WaitEnded { sources });
        Ok(())
    }

    /// What a simulated loop does instead of sleeping: its clock jumps to the moment at which the
    /// wait would end. Returns whether nothing can ever end it.
    fn pass_time(&self, timeout: Option<Duration>, reason: WaitReason) -> bool {
        let sleep = self.workers.until_next(&self.clock, timeout);
        if sleep == Some(Duration::ZERO) || self.inbox.has_mail() {
            return false;
        }
        self.probe.emit(|| Event::WaitBegan { timeout, reason });
        // Whoever watches may have woken a task just now.
        let is_quiet = self.ready.len() == 0;
        if is_quiet {
            self.clock.advance_by(sleep.unwrap_or_default());
        }
        self.probe.emit(|| Event::WaitEnded { sources: 0 });
        is_quiet && sleep.is_none()
    }

    /// Moves the wheel on to the present, and notes whose timers are due.
    fn fire_timers(&self, due: &mut Vec<(Cause, Waker)>) {
        let mut wheel = self.wheel.borrow_mut();
        if wheel.is_empty() {
            return;
        }
        let now = self.clock.now();
        wheel.advance(self.clock.tick_of(now), |step| match step {
            Step::Cascaded { timer, to: Place { level, slot } } => {
                let timer = TimerId(timer.serial());
                self.probe.emit(|| Event::TimerCascaded { timer, level, slot });
            }
            Step::Fired { timer, deadline, payload } => {
                let timer = TimerId(timer.serial());
                let late = || now.duration_since(self.clock.instant_of(deadline));
                self.probe.emit(|| Event::TimerFired { timer, late: late() });
                due.push((Cause::Timer(timer), payload));
            }
        });
    }

    /// Arms a timer that wakes `waker` when `deadline` has passed.
    pub(crate) fn arm_timer(&self, now: Instant, deadline: Instant, waker: &Waker) -> Key {
        let mut wheel = self.wheel.borrow_mut();
        if wheel.is_empty() {
            // Nobody has moved its hands while it was empty, and places are counted from them.
            wheel.advance(self.clock.tick_of(now), |_| {});
        }
        let tick = self.clock.tick_after(deadline);
        let (key, Place { level, slot }) = wheel.insert(tick, waker.clone());
        self.probe.emit(|| {
            let (timer, by) = (TimerId(key.serial()), self.probe.cause());
            Event::TimerArmed { timer, by, deadline: self.clock.age_at(deadline), level, slot }
        });
        key
    }

    /// Whether a timer has fired; if not, it will wake `cx` from now on.
    pub(crate) fn poll_timer(&self, timer: Key, cx: &mut Context<'_>) -> Poll<()> {
        let mut wheel = self.wheel.borrow_mut();
        let Some(waker) = wheel.get_mut(timer) else { return Poll::Ready(()) };
        let known = waker.will_wake(cx.waker());
        let replaced = (!known).then(|| std::mem::replace(waker, cx.waker().clone()));
        drop(wheel);
        drop(replaced);
        self.probe.awaits(|| Awaited::Timer(TimerId(timer.serial())));
        Poll::Pending
    }

    /// Takes a timer out, if it has not fired.
    pub(crate) fn cancel_timer(&self, timer: Key) {
        let waker = self.wheel.borrow_mut().remove(timer);
        if waker.is_some() {
            self.probe.emit(|| Event::TimerCancelled { timer: TimerId(timer.serial()) });
        }
    }

    /// The number of the next job.
    pub(crate) fn next_job(&self) -> JobId {
        JobId(self.jobs.replace(self.jobs.get().wrapping_add(1)))
    }

    /// Ends the loop: every task is dropped, and whoever else waits for a source is told; then
    /// nothing is accepted from other threads, and what they left is dropped (which tells the ends
    /// of jobs); then blocking work is waited for, but not for long.
    pub(crate) fn close(&self) {
        self.executor.close();
        // What another loop of this thread, or a foreign executor, waits for will never come.
        let waiting = self.reactor.as_ref().map(Reactor::close);
        waiting.into_iter().flatten().for_each(wake);
        for (_, message) in self.inbox.close() {
            shield(|| drop(message));
        }
        if let Some(pool) = self.pool.get() {
            pool.shutdown(self.config.shutdown_timeout);
        }
        self.probe.emit(|| Event::LoopDropped);
    }
}

/// The bell of a loop that never sleeps.
impl Bell for () {
    fn ring(&self) {}
}
