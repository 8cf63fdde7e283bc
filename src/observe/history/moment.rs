//! A moment of a history: who waited for what, which timers were armed, which jobs were under way.
//!
//! It is found by telling the events from the first one to that moment, so it costs as many steps.
//! What was not told of when it began (it was dropped from the record) is taken note of when it is
//! first named.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::observe::event::{Awaited, Cause, Event, JobId, Outcome, SourceId, TaskId, TimerId};
use crate::observe::history::History;

/// How things stand.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    /// The tasks that are not gone.
    tasks: HashMap<TaskId, Task>,
    /// How many tasks have been taken note of.
    known: usize,
    /// The task that is polled.
    polled: Option<TaskId>,
    /// The tasks that are to be polled.
    queued: HashSet<TaskId>,
    /// When each armed timer is due, and the event that armed it.
    pub(crate) timers: HashMap<TimerId, (Duration, usize)>,
    /// The registered sources.
    pub(crate) sources: HashSet<SourceId>,
    /// The jobs of whose end nothing was told.
    pub(crate) jobs: HashSet<JobId>,
}

/// How it stands with a task.
#[derive(Debug)]
struct Task {
    /// The how-manieth that was taken note of.
    order: usize,
    /// What it does.
    stage: Stage,
    /// What its last poll told that it awaits.
    awaits: Vec<Awaited>,
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is to be polled, or is polled.
    Runs,
    /// It is to be woken.
    Waits,
    /// It is done, panicked or aborted.
    Over,
}

impl Moment {
    /// How things stand after an event.
    pub(crate) fn after(history: &History, index: usize) -> Moment {
        let mut moment = Moment::default();
        for (number, told) in history.told[..=index].iter().enumerate() {
            moment.note(told.event, number);
        }
        moment
    }

    /// Takes note of one more event.
    fn note(&mut self, event: Event<'static>, index: usize) {
        match event {
            Event::Spawned { task, .. } => {
                self.become_(task, Stage::Runs);
                self.queued.insert(task);
            }
            Event::Woken { task, .. } => {
                if self.polled != Some(task) {
                    self.become_(task, Stage::Runs);
                }
                self.queued.insert(task);
            }
            Event::PollBegan { task } => {
                self.queued.remove(&task);
                self.become_(task, Stage::Runs);
                self.polled = Some(task);
            }
            Event::Awaits { what, by } => self.awaits(what, by),
            Event::PollEnded { task, outcome: Outcome::Pending } => {
                let is_queued = self.queued.contains(&task);
                self.task(task).stage = if is_queued { Stage::Runs } else { Stage::Waits };
                self.polled.take_if(|polled| *polled == task);
            }
            Event::PollEnded { task, .. } | Event::Aborted { task } => {
                self.become_(task, Stage::Over);
                self.queued.remove(&task);
                self.polled.take_if(|polled| *polled == task);
            }
            Event::Dropped { task, .. } => {
                self.tasks.remove(&task);
                self.queued.remove(&task);
            }
            Event::SourceAdded { source, .. } | Event::SourceReady { source, .. } => {
                self.sources.insert(source);
            }
            Event::SourceRemoved { source } => {
                self.sources.remove(&source);
            }
            Event::TimerArmed { timer, by, deadline, .. } => {
                self.timers.insert(timer, (deadline, index));
                self.awaits(Awaited::Timer(timer), by);
            }
            Event::TimerFired { timer, .. } | Event::TimerCancelled { timer } => {
                self.timers.remove(&timer);
            }
            Event::JobQueued { job, .. } => {
                self.jobs.insert(job);
            }
            Event::JobFinished { job, .. } => {
                self.jobs.remove(&job);
            }
            _ => {}
        }
    }

    /// A task, taken note of if it is not yet.
    fn task(&mut self, task: TaskId) -> &mut Task {
        let known = &mut self.known;
        self.tasks.entry(task).or_insert_with(|| {
            *known += 1;
            Task { order: *known, stage: Stage::Runs, awaits: Vec::new() }
        })
    }

    /// A task does something else from now on.
    fn become_(&mut self, task: TaskId, stage: Stage) {
        let task = self.task(task);
        task.stage = stage;
        task.awaits.clear();
    }

    /// The task that is polled awaits something.
    fn awaits(&mut self, what: Awaited, by: Cause) {
        if let Cause::Task(task) = by
            && self.polled == Some(task)
            && let Some(task) = self.tasks.get_mut(&task)
        {
            task.awaits.push(what);
        }
    }

    /// Whether a task is done, or gone.
    pub(crate) fn is_over(&self, task: TaskId) -> bool {
        self.tasks.get(&task).is_none_or(|task| task.stage == Stage::Over)
    }

    /// The sources that are awaited, to be read or written, and by whom: each pair once.
    pub(crate) fn awaited_sources(&self) -> Vec<(Awaited, TaskId)> {
        let waiting = self.tasks.iter().filter(|(_, task)| task.stage == Stage::Waits);
        let ordered: BTreeMap<usize, _> =
            waiting.map(|(id, task)| (task.order, (*id, &task.awaits))).collect();
        let mut sources = Vec::new();
        for (task, awaits) in ordered.into_values() {
            let mut seen = HashSet::new();
            let of_sources = awaits.iter().filter(|what| {
                matches!(what, Awaited::Read(_) | Awaited::Write(_)) && seen.insert(**what)
            });
            sources.extend(of_sources.map(|what| (*what, task)));
        }
        sources
    }

    /// The armed timer that is due first, when that is, and the event that armed it.
    pub(crate) fn next_timer(&self) -> Option<(TimerId, Duration, usize)> {
        let timers =
            self.timers.iter().map(|(timer, &(deadline, armed))| (*timer, deadline, armed));
        timers.min_by_key(|&(_, deadline, armed)| (deadline, armed))
    }
}
