//! Why: the chain of causes of an event, in words, back to the program or the world outside.
//!
//! The first step tells what happened, each other one what led to it. The replay page answers the
//! same, in the same words: they stand in a table at the head of `page/why.js`, and a test holds
//! both against each other. Why the loop slept is in `sleeps.rs`.
//!
//! ```text
//!     task 2 `fetch` was polled in turn 2, because timer 1 fired, 0ns after its tick
//!     timer 1 was armed in turn 1 by task 2 `fetch`, for 50ms
//!     task 2 `fetch` was spawned in turn 1 by task 1 `block_on` at src/main.rs:6:20
//!     task 1 `block_on` was spawned by the program at src/main.rs:5:5
//! ```
//!
//! Cost: the first question takes a pass over the history, each other one the length of its chain;
//! of a sleep, or of a wake in vain, the events before it.

use std::fmt;

use crate::observe::event::{Cause, Event, TaskId, ThreadId};
use crate::observe::history::History;
use crate::observe::history::causes::{Poll, Turn};
use crate::observe::history::chain::{Because, Chain};
use crate::observe::history::moment::Moment;
use crate::observe::story::words::{Count, Span, rounded};

/// Why something happened: a chain of sentences, as [`History::why`] tells it. Its `Display` is one
/// line a step.
///
/// ```
/// # use boucle::{EventLoop, observe::{History, Record}};
/// # let record = Record::new();
/// # EventLoop::builder().simulated(0).observer(record.clone()).build()?.block_on(async {});
/// let history = History::of(&record);
/// let why = history.why(3);
/// let first = &why.steps()[0];
/// assert_eq!(first.text, "task 1 `block_on` was polled in turn 1, because it was new");
/// assert_eq!(first.event, Some(3));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// From the event to its origin.
    steps: Vec<Because>,
}

impl Why {
    /// The steps, from the event to its origin: 25 at most.
    ///
    /// ```
    /// # use boucle::{EventLoop, observe::{History, Record}};
    /// # let record = Record::new();
    /// # EventLoop::builder().simulated(0).observer(record.clone()).build()?.block_on(async {});
    /// let history = History::of(&record);
    /// assert_eq!(history.why(0).steps()[0].text, "the loop is built, simulated with seed 0");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> &[Because] {
        &self.steps
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, because) in self.steps.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { "\n" })?;
            f.write_str(&because.text)?;
        }
        Ok(())
    }
}

impl History {
    /// Why an event happened: what led to it, back to the program or the world outside.
    ///
    /// Asked of a poll (its begin or its end) it tells who woke the task; of a wait, why the loop
    /// slept and what ended that; of a timer, a job, a source or a task, where that comes from. What
    /// the history does not reach back to is told as "before this trace begins".
    ///
    /// # Panics
    ///
    /// If there is no event of this index.
    ///
    /// ```
    /// use boucle::{EventLoop, observe::{History, Record, TaskId}, time::sleep};
    ///
    /// let record = Record::new();
    /// let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build()?;
    /// event_loop.block_on(sleep(std::time::Duration::from_millis(50)));
    /// let history = History::of(&record);
    /// let why = history.why(history.polls(TaskId(1))[1]).to_string();
    /// let (first, rest) = why.split_once("\n").unwrap();
    /// assert_eq!(first, "task 1 `block_on` was polled in turn 2, because timer 1 fired, 0ns after its tick");
    /// assert!(rest.starts_with("timer 1 was armed in turn 1 by task 1 `block_on`, for 50ms\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn why(&self, index: usize) -> Why {
        let event = self.told[index].event;
        let mut chain = Chain::new(self);
        chain.begin(event, index);
        Why { steps: chain.steps }
    }

    /// The events that begin the polls of a task, in order.
    ///
    /// ```
    /// # use boucle::{EventLoop, observe::{History, Record, TaskId}, task::yield_now};
    /// # let record = Record::new();
    /// # EventLoop::builder().simulated(0).observer(record.clone()).build()?.block_on(yield_now());
    /// assert_eq!(History::of(&record).polls(TaskId(1)).len(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn polls(&self, task: TaskId) -> Vec<usize> {
        let causes = self.causes();
        let polls = causes.tasks.get(&task).map_or(&[][..], |task| &task.polls);
        polls.iter().map(|&poll| causes.polls[poll].first).collect()
    }

    /// The events with which the loop goes to sleep, in order. Where it only looks it does not.
    ///
    /// ```
    /// # use boucle::{EventLoop, observe::{History, Record}, time::sleep};
    /// # let record = Record::new();
    /// # let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build()?;
    /// event_loop.block_on(sleep(std::time::Duration::from_millis(50)));
    /// let history = History::of(&record);
    /// let why = history.why(history.sleeps()[0]);
    /// assert_eq!(why.steps()[0].text, "the loop slept 50ms: no task was ready");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn sleeps(&self) -> Vec<usize> {
        let sleeps = self.causes().waits.iter().filter(|wait| wait.is_sleep());
        sleeps.map(|wait| wait.first).collect()
    }
}

impl<'a> Chain<'a> {
    /// The steps for an event.
    fn begin(&mut self, event: Event<'static>, index: usize) {
        let when = self.when(index);
        match event {
            Event::PollBegan { task } | Event::PollEnded { task, .. } => {
                match self.causes.poll_at(index) {
                    Some(poll) if poll.task == task => self.poll(poll),
                    _ => self.tell(index),
                }
            }
            Event::Woken { task, .. } => {
                let because = self.because(task, Some(index));
                self.add(format!("{} was woken{when}, because {because}", self.task(task)), index);
                self.before_poll(task, index);
            }
            Event::WakeIgnored { task, .. } => {
                let (name, because) = (self.task(task), self.because(task, Some(index)));
                self.add(format!("{name} was woken in vain{when}, because {because}"), index);
                let is_over = Moment::after(self.history, index).is_over(task);
                let why = if is_over { "it was over" } else { "it was queued already" };
                self.add(why.to_owned(), None);
                self.before_poll(task, index);
            }
            Event::Spawned { task, .. } => self.births(task),
            Event::AbortRequested { task, by } => {
                let (task, by_whom) = (self.task(task), self.cause(by));
                self.add(format!("{task} was to be aborted, as {by_whom} asked{when}"), index);
                self.doer(by, index);
            }
            Event::Aborted { task } => self.aborted(task),
            Event::Dropped { task, joined } => {
                let output =
                    if joined { ", and its output taken" } else { "; nobody took its output" };
                self.add(format!("{} was gone{when}{output}", self.task(task)), index);
                self.births(task);
            }
            Event::TurnBegan { .. } | Event::TurnEnded { .. } => self.turn(index),
            Event::WaitBegan { .. } | Event::WaitEnded { .. } => self.wait(index),
            Event::SourceAdded { source, by, .. } => {
                self.registered(source);
                self.births_of(by);
            }
            Event::SourceReady { source, .. } => self.reported(source, index + 1),
            Event::SourceRemoved { source } => {
                self.add(format!("{} was taken out{when}", self.source(source)), index);
                self.registered(source);
            }
            Event::TimerArmed { timer, .. } => self.armed(timer),
            Event::TimerCascaded { timer, level, slot } => {
                self.add(format!("{timer} was moved{when} to level {level}, slot {slot}"), index);
                self.armed(timer);
            }
            Event::TimerFired { timer, late } => {
                let late = Span(rounded(late));
                self.add(format!("{timer} fired{when}, {late} after its tick"), index);
                self.armed(timer);
            }
            Event::TimerCancelled { timer } => {
                self.add(format!("{timer} was cancelled{when}"), index);
                self.armed(timer);
            }
            Event::JobQueued { job, .. } => self.queued(job),
            Event::JobStarted { job, .. } | Event::JobFinished { job, .. } => self.job(job),
            Event::Awaits { what, by } => self.awaited(what, by, index),
            Event::LoopBuilt { .. }
            | Event::LoopDropped
            | Event::MailTaken { .. }
            | Event::WorkerStarted { .. }
            | Event::WorkerStopped { .. } => self.tell(index),
        }
    }

    /// Why a task was polled, and so on. A loop, and no recursion: a chain may be as long as the
    /// history.
    fn poll(&mut self, poll: &'a Poll) {
        let mut next = Some(poll);
        while let Some(&Poll { task, first, cause, .. }) = next {
            let (name, when) = (self.task(task), self.when(first));
            let because = self.because(task, cause);
            if !self.add(format!("{name} was polled{when}, because {because}"), first) {
                return;
            }
            next = self.before(task, cause);
        }
    }

    /// What led to a wake.
    fn before_poll(&mut self, task: TaskId, wake: usize) {
        if let Some(poll) = self.before(task, Some(wake)) {
            self.poll(poll);
        }
    }

    /// The reason of a wake, or of a first poll, in a few words.
    fn because(&self, task: TaskId, cause: Option<usize>) -> String {
        let Some((by, cause)) = self.waker_of(cause) else {
            return "of something before this trace begins".into();
        };
        match by {
            None => "it was new".into(),
            Some(Cause::Timer(timer)) => {
                let fired = self.causes.timers.get(&timer).and_then(|timer| timer.fired);
                match fired.map(|fired| self.history.told[fired].event) {
                    Some(Event::TimerFired { late, .. }) => {
                        format!("{timer} fired, {} after its tick", Span(rounded(late)))
                    }
                    _ => format!("{timer} fired"),
                }
            }
            Some(Cause::Source(source)) => {
                let report = self.report(source, cause);
                let how = report.map_or("ready", |(_, how)| how);
                format!("{} became {how}", self.source(source))
            }
            Some(Cause::Task(by)) if by == task => "it woke itself".into(),
            Some(Cause::Task(by)) => {
                let ended = self.causes.tasks.get(&by).and_then(|task| task.finished);
                let has_ended = ended.is_some_and(|ended| ended < cause);
                format!("{} {}", self.task(by), if has_ended { "had ended" } else { "woke it" })
            }
            Some(Cause::Thread(thread)) => self.message(thread, cause),
            Some(Cause::Program) => "the program woke it".into(),
        }
    }

    /// By whom a task was queued, none if it was new; `None` if that is not known.
    fn waker_of(&self, cause: Option<usize>) -> Option<(Option<Cause>, usize)> {
        let cause = cause?;
        match self.history.told[cause].event {
            Event::Woken { by, .. } | Event::WakeIgnored { by, .. } => Some((Some(by), cause)),
            _ => Some((None, cause)),
        }
    }

    /// What a message from another thread told.
    fn message(&self, thread: ThreadId, wake: usize) -> String {
        let job = self.causes.told_by.get(&wake);
        let finished = job.and_then(|job| self.causes.jobs.get(job)?.finished);
        if let Some(finished) = finished
            && let Event::JobFinished { job, worker, panicked, .. } =
                self.history.told[finished].event
        {
            let how = if panicked { "panicked" } else { "was done" };
            return format!("{job} {how} on {worker}");
        }
        if let Some((job, worker, _)) = self.sender(wake) {
            return format!("{job} sent a message from {worker}");
        }
        match self.causes.workers.get(&thread) {
            Some((pool, worker)) => format!("{worker} of {pool} sent a message"),
            None => format!("{} sent a message", Cause::Thread(thread)),
        }
    }

    /// Tells the steps before a task was queued. Returns the poll whose causes are next, if this is
    /// not the origin.
    fn before(&mut self, task: TaskId, cause: Option<usize>) -> Option<&'a Poll> {
        let (by, cause) = self.waker_of(cause)?;
        match by {
            None => self.births(task),
            Some(Cause::Timer(timer)) => self.armed(timer),
            Some(Cause::Source(source)) => self.reported(source, cause),
            Some(Cause::Task(waker)) => return self.waker(task, waker, cause),
            Some(by @ (Cause::Thread(_) | Cause::Program)) => {
                match self.causes.told_by.get(&cause) {
                    Some(&job) => self.job(job),
                    None if self.causes.sent_by.contains_key(&cause) => self.sent(cause),
                    None => {
                        self.add(format!("{} is outside of the loop", self.cause(by)), cause);
                    }
                }
            }
        }
        None
    }

    /// The poll in which a task woke another, or itself.
    fn waker(&mut self, task: TaskId, waker: TaskId, cause: usize) -> Option<&'a Poll> {
        let known = self.causes.tasks.get(&waker)?;
        let polls: &'a [Poll] = &self.causes.polls;
        let before = known.polls.partition_point(|&poll| polls[poll].first < cause);
        let list = &known.polls[..before];
        let last = list.last().map(|&poll| &polls[poll]);
        if known.aborted
            && let Some(finished) = known.finished
            && finished < cause
            && last.is_none_or(|last| finished > last.first)
        {
            self.aborted(waker);
            return None;
        }
        if waker != task {
            return last;
        }
        // Of those that it began by waking itself, only the first has another cause.
        let is_own = |poll: &Poll| {
            let by = poll.cause.map(|cause| self.history.told[cause].event);
            matches!(by, Some(Event::Woken { by: Cause::Task(by), .. }) if by == task)
        };
        let own = list.iter().skip(1).rev().take_while(|&&poll| is_own(&polls[poll])).count();
        let first = &polls[*list.get(list.len().checked_sub(own + 1)?)?];
        if own > 0 {
            let times = Count(own as u32 + 1, "time");
            let turn = self.causes.turn_at(first.first).map_or(0, |turn| turn.number);
            let text = format!("it had woken itself {times} in a row, since turn {turn}");
            self.add(text, first.first);
        }
        Some(first)
    }

    /// The end of a task before it was done.
    fn aborted(&mut self, task: TaskId) {
        let Some(known) = self.causes.tasks.get(&task) else { return };
        let when = known.finished.map(|finished| self.when(finished)).unwrap_or_default();
        let text = format!("{} was aborted{when}: its future was dropped", self.task(task));
        self.add(text, known.finished);
        match known.abort.map(|abort| (abort, self.history.told[abort].event)) {
            Some((abort, Event::AbortRequested { by, .. })) => {
                let text = format!("{} asked for that{}", self.cause(by), self.when(abort));
                self.add(text, abort);
                self.doer(by, abort);
            }
            _ => {
                self.add("its loop was dropped".into(), None);
            }
        }
    }

    /// Why a task did what it did: the poll in which it did it.
    fn doer(&mut self, by: Cause, index: usize) {
        if let Cause::Task(task) = by
            && let Some(poll) = self.causes.poll_at(index)
            && poll.task == task
        {
            self.poll(poll);
        }
    }

    /// How long a turn took.
    fn turn(&mut self, index: usize) {
        let Some(&Turn { number, first, last, polls }) = self.causes.turn_at(index) else {
            self.tell(index);
            return;
        };
        let span = self.span(first, last);
        self.add(format!("turn {number} took {span}: {}", Count(polls, "poll")), first);
        if let Some(wait) = self.causes.wait_before(last)
            && wait.first >= first
            && wait.is_sleep()
        {
            let span = self.span(wait.first, wait.last.unwrap_or(wait.first));
            self.add(format!("it slept {span} of that"), wait.first);
        }
    }
}
