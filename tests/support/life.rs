//! The state machine of the loop and its tasks, as `observe::event` draws it, to replay a trace
//! through: it finds any event that contradicts those before it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use boucle::observe::{
    Cause, Event, JobId, Observer, Outcome, Record, SourceId, TaskId, TimerId, WaitReason, WorkerId,
};

/// What kind of loop the trace is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tasks are polled in the order in which they were queued.
    Real,
    /// Tasks are polled in any order, and the clock is exact.
    Simulated,
}

/// Replays the trace of a loop that was dropped; panics at the first contradiction, with the story
/// until then.
#[track_caller]
pub fn assert_consistent(record: &Record, kind: Kind) {
    assert_eq!(record.dropped(), 0, "the record is too small");
    let mut life = Life::new(kind);
    record.replay(&mut life);
    life.end();
    if let Some(error) = life.error {
        let text = record.to_string();
        let lines: Vec<&str> = text.lines().take(life.events as usize).collect();
        let last = lines[lines.len().saturating_sub(60)..].join("\n");
        panic!("the events contradict each other:\n{last}\n^^^ {error}");
    }
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
}

/// Where in a turn the loop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Outside,
    Begun,
    Mail,
    Polls,
    Waits,
    Waited,
    Timers,
    Wakes,
}

/// What the trace has told so far.
pub struct Life {
    kind: Kind,
    events: u64,
    error: Option<String>,
    now: Duration,
    phase: Phase,
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
    timers: BTreeMap<TimerId, Duration>,
    last_timer: u32,
    sources: BTreeSet<SourceId>,
    last_source: u32,
    jobs: BTreeMap<JobId, (Duration, Option<WorkerId>)>,
    last_job: u32,
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
            phase: Phase::Outside,
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
            fired: BTreeSet::new(),
            ready: BTreeSet::new(),
            ready_in_wait: 0,
            spinning: false,
        }
    }

    /// The loop was dropped: nothing may be left.
    fn end(&mut self) {
        let left = [
            format!("{:?}", self.tasks.keys().collect::<Vec<_>>()),
            format!("{:?}", self.timers.keys().collect::<Vec<_>>()),
            format!("{:?}", self.sources),
        ];
        if self.error.is_none()
            && (self.phase != Phase::Outside || left.iter().any(|l| l != "[]" && l != "{}"))
        {
            self.error = Some(format!("at the end is left: {left:?}, {:?}", self.phase));
        }
    }

    fn check(&mut self, at: Duration, event: &Event<'_>) -> Checked {
        hold!(at >= self.now, "time goes backwards");
        self.now = at;
        let newborn = self.newborn.take();
        match *event {
            Event::TurnBegan { turn } => {
                hold!(self.phase == Phase::Outside, "a turn within a turn");
                hold!(turn == self.turns + 1, "the last turn was {}", self.turns);
                (self.turns, self.polls, self.phase) = (turn, 0, Phase::Begun);
                self.fired.clear();
                self.ready.clear();
                self.actor = None;
            }
            Event::TurnEnded { turn, polls } => {
                hold!(turn == self.turns, "this is turn {}", self.turns);
                hold!(polls == self.polls, "there were {} polls", self.polls);
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
                self.tasks.insert(task, Task { stage: Stage::Queued, abort_requested: false });
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
            Event::PollBegan { task } => {
                self.enter(&[Phase::Begun, Phase::Mail, Phase::Polls], Phase::Polls)?;
                hold!(self.polled().is_none(), "another task is being polled");
                let state = self.living(task)?;
                hold!(state.stage == Stage::Queued, "it was {:?}", state.stage);
                hold!(!state.abort_requested, "it was to be aborted");
                state.stage = Stage::Polled { woken: false };
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
            Event::Dropped { task, .. } => {
                let stage = self.living(task)?.stage;
                hold!(stage == Stage::Finished, "it was {stage:?}");
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
                self.timers.insert(timer, deadline);
            }
            Event::TimerCascaded { timer, level, slot } => {
                self.enter(
                    &[Phase::Begun, Phase::Mail, Phase::Polls, Phase::Waited, Phase::Timers],
                    Phase::Timers,
                )?;
                hold!(level < 11 && slot < 64, "there is no such slot");
                hold!(self.timers.contains_key(&timer), "it is not armed");
            }
            Event::TimerFired { timer, late } => {
                self.enter(
                    &[Phase::Begun, Phase::Mail, Phase::Polls, Phase::Waited, Phase::Timers],
                    Phase::Timers,
                )?;
                let deadline = self.timers.remove(&timer).ok_or("it is not armed")?;
                let tick = tick_after(deadline);
                hold!(at >= deadline, "it is early: due at {deadline:?}");
                match self.kind {
                    Kind::Real => {
                        hold!(tick + late <= at, "it is not so late: due at {deadline:?}");
                    }
                    Kind::Simulated => {
                        hold!(tick + late == at, "that is not how late it is: due at {deadline:?}");
                    }
                }
                self.fired.insert(timer);
            }
            Event::TimerCancelled { timer } => {
                hold!(self.timers.remove(&timer).is_some(), "it is not armed");
            }
            Event::JobQueued { job, by, .. } => {
                hold!(job.0 == self.last_job + 1, "the last was {}", self.last_job);
                self.last_job = job.0;
                self.cause(by)?;
                self.jobs.insert(job, (at, None));
            }
            Event::JobStarted { job, worker, at: started } => {
                let (since, by) = self.jobs.get_mut(&job).ok_or("it was not queued")?;
                hold!(by.is_none(), "it started before");
                // The clock is read after the job is queued, and on another thread.
                hold!(started + Duration::from_millis(1) >= *since && started <= at, "not then");
                (*since, *by) = (started, Some(worker));
            }
            Event::JobFinished { job, worker, at: finished, .. } => {
                let (since, by) = self.jobs.remove(&job).ok_or("it was not queued")?;
                hold!(by == Some(worker), "it started on {by:?}");
                hold!(finished >= since && finished <= at, "not then");
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
                let first = *self.timers.values().min().ok_or("no timer is armed")?;
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
        if self.kind == Kind::Real {
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
