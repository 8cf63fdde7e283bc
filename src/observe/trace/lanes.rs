//! The lanes: what each one did, and when, from the first event to the last.
//!
//! Events are moments; a picture shows what lies between them. This is read off here, once for all
//! pictures: the loop polls, sleeps, dispatches; a task is queued, runs, waits; a worker has a job.
//! The words are those of the replay page.
//!
//! Two things are told beside: where a timer was due and did not come (`Segment::late`), and how
//! many jobs wait for a thread (`queue.rs`).
//!
//! ```text
//!     the loop        | polling |  sleeping                    | dispatching | polling ...
//!     task 2 `fetch`  | queued | running | waiting: sleep 300 ms | queued | running ...
//! ```
//!
//! Invariant: the segments of a lane follow one another and do not overlap, and each ends at a
//! later event than it begins.
//!
//! Cost: some 100 ns an event, and memory for each segment.

mod queue;
mod weave;

use std::panic::Location;
use std::time::Duration;

use crate::observe::event::{JobId, PoolId, TaskId, ThreadId, WorkerId};
use crate::observe::story::tasks::Shortened;
use crate::observe::trace::length::Human;

/// How many of the things that a task awaits are named.
const NAMED: usize = 2;

/// The shortest wait in a queue, and the least lateness of a timer, that is shown.
pub(crate) const NOTICEABLE: Duration = Duration::from_millis(5);

/// The least lateness, as a part of the wait: a fiftieth.
const LATE_PART: u32 = 50;

/// What everybody did.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// When the account begins: what was before was dropped, but for what is still there.
    pub(crate) from: Duration,
    /// When it ends.
    pub(crate) to: Duration,
    /// Whether the loop was simulated.
    pub(crate) simulated: bool,
    /// What a simulated loop drew the order of tasks from, if it did.
    pub(crate) seed: Option<u64>,
    /// How many turns began.
    pub(crate) turns: u64,
    /// How many polls began.
    pub(crate) polls: u64,
    /// What the loop did.
    pub(crate) the_loop: Vec<Segment>,
    /// The tasks, in the order of birth.
    pub(crate) tasks: Vec<TaskLane>,
    /// The threads of pools, in the order in which they were first told of.
    pub(crate) workers: Vec<WorkerLane>,
    /// The wakes.
    pub(crate) wakes: Vec<Wake>,
    /// The jobs, in the order of birth.
    pub(crate) jobs: Vec<Job>,
    /// The queues of pools in which a job waited noticeably.
    pub(crate) queues: Vec<QueueLane>,
}

/// A stretch of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// When it begins, and with the how-manieth event.
    pub(crate) from: (Duration, usize),
    /// When it ends, and with which event.
    pub(crate) to: (Duration, usize),
    /// What was done.
    pub(crate) kind: Kind,
    /// For what a task waits, or which job it is; else empty.
    pub(crate) label: Box<str>,
    /// When the timer was due that ended it, or, if it lasts, the first one that is awaited.
    due: Option<Duration>,
}

impl Segment {
    /// How long it takes.
    pub(crate) fn span(&self) -> Duration {
        self.to.0.saturating_sub(self.from.0)
    }

    /// From when on the timer for which it waits was late, if it was late enough to be seen.
    pub(crate) fn late(&self) -> Option<Duration> {
        let due = self.due?.max(self.from.0);
        let late = self.to.0.saturating_sub(due);
        (late >= NOTICEABLE && late * LATE_PART >= self.span()).then_some(due)
    }

    /// For what a task waited, and how late that came: "sleep 300 ms, 800 ms late".
    pub(crate) fn told(&self) -> String {
        match self.late() {
            Some(due) => format!("{}, {} late", self.label, Human(self.to.0.saturating_sub(due))),
            None => self.label.to_string(),
        }
    }
}

/// What is done in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The loop polls tasks, or reads messages.
    Polling,
    /// The loop is in the operating system.
    Sleeping,
    /// The loop serves timers and wakes.
    Dispatching,
    /// The program has the thread.
    Outside,
    /// A task is in the ready queue.
    Queued,
    /// A task is polled.
    Running,
    /// A task waits.
    Waiting(On),
    /// A worker has a job.
    Job,
}

/// What sort of thing a task waits for, first of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// A timer.
    Timer,
    /// A source.
    Source,
    /// Another task.
    Task,
    /// A job.
    Job,
    /// Something that the loop does not know.
    Wake,
}

/// The life of a task.
#[derive(Debug)]
pub(crate) struct TaskLane {
    /// The task.
    pub(crate) id: TaskId,
    /// Its name, empty if it has none.
    pub(crate) name: Box<str>,
    /// Where it was spawned.
    pub(crate) place: &'static Location<'static>,
    /// What it did.
    pub(crate) segments: Vec<Segment>,
    /// How it ended, if it did.
    pub(crate) end: Option<End>,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was done.
    Done,
    /// It panicked.
    Panicked,
    /// Its future was dropped before.
    Aborted,
}

/// The life of a worker.
#[derive(Debug)]
pub(crate) struct WorkerLane {
    /// The pool.
    pub(crate) pool: PoolId,
    /// The thread, among those of its pool.
    pub(crate) worker: WorkerId,
    /// The same thread as the sender of messages.
    thread: Option<ThreadId>,
    /// Its jobs.
    pub(crate) segments: Vec<Segment>,
}

/// The queue of a pool.
#[derive(Debug)]
pub(crate) struct QueueLane {
    /// The pool.
    pub(crate) pool: PoolId,
    /// How many jobs wait, where any does: from when, until when, and how many.
    pub(crate) steps: Vec<(Duration, Duration, usize)>,
}

/// A wake that queued a task.
#[derive(Debug)]
pub(crate) struct Wake {
    /// When, and with which event.
    pub(crate) at: (Duration, usize),
    /// Whose lane it comes from.
    pub(crate) from: Lane,
    /// Whether a task woke it while it was polled, and not when it was over.
    pub(crate) in_poll: bool,
    /// The task, as an index into the lanes.
    pub(crate) task: usize,
    /// The poll to which it led, if there was one; not told of wakes of the past.
    pub(crate) poll: Option<(Duration, usize)>,
}

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// That of the loop.
    TheLoop,
    /// That of a task, as an index.
    Task(usize),
    /// That of a worker, as an index.
    Worker(usize),
}

/// The life of a job.
#[derive(Debug)]
pub(crate) struct Job {
    /// The job.
    pub(crate) id: JobId,
    /// Its pool.
    pool: PoolId,
    /// When it was queued, and with which event.
    pub(crate) queued: (Duration, usize),
    /// When it left the queue: it began, or was aborted before.
    left: Option<Duration>,
    /// When it was done.
    pub(crate) finished: Option<(Duration, usize)>,
}

impl Lanes {
    /// The whole time.
    pub(crate) fn span(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

impl TaskLane {
    /// The task with its name: "task 7 `fetch`".
    pub(crate) fn title(&self) -> String {
        titled(self.id, &self.name)
    }
}

/// A task with its name.
fn titled(task: TaskId, name: &str) -> String {
    if name.is_empty() { task.to_string() } else { format!("{task} {}", Shortened(name)) }
}

#[cfg(test)]
mod tests;
