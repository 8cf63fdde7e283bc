//! Weaves the lanes: takes one event after the other, and ends each segment where the next begins.
//!
//! What has begun and not ended is `Open`. Of the past, which is told again from what the record has
//! kept, it is not known what was in between; so only its polls become segments.
//!
//! Cost: O(1) an event, and a string for each wait.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::{End, Job, Kind, Lane, Lanes, NAMED, On, Segment, TaskLane, Wake, WorkerLane, queue};
use crate::observe::event::{
    Awaited, Cause, Event, JobId, Observer, Outcome, PoolId, SourceId, TaskId, TimerId, WorkerId,
};
use crate::observe::record::Snapshot;
use crate::observe::trace::length::Human;

impl Lanes {
    /// Reads the lanes off a record.
    pub(crate) fn of(held: &Snapshot) -> Lanes {
        let mut weaver = Weaver { past: held.past.len(), ..Weaver::default() };
        held.replay(&mut weaver);
        weaver.finish()
    }
}

/// A segment that has not ended.
#[derive(Debug)]
struct Open {
    /// When it began, and with which event.
    from: (Duration, usize),
    /// What is done.
    kind: Kind,
    /// For what the task waits.
    label: Box<str>,
    /// The wake that queued the task, as an index.
    wake: Option<usize>,
    /// When the first timer is due that the task awaits.
    due: Option<Duration>,
}

/// Makes lanes of events.
#[derive(Default)]
struct Weaver {
    /// What is done so far.
    lanes: Lanes,
    /// The number of the present event, from 1.
    event: usize,
    /// How many events tell of the past.
    past: usize,
    /// What the loop does.
    the_loop: Option<Open>,
    /// What each task does now, and since when, in the order of the lanes.
    doing: Vec<Option<Open>>,
    /// Where the lane of each task is.
    tasks: HashMap<TaskId, usize>,
    /// The task that is polled, and what it awaits so far.
    polled: Option<(usize, Vec<Awaited>)>,
    /// When each armed timer was armed, and when it is due.
    timers: HashMap<TimerId, (Duration, Duration)>,
    /// When each timer was due that has fired in this turn.
    fired: HashMap<TimerId, Duration>,
    /// What each source is.
    sources: HashMap<SourceId, &'static str>,
    /// Where each job is.
    jobs: HashMap<JobId, usize>,
    /// The jobs that wait in the queue of each pool, oldest first.
    queued: HashMap<PoolId, VecDeque<usize>>,
    /// Where the lane of each worker is.
    workers: HashMap<(PoolId, WorkerId), usize>,
    /// The job that each worker runs, and since when; by its lane.
    running: HashMap<usize, (JobId, (Duration, usize))>,
}

impl Observer for Weaver {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        self.event += 1;
        if self.event == self.past + 1 {
            self.begin(at);
        }
        self.lanes.to = self.lanes.to.max(at);
        let now = (at, self.event);
        match *event {
            Event::LoopBuilt { simulated, seed, .. } => {
                (self.lanes.simulated, self.lanes.seed) = (simulated, seed);
            }
            Event::LoopDropped => self.turn_to(now, None),
            Event::TurnBegan { .. } => {
                self.lanes.turns += 1;
                self.fired.clear();
                self.turn_to(now, Some(Kind::Polling));
            }
            Event::TurnEnded { .. } => self.turn_to(now, Some(Kind::Outside)),
            Event::WaitBegan { .. } => self.turn_to(now, Some(Kind::Sleeping)),
            Event::WaitEnded { .. } => self.turn_to(now, Some(Kind::Dispatching)),
            Event::Spawned { task, place, name, .. } => {
                self.tasks.insert(task, self.lanes.tasks.len());
                self.doing.push(Some(Open::new(now, Kind::Queued)));
                let name = name.into();
                self.lanes.tasks.push(TaskLane {
                    id: task,
                    name,
                    place,
                    segments: Vec::new(),
                    end: None,
                });
            }
            Event::Woken { task, by } => self.wake(now, task, by),
            Event::PollBegan { task } => self.poll(now, task),
            Event::PollEnded { outcome, .. } => self.end_poll(now, outcome),
            Event::Aborted { task } => self.end_task(now, task, End::Aborted),
            Event::Awaits { what, .. } => self.awaits(what),
            Event::TimerArmed { timer, deadline, .. } => {
                self.timers.insert(timer, (at, deadline));
                self.awaits(Awaited::Timer(timer));
            }
            Event::TimerFired { timer, .. } => {
                let timers = self.timers.remove(&timer);
                self.fired.extend(timers.map(|(_, deadline)| (timer, deadline)));
            }
            Event::TimerCancelled { timer } => drop(self.timers.remove(&timer)),
            Event::SourceAdded { source, kind, .. } => drop(self.sources.insert(source, kind)),
            Event::JobQueued { job, pool, .. } => {
                let index = self.lanes.jobs.len();
                self.jobs.insert(job, index);
                self.queued.entry(pool).or_default().push_back(index);
                self.lanes.jobs.push(Job {
                    id: job,
                    pool,
                    queued: now,
                    left: None,
                    finished: None,
                });
            }
            Event::JobStarted { job, worker, at } => self.begin_job(job, worker, at),
            Event::JobFinished { job, worker, at, .. } => self.end_job(job, worker, at),
            Event::WorkerStarted { worker, pool, thread, .. } => {
                let lane = self.worker(pool, worker);
                self.lanes.workers[lane].thread = Some(thread);
            }
            Event::MailTaken { .. }
            | Event::WakeIgnored { .. }
            | Event::AbortRequested { .. }
            | Event::Dropped { .. }
            | Event::SourceReady { .. }
            | Event::SourceRemoved { .. }
            | Event::TimerCascaded { .. }
            | Event::WorkerStopped { .. } => {}
        }
    }
}

impl Weaver {
    /// The past is told, and the account begins.
    fn begin(&mut self, at: Duration) {
        if self.past > 0 {
            self.lanes.from = at;
        }
        let kind = self.the_loop.take().map_or(Kind::Outside, |open| open.kind);
        self.the_loop = Some(Open::new((at, self.event), kind));
    }

    /// Whether what is told was before the account begins.
    fn is_past(&self) -> bool {
        self.event <= self.past
    }

    /// The loop does something else from now on.
    fn turn_to(&mut self, now: (Duration, usize), kind: Option<Kind>) {
        let next = kind.map(|kind| Open::new(now, kind));
        let before = std::mem::replace(&mut self.the_loop, next);
        if let Some(before) = before.filter(|_| !self.is_past()) {
            before.close(now, &mut self.lanes.the_loop);
        }
    }

    /// A task does something else from now on. Of the past it is not known what was in between.
    fn task_turns_to(&mut self, now: (Duration, usize), task: usize, next: Option<Open>) {
        let is_past = self.is_past();
        let lane = &mut self.lanes.tasks[task];
        let before = std::mem::replace(&mut self.doing[task], next);
        let is_known = |open: &Open| !is_past || open.kind == Kind::Running;
        if let Some(before) = before.filter(is_known) {
            before.close(now, &mut lane.segments);
        }
    }

    /// A task is woken.
    fn wake(&mut self, now: (Duration, usize), task: TaskId, by: Cause) {
        let Some(&task) = self.tasks.get(&task) else { return };
        let polled = self.polled.as_ref().map(|(polled, _)| *polled);
        let from = match by {
            Cause::Task(by) => self.tasks.get(&by).map_or(Lane::TheLoop, |&by| Lane::Task(by)),
            Cause::Thread(by) => {
                let worker = self.lanes.workers.iter().position(|it| it.thread == Some(by));
                worker.map_or(Lane::TheLoop, Lane::Worker)
            }
            Cause::Source(_) | Cause::Timer(_) | Cause::Program => Lane::TheLoop,
        };
        let wake = self.lanes.wakes.len();
        let in_poll = polled.is_some_and(|polled| from == Lane::Task(polled));
        self.lanes.wakes.push(Wake { at: now, from, in_poll, task, poll: None });
        if let Some(open) = &mut self.doing[task]
            && matches!(open.kind, Kind::Waiting(_))
        {
            open.due = match by {
                Cause::Timer(timer) => self.fired.get(&timer).copied(),
                _ => None,
            };
        }
        if polled == Some(task) {
            // It runs on; then it is queued.
            if let Some(open) = &mut self.doing[task] {
                open.wake = Some(wake);
            }
        } else {
            let next = Open { wake: Some(wake), ..Open::new(now, Kind::Queued) };
            self.task_turns_to(now, task, Some(next));
        }
    }

    /// A poll begins.
    fn poll(&mut self, now: (Duration, usize), task: TaskId) {
        let Some(&task) = self.tasks.get(&task) else { return };
        self.lanes.polls += 1;
        if let Some(wake) = self.doing[task].as_ref().and_then(|open| open.wake)
            && self.lanes.wakes[wake].at.1 > self.past
        {
            self.lanes.wakes[wake].poll = Some(now);
        }
        self.task_turns_to(now, task, Some(Open::new(now, Kind::Running)));
        self.polled = Some((task, Vec::new()));
    }

    /// The task that is polled waits for something.
    fn awaits(&mut self, what: Awaited) {
        if let Some((_, awaited)) = &mut self.polled {
            awaited.push(what);
        }
    }

    /// A poll ends.
    fn end_poll(&mut self, now: (Duration, usize), outcome: Outcome) {
        let Some((task, awaited)) = self.polled.take() else { return };
        let end = match outcome {
            Outcome::Pending => {
                let wake = self.doing[task].as_ref().and_then(|open| open.wake);
                let next = if wake.is_some() {
                    Open { wake, ..Open::new(now, Kind::Queued) }
                } else {
                    let (label, due) = (self.label(&awaited), self.first_due(&awaited));
                    Open { label, due, ..Open::new(now, Kind::Waiting(on(awaited.first()))) }
                };
                return self.task_turns_to(now, task, Some(next));
            }
            Outcome::Ready => End::Done,
            Outcome::Panicked => End::Panicked,
        };
        self.end_task(now, self.lanes.tasks[task].id, end);
    }

    /// A task is over.
    fn end_task(&mut self, now: (Duration, usize), task: TaskId, end: End) {
        let Some(&task) = self.tasks.get(&task) else { return };
        self.task_turns_to(now, task, None);
        self.lanes.tasks[task].end.get_or_insert(end);
    }

    /// A worker begins a job. A pool takes jobs in order: those before it have left the queue too,
    /// aborted there, or begun by another worker, which is told next.
    fn begin_job(&mut self, job: JobId, worker: WorkerId, at: Duration) {
        let Some(&index) = self.jobs.get(&job) else { return };
        let pool = self.lanes.jobs[index].pool;
        let queued = self.queued.entry(pool).or_default();
        while let Some(&first) = queued.front().filter(|first| **first <= index) {
            self.lanes.jobs[first].left = Some(at);
            queued.pop_front();
        }
        self.lanes.jobs[index].left = Some(at);
        let lane = self.worker(pool, worker);
        self.running.insert(lane, (job, (at, self.event)));
    }

    /// A worker has done a job.
    fn end_job(&mut self, job: JobId, worker: WorkerId, at: Duration) {
        let Some(&index) = self.jobs.get(&job) else { return };
        let done = (at, self.event);
        self.lanes.jobs[index].finished = Some(done);
        let lane = self.worker(self.lanes.jobs[index].pool, worker);
        self.worker_ends(lane, done);
    }

    /// What a worker does ends: its job, or the account of it.
    fn worker_ends(&mut self, lane: usize, to: (Duration, usize)) {
        let Some((job, from)) = self.running.remove(&lane) else { return };
        let segments = &mut self.lanes.workers[lane].segments;
        let label = job.to_string().into();
        segments.push(Segment { from, to, kind: Kind::Job, label, due: None });
    }

    /// The lane of a worker.
    fn worker(&mut self, pool: PoolId, worker: WorkerId) -> usize {
        let workers = &mut self.lanes.workers;
        *self.workers.entry((pool, worker)).or_insert_with(|| {
            workers.push(WorkerLane { pool, worker, thread: None, segments: Vec::new() });
            workers.len() - 1
        })
    }

    /// When the first of the timers is due that a task awaits.
    fn first_due(&self, awaited: &[Awaited]) -> Option<Duration> {
        let due = |what: &Awaited| match what {
            Awaited::Timer(timer) => self.timers.get(timer).map(|(_, deadline)| *deadline),
            _ => None,
        };
        awaited.iter().filter_map(due).min()
    }

    /// What a task awaits, in words.
    fn label(&self, awaited: &[Awaited]) -> Box<str> {
        let Some(more) = awaited.len().checked_sub(1) else { return "a wake".into() };
        let named: Vec<String> = awaited.iter().take(NAMED).map(|it| self.name(*it)).collect();
        let more = (more + 1).saturating_sub(NAMED);
        let more = if more > 0 { format!(" or {more} more") } else { String::new() };
        format!("{}{more}", named.join(" or ")).into()
    }

    /// One thing that is awaited, in words.
    fn name(&self, what: Awaited) -> String {
        let source = |verb: &str, source: SourceId| {
            let kind = self.sources.get(&source).copied().unwrap_or_default();
            let is_socket = ["Tcp", "Udp", "Unix"].iter().any(|it| kind.starts_with(it));
            let noun = if is_socket { "socket" } else { "source" };
            let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
            format!("{verb}, {noun} {}{kind}", source.0)
        };
        match what {
            Awaited::Timer(timer) => match self.timers.get(&timer) {
                Some((at, due)) => format!("sleep {}", Human(due.saturating_sub(*at))),
                None => timer.to_string(),
            },
            Awaited::Read(it) => source("read", it),
            Awaited::Write(it) => source("write", it),
            Awaited::Task(task) => {
                let lane = self.tasks.get(&task).map(|&lane| &self.lanes.tasks[lane]);
                lane.map_or_else(|| task.to_string(), TaskLane::title)
            }
            Awaited::Job(job) => job.to_string(),
        }
    }

    /// Ends what has not ended.
    fn finish(mut self) -> Lanes {
        self.event += 1;
        let now = (self.lanes.to, self.event);
        self.past = 0;
        self.turn_to(now, None);
        for task in 0..self.lanes.tasks.len() {
            self.task_turns_to(now, task, None);
        }
        for worker in 0..self.lanes.workers.len() {
            self.worker_ends(worker, now);
        }
        self.lanes.queues = queue::queues(&self.lanes);
        self.lanes
    }
}

impl Open {
    /// Something that is done from now on.
    fn new(from: (Duration, usize), kind: Kind) -> Open {
        Open { from, kind, label: "".into(), wake: None, due: None }
    }

    /// Ends it, and puts it with those before.
    fn close(self, now: (Duration, usize), segments: &mut Vec<Segment>) {
        let Open { from, kind, label, due, .. } = self;
        if from.1 < now.1 {
            segments.push(Segment { from, to: now, kind, label, due });
        }
    }
}

/// What sort of thing it is.
fn on(awaited: Option<&Awaited>) -> On {
    match awaited {
        Some(Awaited::Timer(_)) => On::Timer,
        Some(Awaited::Read(_) | Awaited::Write(_)) => On::Source,
        Some(Awaited::Task(_)) => On::Task,
        Some(Awaited::Job(_)) => On::Job,
        None => On::Wake,
    }
}
