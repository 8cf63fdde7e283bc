//! The chain: the steps of an answer to "why?", and where things come from.
//!
//! A chain is told from an event back to its origin. Here are the ends of chains: who armed a timer,
//! who registered a source, who gave a job to a pool, who spawned a task, and who spawned that one.
//! The links between, from a poll to the wake before it and to the poll of whoever woke, are in
//! `why.rs`.

use std::time::Duration;

use crate::observe::event::{Awaited, Cause, Event, JobId, SourceId, TaskId, TimerId, WorkerId};
use crate::observe::history::History;
use crate::observe::history::causes::{Causes, Job};
use crate::observe::story::tasks::{Kind, PlaceText};
use crate::observe::story::words::{By, Named, Span, readiness, rounded};

/// Steps of a chain, at most.
const LONGEST_CHAIN: usize = 24;

/// One step of a [`Why`](crate::observe::Why).
///
/// ```
/// # use boucle::{EventLoop, observe::{History, Record}};
/// # let record = Record::new();
/// # EventLoop::builder().simulated(0).observer(record.clone()).build()?.block_on(async {});
/// let history = History::of(&record);
/// assert!(history.why(3).steps().iter().all(|because| because.event.is_some()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Because {
    /// The sentence.
    pub text: String,
    /// The index of the event that it is about, if it is about one.
    pub event: Option<usize>,
}

/// A chain that is being told.
pub(crate) struct Chain<'a> {
    /// The run.
    pub(crate) history: &'a History,
    /// Its tables.
    pub(crate) causes: &'a Causes,
    /// The steps.
    pub(crate) steps: Vec<Because>,
}

impl<'a> Chain<'a> {
    /// A chain of nothing.
    pub(crate) fn new(history: &'a History) -> Chain<'a> {
        Chain { history, causes: history.causes(), steps: Vec::new() }
    }

    /// One more step; says whether the chain may go on.
    pub(crate) fn add(&mut self, text: String, event: impl Into<Option<usize>>) -> bool {
        let event = event.into();
        if self.steps.len() < LONGEST_CHAIN {
            self.steps.push(Because { text, event });
            return true;
        }
        if self.steps.len() == LONGEST_CHAIN {
            let text = "and so on: the chain goes on from there".to_owned();
            self.steps.push(Because { text, event });
        }
        false
    }

    /// An event of which there is no more to say than its sentence.
    pub(crate) fn tell(&mut self, index: usize) {
        self.add(self.history.sentence(index), index);
    }

    /// Who armed a timer.
    pub(crate) fn armed(&mut self, timer: TimerId) {
        let Some(known) = self.causes.timers.get(&timer) else {
            self.add(format!("{timer} was armed before this trace begins"), None);
            return;
        };
        let (when, by, span) =
            (self.when(known.armed), self.by(known.by), Span(rounded(known.span)));
        self.add(format!("{timer} was armed{when}{by}, for {span}"), known.armed);
        self.births_of(known.by);
    }

    /// What the operating system said of a source.
    pub(crate) fn reported(&mut self, source: SourceId, before: usize) {
        if let Some((report, how)) = self.report(source, before) {
            let (name, when) = (self.source(source), self.when(report));
            self.add(format!("the operating system reported {name} {how}{when}"), report);
        }
        self.registered(source);
    }

    /// Who registered a source.
    pub(crate) fn registered(&mut self, source: SourceId) {
        let name = self.source(source);
        let added = self.causes.sources.get(&source).copied();
        match added.map(|added| (added, self.history.told[added].event)) {
            Some((added, Event::SourceAdded { by, .. })) => {
                let (when, by) = (self.when(added), self.by(by));
                self.add(format!("{name} was registered{when}{by}"), added);
            }
            _ => {
                self.add(format!("{name} was registered before this trace begins"), None);
            }
        }
    }

    /// The life of a job.
    pub(crate) fn job(&mut self, job: JobId) {
        let known = self.causes.jobs.get(&job);
        if let Some(known) = known
            && let Some(began) = known.began
            && let Event::JobStarted { worker, at: start, .. } = self.history.told[began].event
        {
            let queued = self.in_the_queue(known, start);
            if let Some(finished) = known.finished
                && let Event::JobFinished { at: end, .. } = self.history.told[finished].event
            {
                let ran = Span(rounded(end.saturating_sub(start)));
                self.add(format!("{job} ran for {ran} on {worker}{queued}"), finished);
            } else {
                self.add(
                    format!("{job} began on {worker}{queued}, and its end is not told"),
                    began,
                );
            }
        }
        self.queued(job);
    }

    /// The job in the middle of which a wake was sent, its worker, and the event of its beginning.
    pub(crate) fn sender(&self, wake: usize) -> Option<(JobId, WorkerId, usize)> {
        let job = *self.causes.sent_by.get(&wake)?;
        let began = self.causes.jobs.get(&job)?.began?;
        match self.history.told[began].event {
            Event::JobStarted { worker, .. } => Some((job, worker, began)),
            _ => None,
        }
    }

    /// The life of a job until it sent a wake.
    pub(crate) fn sent(&mut self, wake: usize) {
        let Some((job, worker, began)) = self.sender(wake) else { return };
        if let Event::JobStarted { at: start, .. } = self.history.told[began].event {
            let queued = self.in_the_queue(&self.causes.jobs[&job], start);
            let ran = Span(rounded(self.history.told[wake].at.saturating_sub(start)));
            self.add(format!("{job} had run for {ran} on {worker}{queued}"), began);
        }
        self.queued(job);
    }

    /// How long a job was in the queue before it began, to follow its worker.
    fn in_the_queue(&self, job: &Job, start: Duration) -> String {
        job.queued.map_or_else(String::new, |queued| {
            let waited = start.saturating_sub(self.history.told[queued].at);
            format!(", after {} in the queue", Span(rounded(waited)))
        })
    }

    /// Who gave a job to a pool.
    pub(crate) fn queued(&mut self, job: JobId) {
        let queued = self.causes.jobs.get(&job).and_then(|job| job.queued);
        let told = queued.map(|queued| (queued, &self.history.told[queued]));
        if let Some((queued, told)) = told
            && let Event::JobQueued { pool, by, .. } = told.event
        {
            let (when, by_whom) = (self.when(queued), self.by(by));
            let place = PlaceText(&told.texts.other);
            self.add(format!("{job} was given to {pool}{when}{by_whom} at {place}"), queued);
            self.births_of(by);
        } else {
            self.add(format!("{job} was queued before this trace begins"), None);
        }
    }

    /// The births that led to whoever did something.
    pub(crate) fn births_of(&mut self, by: Cause) {
        if let Cause::Task(task) = by {
            self.births(task);
        }
    }

    /// The birth of a task, of the one that spawned it, and so on.
    pub(crate) fn births(&mut self, task: TaskId) {
        let mut next = Some(task);
        while let Some(task) = next {
            let name = self.task(task);
            let born = self.causes.tasks.get(&task).and_then(|task| task.born);
            let told = born.map(|born| (born, &self.history.told[born]));
            let Some((born, told)) = told else {
                self.add(format!("{name} was spawned before this trace begins"), None);
                return;
            };
            let Event::Spawned { by, .. } = told.event else { return };
            let (when, by_whom) = (self.when(born), self.by(by));
            let place = PlaceText(&told.texts.other);
            if !self.add(format!("{name} was spawned{when}{by_whom} at {place}"), born) {
                return;
            }
            // A trace made by hand may tell of a task that spawned its own parent.
            next = match by {
                Cause::Task(parent) => Some(parent).filter(|parent| {
                    let older = self.causes.tasks.get(parent).and_then(|task| task.born);
                    older.is_none_or(|older| older < born)
                }),
                _ => None,
            };
        }
    }

    /// What a task waits for.
    pub(crate) fn awaited(&mut self, what: Awaited, by: Cause, index: usize) {
        let name = match what {
            Awaited::Timer(timer) => timer.to_string(),
            Awaited::Read(source) => format!("{} was awaited, to be read,", self.source(source)),
            Awaited::Write(source) => {
                format!("{} was awaited, to be written,", self.source(source))
            }
            Awaited::Task(task) => self.task(task).to_string(),
            Awaited::Job(job) => job.to_string(),
        };
        let awaited = if name.ends_with(',') { "" } else { " was awaited" };
        self.add(format!("{name}{awaited}{}{}", self.when(index), self.by(by)), index);
        match what {
            Awaited::Timer(timer) => self.armed(timer),
            Awaited::Read(source) | Awaited::Write(source) => self.registered(source),
            Awaited::Task(task) => self.births(task),
            Awaited::Job(job) => self.job(job),
        }
    }

    /// The last report of a source before an event, and what it was ready for.
    pub(crate) fn report(&self, source: SourceId, before: usize) -> Option<(usize, &'static str)> {
        let wait = self.causes.wait_before(before.checked_sub(1)?)?;
        wait.ready.iter().rev().filter(|&&ready| ready < before).find_map(|&ready| {
            match self.history.told[ready].event {
                Event::SourceReady { source: it, readable, writable } if it == source => {
                    Some((ready, readiness(readable, writable)))
                }
                _ => None,
            }
        })
    }

    /// The time between two events.
    pub(crate) fn span(&self, from: usize, to: usize) -> Span {
        let at = |index: usize| self.history.told[index].at;
        Span(rounded(at(to).saturating_sub(at(from))))
    }

    /// When something happened, to follow a verb: " in turn 12".
    pub(crate) fn when(&self, index: usize) -> String {
        let turn = self.causes.turn_at(index);
        turn.map_or_else(String::new, |turn| format!(" in turn {}", turn.number))
    }

    /// A task with its name.
    pub(crate) fn task(&self, task: TaskId) -> Named<'a> {
        Named { task, tasks: Some(&self.history.tasks) }
    }

    /// A source with its kind.
    pub(crate) fn source(&self, source: SourceId) -> String {
        let added = self.causes.sources.get(&source);
        match added.map(|&added| &*self.history.told[added].texts.other) {
            None | Some("") => source.to_string(),
            Some(kind) => format!("{source} ({})", Kind(kind)),
        }
    }

    /// By whom, to follow a verb: " by task 7 `fetch`".
    pub(crate) fn by(&self, by: Cause) -> By<'a> {
        By { cause: Some(by), tasks: Some(&self.history.tasks) }
    }

    /// Who caused something.
    pub(crate) fn cause(&self, by: Cause) -> String {
        self.by(by).to_string().split_off(" by ".len())
    }
}
