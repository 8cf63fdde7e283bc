//! Reading a trace back: lines of JSON, as `schema.rs` documents them, become a history.
//!
//! A trace may come from anybody, so whatever can be wrong with it is an error that names the line.
//! What this version does not know (events, fields, kinds of awaited things) is passed over, and so
//! is a last line that was cut off, as the schema asks. No number in the text makes anybody take
//! memory: only what is really there is kept, up to [`LONGEST_LINE`] a line and [`MOST_EVENTS`].
//!
//! This is the only place where JSON becomes an event.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::observe::event::{
    Awaited, Cause, Event, JobId, Outcome, PoolId, SourceId, TaskId, ThreadId, TimerId, WaitReason,
    WorkerId,
};
use crate::observe::history::History;
use crate::observe::history::told::{Texts, no_place};
use crate::observe::record::MOST;
use crate::observe::trace::schema;

/// Bytes of a line, at most: a thousand times what one usually has.
const LONGEST_LINE: u64 = 1 << 20;

/// Events of a trace, at most: twice what a record holds unless another limit is chosen.
const MOST_EVENTS: usize = 2 * MOST;

/// What is wrong with a line.
type Wrong = String;

impl History {
    /// Reads a trace: what `BOUCLE_TRACE=run.jsonl` writes.
    ///
    /// # Errors
    ///
    /// Those of `reader`; and [`InvalidData`](io::ErrorKind::InvalidData), with the line and what
    /// is wrong with it, if this is no trace of a version that is known, or it has more than five
    /// million events. A last line that was cut off is passed over.
    ///
    /// ```
    /// use boucle::observe::History;
    ///
    /// let trace = r#"{"boucle":"trace","version":1,"events":1,"dropped":0,"past":0}
    /// {"at":30000,"event":"turn_began","turn":1}
    /// "#;
    /// assert_eq!(History::read(trace.as_bytes())?.sentence(0), "turn 1");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read(mut reader: impl BufRead) -> io::Result<History> {
        let mut history = None;
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            let wrong = |wrong: &str| {
                let told = format!("line {number} of the trace: {wrong}");
                io::Error::new(io::ErrorKind::InvalidData, told)
            };
            let is_whole = line.ends_with(b"\n");
            if !is_whole && line.len() as u64 > LONGEST_LINE {
                return Err(wrong("it is too long"));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let value = match (serde_json::from_slice(&line), &history) {
                (Ok(value), _) => value,
                // Half a line is what a program that was killed leaves.
                (Err(_), Some(_)) if !is_whole => break,
                (Err(error), _) => return Err(wrong(&format!("not JSON: {error}"))),
            };
            let Value::Object(fields) = value else { return Err(wrong("not an object")) };
            let fields = Fields(&fields);
            match &mut history {
                None => history = Some(header(&fields).map_err(|told| wrong(&told))?),
                Some(history) if history.len() == MOST_EVENTS => {
                    return Err(wrong("more than five million events"));
                }
                Some(history) => {
                    if let Some((event, texts)) = fields.event().map_err(|told| wrong(&told))? {
                        let at = fields.time("at").map_err(|told| wrong(&told))?;
                        history.push(at, event, texts);
                    }
                }
            }
        }
        history.ok_or_else(|| {
            let told = "this is no trace: there is nothing in it";
            io::Error::new(io::ErrorKind::InvalidData, told)
        })
    }
}

/// The first line: a history that is still empty.
fn header(fields: &Fields<'_>) -> Result<History, Wrong> {
    if fields.0.get("boucle").and_then(Value::as_str) != Some("trace") {
        return Err("this is no trace: its first line is not a header of boucle's".into());
    }
    let version: u32 = fields.number("version")?;
    if version != schema::VERSION {
        let known = schema::VERSION;
        return Err(format!("the trace has version {version}, and this program reads {known}"));
    }
    // What an older header leaves out is nothing.
    let dropped = fields.number("dropped").unwrap_or_default();
    let past = fields.number("past").unwrap_or_default();
    let mut history = History::empty();
    (history.dropped, history.past) = (dropped, past);
    Ok(history)
}

/// The fields of a line.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// A field.
    fn get(&self, name: &str) -> Result<&'a Value, Wrong> {
        self.0.get(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A field that `as_type` understands.
    fn of<T>(
        &self,
        name: &str,
        should: &str,
        as_type: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Wrong> {
        as_type(self.get(name)?).ok_or_else(|| format!("`{name}` should be {should}"))
    }

    /// A whole number.
    fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Wrong> {
        self.of(name, "a whole number in its range", |value| {
            value.as_u64().and_then(|number| T::try_from(number).ok())
        })
    }

    /// A moment or a span.
    fn time(&self, name: &str) -> Result<Duration, Wrong> {
        self.number(name).map(Duration::from_nanos)
    }

    /// A text.
    fn text(&self, name: &str) -> Result<&'a str, Wrong> {
        self.of(name, "a string", Value::as_str)
    }

    /// Yes or no.
    fn flag(&self, name: &str) -> Result<bool, Wrong> {
        self.of(name, "true or false", Value::as_bool)
    }

    /// The place that there is as text, and what stands for it.
    fn texts(&self, name: &str, other: &str) -> Result<Texts, Wrong> {
        let name = if name.is_empty() { "" } else { self.text(name)? };
        Ok(Texts { name: name.into(), other: self.text(other)?.into() })
    }

    /// Who caused it.
    fn by(&self) -> Result<Cause, Wrong> {
        self.of("by", "a cause", |value| match value {
            Value::String(program) if program == "program" => Some(Cause::Program),
            _ => match only(value)? {
                ("task", task) => Some(Cause::Task(TaskId(task))),
                ("source", source) => Some(Cause::Source(SourceId(source))),
                ("timer", timer) => Some(Cause::Timer(TimerId(timer))),
                ("thread", thread) => Some(Cause::Thread(ThreadId(thread))),
                _ => None,
            },
        })
    }

    /// What is awaited; `None` if it is of a kind that is not known.
    fn what(&self) -> Result<Option<Awaited>, Wrong> {
        self.of("what", "an object with one number", |value| {
            Some(match only(value)? {
                ("timer", timer) => Some(Awaited::Timer(TimerId(timer))),
                ("read", source) => Some(Awaited::Read(SourceId(source))),
                ("write", source) => Some(Awaited::Write(SourceId(source))),
                ("task", task) => Some(Awaited::Task(TaskId(task))),
                ("job", job) => Some(Awaited::Job(JobId(job))),
                _ => None,
            })
        })
    }

    /// Why a wait ends.
    fn reason(&self) -> Result<WaitReason, Wrong> {
        self.of("reason", "a reason", |value| match value.as_str() {
            Some("mail_waits") => Some(WaitReason::MailWaits),
            Some("timer_due") => Some(WaitReason::TimerDue),
            Some("caller_limit") => Some(WaitReason::CallerLimit),
            Some("spin") => Some(WaitReason::Spin),
            Some("nothing") => Some(WaitReason::Nothing),
            Some(_) => None,
            None => match only(value)? {
                ("tasks_ready", tasks) => Some(WaitReason::TasksReady(tasks)),
                _ => None,
            },
        })
    }

    /// How a poll ended.
    fn outcome(&self) -> Result<Outcome, Wrong> {
        self.of("outcome", "an outcome", |value| match value.as_str()? {
            "pending" => Some(Outcome::Pending),
            "ready" => Some(Outcome::Ready),
            "panicked" => Some(Outcome::Panicked),
            _ => None,
        })
    }

    /// A value that may be null.
    fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, Wrong>,
    ) -> Result<Option<T>, Wrong> {
        if self.get(name)?.is_null() { Ok(None) } else { read(self, name).map(Some) }
    }

    fn task(&self) -> Result<TaskId, Wrong> {
        self.number("task").map(TaskId)
    }

    fn timer(&self) -> Result<TimerId, Wrong> {
        self.number("timer").map(TimerId)
    }

    fn source(&self) -> Result<SourceId, Wrong> {
        self.number("source").map(SourceId)
    }

    fn job(&self) -> Result<JobId, Wrong> {
        self.number("job").map(JobId)
    }

    fn pool(&self) -> Result<PoolId, Wrong> {
        self.number("pool").map(PoolId)
    }

    fn worker(&self) -> Result<WorkerId, Wrong> {
        self.number("worker").map(WorkerId)
    }

    /// The event, without its texts, and those; `None` if it is not known.
    fn event(&self) -> Result<Option<(Event<'static>, Texts)>, Wrong> {
        let mut texts = Texts::default();
        let event = match self.text("event")? {
            "loop_built" => Event::LoopBuilt {
                simulated: self.flag("simulated")?,
                seed: self.optional("seed", Fields::number)?,
                polls_per_turn: self.number("polls_per_turn")?,
                max_blocking_threads: self.number("max_blocking_threads")?,
            },
            "loop_dropped" => Event::LoopDropped,
            "turn_began" => Event::TurnBegan { turn: self.number("turn")? },
            "turn_ended" => {
                Event::TurnEnded { turn: self.number("turn")?, polls: self.number("polls")? }
            }
            "mail_taken" => Event::MailTaken { messages: self.number("messages")? },
            "spawned" => {
                texts = self.texts("name", "place")?;
                let (task, by) = (self.task()?, self.by()?);
                Event::Spawned { task, by, place: no_place(), name: "" }
            }
            "woken" => Event::Woken { task: self.task()?, by: self.by()? },
            "wake_ignored" => Event::WakeIgnored { task: self.task()?, by: self.by()? },
            "awaits" => {
                let Some(what) = self.what()? else { return Ok(None) };
                Event::Awaits { what, by: self.by()? }
            }
            "poll_began" => Event::PollBegan { task: self.task()? },
            "poll_ended" => Event::PollEnded { task: self.task()?, outcome: self.outcome()? },
            "abort_requested" => Event::AbortRequested { task: self.task()?, by: self.by()? },
            "aborted" => Event::Aborted { task: self.task()? },
            "dropped" => Event::Dropped { task: self.task()?, joined: self.flag("joined")? },
            "wait_began" => Event::WaitBegan {
                timeout: self.optional("timeout", Fields::time)?,
                reason: self.reason()?,
            },
            "wait_ended" => Event::WaitEnded { sources: self.number("sources")? },
            "source_added" => {
                texts = self.texts("", "kind")?;
                Event::SourceAdded { source: self.source()?, by: self.by()?, kind: "" }
            }
            "source_ready" => Event::SourceReady {
                source: self.source()?,
                readable: self.flag("readable")?,
                writable: self.flag("writable")?,
            },
            "source_removed" => Event::SourceRemoved { source: self.source()? },
            "timer_armed" => Event::TimerArmed {
                timer: self.timer()?,
                by: self.by()?,
                deadline: self.time("deadline")?,
                level: self.number("level")?,
                slot: self.number("slot")?,
            },
            "timer_cascaded" => Event::TimerCascaded {
                timer: self.timer()?,
                level: self.number("level")?,
                slot: self.number("slot")?,
            },
            "timer_fired" => Event::TimerFired { timer: self.timer()?, late: self.time("late")? },
            "timer_cancelled" => Event::TimerCancelled { timer: self.timer()? },
            "job_queued" => {
                texts = self.texts("", "place")?;
                let (job, pool, by) = (self.job()?, self.pool()?, self.by()?);
                Event::JobQueued { job, pool, by, place: no_place() }
            }
            "job_started" => {
                let (job, worker, at) = (self.job()?, self.worker()?, self.time("when")?);
                Event::JobStarted { job, worker, at }
            }
            "job_finished" => Event::JobFinished {
                job: self.job()?,
                worker: self.worker()?,
                at: self.time("when")?,
                panicked: self.flag("panicked")?,
            },
            "worker_started" => Event::WorkerStarted {
                worker: self.worker()?,
                pool: self.pool()?,
                thread: ThreadId(self.number("thread")?),
                max_workers: self.number("max_workers")?,
                at: self.time("when")?,
            },
            "worker_stopped" => Event::WorkerStopped {
                worker: self.worker()?,
                pool: self.pool()?,
                at: self.time("when")?,
            },
            _ => return Ok(None),
        };
        Ok(Some((event, texts)))
    }
}

/// The only field of an object, with its number.
fn only(value: &Value) -> Option<(&str, u32)> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (name, number) = fields.iter().next()?;
    Some((name, u32::try_from(number.as_u64()?).ok()?))
}
