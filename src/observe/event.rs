//! The glossary: everything that can happen in a loop, one variant each.
//!
//! Each mechanism of the engine emits these as they happen, in order, on the loop's thread. The
//! type sits below the whole engine and knows nothing of it, so that whoever watches depends on
//! words alone. An event is `Copy` and borrows only a task's name.
//!
//! # The life of a task
//!
//! ```text
//!                  1                2                3                   4
//!     (nothing) -------> queued ---------> polled ---------> finished -------> (nothing)
//!                        ^    |              |                   ^
//!                        |    |              | 5                 |
//!                        |    |         6    v          7        |
//!                        '----|------------ idle ----------------|
//!                             |                         7        |
//!                             '----------------------------------'
//! ```
//!
//! | edge | event | told in |
//! |---|---|---|
//! | 1 | `Spawned` | `Executor::insert`, for every `spawn` and for `block_on` |
//! | 2 | `PollBegan` | `Executor::run`, after `check_out`; for `block_on`, in `poll_root` |
//! | 3 | `PollEnded(Ready)` or `(Panicked)` | `Executor::run`, before `finish` |
//! | 4 | `Dropped` | `Executor::dropped`: from `poll_join` if its handle took the output, from `discard` if there is no handle, from `remove_root` for `block_on`, from `close` with the loop |
//! | 5 | `PollEnded(Pending)` | `Executor::run`, before `check_in` |
//! | 6 | `Woken` | `Ready::wake`: from `Node::wake_by_ref` on the loop's thread, from `Executor::wake_by_message` for all others, from `Executor::run` for a task that gave way, from `Executor::abort` |
//! | 7 | `Aborted` | `Executor::cancel`: from `poll` when its turn in the queue comes, from `check_in` after a poll in which it was asked for, from `close` with the loop; from `remove_root` if `block_on` is given up |
//!
//! * A task is woken at most once until it is polled. One that is woken while it is polled is
//!   queued when the poll has ended; if that was the last, its place in the queue is passed over.
//! * Any wake that makes no such edge is a `WakeIgnored`: of a task that is queued, was woken in
//!   the poll under way, is finished or gone. (Another thread's wake while its last is still on its
//!   way is part of that one.) It is told by `Ready::wake` too.
//! * `Awaits` is told only while a task is polled: by `Engine::poll_timer`, `Executor::poll_join`,
//!   `RemoteHandle::poll` and `Source::poll_ready`, when they leave the task's waker with something
//!   and say `Pending`.
//! * `AbortRequested` comes before edge 7, at most once, from `Executor::abort`. A task that is to
//!   be aborted is not polled again: its turn in the queue is when its future is dropped, so an idle
//!   one is woken for that.
//!
//! # The life of the loop
//!
//! ```text
//!                 1                     2           3            4
//!     (nothing) -----> between turns -------> mail ----> polls ------> wait
//!                       |         ^                                      |
//!                     8 |         | 7             6             5        |
//!                       v         '------- wakes <---- timers <----------'
//!                     (gone)
//! ```
//!
//! | edge | event | told in |
//! |---|---|---|
//! | 1 | `LoopBuilt` | `Engine::new` |
//! | 2 | `TurnBegan`, `MailTaken` | `Engine::turn`, `Engine::read_mail`; then what each message does |
//! | 3 | none | `Engine::poll_tasks`: tasks follow edges 2 to 5 and 7 above |
//! | 4 | `WaitBegan`, `SourceReady`, `WaitEnded` | `Engine::wait`, around `Reactor::wait`; `Engine::pass_time` in a simulated loop |
//! | 5 | `TimerCascaded`, `TimerFired` | `Engine::fire_timers` |
//! | 6 | none | the last step of `Engine::turn`: tasks follow edge 6 above |
//! | 7 | `TurnEnded` | `Engine::turn` |
//! | 8 | `LoopDropped` | `Engine::close`, after the end of each task, and after what the last mail tells of jobs |
//!
//! What did not come to pass is left out: no mail, no polls, no wait because nothing could end it
//! or because the turn polled the last of `block_on`. Between turns the program has the thread, and
//! may spawn, abort and join.
//!
//! # The lives of what tasks wait for
//!
//! ```text
//!     timer    TimerArmed ----> TimerCascaded ... ----> TimerFired, TimerCancelled
//!              Engine::arm_timer                        Engine::fire_timers, cancel_timer
//!
//!     source   SourceAdded ---> SourceReady ... ------> SourceRemoved
//!              Source::with_interest                    Source::drop
//!
//!     job      JobQueued -----> JobStarted -----------> JobFinished
//!              Note::queued     Note::started           Note::finished
//!
//!     worker   WorkerStarted -> its jobs ... ---------> WorkerStopped
//!              blocking::watch                          blocking::watch
//! ```
//!
//! What a worker does, it tells by messages, at once and in order, with the time it had: so it
//! stands here as soon as the loop has read them, a turn later at most if the loop is not busy. A
//! job whose handle aborts it in the queue never starts.

use std::fmt;
use std::panic::Location;
use std::task::Poll;
use std::thread;
use std::time::Duration;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $word:literal) => {
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("let third = boucle::observe::", stringify!($name), "(3);")]
        #[doc = concat!("assert_eq!(third.to_string(), \"", $word, " 3\");")]
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($word, " {}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id! {
    /// A task of this loop: the how-manieth that was ever spawned.
    TaskId, "task"
}
id! {
    /// A timer of this loop: the how-manieth that was ever armed.
    TimerId, "timer"
}
id! {
    /// A registered source of this loop: the how-manieth that was ever registered.
    SourceId, "source"
}
id! {
    /// A job given to a blocking pool: the how-manieth of this loop.
    JobId, "job"
}
id! {
    /// A blocking pool: 0 is the loop's own, the others are numbered as the program builds them; in
    /// a simulated loop, as it comes to use them.
    PoolId, "pool"
}
id! {
    /// A thread that has sent a message to a loop of this process: the how-manieth that did. To each
    /// loop, 0 is its own. In a simulated one, the thread that a worker would be: the how-manieth of
    /// that loop.
    ThreadId, "thread"
}
id! {
    /// A thread of a blocking pool: the how-manieth that the pool started.
    WorkerId, "worker"
}

/// Who made something happen.
///
/// ```
/// use boucle::observe::{Cause, TimerId};
/// assert_eq!(Cause::Timer(TimerId(3)).to_string(), "timer 3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The task that was being polled.
    Task(TaskId),
    /// A source that became ready.
    Source(SourceId),
    /// A timer that fired.
    Timer(TimerId),
    /// A message: from another thread, or (0) from the loop's own, by its `Handle` or by a waker
    /// that was called while the loop did not turn.
    Thread(ThreadId),
    /// The program, outside any turn: `block_on` or `EventLoop::spawn`.
    Program,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Task(task) => task.fmt(f),
            Cause::Source(source) => source.fmt(f),
            Cause::Timer(timer) => timer.fmt(f),
            Cause::Thread(ThreadId(0)) => f.write_str("the loop's own thread"),
            Cause::Thread(thread) => thread.fmt(f),
            Cause::Program => f.write_str("the program"),
        }
    }
}

/// What a task waits for.
///
/// ```
/// use boucle::observe::{Awaited, TaskId};
/// assert_eq!(Awaited::Task(TaskId(3)).to_string(), "task 3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Awaited {
    /// A timer that is to fire.
    Timer(TimerId),
    /// A source that is to become readable.
    Read(SourceId),
    /// A source that is to become writable.
    Write(SourceId),
    /// The output of another task.
    Task(TaskId),
    /// The output of a job.
    Job(JobId),
}

/// How a poll ended.
///
/// ```
/// use boucle::observe::Outcome;
/// assert_eq!(Outcome::Pending.to_string(), "waits");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The future waits for something.
    Pending,
    /// The future is done.
    Ready,
    /// The future panicked; its handle gets the panic.
    Panicked,
}

impl From<&thread::Result<Poll<()>>> for Outcome {
    fn from(polled: &thread::Result<Poll<()>>) -> Outcome {
        match polled {
            Ok(Poll::Pending) => Outcome::Pending,
            Ok(Poll::Ready(())) => Outcome::Ready,
            Err(_) => Outcome::Panicked,
        }
    }
}

/// Why the loop asks the operating system to wait no longer than it does.
///
/// ```
/// use boucle::observe::WaitReason;
/// assert_eq!(WaitReason::TasksReady(2).to_string(), "2 tasks are ready");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// Places in the ready queue are still taken, so it only looks and does not wait.
    TasksReady(u32),
    /// A message from another thread is there.
    MailWaits,
    /// The timer wheel has something to do then: fire a timer, or move some nearer.
    TimerDue,
    /// The caller of `EventLoop::turn` allows no more.
    CallerLimit,
    /// It looks again and again before it sleeps, as `Builder::spin_before_park` asks. If nothing
    /// came, another wait follows.
    Spin,
    /// No task is ready and no timer armed: only a source or another thread can end the wait.
    Nothing,
}

/// One thing that happened in a loop. Its [`Display`](fmt::Display) is a sentence that holds all it
/// says.
///
/// ```
/// use boucle::observe::{Cause, Event, TaskId};
/// let woken = Event::Woken { task: TaskId(2), by: Cause::Task(TaskId(1)) };
/// assert_eq!(woken.to_string(), "task 2 is woken by task 1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The loop was built. Always the first event.
    LoopBuilt {
        /// Whether its clock is virtual.
        simulated: bool,
        /// What the order of tasks is drawn from; `None` if the oldest is polled first, as in every
        /// real loop.
        seed: Option<u64>,
        /// Polls in a turn, at most.
        polls_per_turn: u32,
        /// Threads of the loop's own blocking pool, at most.
        max_blocking_threads: u32,
    },
    /// The loop was dropped, and all it held. Always the last event: a trace without it was cut
    /// short.
    LoopDropped,
    /// A turn begins.
    TurnBegan {
        /// The how-manieth of this loop.
        turn: u64,
    },
    /// A turn is over.
    TurnEnded {
        /// The how-manieth of this loop.
        turn: u64,
        /// Tasks polled in it.
        polls: u32,
    },
    /// Messages from other threads were taken from the inbox.
    MailTaken {
        /// How many.
        messages: u32,
    },
    /// A task was made and queued.
    Spawned {
        /// The task.
        task: TaskId,
        /// Who spawned it.
        by: Cause,
        /// Where `spawn` was called.
        place: &'static Location<'static>,
        /// Its name, empty if it has none.
        name: &'a str,
    },
    /// A task was queued because its waker was called, or because it is to be aborted.
    Woken {
        /// The task.
        task: TaskId,
        /// Who called the waker.
        by: Cause,
    },
    /// The waker of a task was called while the task was queued already, or over: nothing follows.
    /// A wake from another thread is told when it is read.
    WakeIgnored {
        /// The task.
        task: TaskId,
        /// Who called the waker.
        by: Cause,
    },
    /// A poll left its waker with something: the task will be polled again when that has come.
    /// A timer that is armed ([`TimerArmed`](Event::TimerArmed)) is awaited from then on, and is
    /// told here only when it is polled again. Of what `boucle::sync` makes nothing is told: that
    /// works on any executor, and knows no loop. Nor of a job or task of another loop, or of a task
    /// that [`Handle::spawn`](crate::Handle::spawn) has sent and that is not there yet.
    Awaits {
        /// For what.
        what: Awaited,
        /// Who waits: the task that is being polled, or the program, if it polls between turns.
        by: Cause,
    },
    /// A task is about to be polled.
    PollBegan {
        /// The task.
        task: TaskId,
    },
    /// A task has been polled.
    PollEnded {
        /// The task.
        task: TaskId,
        /// How it ended.
        outcome: Outcome,
    },
    /// Somebody asked for the end of a task.
    AbortRequested {
        /// The task.
        task: TaskId,
        /// Who asked.
        by: Cause,
    },
    /// A task's future is dropped before it was done.
    Aborted {
        /// The task.
        task: TaskId,
    },
    /// A task is gone: its output was taken, or dropped because nobody wanted it.
    Dropped {
        /// The task.
        task: TaskId,
        /// Whether somebody got its output, or why there is none (it panicked, it was aborted):
        /// false if its handle was dropped before, or still waits when the loop is dropped. The
        /// output of a task of [`Handle::spawn`](crate::Handle::spawn) is sent to the handle when
        /// the task ends, so there it is true if the handle was alive then.
        joined: bool,
    },
    /// The loop turns to the operating system.
    WaitBegan {
        /// How long it may wait; `None` is for ever.
        timeout: Option<Duration>,
        /// Why no longer.
        reason: WaitReason,
    },
    /// The operating system has answered.
    WaitEnded {
        /// Sources reported as ready.
        sources: u32,
    },
    /// A source was registered.
    SourceAdded {
        /// The source.
        source: SourceId,
        /// By whom.
        by: Cause,
        /// What it is: the name of its type, as `TcpStream`.
        kind: &'static str,
    },
    /// The operating system reported a source as ready.
    SourceReady {
        /// The source.
        source: SourceId,
        /// A read will not block.
        readable: bool,
        /// A write will not block.
        writable: bool,
    },
    /// A source was taken out of the reactor.
    SourceRemoved {
        /// The source.
        source: SourceId,
    },
    /// A timer was put into the wheel.
    TimerArmed {
        /// The timer.
        timer: TimerId,
        /// By whom.
        by: Cause,
        /// When it is due, on the loop's clock.
        deadline: Duration,
        /// Level of the wheel, 0 the finest.
        level: u8,
        /// Slot of that level.
        slot: u8,
    },
    /// A timer was moved to a finer level, because its time comes nearer.
    TimerCascaded {
        /// The timer.
        timer: TimerId,
        /// Level of the wheel it went to.
        level: u8,
        /// Slot of that level.
        slot: u8,
    },
    /// A timer was due and its task is woken.
    TimerFired {
        /// The timer.
        timer: TimerId,
        /// How long after the tick, the whole millisecond, at or after its deadline.
        late: Duration,
    },
    /// A timer was taken out of the wheel before it was due.
    TimerCancelled {
        /// The timer.
        timer: TimerId,
    },
    /// A job was given to a blocking pool. It never starts if its handle aborts it before.
    JobQueued {
        /// The job.
        job: JobId,
        /// The pool.
        pool: PoolId,
        /// By whom.
        by: Cause,
        /// Where `spawn_blocking` was called.
        place: &'static Location<'static>,
    },
    /// A worker took a job, and runs it. Told when the worker's message is read, which it sends
    /// before anything else: so a job that hangs is seen to run.
    JobStarted {
        /// The job.
        job: JobId,
        /// The thread that runs it.
        worker: WorkerId,
        /// When, on the loop's clock.
        at: Duration,
    },
    /// A worker finished a job. Told when its message is read, and not at all if the loop is
    /// dropped before the job's end.
    JobFinished {
        /// The job.
        job: JobId,
        /// The thread that ran it.
        worker: WorkerId,
        /// When, on the loop's clock.
        at: Duration,
        /// Whether the job panicked.
        panicked: bool,
    },
    /// A thread of a blocking pool began. Told when its message is read, before any of its jobs.
    /// Those of a [`BlockingPool`](crate::blocking::BlockingPool) are told to the loop that turned
    /// on the thread that built the pool. A simulated loop, which has no threads, is told of none.
    WorkerStarted {
        /// The thread, among those of its pool.
        worker: WorkerId,
        /// The pool.
        pool: PoolId,
        /// The same thread, as the sender of messages.
        thread: ThreadId,
        /// How many the pool may have.
        max_workers: u32,
        /// When, on the loop's clock.
        at: Duration,
    },
    /// A thread of a blocking pool ended, because it had long been idle or the pool was dropped.
    /// Told when its message is read: one that ends because the loop is dropped comes too late.
    WorkerStopped {
        /// The thread, among those of its pool.
        worker: WorkerId,
        /// The pool.
        pool: PoolId,
        /// When, on the loop's clock.
        at: Duration,
    },
}

impl Event<'_> {
    /// The name that the event tells, if it tells one.
    #[inline]
    pub(crate) fn name(&self) -> Option<&str> {
        match *self {
            Event::Spawned { name, .. } if !name.is_empty() => Some(name),
            _ => None,
        }
    }

    /// The same event with this name instead of its own: it lives as long as the new name does.
    #[inline]
    pub(crate) fn with_name(self, name: &str) -> Event<'_> {
        match self {
            Event::LoopBuilt { simulated, seed, polls_per_turn, max_blocking_threads } => {
                Event::LoopBuilt { simulated, seed, polls_per_turn, max_blocking_threads }
            }
            Event::LoopDropped => Event::LoopDropped,
            Event::TurnBegan { turn } => Event::TurnBegan { turn },
            Event::TurnEnded { turn, polls } => Event::TurnEnded { turn, polls },
            Event::MailTaken { messages } => Event::MailTaken { messages },
            Event::Spawned { task, by, place, name: _ } => Event::Spawned { task, by, place, name },
            Event::Woken { task, by } => Event::Woken { task, by },
            Event::WakeIgnored { task, by } => Event::WakeIgnored { task, by },
            Event::Awaits { what, by } => Event::Awaits { what, by },
            Event::PollBegan { task } => Event::PollBegan { task },
            Event::PollEnded { task, outcome } => Event::PollEnded { task, outcome },
            Event::AbortRequested { task, by } => Event::AbortRequested { task, by },
            Event::Aborted { task } => Event::Aborted { task },
            Event::Dropped { task, joined } => Event::Dropped { task, joined },
            Event::WaitBegan { timeout, reason } => Event::WaitBegan { timeout, reason },
            Event::WaitEnded { sources } => Event::WaitEnded { sources },
            Event::SourceAdded { source, by, kind } => Event::SourceAdded { source, by, kind },
            Event::SourceReady { source, readable, writable } => {
                Event::SourceReady { source, readable, writable }
            }
            Event::SourceRemoved { source } => Event::SourceRemoved { source },
            Event::TimerArmed { timer, by, deadline, level, slot } => {
                Event::TimerArmed { timer, by, deadline, level, slot }
            }
            Event::TimerCascaded { timer, level, slot } => {
                Event::TimerCascaded { timer, level, slot }
            }
            Event::TimerFired { timer, late } => Event::TimerFired { timer, late },
            Event::TimerCancelled { timer } => Event::TimerCancelled { timer },
            Event::JobQueued { job, pool, by, place } => Event::JobQueued { job, pool, by, place },
            Event::JobStarted { job, worker, at } => Event::JobStarted { job, worker, at },
            Event::JobFinished { job, worker, at, panicked } => {
                Event::JobFinished { job, worker, at, panicked }
            }
            Event::WorkerStarted { worker, pool, thread, max_workers, at } => {
                Event::WorkerStarted { worker, pool, thread, max_workers, at }
            }
            Event::WorkerStopped { worker, pool, at } => Event::WorkerStopped { worker, pool, at },
        }
    }
}

/// Somebody who watches a loop. The idea is trio's `Instrument`.
///
/// An observer is called on the loop's thread, while the loop does what the event says: it should
/// be quick. It is there to look. It may wake tasks and send on channels, but what *it* causes goes
/// unobserved; and it should neither spawn nor arm timers nor make sockets, for the books of the
/// loop may be open just then. One that panics is not called again, and the loop goes on.
///
/// ```
/// use boucle::{EventLoop, observe::{Event, Observer}};
///
/// struct Polls(u32);
/// impl Observer for Polls {
///     fn event(&mut self, _at: std::time::Duration, event: &Event<'_>) {
///         self.0 += u32::from(matches!(event, Event::PollBegan { .. }));
///     }
/// }
/// EventLoop::builder().observer(Polls(0)).build()?.block_on(async {});
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Observer {
    /// Takes note of `event`, which happened `at` this time after the loop was built.
    fn event(&mut self, at: Duration, event: &Event<'_>);
}
