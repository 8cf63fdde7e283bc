//! Events in words: one sentence each, with everything the event says.
//!
//! This is the only place where an event becomes text. A [`Record`](crate::observe::Record) writes
//! the sentence as it is, so that equal texts mean equal events; [`Print`](crate::observe::Print)
//! adds names and leaves out digits that nobody reads.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::observe::event::{Awaited, Cause, Event, Outcome, TaskId, WaitReason};
use crate::observe::story::tasks::{Kind, Place, PlaceText, Quoted, Shortened, Tasks};

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Sentence { event: self, tasks: None, speaker: None, text: None }.fmt(f)
    }
}

/// An event in words.
pub(crate) struct Sentence<'a> {
    /// The event.
    pub(crate) event: &'a Event<'a>,
    /// The tasks by name; without them everything is written in full.
    pub(crate) tasks: Option<&'a Tasks>,
    /// Who does all this, and need not be named again.
    pub(crate) speaker: Option<TaskId>,
    /// What a history has instead of the event's place or kind.
    pub(crate) text: Option<&'a str>,
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.event {
            Event::LoopBuilt { simulated: false, .. } => f.write_str("the loop is built"),
            Event::LoopBuilt { seed: None, .. } => f.write_str("the loop is built, simulated"),
            Event::LoopBuilt { seed: Some(seed), .. } => {
                write!(f, "the loop is built, simulated with seed {seed}")
            }
            Event::LoopDropped => f.write_str("the loop is dropped"),
            Event::TurnBegan { turn } => write!(f, "turn {turn}"),
            Event::TurnEnded { turn, polls } => {
                write!(f, "turn {turn} is over: {}", Count(polls, "poll"))
            }
            Event::MailTaken { messages } => {
                let verb = if messages == 1 { "is" } else { "are" };
                write!(f, "{} {verb} taken from the inbox", Count(messages, "message"))
            }
            Event::Spawned { task, by, place, name } => {
                write!(f, "{task}")?;
                match (name.is_empty(), self.tasks) {
                    (true, _) => {}
                    (false, None) => write!(f, " {}", Quoted(name))?,
                    (false, Some(_)) => write!(f, " {}", Shortened(name))?,
                }
                write!(f, " is spawned{} at {}", self.by(by), self.place(place))
            }
            Event::Woken { task, by } => {
                write!(f, "{} is woken{}", self.task(task), self.by(by))
            }
            Event::WakeIgnored { task, by } => {
                write!(f, "{} is woken{} in vain", self.task(task), self.by(by))
            }
            Event::Awaits { what: Awaited::Task(task), by } => {
                write!(f, "{} is awaited{}", self.task(task), self.by(by))
            }
            Event::Awaits { what, by } => write!(f, "{what} is awaited{}", self.by(by)),
            Event::PollBegan { task } => write!(f, "{} is polled", self.task(task)),
            Event::PollEnded { task, outcome } => write!(f, "{} {outcome}", self.task(task)),
            Event::AbortRequested { task, by } => {
                write!(f, "{} is to be aborted, as asked{}", self.task(task), self.by(by))
            }
            Event::Aborted { task } => {
                write!(f, "{} is aborted: its future is dropped", self.task(task))
            }
            Event::Dropped { task, joined: true } => {
                write!(f, "{} is gone, its output taken", self.task(task))
            }
            Event::Dropped { task, joined: false } => write!(f, "{} is gone", self.task(task)),
            Event::WaitBegan { timeout: None, reason } => {
                write!(f, "the loop sleeps until it is woken: {reason}")
            }
            Event::WaitBegan { timeout: Some(Duration::ZERO), reason } => {
                write!(f, "the loop looks, without a sleep: {reason}")
            }
            Event::WaitBegan { timeout: Some(timeout), reason } => {
                write!(f, "the loop sleeps, {} at most: {reason}", self.span(timeout))
            }
            Event::WaitEnded { sources: 0 } => f.write_str("no source is ready"),
            Event::WaitEnded { sources } => {
                let verb = if sources == 1 { "is" } else { "are" };
                write!(f, "{} {verb} ready", Count(sources, "source"))
            }
            Event::SourceAdded { source, by, kind } => {
                let kind = Kind(self.text.unwrap_or(kind));
                write!(f, "{source}, a {kind}, is registered{}", self.by(by))
            }
            Event::SourceReady { source, readable, writable } => {
                write!(f, "{source} is {}", readiness(readable, writable))
            }
            Event::SourceRemoved { source } => write!(f, "{source} is taken out"),
            Event::TimerArmed { timer, by, deadline, level, slot } => {
                let due = Stamp(deadline, if self.tasks.is_none() { 6 } else { 3 });
                let by = self.by(by);
                write!(f, "{timer} is armed{by} for {due} (level {level}, slot {slot})")
            }
            Event::TimerCascaded { timer, level, slot } => {
                write!(f, "{timer} moves to level {level}, slot {slot}")
            }
            Event::TimerFired { timer, late } => {
                write!(f, "{timer} fires, {} after its tick", self.span(late))
            }
            Event::TimerCancelled { timer } => write!(f, "{timer} is cancelled"),
            Event::JobQueued { job, pool, by, place } => {
                write!(f, "{job} is given to {pool}{} at {}", self.by(by), self.place(place))
            }
            Event::JobStarted { job, worker, at } => {
                write!(f, "{job} began on {worker} at {}", self.stamp(at))
            }
            Event::JobFinished { job, worker, at, panicked } => {
                let how = if panicked { "panicked" } else { "was done" };
                write!(f, "{job} {how} on {worker} at {}", self.stamp(at))
            }
            Event::WorkerStarted { worker, pool, thread, max_workers, at } => {
                let at = self.stamp(at);
                write!(f, "{worker} of {pool} began at {at}, as {thread}, of {max_workers} at most")
            }
            Event::WorkerStopped { worker, pool, at } => {
                write!(f, "{worker} of {pool} ended at {}", self.stamp(at))
            }
        }
    }
}

impl<'a> Sentence<'a> {
    /// A task, with its name.
    fn task(&self, task: TaskId) -> Named<'a> {
        Named { task, tasks: self.tasks }
    }

    /// " by somebody", or nothing if that goes without saying.
    fn by(&self, cause: Cause) -> By<'a> {
        let unsaid = self.speaker.is_some_and(|speaker| cause == Cause::Task(speaker));
        By { cause: (!unsaid).then_some(cause), tasks: self.tasks }
    }

    /// A place in the program.
    fn place(&self, place: &'static Location<'static>) -> At<'a> {
        At { place, text: self.text }
    }

    /// A length of time.
    fn span(&self, span: Duration) -> Span {
        Span(if self.tasks.is_none() { span } else { rounded(span) })
    }

    /// A moment.
    fn stamp(&self, at: Duration) -> Stamp {
        Stamp(at, if self.tasks.is_none() { 6 } else { 3 })
    }
}

/// A place in the program, or what a history has in its place.
struct At<'a> {
    /// The place.
    place: &'static Location<'static>,
    /// What is told instead.
    text: Option<&'a str>,
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            Some(text) => PlaceText(text).fmt(f),
            None => Place(self.place).fmt(f),
        }
    }
}

/// A task, with its name if it is known.
pub(crate) struct Named<'a> {
    /// The task.
    pub(crate) task: TaskId,
    /// The names.
    pub(crate) tasks: Option<&'a Tasks>,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)?;
        match self.tasks.and_then(|tasks| tasks.get(self.task)) {
            Some(known) if !known.name.is_empty() => write!(f, " {}", Shortened(&known.name)),
            _ => Ok(()),
        }
    }
}

/// " by somebody", or nothing.
pub(crate) struct By<'a> {
    /// By whom.
    pub(crate) cause: Option<Cause>,
    /// The names.
    pub(crate) tasks: Option<&'a Tasks>,
}

impl fmt::Display for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            None => Ok(()),
            Some(Cause::Task(task)) => write!(f, " by {}", Named { task, tasks: self.tasks }),
            Some(cause) => write!(f, " by {cause}"),
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Timer(timer) => timer.fmt(f),
            Awaited::Read(source) => write!(f, "a read of {source}"),
            Awaited::Write(source) => write!(f, "a write of {source}"),
            Awaited::Task(task) => task.fmt(f),
            Awaited::Job(job) => job.fmt(f),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Pending => "waits",
            Outcome::Ready => "is done",
            Outcome::Panicked => "panicked",
        })
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitReason::TasksReady(1) => f.write_str("a task is ready"),
            WaitReason::TasksReady(tasks) => write!(f, "{tasks} tasks are ready"),
            WaitReason::MailWaits => f.write_str("a message has come"),
            WaitReason::TimerDue => f.write_str("then the timer wheel is due"),
            WaitReason::CallerLimit => f.write_str("the caller of `turn` allows no more"),
            WaitReason::Spin => f.write_str("it looks for work before it parks"),
            WaitReason::Nothing => f.write_str("no task is ready and no timer is armed"),
        }
    }
}

/// What a source is ready for.
pub(crate) fn readiness(readable: bool, writable: bool) -> &'static str {
    match (readable, writable) {
        (true, true) => "readable and writable",
        (true, false) => "readable",
        (false, true) => "writable",
        (false, false) => "ready for nothing",
    }
}

/// Some things: "1 poll", "2 polls".
pub(crate) struct Count(pub(crate) u32, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// A length of time, in a unit that fits.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A length of time without the digits that nobody reads: microseconds are enough, but for what is
/// shorter than one.
pub(crate) fn rounded(span: Duration) -> Duration {
    let unit = if span < Duration::from_micros(1) { 1 } else { 1_000 };
    Duration::new(span.as_secs(), span.subsec_nanos() / unit * unit)
}

/// A moment after the loop was built, in milliseconds with so many digits, 3 or 6, after the point.
/// Flags of the formatter apply to the whole milliseconds, so that columns can be aligned.
pub(crate) struct Stamp(pub(crate) Duration, pub(crate) usize);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stamp(at, digits) = *self;
        fmt::Display::fmt(&at.as_millis(), f)?;
        match digits {
            3 => write!(f, ".{:03} ms", at.subsec_micros() % 1_000),
            _ => write!(f, ".{:06} ms", at.subsec_nanos() % 1_000_000),
        }
    }
}
