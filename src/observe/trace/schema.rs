//! The schema: events as JSON, for other programs to read. Version 1.
//!
//! A trace is a text of lines, each a JSON object. The first is the header; then each event has a
//! line, in the order in which they happened:
//!
//! ```json
//! {"boucle":"trace","version":1,"program":"app","loop":1,"events":3,"dropped":0,"past":0}
//! {"at":0,"event":"loop_built","simulated":false,"seed":null,"polls_per_turn":61,"max_blocking_threads":512}
//! {"at":21000,"event":"spawned","task":1,"by":"program","place":"src/main.rs:5:5","name":"fetch"}
//! {"at":30000,"event":"poll_began","task":1}
//! ```
//!
//! In the header, `program` is the name of the executable and `loop` tells several loops of a
//! process apart. `events` lines follow. If the record was full, the oldest `dropped` events are
//! not among them, but for those that tell what was still there when the rest begins: tasks alive
//! with their last poll and the wake since, timers armed, sources, jobs, workers. These are the
//! first `past` lines, as they were, in the order in which they happened. A task of which no poll
//! is told among them was not polled before.
//!
//! | field | holds |
//! |---|---|
//! | `at`, `timeout`, `deadline`, `late` and a job's or worker's `when` | nanoseconds: moments since the loop was built, and spans; `timeout` is null for "for ever" |
//! | `task`, `timer`, `source`, `job`, `worker`, `pool`, `thread`, `turn` | numbers, from 1 in the order of birth (workers from 0); pool 0 is the loop's own, thread 0 the loop's own |
//! | `by` | who caused it: `"program"`, or an object with one field, as `{"task":3}` (or `source`, `timer`, `thread`) |
//! | `what` | what is awaited: an object with one field, `timer`, `read` or `write` (of a source), `task` or `job` |
//! | `reason` | why a wait ends: `"mail_waits"`, `"timer_due"`, `"caller_limit"`, `"spin"`, `"nothing"`, or `{"tasks_ready":2}` |
//! | `outcome` | of a poll: `"pending"`, `"ready"`, `"panicked"` |
//! | `place` | file, line and column |
//!
//! The other fields are what the variant of [`Event`] says, under the same names. Fields may be
//! added in a version; whoever reads should pass over those, and events, that it does not know.
//!
//! This is the only place where an event becomes JSON.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::Location;
use std::path::Path;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::observe::event::{Awaited, Cause, Event, Observer, Outcome, WaitReason};
use crate::observe::record::Snapshot;
use crate::observe::story::file::Shown;

/// The version of the schema.
pub(crate) const VERSION: u32 = 1;

/// Bytes of the trace of another run, at most: more than a record of the usual limit becomes.
const LONGEST: u64 = 256 << 20;

/// Whose trace it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Title {
    /// The name of the program, empty if it is not to be told.
    pub(crate) program: String,
    /// Which loop of the process it is, from 1.
    pub(crate) number: u32,
}

/// Writes a whole trace: the header, then a line an event.
pub(crate) fn write(title: &Title, held: &Snapshot, to: &mut dyn Write) -> io::Result<()> {
    write_header(title, (held.len(), held.dropped, held.past.len()), to)?;
    let mut lines = Lines { to, outcome: Ok(()) };
    held.replay(&mut lines);
    lines.outcome
}

/// Writes the header: of so many events, after so many that were dropped, of which so many are told
/// all the same.
pub(crate) fn write_header(
    title: &Title,
    (events, dropped, past): (usize, u64, usize),
    to: &mut dyn Write,
) -> io::Result<()> {
    let program = serde_json::to_string(&title.program)?;
    writeln!(
        to,
        "{{\"boucle\":\"trace\",\"version\":{VERSION},\"program\":{program},\"loop\":{},\
         \"events\":{events},\"dropped\":{dropped},\"past\":{past}}}",
        title.number,
    )
}

/// Reads the trace of another run, as far as to see that it is one.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let cannot = |why: String| format!("cannot compare with {}: {why}", Shown(path));
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
        .map_err(|error| io::Error::new(error.kind(), cannot(error.to_string())))?;
    if text.len() as u64 > LONGEST {
        let why = "it is longer than 256 MiB, and no browser would open such a page: trace a \
                   shorter run";
        return Err(io::Error::new(io::ErrorKind::InvalidData, cannot(why.to_owned())));
    }
    let header: Option<Value> = text.lines().next().and_then(|it| serde_json::from_str(it).ok());
    let why = match &header {
        Some(header) if header["boucle"] == "trace" && header["version"] == VERSION => {
            return Ok(text);
        }
        Some(header) if header["boucle"] == "trace" => {
            let version = header["version"].to_string();
            let version = version.escape_debug();
            format!("it is of version {version}, and {VERSION} is what is understood")
        }
        _ => "it is no trace, as `BOUCLE_TRACE=run.jsonl` writes it".to_owned(),
    };
    Err(io::Error::new(io::ErrorKind::InvalidData, cannot(why)))
}

/// Writes events as they are told, until that fails.
struct Lines<'a> {
    /// Where to.
    to: &'a mut dyn Write,
    /// What became of it.
    outcome: io::Result<()>,
}

impl Observer for Lines<'_> {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        if self.outcome.is_ok() {
            let written = serde_json::to_writer(&mut *self.to, &Line { at, event });
            self.outcome = written.map_err(io::Error::from).and_then(|()| self.to.write_all(b"\n"));
        }
    }
}

/// An event with its time: a line of a trace.
pub(crate) struct Line<'a> {
    /// When it happened, after the loop was built.
    pub(crate) at: Duration,
    /// What happened.
    pub(crate) event: &'a Event<'a>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("at", &nanos(self.at))?;
        let mut fields = Fields { line: &mut line };
        fields.event(self.event)?;
        line.end()
    }
}

/// Where the fields of an event go.
struct Fields<'a, M> {
    /// The object.
    line: &'a mut M,
}

impl<M: SerializeMap> Fields<'_, M> {
    /// Adds a field.
    fn put(&mut self, name: &'static str, value: impl Serialize) -> Result<&mut Self, M::Error> {
        self.line.serialize_entry(name, &value)?;
        Ok(self)
    }

    /// Adds the field that tells which event it is.
    fn is(&mut self, name: &str) -> Result<&mut Self, M::Error> {
        self.put("event", name)
    }

    /// Adds all fields of an event.
    fn event(&mut self, event: &Event<'_>) -> Result<&mut Self, M::Error> {
        match *event {
            Event::LoopBuilt { simulated, seed, polls_per_turn, max_blocking_threads } => self
                .is("loop_built")?
                .put("simulated", simulated)?
                .put("seed", seed)?
                .put("polls_per_turn", polls_per_turn)?
                .put("max_blocking_threads", max_blocking_threads),
            Event::LoopDropped => self.is("loop_dropped"),
            Event::TurnBegan { turn } => self.is("turn_began")?.put("turn", turn),
            Event::TurnEnded { turn, polls } => {
                self.is("turn_ended")?.put("turn", turn)?.put("polls", polls)
            }
            Event::MailTaken { messages } => self.is("mail_taken")?.put("messages", messages),
            Event::Spawned { task, by, place, name } => self
                .is("spawned")?
                .put("task", task.0)?
                .put("by", Name(by))?
                .put("place", Name(place))?
                .put("name", name),
            Event::Woken { task, by } => self.is("woken")?.put("task", task.0)?.put("by", Name(by)),
            Event::WakeIgnored { task, by } => {
                self.is("wake_ignored")?.put("task", task.0)?.put("by", Name(by))
            }
            Event::Awaits { what, by } => {
                self.is("awaits")?.put("what", Name(what))?.put("by", Name(by))
            }
            Event::PollBegan { task } => self.is("poll_began")?.put("task", task.0),
            Event::PollEnded { task, outcome } => {
                self.is("poll_ended")?.put("task", task.0)?.put("outcome", Name(outcome))
            }
            Event::AbortRequested { task, by } => {
                self.is("abort_requested")?.put("task", task.0)?.put("by", Name(by))
            }
            Event::Aborted { task } => self.is("aborted")?.put("task", task.0),
            Event::Dropped { task, joined } => {
                self.is("dropped")?.put("task", task.0)?.put("joined", joined)
            }
            Event::WaitBegan { timeout, reason } => self
                .is("wait_began")?
                .put("timeout", timeout.map(nanos))?
                .put("reason", Name(reason)),
            Event::WaitEnded { sources } => self.is("wait_ended")?.put("sources", sources),
            Event::SourceAdded { source, by, kind } => self
                .is("source_added")?
                .put("source", source.0)?
                .put("by", Name(by))?
                .put("kind", kind),
            Event::SourceReady { source, readable, writable } => self
                .is("source_ready")?
                .put("source", source.0)?
                .put("readable", readable)?
                .put("writable", writable),
            Event::SourceRemoved { source } => self.is("source_removed")?.put("source", source.0),
            Event::TimerArmed { timer, by, deadline, level, slot } => self
                .is("timer_armed")?
                .put("timer", timer.0)?
                .put("by", Name(by))?
                .put("deadline", nanos(deadline))?
                .put("level", level)?
                .put("slot", slot),
            Event::TimerCascaded { timer, level, slot } => self
                .is("timer_cascaded")?
                .put("timer", timer.0)?
                .put("level", level)?
                .put("slot", slot),
            Event::TimerFired { timer, late } => {
                self.is("timer_fired")?.put("timer", timer.0)?.put("late", nanos(late))
            }
            Event::TimerCancelled { timer } => self.is("timer_cancelled")?.put("timer", timer.0),
            Event::JobQueued { job, pool, by, place } => self
                .is("job_queued")?
                .put("job", job.0)?
                .put("pool", pool.0)?
                .put("by", Name(by))?
                .put("place", Name(place)),
            Event::JobStarted { job, worker, at } => self
                .is("job_started")?
                .put("job", job.0)?
                .put("worker", worker.0)?
                .put("when", nanos(at)),
            Event::JobFinished { job, worker, at, panicked } => self
                .is("job_finished")?
                .put("job", job.0)?
                .put("worker", worker.0)?
                .put("when", nanos(at))?
                .put("panicked", panicked),
            Event::WorkerStarted { worker, pool, thread, max_workers, at } => self
                .is("worker_started")?
                .put("worker", worker.0)?
                .put("pool", pool.0)?
                .put("thread", thread.0)?
                .put("max_workers", max_workers)?
                .put("when", nanos(at)),
            Event::WorkerStopped { worker, pool, at } => self
                .is("worker_stopped")?
                .put("worker", worker.0)?
                .put("pool", pool.0)?
                .put("when", nanos(at)),
        }
    }
}

/// A value by its name in the schema.
pub(crate) struct Name<T>(pub(crate) T);

impl Serialize for Name<Cause> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cause::Task(task) => one(serializer, "task", task.0),
            Cause::Source(source) => one(serializer, "source", source.0),
            Cause::Timer(timer) => one(serializer, "timer", timer.0),
            Cause::Thread(thread) => one(serializer, "thread", thread.0),
            Cause::Program => serializer.serialize_str("program"),
        }
    }
}

impl Serialize for Name<Awaited> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Awaited::Timer(timer) => one(serializer, "timer", timer.0),
            Awaited::Read(source) => one(serializer, "read", source.0),
            Awaited::Write(source) => one(serializer, "write", source.0),
            Awaited::Task(task) => one(serializer, "task", task.0),
            Awaited::Job(job) => one(serializer, "job", job.0),
        }
    }
}

impl Serialize for Name<WaitReason> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            WaitReason::TasksReady(tasks) => one(serializer, "tasks_ready", tasks),
            WaitReason::MailWaits => serializer.serialize_str("mail_waits"),
            WaitReason::TimerDue => serializer.serialize_str("timer_due"),
            WaitReason::CallerLimit => serializer.serialize_str("caller_limit"),
            WaitReason::Spin => serializer.serialize_str("spin"),
            WaitReason::Nothing => serializer.serialize_str("nothing"),
        }
    }
}

impl Serialize for Name<Outcome> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self.0 {
            Outcome::Pending => "pending",
            Outcome::Ready => "ready",
            Outcome::Panicked => "panicked",
        })
    }
}

impl Serialize for Name<&Location<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// An object with one field.
fn one<S: Serializer>(serializer: S, name: &str, number: u32) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(1))?;
    object.serialize_entry(name, &number)?;
    object.end()
}

/// Time as the schema counts it.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
