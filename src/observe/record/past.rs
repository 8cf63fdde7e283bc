//! The past: what a record must not forget when it forgets.
//!
//! A record that is full drops its oldest block. But a task born in that block may live still, and
//! whoever reads the rest would not know its name. So each block is folded into the past before it
//! goes: of all that happened, those few events are kept, as they were, that tell what is still
//! there.
//!
//! | while it lasts | is kept |
//! |---|---|
//! | the loop | `LoopBuilt`; the turn and the wait that have begun and not ended |
//! | a task | `Spawned`; its last poll, with what it awaited; the wake since; who asks for its end |
//! | a timer that is armed | `TimerArmed`, and the last `TimerCascaded` |
//! | a source | `SourceAdded` |
//! | a job that is not done | `JobQueued`, and `JobStarted` if it runs |
//! | a worker | `WorkerStarted` |
//!
//! Invariant: the past is a part of what was dropped, in the order in which it happened. It grows
//! with what the program holds, and what dies takes its events with it; only of jobs that were
//! aborted before they began, of which nothing more is ever told, some hundreds are taken for
//! queued.
//!
//! Cost: nothing until a block is dropped; then some 10 ns for each event of the block.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::observe::event::{Event, JobId, Outcome, PoolId, SourceId, TaskId, TimerId, WorkerId};
use crate::observe::record::block::Block;

/// How many jobs are remembered as queued although a younger one of their pool has begun: as many
/// as may be about to tell that they have, in a pool of the usual size.
const OLDER_JOBS: usize = 512;

/// What is still there of all that was dropped.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// How many events were dropped.
    dropped: u64,
    /// The loop's birth.
    built: Option<Kept>,
    /// The turn that has not ended.
    turn: Option<Kept>,
    /// The wait that has not ended.
    wait: Option<Kept>,
    /// The poll that has not ended.
    poll: Poll,
    /// The tasks that live, or whose output waits to be taken.
    tasks: HashMap<TaskId, Task>,
    /// The timers that are armed, and where those went that were moved.
    timers: HashMap<TimerId, (Kept, Option<Kept>)>,
    /// The sources that are registered.
    sources: HashMap<SourceId, Kept>,
    /// The jobs that have not begun, as far as was told.
    jobs: BTreeMap<JobId, Kept>,
    /// The jobs that run: where they were queued, and where they began.
    running: HashMap<JobId, (Option<Kept>, Kept)>,
    /// The threads of the pools.
    workers: HashMap<(PoolId, WorkerId), Kept>,
}

/// An event that is kept, without its name.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// The how-manieth of the loop it was.
    number: u64,
    /// When it happened.
    at: Duration,
    /// The event.
    event: Event<'static>,
}

/// A task of the past.
#[derive(Debug)]
struct Task {
    /// Its name, empty if it has none.
    name: Box<str>,
    /// Its birth.
    spawned: Kept,
    /// Its last poll, and the wake since.
    poll: Poll,
    /// Who asks for its end.
    asked: Option<Kept>,
    /// Its end.
    aborted: Option<Kept>,
}

/// A poll, and what came of it.
#[derive(Debug, Default)]
struct Poll {
    /// Its beginning; none if there was no poll.
    began: Option<Kept>,
    /// What it awaits.
    awaits: Vec<Kept>,
    /// The last wake of its task since it began.
    woken: Option<Kept>,
    /// Its end.
    ended: Option<Kept>,
}

impl Past {
    /// How many events were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes note of a block that is dropped.
    pub(crate) fn fold(&mut self, block: &Block) {
        block.iter().for_each(|(at, event, name)| {
            self.note(Kept { number: self.dropped, at, event }, name);
            self.dropped += 1;
        });
        // Only the last wake counts: not the one that led to the poll under way, if another came.
        if let (Some(task), Some(_)) = (self.poll.task(), self.poll.woken)
            && let Some(task) = self.tasks.get_mut(&task)
        {
            task.poll.woken = None;
        }
    }

    /// The events that are kept, in the order in which they happened.
    pub(crate) fn tell(&self) -> Block {
        let one_each =
            self.built.iter().chain(&self.turn).chain(&self.wait).chain(self.poll.events());
        let timers =
            self.timers.values().flat_map(|(armed, moved)| [armed].into_iter().chain(moved));
        let running =
            self.running.values().flat_map(|(queued, began)| queued.iter().chain([began]));
        let others = self.sources.values().chain(self.jobs.values()).chain(self.workers.values());
        let mut kept: Vec<(&Kept, &str)> =
            one_each.chain(timers).chain(running).chain(others).map(|kept| (kept, "")).collect();
        for task in self.tasks.values() {
            let others = task.poll.events().chain(&task.asked).chain(&task.aborted);
            kept.extend([&task.spawned].into_iter().chain(others).map(|kept| (kept, &*task.name)));
        }
        kept.sort_unstable_by_key(|(kept, _)| kept.number);
        let mut told = Block::default();
        kept.iter().for_each(|(kept, name)| told.push(kept.at, &kept.event.with_name(name)));
        told
    }

    /// Takes note of one event.
    fn note(&mut self, kept: Kept, name: &str) {
        match kept.event {
            Event::LoopBuilt { .. } => self.built = Some(kept),
            Event::LoopDropped => {
                *self = Past { dropped: self.dropped, built: self.built, ..Past::default() };
            }
            Event::TurnBegan { .. } => self.turn = Some(kept),
            Event::TurnEnded { .. } => self.turn = None,
            Event::WaitBegan { .. } => self.wait = Some(kept),
            Event::WaitEnded { .. } => self.wait = None,
            Event::Spawned { task, .. } => {
                let (name, poll) = (name.into(), Poll::default());
                let task_of = Task { name, spawned: kept, poll, asked: None, aborted: None };
                self.tasks.insert(task, task_of);
            }
            Event::PollBegan { .. } => self.poll.begin(Some(kept)),
            Event::Awaits { .. } if self.poll.began.is_some() => self.poll.awaits.push(kept),
            Event::PollEnded { task, outcome } => self.end_poll(task, outcome, kept),
            // Many a task wakes itself: it need not be looked up for that.
            Event::Woken { task, .. } if self.poll.task() == Some(task) => {
                self.poll.woken = Some(kept);
            }
            Event::Woken { task, .. } => self.with(task, |task| task.poll.woken = Some(kept)),
            Event::AbortRequested { task, .. } => self.with(task, |task| task.asked = Some(kept)),
            Event::Aborted { task } => self.with(task, |task| task.aborted = Some(kept)),
            Event::Dropped { task, .. } => drop(self.tasks.remove(&task)),
            Event::TimerArmed { timer, .. } => drop(self.timers.insert(timer, (kept, None))),
            Event::TimerCascaded { timer, .. } => {
                if let Some((_, moved)) = self.timers.get_mut(&timer) {
                    *moved = Some(kept);
                }
            }
            Event::TimerFired { timer, .. } | Event::TimerCancelled { timer } => {
                self.timers.remove(&timer);
            }
            Event::SourceAdded { source, .. } => drop(self.sources.insert(source, kept)),
            Event::SourceRemoved { source } => drop(self.sources.remove(&source)),
            Event::JobQueued { job, .. } => drop(self.jobs.insert(job, kept)),
            Event::JobStarted { job, .. } => self.begin_job(job, kept),
            Event::JobFinished { job, .. } => drop(self.running.remove(&job)),
            Event::WorkerStarted { worker, pool, .. } => {
                self.workers.insert((pool, worker), kept);
            }
            Event::WorkerStopped { worker, pool, .. } => drop(self.workers.remove(&(pool, worker))),
            // Nothing lasts of these.
            Event::MailTaken { .. }
            | Event::WakeIgnored { .. }
            | Event::Awaits { .. }
            | Event::SourceReady { .. } => {}
        }
    }

    /// Changes something about a task, if it is known.
    fn with(&mut self, task: TaskId, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.tasks.get_mut(&task) {
            change(task);
        }
    }

    /// A poll takes the place of the one before, and of the wake that led to it.
    fn end_poll(&mut self, task: TaskId, outcome: Outcome, ended: Kept) {
        self.poll.ended = Some(ended);
        if outcome != Outcome::Pending {
            self.poll.awaits.clear();
        }
        if let Some(task) = self.tasks.get_mut(&task) {
            std::mem::swap(&mut task.poll, &mut self.poll);
        }
        self.poll.begin(None);
    }

    /// A job begins. Those before it in its pool have begun too, or never will: of the latter
    /// nothing is told.
    fn begin_job(&mut self, job: JobId, began: Kept) {
        let pool_of = |kept: &Kept| match kept.event {
            Event::JobQueued { pool, .. } => Some(pool),
            _ => None,
        };
        let queued = self.jobs.remove(&job);
        self.running.insert(job, (queued, began));
        let Some(pool) = queued.as_ref().and_then(pool_of) else { return };
        if self.jobs.len() > OLDER_JOBS {
            let older: Vec<JobId> = self
                .jobs
                .range(..job)
                .filter(|(_, kept)| pool_of(kept) == Some(pool))
                .map(|(job, _)| *job)
                .collect();
            for job in older.iter().rev().skip(OLDER_JOBS) {
                self.jobs.remove(job);
            }
        }
    }
}

impl Poll {
    /// Begins anew, with the memory of the old one.
    fn begin(&mut self, began: Option<Kept>) {
        self.awaits.clear();
        (self.began, self.woken, self.ended) = (began, None, None);
    }

    /// Whose poll it is.
    fn task(&self) -> Option<TaskId> {
        match self.began?.event {
            Event::PollBegan { task } => Some(task),
            _ => None,
        }
    }

    /// All its events.
    fn events(&self) -> impl Iterator<Item = &Kept> {
        self.began.iter().chain(&self.awaits).chain(&self.woken).chain(&self.ended)
    }
}

#[cfg(test)]
mod tests;
