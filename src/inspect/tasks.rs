//! The table: which tasks there are now, and what each waits for since when.
//!
//! It is computed from the record alone, by playing the events: the watched loop is not asked, so
//! the table comes even if that loop is stuck, which is when it is wanted most. It goes on from
//! where the last request left off.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::observe::record::tail::Tail;
use crate::observe::trace::schema::{Name, nanos};
use crate::observe::{Awaited, Cause, Event, Observer, Outcome, Record};
use crate::observe::{JobId, PoolId, SourceId, TaskId, TimerId, WaitReason, WorkerId};
use crate::task::yield_now;

/// The most tasks in a table that is sent.
const MOST: usize = 10_000;

/// A table that is computed from a record, as far as it was read.
pub(super) struct Table {
    /// The reader.
    tail: Tail,
    /// What the events that were read have left.
    now: Now,
}

/// What the events up to a moment have left.
#[derive(Default)]
pub(super) struct Now {
    /// When the last event was.
    last: Duration,
    /// The turn.
    turn: u64,
    /// What the loop does.
    doing: Doing,
    /// Since when.
    since: Duration,
    /// The tasks that live.
    tasks: BTreeMap<TaskId, Task>,
    /// The timers that are armed, and when each is due.
    timers: BTreeMap<TimerId, Duration>,
    /// The sources that are registered, and what each is.
    sources: BTreeMap<SourceId, &'static str>,
    /// The jobs that are not done.
    jobs: BTreeMap<JobId, Job>,
}

/// What a loop does.
#[derive(Default)]
enum Doing {
    /// Nothing: the program has the thread.
    #[default]
    Outside,
    /// It polls a task.
    Polling(TaskId),
    /// It waits in the operating system.
    Sleeping(Option<Duration>, WaitReason),
    /// What is between: reading mail, firing timers, waking.
    Dispatching,
}

/// A task that lives.
struct Task {
    /// Its name.
    name: String,
    /// Where it was spawned.
    place: String,
    /// By whom.
    by: Cause,
    /// When.
    born: Duration,
    /// How often it was polled.
    polls: u64,
    /// What it does.
    state: State,
    /// Since when.
    since: Duration,
    /// It was woken while it was polled.
    is_called: bool,
    /// Who woke it last.
    woken_by: Option<Cause>,
    /// With whom the last poll left its waker.
    awaits: Vec<Awaited>,
}

/// A job that is not done.
struct Job {
    /// Where it was given to a pool.
    place: String,
    /// The pool.
    pool: PoolId,
    /// The worker that runs it, none while it waits for one.
    worker: Option<WorkerId>,
}

/// What a task does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It stands in the ready queue.
    Queued,
    /// It is polled.
    Running,
    /// It waits to be woken.
    Waiting,
    /// Its output waits to be taken.
    Finished,
}

impl Table {
    /// A table that knows nothing yet.
    pub(super) fn of(record: &Record) -> Table {
        Table { tail: record.follow(), now: Now::default() }
    }

    /// Plays what has happened since, until now. It gives way after each block of events.
    pub(super) async fn catch_up(table: &RefCell<Table>) {
        let begin = table.borrow_mut().tail.look();
        if let Some(begin) = begin {
            // Too much is missing. But what was still there, the record has kept.
            let mut now = Now::default();
            begin.past.replay(&mut now);
            table.borrow_mut().now = now;
        }
        loop {
            {
                let Table { tail, now } = &mut *table.borrow_mut();
                let Some(piece) = tail.next() else { return };
                piece.replay(now);
            }
            yield_now().await;
        }
    }

    /// What it has computed.
    pub(super) fn now(&self) -> &Now {
        &self.now
    }
}

impl Now {
    /// The table as JSON. `now` is how old the loop is, where its clock can be read.
    pub(super) fn to_json(&self, number: u32, now: Option<Duration>) -> Value {
        let mut doing = match &self.doing {
            Doing::Outside => json!({ "kind": "outside" }),
            Doing::Polling(task) => {
                let name = self.tasks.get(task).map_or("", |task| &task.name);
                json!({ "kind": "polling", "task": task.0, "name": name })
            }
            Doing::Sleeping(timeout, reason) => json!({
                "kind": "sleeping", "timeout": timeout.map(nanos), "reason": Name(*reason),
            }),
            Doing::Dispatching => json!({ "kind": "dispatching" }),
        };
        doing["since"] = nanos(self.since).into();
        doing["for"] = now.map(|now| nanos(now.saturating_sub(self.since))).into();
        let tasks = self.tasks.iter().take(MOST);
        let tasks: Vec<Value> = tasks.map(|(id, task)| self.task(*id, task, now)).collect();
        json!({
            "boucle": "tasks",
            "version": 1,
            "loop": number,
            "now": now.map(nanos),
            "last_event": nanos(self.last),
            "turn": self.turn,
            "doing": doing,
            "left_out": self.tasks.len().saturating_sub(MOST),
            "tasks": tasks,
        })
    }

    /// A task, as JSON.
    fn task(&self, id: TaskId, task: &Task, now: Option<Duration>) -> Value {
        // What a task has to wait for it has said in its last poll.
        let awaits = task.awaits.iter().filter(|_| task.state == State::Waiting);
        json!({
            "task": id.0,
            "name": task.name,
            "place": task.place,
            "by": Name(task.by),
            "born": nanos(task.born),
            "polls": task.polls,
            "state": task.state.name(),
            "since": nanos(task.since),
            "for": now.map(|now| nanos(now.saturating_sub(task.since))),
            "woken_by": task.woken_by.map(Name),
            "waits_for": awaits.map(|what| self.awaited(*what)).collect::<Vec<_>>(),
        })
    }

    /// Something awaited, as JSON.
    fn awaited(&self, what: Awaited) -> Value {
        match what {
            Awaited::Timer(timer) => {
                json!({ "timer": timer.0, "deadline": self.timers.get(&timer).copied().map(nanos) })
            }
            Awaited::Read(source) => json!({ "read": source.0, "kind": self.sources.get(&source) }),
            Awaited::Write(source) => {
                json!({ "write": source.0, "kind": self.sources.get(&source) })
            }
            Awaited::Task(task) => {
                let name = self.tasks.get(&task).map_or("", |task| &task.name);
                json!({ "task": task.0, "name": name })
            }
            Awaited::Job(job) => {
                let known = self.jobs.get(&job);
                json!({
                    "job": job.0,
                    "place": known.map(|job| &job.place),
                    "pool": known.map(|job| job.pool.0),
                    "worker": known.and_then(|job| job.worker).map(|worker| worker.0),
                })
            }
        }
    }

    /// The loop does something else from now on.
    fn turns_to(&mut self, doing: Doing, at: Duration) {
        (self.doing, self.since) = (doing, at);
    }

    /// A task does something else from now on.
    fn changes(&mut self, task: TaskId, state: State, at: Duration) {
        if let Some(task) = self.tasks.get_mut(&task) {
            (task.state, task.since) = (state, at);
        }
    }

    /// A task waits for something.
    fn awaits(&mut self, by: Cause, what: Awaited) {
        if let Cause::Task(task) = by
            && let Some(task) = self.tasks.get_mut(&task)
            && !task.awaits.contains(&what)
        {
            task.awaits.push(what);
        }
    }

    /// A task is woken: at once, or as soon as its poll has ended.
    fn wake(&mut self, task: TaskId, by: Cause, at: Duration) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.woken_by = Some(by);
            match task.state {
                State::Running => task.is_called = true,
                State::Waiting => (task.state, task.since) = (State::Queued, at),
                State::Queued | State::Finished => {}
            }
        }
    }

    /// A task is polled.
    fn poll(&mut self, task: TaskId, at: Duration) {
        self.turns_to(Doing::Polling(task), at);
        self.changes(task, State::Running, at);
        let Some(task) = self.tasks.get_mut(&task) else { return };
        (task.polls, task.is_called) = (task.polls + 1, false);
        // The poll says anew what it waits for, but for the timers that it leaves as they are.
        task.awaits.retain(
            |what| matches!(what, Awaited::Timer(timer) if self.timers.contains_key(timer)),
        );
    }
}

impl State {
    /// Its name in the table.
    fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Waiting => "waiting",
            State::Finished => "finished",
        }
    }
}

impl Observer for Now {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        self.last = at;
        match *event {
            Event::TurnBegan { turn } => {
                self.turn = turn;
                self.turns_to(Doing::Dispatching, at);
            }
            Event::TurnEnded { .. } => self.turns_to(Doing::Outside, at),
            Event::WaitBegan { timeout, reason } => {
                self.turns_to(Doing::Sleeping(timeout, reason), at);
            }
            Event::WaitEnded { .. } => self.turns_to(Doing::Dispatching, at),
            Event::Spawned { task, by, place, name } => {
                let task_born = Task {
                    name: name.to_owned(),
                    place: place.to_string(),
                    by,
                    born: at,
                    polls: 0,
                    state: State::Queued,
                    since: at,
                    is_called: false,
                    woken_by: None,
                    awaits: Vec::new(),
                };
                self.tasks.insert(task, task_born);
            }
            Event::Woken { task, by } => self.wake(task, by, at),
            Event::PollBegan { task } => self.poll(task, at),
            Event::PollEnded { task, outcome } => {
                self.turns_to(Doing::Dispatching, at);
                let is_called = self.tasks.get(&task).is_some_and(|task| task.is_called);
                let state = match outcome {
                    Outcome::Pending if is_called => State::Queued,
                    Outcome::Pending => State::Waiting,
                    Outcome::Ready | Outcome::Panicked => State::Finished,
                };
                self.changes(task, state, at);
            }
            Event::Aborted { task } => self.changes(task, State::Finished, at),
            Event::Dropped { task, .. } => drop(self.tasks.remove(&task)),
            Event::Awaits { what, by } => self.awaits(by, what),
            Event::TimerArmed { timer, by, deadline, .. } => {
                self.timers.insert(timer, deadline);
                self.awaits(by, Awaited::Timer(timer));
            }
            Event::TimerFired { timer, .. } | Event::TimerCancelled { timer } => {
                self.timers.remove(&timer);
            }
            Event::SourceAdded { source, kind, .. } => drop(self.sources.insert(source, kind)),
            Event::SourceRemoved { source } => drop(self.sources.remove(&source)),
            Event::JobQueued { job, pool, place, .. } => {
                self.jobs.insert(job, Job { place: place.to_string(), pool, worker: None });
            }
            Event::JobStarted { job, worker, .. } => {
                self.jobs.entry(job).and_modify(|job| job.worker = Some(worker));
            }
            Event::JobFinished { job, .. } => drop(self.jobs.remove(&job)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
