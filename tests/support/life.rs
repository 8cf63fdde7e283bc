//! The state machine of the loop and its tasks, as `observe::event` draws it, to replay a trace
//! through: it finds any event that contradicts those before it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use boucle::observe::{
    Awaited, Cause, Event, JobId, Observer, Outcome, PoolId, Record, Recorded, SourceId, TaskId,
    ThreadId, TimerId, WaitReason, WorkerId,
};

/// What kind of loop the trace is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tasks are polled in the order in which they were queued.
    Real,
    /// Tasks are polled in any order, and the clock is exact.
    Simulated,
    /// The clock is exact, and tasks are polled in the order in which they were queued.
    SimulatedInOrder,
}

/// Replays the trace of a loop that was dropped; panics at the first contradiction, with the story
/// until then.
#[track_caller]
pub fn assert_consistent(record: &Record, kind: Kind) {
    assert_eq!(record.dropped(), 0, "the record is too small");
    let events = record.events();
    if let Some((length, error)) = contradiction(&events, kind) {
        let lines: Vec<String> = events[..length].iter().map(Recorded::to_string).collect();
        let last = lines[lines.len().saturating_sub(60)..].join("\n");
        panic!("the events contradict each other:\n{last}\n^^^ {error}");
    }
}

/// The first contradiction among events: how many there are up to it, and what is wrong.
pub fn contradiction(events: &[Recorded], kind: Kind) -> Option<(usize, String)> {
    let mut life = Life::new(kind);
    events.iter().for_each(|recorded| life.event(recorded.at, &recorded.event()));
    life.end();
    life.error.map(|error| (life.events, error))
}

/// Where in its life a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Idle,
    Polled { woken: bool },
    Finished,
}

#[derive(Debug)]
struct Task {
    stage: Stage,
    abort_requested: bool,
    /// Somebody may have its waker.
    was_polled: bool,
    /// Its handle, if there is one, gets the output at once, wherever it is.
    is_remote: bool,
}

#[derive(Debug)]
struct Job {
    pool: PoolId,
    /// When it was queued, or began.
    since: Duration,
    worker: Option<WorkerId>,
}

/// A pool some of whose workers were told of.
#[derive(Debug, Default)]
struct Pool {
    max_workers: u32,
    /// The workers that ever were.
    born: BTreeSet<WorkerId>,
    /// Those that live, each with the time since which it has had no job.
    living: BTreeMap<WorkerId, Duration>,
}

/// Where in a turn the loop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Unbuilt,
    Outside,
    Begun,
    Mail,
    Polls,
    Waits,
    Waited,
    Timers,
    Wakes,
    Dropped,
}

/// What the trace has told so far.
pub struct Life {
    kind: Kind,
    events: usize,
    error: Option<String>,
    now: Duration,
    phase: Phase,
    /// The last mail is being read.
    ends: bool,
    polls_per_turn: u32,
    turns: u64,
    polls: u32,
    /// On whose behalf things happen: the task polled or aborted last.
    actor: Option<TaskId>,
    /// The event before was the birth of this task.
    newborn: Option<TaskId>,
    tasks: BTreeMap<TaskId, Task>,
    last_task: u32,
    /// The ready queue, with the places of tasks that finished while they were queued.
    queue: VecDeque<TaskId>,
    /// When each is due, and its level in the wheel.
    timers: BTreeMap<TimerId, (Duration, u8)>,
    last_timer: u32,
    sources: BTreeSet<SourceId>,
    last_source: u32,
    jobs: BTreeMap<JobId, Job>,
    last_job: u32,
    pools: BTreeMap<PoolId, Pool>,
    /// Timers that fired, and sources that were ready, in this turn.
    fired: BTreeSet<TimerId>,
    ready: BTreeSet<SourceId>,
    ready_in_wait: u32,
    spinning: bool,
}

type Checked = Result<(), String>;

/// Fails with a message unless a condition holds.
macro_rules! hold {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

impl Life {
    pub fn new(kind: Kind) -> Life {
        Life {
            kind,
            events: 0,
            error: None,
            now: Duration::ZERO,
            phase: Phase::Unbuilt,
            ends: false,
            polls_per_turn: 0,
            turns: 0,
            polls: 0,
            actor: None,
            newborn: None,
            tasks: BTreeMap::new(),
            last_task: 0,
            queue: VecDeque::new(),
            timers: BTreeMap::new(),
            last_timer: 0,
            sources: BTreeSet::new(),
            last_source: 0,
            jobs: BTreeMap::new(),
            last_job: 0,
            pools: BTreeMap::new(),
            fired: BTreeSet::new(),
            ready: BTreeSet::new(),
            ready_in_wait: 0,
            spinning: false,
        }
    }

    /// The trace is over: so must be the loop.
    fn end(&mut self) {
        if self.error.is_none() && self.phase != Phase::Dropped {
            self.error = Some(format!("the trace ends in {:?}", self.phase));
        }
    }

    fn check(&mut self, at: Duration, event: &Event<'_>) -> Checked {
        hold!(at >= self.now, "time goes backwards");
        self.now = at;
        let newborn = self.newborn.take();
        let is_birth = matches!(event, Event::LoopBuilt { .. });
        hold!(is_birth || self.phase != Phase::Unbuilt, "the loop is not built yet");
        hold!(self.phase != Phase::Dropped, "the loop is gone");
        match *event {
            Event::LoopBuilt { simulated, seed, polls_per_turn, max_blocking_threads } => {
                self.enter(&[Phase::Unbuilt], Phase::Outside)?;
                hold!(simulated == (self.kind != Kind::Real), "another kind of loop");
                hold!(seed.is_some() == (self.kind == Kind::Simulated), "another kind of order");
                hold!(polls_per_turn > 0 && max_blocking_threads > 0, "it can do nothing");
                self.polls_per_turn = polls_per_turn;
                self.pools.entry(PoolId(0)).or_default().max_workers = max_blocking_threads;
            }
            Event::LoopDropped => {
                self.enter(&[Phase::Outside], Phase::Dropped)?;
                hold!(self.tasks.is_empty(), "tasks are left: {:?}", self.tasks);
                hold!(self.timers.is_empty(), "timers are left: {:?}", self.timers);
                hold!(self.sources.is_empty(), "sources are left: {:?}", self.sources);
            }
            Event::TurnBegan { turn } => {
                hold!(self.phase == Phase::Outside, "a turn within a turn");
                hold!(!self.ends, "the last mail was read");
                hold!(turn == self.turns + 1, "the last turn was {}", self.turns);
                (self.turns, self.polls, self.phase) = (turn, 0, Phase::Begun);
                self.fired.clear();
                self.ready.clear();
                self.actor = None;
            }
            Event::TurnEnded { turn, polls } => {
                hold!(turn == self.turns, "this is turn {}", self.turns);
                hold!(polls == self.polls, "there were {} polls", self.polls);
                hold!(polls <= self.polls_per_turn, "only {} are allowed", self.polls_per_turn);
                self.enter(
                    &[
                        Phase::Begun,
                        Phase::Mail,
                        Phase::Polls,
                        Phase::Waited,
                        Phase::Timers,
                        Phase::Wakes,
                    ],
                    Phase::Outside,
                )?;
                hold!(self.polled().is_none(), "a task is being polled");
                self.actor = None;
            }
            Event::MailTaken { messages } => {
                self.enter(&[Phase::Begun], Phase::Mail)?;
                hold!(messages > 0, "no mail");
            }
            Event::Spawned { task, by, .. } => {
                hold!(task.0 == self.last_task + 1, "the last task was {}", self.last_task);
                self.last_task = task.0;
                self.cause(by)?;
                self.tasks.insert(
                    task,
                    Task {
                        stage: Stage::Queued,
                        abort_requested: false,
                        was_polled: false,
                        is_remote: matches!(by, Cause::Thread(_)),
                    },
                );
                self.queue.push_back(task);
                self.newborn = Some(task);
            }
            Event::Woken { task, by } => {
                self.cause(by)?;
                let stage = &mut self.living(task)?.stage;
                *stage = match *stage {
                    Stage::Idle => Stage::Queued,
                    Stage::Polled { woken: false } => Stage::Polled { woken: true },
                    stage => return Err(format!("it was {stage:?}")),
                };
                self.queue.push_back(task);
            }
            Event::WakeIgnored { task, by } => {
                self.cause(by)?;
                hold!((1..=self.last_task).contains(&task.0), "there never was such a task");
                if let Some(task) = self.tasks.get(&task) {
                    let is_over = task.stage == Stage::Finished;
                    let is_queued =
                        matches!(task.stage, Stage::Queued | Stage::Polled { woken: true });
                    hold!(is_over || is_queued, "it was {:?}", task.stage);
                    hold!(task.was_polled, "nobody can have its waker");
                }
            }
            Event::Awaits { what, by } => {
                self.cause(by)?;
                if let Cause::Task(task) = by {
                    hold!(self.polled() == Some(task), "{task} is not polled");
                }
                let holds = match what {
                    Awaited::Timer(timer) => self.timers.contains_key(&timer),
                    Awaited::Read(source) | Awaited::Write(source) => {
                        self.sources.contains(&source)
                    }
                    Awaited::Task(task) => self.living(task)?.stage != Stage::Finished,
                    // A thread first tells that the job is done, and then hands over its output.
                    Awaited::Job(job) if self.kind == Kind::Real => {
                        (1..=self.last_job).contains(&job.0)
                    }
                    Awaited::Job(job) => self.jobs.contains_key(&job),
                };
                hold!(holds, "that will never come");
            }
            Event::PollBegan { task } => {
                self.enter(&[Phase::Begun, Phase::Mail, Phase::Polls], Phase::Polls)?;
                hold!(self.polled().is_none(), "another task is being polled");
                let state = self.living(task)?;
                hold!(state.stage == Stage::Queued, "it was {:?}", state.stage);
                hold!(!state.abort_requested, "it was to be aborted");
                state.stage = Stage::Polled { woken: false };
                state.was_polled = true;
                self.leave_queue(task)?;
                self.polls += 1;
                self.actor = Some(task);
            }
            Event::PollEnded { task, outcome } => {
                let state = self.living(task)?;
                let Stage::Polled { woken } = state.stage else {
                    return Err(format!("it was {:?}", state.stage));
                };
                state.stage = match (outcome, woken) {
                    (Outcome::Pending, true) => Stage::Queued,
                    (Outcome::Pending, false) => Stage::Idle,
                    (Outcome::Ready | Outcome::Panicked, _) => Stage::Finished,
                };
            }
            Event::AbortRequested { task, by } => {
                self.cause(by)?;
                let state = self.living(task)?;
                hold!(state.stage != Stage::Finished, "it was finished");
                hold!(!state.abort_requested, "that was asked before");
                state.abort_requested = true;
            }
            Event::Aborted { task } => {
                let outside = self.phase == Phase::Outside;
                let itself = self.actor == Some(task);
                let state = self.living(task)?;
                hold!(
                    matches!(state.stage, Stage::Queued | Stage::Idle),
                    "it was {:?}",
                    state.stage
                );
                hold!(outside || state.abort_requested, "nobody asked for it");
                hold!(outside || itself || state.stage == Stage::Queued, "it was not its turn");
                let was_queued = state.stage == Stage::Queued;
                state.stage = Stage::Finished;
                if !outside && !itself && was_queued {
                    self.enter(&[Phase::Begun, Phase::Mail, Phase::Polls], Phase::Polls)?;
                    self.leave_queue(task)?;
                }
                // One that is born while the loop ends never acts.
                if newborn != Some(task) {
                    self.actor = Some(task);
                }
            }
            Event::Dropped { task, joined } => {
                // One that ends while its handle lives stays until the handle takes the output.
                let by_itself = self.actor == Some(task) && self.phase != Phase::Outside;
                let state = self.living(task)?;
                hold!(state.stage == Stage::Finished, "it was {:?}", state.stage);
                hold!(!joined || !by_itself || state.is_remote, "nobody can have taken its output");
                self.tasks.remove(&task);
            }
            Event::WaitBegan { timeout, reason } => self.wait(timeout, reason)?,
            Event::WaitEnded { sources } => {
                self.enter(&[Phase::Waits], Phase::Waited)?;
                hold!(sources == self.ready_in_wait, "{} were ready", self.ready_in_wait);
                hold!(self.kind == Kind::Real || sources == 0, "a simulated loop has no sources");
            }
            Event::SourceAdded { source, by, .. } => {
                hold!(source.0 == self.last_source + 1, "the last was {}", self.last_source);
                self.last_source = source.0;
                self.cause(by)?;
                self.sources.insert(source);
            }
            Event::SourceReady { source, readable, writable } => {
                hold!(self.phase == Phase::Waits, "nobody waits");
                hold!(readable || writable, "ready for what?");
                hold!(self.sources.contains(&source), "it is not registered");
                self.ready_in_wait += 1;
                self.ready.insert(source);
            }
            Event::SourceRemoved { source } => {
                hold!(self.sources.remove(&source), "it is not registered");
            }
            Event::TimerArmed { timer, by, deadline, level, slot } => {
                hold!(timer.0 == self.last_timer + 1, "the last was {}", self.last_timer);
                self.last_timer = timer.0;
                self.cause(by)?;
                hold!(level < 11 && slot < 64, "there is no such slot");
                hold!(self.kind == Kind::Real || deadline > at, "it is due already");
                self.timers.insert(timer, (deadline, level));
            }
            Event::TimerCascaded { timer, level, slot } => {
                self.enter(
                    &[Phase::Begun, Phase::Mail, Phase::Polls, Phase::Waited, Phase::Timers],
                    Phase::Timers,
                )?;
                hold!(level < 11 && slot < 64, "there is no such slot");
                let (_, before) = self.timers.get_mut(&timer).ok_or("it is not armed")?;
                hold!(level < *before, "it was on level {before}");
                *before = level;
            }
            Event::TimerFired { timer, late } => {
                self.enter(
                    &[Phase::Begun, Phase::Mail, Phase::Polls, Phase::Waited, Phase::Timers],
                    Phase::Timers,
                )?;
                let (deadline, _) = self.timers.remove(&timer).ok_or("it is not armed")?;
                let tick = tick_after(deadline);
                hold!(at >= deadline, "it is early: due at {deadline:?}");
                match self.kind {
                    Kind::Real => {
                        hold!(tick + late <= at, "it is not so late: due at {deadline:?}");
                    }
                    Kind::Simulated | Kind::SimulatedInOrder => {
                        hold!(tick + late == at, "that is not how late it is: due at {deadline:?}");
                    }
                }
                self.fired.insert(timer);
            }
            Event::TimerCancelled { timer } => {
                hold!(self.timers.remove(&timer).is_some(), "it is not armed");
            }
            Event::JobQueued { job, pool, by, .. } => {
                hold!(job.0 == self.last_job + 1, "the last was {}", self.last_job);
                self.last_job = job.0;
                self.cause(by)?;
                self.jobs.insert(job, Job { pool, since: at, worker: None });
            }
            Event::JobStarted { job, worker, at: started } => {
                self.told_by_a_thread()?;
                let job = self.jobs.get_mut(&job).ok_or("it was not queued")?;
                hold!(job.worker.is_none(), "it started before");
                // The clock is read after the job is queued, and on another thread.
                hold!(started + Duration::from_millis(1) >= job.since && started <= at, "not then");
                (job.since, job.worker) = (started, Some(worker));
                let pool = job.pool;
                if let Some(free_since) = self.worker(pool, worker)? {
                    hold!(started >= *free_since, "it had another job until {free_since:?}");
                }
            }
            Event::JobFinished { job, worker, at: finished, .. } => {
                self.told_by_a_thread()?;
                let job = self.jobs.remove(&job).ok_or("it was not queued")?;
                hold!(job.worker == Some(worker), "it started on {:?}", job.worker);
                hold!(finished >= job.since && finished <= at, "not then");
                if let Some(free_since) = self.worker(job.pool, worker)? {
                    *free_since = finished;
                }
            }
            Event::WorkerStarted { worker, pool, thread, max_workers, at: started } => {
                self.told_by_a_thread()?;
                hold!(thread != ThreadId(0), "not the thread of the loop");
                hold!(started <= at, "not then");
                let pool = self.pools.entry(pool).or_default();
                let is_same = pool.max_workers == 0 || pool.max_workers == max_workers;
                hold!(is_same, "the pool may have {}", pool.max_workers);
                pool.max_workers = max_workers;
                hold!(pool.born.insert(worker), "it was told before");
                pool.living.insert(worker, started);
                hold!(pool.living.len() <= max_workers as usize, "too many: {:?}", pool.living);
            }
            Event::WorkerStopped { worker, pool, at: stopped } => {
                self.told_by_a_thread()?;
                let pool = self.pools.get_mut(&pool).ok_or("there is no such pool")?;
                let free_since = pool.living.remove(&worker).ok_or("it does not live")?;
                hold!((free_since..=at).contains(&stopped), "not then");
            }
            _ => return Err("an unknown event".into()),
        }
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, reason: WaitReason) -> Checked {
        let before = [Phase::Begun, Phase::Mail, Phase::Polls, Phase::Waited];
        hold!(self.phase != Phase::Waited || self.spinning, "it has waited in this turn");
        self.enter(&before, Phase::Waits)?;
        hold!(self.polled().is_none(), "a task is being polled");
        self.spinning = reason == WaitReason::Spin;
        self.ready_in_wait = 0;
        self.actor = None;
        let queued = self.tasks.values().filter(|task| task.stage == Stage::Queued).count();
        if let WaitReason::TasksReady(tasks) = reason {
            let (least, most) = (queued, self.queue.len());
            hold!(tasks > 0 && (least..=most).contains(&(tasks as usize)), "{queued} are queued");
        } else {
            hold!(queued == 0, "{queued} are queued");
        }
        match reason {
            WaitReason::TasksReady(_) | WaitReason::MailWaits => {
                hold!(timeout == Some(Duration::ZERO), "it should only look");
            }
            WaitReason::TimerDue => {
                let (first, _) = *self.timers.values().min().ok_or("no timer is armed")?;
                let until = self.now + timeout.ok_or("a wait for ever")?;
                hold!(
                    self.kind == Kind::Real || until <= tick_after(first),
                    "the first timer is due at {first:?}"
                );
            }
            WaitReason::CallerLimit => hold!(timeout.is_some(), "a wait for ever"),
            WaitReason::Spin => hold!(self.kind == Kind::Real && timeout.is_some(), "no spin"),
            WaitReason::Nothing => {
                hold!(timeout.is_none(), "not a wait for ever");
                hold!(self.timers.is_empty(), "timers are armed: {:?}", self.timers);
            }
        }
        Ok(())
    }

    /// What the threads of a pool do is told by their messages.
    /// What threads tell is told when their mail is read: in a turn, or when the loop has dropped
    /// its tasks, and then nothing else comes but the end.
    fn told_by_a_thread(&mut self) -> Checked {
        let can_end = self.phase == Phase::Outside && self.tasks.is_empty();
        self.ends |= can_end && self.kind == Kind::Real;
        hold!(
            self.phase == Phase::Mail || self.ends,
            "it can only be told by a message, not in {:?}",
            self.phase
        );
        Ok(())
    }

    /// Since when a worker has had no job; `None` if this loop is not told of its pool's workers.
    fn worker(
        &mut self,
        pool: PoolId,
        worker: WorkerId,
    ) -> Result<Option<&mut Duration>, &'static str> {
        let is_told = pool == PoolId(0) || self.pools.contains_key(&pool);
        if !is_told {
            return Ok(None);
        }
        let pool = self.pools.get_mut(&pool).ok_or("there is no such pool")?;
        pool.living.get_mut(&worker).map(Some).ok_or("there is no such worker")
    }

    /// Whoever is named as the cause must be at work just now.
    fn cause(&mut self, cause: Cause) -> Checked {
        let phase = self.phase;
        let holds = match cause {
            Cause::Program => phase == Phase::Outside,
            Cause::Thread(_) => phase == Phase::Mail,
            Cause::Task(task) => {
                self.actor == Some(task) && matches!(phase, Phase::Polls | Phase::Outside)
            }
            Cause::Timer(timer) => self.fired.contains(&timer) && self.wakes(),
            Cause::Source(source) => self.ready.contains(&source) && self.wakes(),
        };
        hold!(holds, "{cause} is not at work in {phase:?}, but {:?} is", self.actor);
        Ok(())
    }

    /// Sources and timers wake tasks at the end of a turn.
    fn wakes(&mut self) -> bool {
        let after = [Phase::Waited, Phase::Timers, Phase::Wakes];
        self.enter(&after, Phase::Wakes).is_ok()
    }

    fn enter(&mut self, from: &[Phase], to: Phase) -> Checked {
        hold!(from.contains(&self.phase), "not in {:?}", self.phase);
        self.phase = to;
        Ok(())
    }

    fn polled(&self) -> Option<TaskId> {
        let actor = self.actor?;
        let task = self.tasks.get(&actor)?;
        matches!(task.stage, Stage::Polled { .. }).then_some(actor)
    }

    fn living(&mut self, task: TaskId) -> Result<&mut Task, String> {
        self.tasks.get_mut(&task).ok_or_else(|| "there is no such task".into())
    }

    /// A task's turn has come. In a real loop those before it in the queue must be finished.
    fn leave_queue(&mut self, task: TaskId) -> Checked {
        let place = self.queue.iter().position(|&queued| queued == task);
        let place = place.ok_or("it is not in the queue")?;
        self.queue.remove(place);
        if self.kind != Kind::Simulated {
            for before in self.queue.drain(..place) {
                let gone = self.tasks.get(&before).is_none_or(|task| task.stage == Stage::Finished);
                hold!(gone, "{before} was queued before");
            }
        }
        Ok(())
    }
}

/// The first whole millisecond at or after a deadline.
fn tick_after(deadline: Duration) -> Duration {
    Duration::from_millis(deadline.as_nanos().div_ceil(1_000_000) as u64)
}

impl Observer for Life {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        if self.error.is_none() {
            self.events += 1;
            self.error = self.check(at, event).err();
        }
    }
}
