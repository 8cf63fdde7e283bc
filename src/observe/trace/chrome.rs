//! Chrome's trace format, which Perfetto, speedscope and others open.
//!
//! The loop is a thread there, each task is one, and each worker. What they do are slices, what a
//! worker does for a task is an asynchronous one, and an arrow leads from each wake to the poll
//! that followed.
//!
//! | `ph` | is |
//! |---|---|
//! | `M` | the name of a thread, and its place among the others |
//! | `B`, `E` | a slice begins, and ends |
//! | `s`, `f` | a wake, and the poll to which it led |
//! | `b`, `e` | a job is queued, and done |
//! | `i` | a task is spawned, with the place; one that panicked or was aborted |
//!
//! Slices are written as two events each, not as one with its length (`X`): the format counts
//! microseconds with a fraction, and there the sum of a beginning and a length may lie beyond the
//! beginning of what follows, if only by a rounding. Readers take that for slices that overlap,
//! and leave some out.
//!
//! Invariant: events are sorted by time, and what happened at the same time is in the order in
//! which it happened; on each thread every slice that begins ends before the next one begins.

use std::io::{self, Write};
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::observe::record::Snapshot;
use crate::observe::story::tasks::{Place, Quoted};
use crate::observe::trace::lanes::{End, Kind, Lane, Lanes, Segment};
use crate::observe::trace::schema::{Title, nanos};

/// The loop's thread. There is no thread 0, which is the idle one elsewhere.
const THE_LOOP: usize = 1;

/// An event of the format.
struct Entry<'a> {
    /// When, as a key to sort by: time, number of our event, and what comes first there.
    at: (Duration, usize, u8),
    /// What sort of event it is.
    phase: char,
    /// Its thread.
    thread: usize,
    /// Its name.
    name: &'a str,
    /// Its category.
    category: &'static str,
    /// What tells flows and jobs from others.
    id: Option<usize>,
}

/// Writes the trace.
pub(crate) fn write(title: &Title, held: &Snapshot, to: &mut dyn Write) -> io::Result<()> {
    let lanes = Lanes::of(held);
    let task_thread = |index: usize| THE_LOOP + 1 + index;
    let worker_thread = |index: usize| THE_LOOP + 1 + lanes.tasks.len() + index;

    let born: Vec<String> =
        lanes.tasks.iter().map(|it| format!("spawned at {}", Place(it.place))).collect();
    let jobs: Vec<String> = lanes.jobs.iter().map(|job| job.id.to_string()).collect();
    let mut entries = Vec::new();
    slices(&mut entries, THE_LOOP, &lanes.the_loop);
    for (index, task) in lanes.tasks.iter().enumerate() {
        let thread = task_thread(index);
        slices(&mut entries, thread, &task.segments);
        let mut instant = |at: (Duration, usize), name| {
            let at = (at.0, at.1, 2);
            entries.push(Entry { at, phase: 'i', thread, name, category: "life", id: None });
        };
        if let Some(first) = task.segments.first() {
            instant(first.from, &born[index]);
        }
        if let Some(last) = task.segments.last() {
            match task.end {
                Some(End::Panicked) => instant(last.to, "panicked"),
                Some(End::Aborted) => instant(last.to, "aborted"),
                Some(End::Done) | None => {}
            }
        }
    }
    for (index, worker) in lanes.workers.iter().enumerate() {
        slices(&mut entries, worker_thread(index), &worker.segments);
    }
    for (number, wake) in lanes.wakes.iter().enumerate() {
        let Some(poll) = wake.poll else { continue };
        let from = match wake.from {
            Lane::Task(index) if wake.in_poll => task_thread(index),
            // Whoever is to be told of a task's end is woken by the loop, when the poll is over;
            // and what a worker's message does is done by the loop, when it reads it.
            Lane::Task(_) | Lane::TheLoop | Lane::Worker(_) => THE_LOOP,
        };
        let mut flow = |at: (Duration, usize), phase, thread| {
            let at = (at.0, at.1, 2);
            let id = Some(number + 1);
            entries.push(Entry { at, phase, thread, name: "wake", category: "wake", id });
        };
        flow(wake.at, 's', from);
        flow(poll, 'f', task_thread(wake.task));
    }
    for (job, name) in lanes.jobs.iter().zip(&jobs) {
        let mut half = |at: (Duration, usize), phase| {
            let (at, id) = ((at.0, at.1, 2), Some(job.id.0 as usize));
            entries.push(Entry { at, phase, thread: THE_LOOP, name, category: "job", id });
        };
        half(job.queued, 'b');
        // One that never ends ends with the trace.
        half(job.finished.unwrap_or((lanes.to, usize::MAX)), 'e');
    }
    entries.sort_by_key(|entry| entry.at);

    let program = Quoted(&title.program).to_string();
    let program = if title.program.is_empty() { "boucle" } else { program.trim_matches('`') };
    write!(to, "{{\"displayTimeUnit\":\"ns\",")?;
    let other = json!({
        "events": held.len(), "dropped": held.dropped, "loop": title.number, "program": program,
    });
    write!(to, "\"otherData\":{other},\n\"traceEvents\":[\n")?;
    let process = format!("{program}, loop {}", title.number);
    write!(to, "{}", named("process_name", THE_LOOP, &json!({ "name": process })))?;
    let mut thread = |number: usize, name: &str| {
        let name = named("thread_name", number, &json!({ "name": name }));
        let order = named("thread_sort_index", number, &json!({ "sort_index": number }));
        write!(to, ",\n{name},\n{order}")
    };
    thread(THE_LOOP, "the loop")?;
    for (index, task) in lanes.tasks.iter().enumerate() {
        thread(task_thread(index), &task.title())?;
    }
    for (index, worker) in lanes.workers.iter().enumerate() {
        thread(worker_thread(index), &format!("{} of {}", worker.worker, worker.pool))?;
    }
    for entry in &entries {
        to.write_all(b",\n")?;
        serde_json::to_writer(&mut *to, entry)?;
    }
    to.write_all(b"\n]}\n")
}

/// Adds the slices of a thread.
fn slices<'a>(entries: &mut Vec<Entry<'a>>, thread: usize, segments: &'a [Segment]) {
    for segment in segments {
        let (name, category) = words(segment);
        let entry = |(at, event): (Duration, usize), phase, order| Entry {
            at: (at, event, order),
            phase,
            thread,
            name,
            category,
            id: None,
        };
        // What ends comes before what begins with the same event.
        entries.push(entry(segment.from, 'B', 1));
        entries.push(entry(segment.to, 'E', 0));
    }
}

/// What a segment is called, and its category.
fn words(segment: &Segment) -> (&str, &'static str) {
    match segment.kind {
        Kind::Polling => ("polling", "loop"),
        Kind::Sleeping => ("sleeping", "loop"),
        Kind::Dispatching => ("dispatching", "loop"),
        Kind::Outside => ("outside", "loop"),
        Kind::Queued => ("queued", "queued"),
        Kind::Running => ("running", "running"),
        Kind::Waiting(_) => (&segment.label, "waiting"),
        Kind::Job => (&segment.label, "job"),
    }
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("ph", &self.phase)?;
        fields.serialize_entry("ts", &micros(self.at.0))?;
        fields.serialize_entry("pid", &1)?;
        fields.serialize_entry("tid", &self.thread)?;
        fields.serialize_entry("name", self.name)?;
        fields.serialize_entry("cat", self.category)?;
        if let Some(id) = self.id {
            fields.serialize_entry("id", &id)?;
        }
        match self.phase {
            // It leads to the slice around it, not to the next one.
            'f' => fields.serialize_entry("bp", "e")?,
            // It belongs to its thread.
            'i' => fields.serialize_entry("s", "t")?,
            _ => {}
        }
        fields.end()
    }
}

/// A name or another fact about a thread.
fn named(what: &str, thread: usize, args: &Value) -> Value {
    // Some readers want a time for every event.
    json!({ "ph": "M", "ts": 0, "pid": 1, "tid": thread, "name": what, "args": args })
}

/// A time as the format counts it. A double holds all nanoseconds of a hundred days.
fn micros(time: Duration) -> f64 {
    nanos(time) as f64 / 1e3
}
