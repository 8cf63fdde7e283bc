//! Causes: who did what and when, gathered in one pass over a history.
//!
//! An event names things by number. To say why it happened one has to know where those things come
//! from: who armed the timer, what the task was polled for when it did, which job a worker's
//! message tells of. Here each thing has the indices of the events of its life, and each poll that
//! of the event which led to it.
//!
//! Things whose birth is not in the history are not known, or have no `born`, `queued` and so on.
//!
//! Cost: O(1) an event, and some 50 bytes for most.

use std::collections::HashMap;
use std::slice;
use std::time::Duration;

use crate::observe::event::{
    Awaited, Cause, Event, JobId, Outcome, PoolId, SourceId, TaskId, ThreadId, TimerId, WaitReason,
    WorkerId,
};
use crate::observe::history::told::Told;

/// Jobs among which that of a message is looked for.
const JOBS_KEPT: usize = 64;

/// The tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Causes {
    /// The turns, in order.
    pub(crate) turns: Vec<Turn>,
    /// The polls, in order.
    pub(crate) polls: Vec<Poll>,
    /// The waits, in order.
    pub(crate) waits: Vec<Wait>,
    /// The tasks.
    pub(crate) tasks: HashMap<TaskId, Task>,
    /// The timers.
    pub(crate) timers: HashMap<TimerId, Timer>,
    /// The event by which each source was registered.
    pub(crate) sources: HashMap<SourceId, usize>,
    /// The jobs.
    pub(crate) jobs: HashMap<JobId, Job>,
    /// The job whose end a wake tells of, by the event of the wake.
    pub(crate) told_by: HashMap<usize, JobId>,
    /// The job in the middle of which a wake was sent, by the event of the wake.
    pub(crate) sent_by: HashMap<usize, JobId>,
    /// The worker that a thread is.
    pub(crate) workers: HashMap<ThreadId, (PoolId, WorkerId)>,
    /// The job of each worker that was told of last, until somebody is woken for it.
    done: HashMap<(PoolId, WorkerId), JobId>,
    /// The job that each worker runs.
    running: HashMap<(PoolId, WorkerId), JobId>,
}

/// A turn.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    /// The how-manieth of the loop.
    pub(crate) number: u64,
    /// The event of its begin.
    pub(crate) first: usize,
    /// The event of its end, or the last one before the history ends.
    pub(crate) last: usize,
    /// Tasks polled in it.
    pub(crate) polls: u32,
}

/// A poll.
#[derive(Debug, Clone)]
pub(crate) struct Poll {
    /// Whose.
    pub(crate) task: TaskId,
    /// The event of its begin.
    pub(crate) first: usize,
    /// The event of its end.
    pub(crate) last: Option<usize>,
    /// The event that queued the task for it: a wake, or its birth.
    pub(crate) cause: Option<usize>,
}

/// A wait.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    /// The event of its begin.
    pub(crate) first: usize,
    /// The event of its end.
    pub(crate) last: Option<usize>,
    /// How long it might have been.
    pub(crate) timeout: Option<Duration>,
    /// Why no longer.
    pub(crate) reason: WaitReason,
    /// The sources that were ready: the events that tell of them.
    pub(crate) ready: Vec<usize>,
}

/// A task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Task {
    /// The event of its birth.
    pub(crate) born: Option<usize>,
    /// The event of its end: its last poll, or that its future was dropped.
    pub(crate) finished: Option<usize>,
    /// Its future was dropped before it was done.
    pub(crate) aborted: bool,
    /// The event that asked for its end.
    pub(crate) abort: Option<usize>,
    /// The event of its last wake.
    woken: Option<usize>,
    /// The first jobs that its last poll told that it awaits.
    jobs: Vec<JobId>,
    /// Its polls, as indices into all polls.
    pub(crate) polls: Vec<usize>,
}

/// A timer.
#[derive(Debug, Clone)]
pub(crate) struct Timer {
    /// The event that armed it.
    pub(crate) armed: usize,
    /// By whom.
    pub(crate) by: Cause,
    /// How long before its deadline.
    pub(crate) span: Duration,
    /// The event of its firing.
    pub(crate) fired: Option<usize>,
}

/// A job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    /// Its pool; the loop's own if it is not known.
    pub(crate) pool: Option<PoolId>,
    /// The event that queued it.
    pub(crate) queued: Option<usize>,
    /// The event that tells of its beginning.
    pub(crate) began: Option<usize>,
    /// The event that tells of its end.
    pub(crate) finished: Option<usize>,
    /// Somebody was woken because of its end.
    told: bool,
}

impl Causes {
    /// Gathers the tables. Of the time before the first `past` events only the last poll of each task
    /// is told, so that its birth did not lead to it.
    pub(crate) fn of(told: &[Told], past: usize) -> Causes {
        let mut causes = Causes::default();
        let (mut turn, mut poll, mut wait) = (false, false, false);
        for (index, Told { at, event, .. }) in told.iter().enumerate() {
            match *event {
                Event::TurnBegan { turn: number } => {
                    turn = true;
                    causes.turns.push(Turn { number, first: index, last: index, polls: 0 });
                }
                Event::TurnEnded { polls, .. } => {
                    if let Some(last) = causes.turns.last_mut().filter(|_| turn) {
                        (last.last, last.polls) = (index, polls);
                    }
                    (turn, wait) = (false, false);
                }
                Event::PollBegan { task } => {
                    poll = true;
                    causes.poll_began(task, index, index < past);
                }
                Event::PollEnded { task, outcome } => {
                    if let Some(last) = causes.polls.last_mut().filter(|_| poll)
                        && last.task == task
                    {
                        last.last = Some(index);
                        poll = false;
                        if outcome != Outcome::Pending {
                            causes.task(task).finished = Some(index);
                        }
                    }
                }
                Event::WaitBegan { timeout, reason } => {
                    wait = true;
                    let (last, ready) = (None, Vec::new());
                    causes.waits.push(Wait { first: index, last, timeout, reason, ready });
                }
                Event::WaitEnded { .. } => {
                    if let Some(last) = causes.waits.last_mut().filter(|_| wait) {
                        last.last = Some(index);
                    }
                    wait = false;
                }
                Event::SourceReady { .. } => {
                    causes.waits.last_mut().filter(|_| wait).into_iter().for_each(|wait| {
                        wait.ready.push(index);
                    });
                }
                event => causes.note(*at, event, index, told),
            }
        }
        if turn && let Some(last) = causes.turns.last_mut() {
            last.last = told.len() - 1;
        }
        causes
    }

    /// Notes what happened to a thing.
    fn note(&mut self, at: Duration, event: Event<'static>, index: usize, told: &[Told]) {
        match event {
            Event::Spawned { task, .. } => self.task(task).born = Some(index),
            Event::Woken { task, by } => {
                self.task(task).woken = Some(index);
                self.note_job_of(task, by, at, index, told);
            }
            Event::Awaits { what: Awaited::Job(job), by: Cause::Task(task) } => {
                let jobs = &mut self.task(task).jobs;
                if jobs.len() < JOBS_KEPT {
                    jobs.push(job);
                }
            }
            Event::AbortRequested { task, .. } => self.task(task).abort = Some(index),
            Event::Aborted { task } => {
                let task = self.task(task);
                (task.aborted, task.finished) = (true, Some(index));
            }
            Event::SourceAdded { source, .. } => {
                self.sources.insert(source, index);
            }
            Event::TimerArmed { timer, by, deadline, .. } => {
                let span = deadline.saturating_sub(at);
                self.timers.insert(timer, Timer { armed: index, by, span, fired: None });
            }
            Event::TimerFired { timer, .. } => {
                self.timers.entry(timer).and_modify(|timer| timer.fired = Some(index));
            }
            Event::JobQueued { job, pool, .. } => {
                let job = self.jobs.entry(job).or_default();
                (job.pool, job.queued) = (Some(pool), Some(index));
            }
            Event::JobStarted { job, worker, .. } => {
                let known = self.jobs.entry(job).or_default();
                known.began = Some(index);
                let worker = (known.pool.unwrap_or(PoolId(0)), worker);
                self.done.remove(&worker);
                self.running.insert(worker, job);
            }
            Event::JobFinished { job, worker, .. } => {
                let known = self.jobs.entry(job).or_default();
                known.finished = Some(index);
                let worker = (known.pool.unwrap_or(PoolId(0)), worker);
                self.running.remove(&worker);
                self.done.insert(worker, job);
            }
            // Simulated workers are all the loop's own thread, which says nothing of who it was.
            Event::WorkerStarted { worker, pool, thread, .. } if thread != ThreadId(0) => {
                self.workers.insert(thread, (pool, worker));
            }
            _ => {}
        }
    }

    /// The messages of a worker are read in order: that its job begins, what the job sends, that it
    /// has ended, and the wake of who awaits it. So the cause of a wake by a worker is the job that
    /// it runs, or the one whose end was told last, if nobody was woken for it yet. Of a thread that
    /// is not known, it is a job of the latter sort that the task awaited.
    fn note_job_of(&mut self, task: TaskId, by: Cause, at: Duration, index: usize, told: &[Told]) {
        let Cause::Thread(thread) = by else { return };
        let worker = self.workers.get(&thread);
        if let Some(&job) = worker.and_then(|worker| self.running.get(worker)) {
            self.sent_by.insert(index, job);
            return;
        }
        let jobs = match worker {
            Some(worker) => self.done.get(worker).map(slice::from_ref).unwrap_or_default(),
            None => self.tasks.get(&task).map(|task| &*task.jobs).unwrap_or_default(),
        };
        let untold = |job: &&JobId| {
            self.jobs.get(job).is_some_and(|job| {
                let ended = job.finished.map(|finished| &told[finished].event);
                !job.told && matches!(ended, Some(Event::JobFinished { at: end, .. }) if *end <= at)
            })
        };
        if let Some(&job) = jobs.iter().find(untold) {
            self.told_by.insert(index, job);
            self.jobs.entry(job).or_default().told = true;
        }
    }

    /// Notes a poll, and what led to it: the wake since the last one began, or the task's birth.
    fn poll_began(&mut self, task: TaskId, index: usize, is_past: bool) {
        let number = self.polls.len();
        let known = self.tasks.entry(task).or_default();
        let before = known.polls.last().map(|&poll| self.polls[poll].first);
        let cause = match before {
            Some(before) => known.woken.filter(|&woken| woken > before),
            None => known.woken.or(known.born.filter(|_| !is_past)),
        };
        known.jobs.clear();
        known.polls.push(number);
        self.polls.push(Poll { task, first: index, last: None, cause });
    }

    /// What is known of a task, from now on.
    fn task(&mut self, task: TaskId) -> &mut Task {
        self.tasks.entry(task).or_default()
    }

    /// The turn in which an event happened.
    pub(crate) fn turn_at(&self, index: usize) -> Option<&Turn> {
        last_where(&self.turns, |turn| turn.first <= index).filter(|turn| index <= turn.last)
    }

    /// The poll in which an event happened.
    pub(crate) fn poll_at(&self, index: usize) -> Option<&Poll> {
        let poll = last_where(&self.polls, |poll| poll.first <= index);
        poll.filter(|poll| poll.last.is_none_or(|last| index <= last))
    }

    /// The wait in which an event happened, or the last one before.
    pub(crate) fn wait_before(&self, index: usize) -> Option<&Wait> {
        last_where(&self.waits, |wait| wait.first <= index)
    }
}

impl Wait {
    /// Whether the thread slept.
    pub(crate) fn is_sleep(&self) -> bool {
        self.timeout != Some(Duration::ZERO) && self.reason != WaitReason::Spin
    }
}

/// The last of those at the beginning of a list for which something holds.
fn last_where<T>(list: &[T], holds: impl Fn(&T) -> bool) -> Option<&T> {
    list[..list.partition_point(holds)].last()
}
