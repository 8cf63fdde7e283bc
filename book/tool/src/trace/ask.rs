//! How queries are answered: each a pass over the events.

use std::collections::BTreeSet;

use boucle::observe::TaskId;

use super::{Event, Trace, nth};

impl Trace {
    pub(crate) fn count(&self, name: &str) -> usize {
        self.events.iter().filter(|event| event.is(name)).count()
    }

    /// How many events of this name there are, of all tasks or of those.
    pub(crate) fn of_tasks(&self, name: &str, words: &[&str]) -> Result<String, String> {
        let Some(word) = words.first() else { return Ok(self.count(name).to_string()) };
        let tasks = self.tasks(word)?;
        let of = |event: &&Event| {
            event.is(name) && event.number("task").is_some_and(|task| tasks.contains(&task))
        };
        Ok(self.events.iter().filter(of).count().to_string())
    }

    pub(crate) fn spawned(&self, words: &[&str]) -> Result<String, String> {
        let tasks = words.first().map(|word| self.tasks(word)).transpose()?;
        let of = |event: &&Event| {
            event.is("spawned")
                && event.fields["by"] != "program"
                && event
                    .number("task")
                    .is_some_and(|it| tasks.as_ref().is_none_or(|tasks| tasks.contains(&it)))
        };
        Ok(self.events.iter().filter(of).count().to_string())
    }

    pub(crate) fn events_of(&self, words: &[&str]) -> Result<String, String> {
        /// All that a trace may hold: see `src/observe/trace/schema.rs`.
        const KINDS: &str = "loop_built loop_dropped turn_began turn_ended mail_taken spawned woken \
            wake_ignored awaits poll_began poll_ended abort_requested aborted dropped wait_began \
            wait_ended source_added source_ready source_removed timer_armed timer_cascaded \
            timer_fired timer_cancelled job_queued job_started job_finished worker_started \
            worker_stopped";
        let (name, rest) = words.split_first().ok_or("which events? `events timer_armed`")?;
        if !KINDS.split_whitespace().any(|kind| kind == *name) {
            return Err(format!("there are no events `{name}`, but {KINDS}"));
        }
        self.of_tasks(name, rest)
    }

    /// How long each sleep took.
    pub(crate) fn sleeps(&self) -> Vec<u64> {
        let sleeps = self.history.sleeps();
        let ends = sleeps.iter().map(|&began| {
            let end = self.events[began..].iter().find(|event| event.is("wait_ended"));
            end.map_or(0, |end| end.at - self.events[began].at)
        });
        ends.collect()
    }

    pub(crate) fn max_ready(&self) -> usize {
        let mut ready = BTreeSet::new();
        let mut most = 0;
        for event in &self.events {
            let Some(task) = event.number("task") else { continue };
            match event.name.as_str() {
                "spawned" | "woken" => drop(ready.insert(task)),
                "poll_began" | "aborted" | "dropped" => drop(ready.remove(&task)),
                _ => {}
            }
            most = most.max(ready.len());
        }
        most
    }

    pub(crate) fn timers_at_once(&self) -> usize {
        let mut armed = BTreeSet::new();
        let mut most = 0;
        for event in &self.events {
            let Some(timer) = event.number("timer") else { continue };
            match event.name.as_str() {
                "timer_armed" => drop(armed.insert(timer)),
                "timer_fired" | "timer_cancelled" => drop(armed.remove(&timer)),
                _ => {}
            }
            most = most.max(armed.len());
        }
        most
    }

    pub(crate) fn jobs_at_once(&self) -> i64 {
        // A job that ends when another begins has made place for it: ends come first.
        let mut steps: Vec<(u64, i64)> = self
            .events
            .iter()
            .filter_map(|event| match event.name.as_str() {
                "job_started" => Some((event.number("when")?, 1)),
                "job_finished" => Some((event.number("when")?, -1)),
                _ => None,
            })
            .collect();
        steps.sort_unstable();
        let running = steps.iter().scan(0, |running, (_, step)| {
            *running += step;
            Some(*running)
        });
        running.max().unwrap_or(0)
    }

    pub(crate) fn workers(&self) -> usize {
        let started = self.events.iter().filter(|event| event.is("worker_started"));
        let workers = started.map(|event| (event.number("pool"), event.number("worker")));
        workers.collect::<BTreeSet<_>>().len()
    }

    /// How long the longest poll took, and of which task it was.
    pub(crate) fn longest_poll(&self, words: &[&str]) -> Result<(u64, u64), String> {
        let tasks = words.first().map(|word| self.tasks(word)).transpose()?;
        let mut began = None;
        let mut longest = None;
        for event in &self.events {
            if event.is("poll_began") {
                began = event.number("task").map(|task| (event.at, task));
            } else if let Some((at, task)) = began.filter(|_| event.is("poll_ended"))
                && tasks.as_ref().is_none_or(|tasks| tasks.contains(&task))
            {
                longest = longest.max(Some((event.at - at, task)));
            }
        }
        longest.ok_or_else(|| "nothing was polled".to_owned())
    }

    pub(crate) fn latest(&self) -> u64 {
        let fired = self.events.iter().filter(|event| event.is("timer_fired"));
        fired.filter_map(|event| event.number("late")).max().unwrap_or(0)
    }

    /// When a task was done.
    pub(crate) fn done(&self, words: &[&str]) -> Result<u64, String> {
        let word = words.first().ok_or("which task? `done TASK`")?;
        let task = self.task(word)?;
        let mut ends = self.ends().filter(|&(_, done)| done == task);
        ends.next().map(|(at, _)| at).ok_or_else(|| format!("`{word}` was never done"))
    }

    pub(crate) fn order_of_done(&self) -> Vec<String> {
        let names = self.ends().map(|(_, task)| self.called(task));
        names.filter(|name| name != "block_on").collect()
    }

    /// When tasks were done, and which.
    fn ends(&self) -> impl Iterator<Item = (u64, u64)> {
        let is_end = |event: &&Event| event.is("poll_ended") && event.fields["outcome"] == "ready";
        let ends = self.events.iter().filter(is_end);
        ends.filter_map(|event| Some((event.at, event.number("task")?)))
    }

    /// The event with which the N-th poll of a task began.
    pub(crate) fn poll(&self, words: &[&str]) -> Result<usize, String> {
        let [task, number] = words else { return Err("ask `TASK N`".to_owned()) };
        let polls = self.history.polls(TaskId(self.task(task)? as u32));
        nth(&polls, number, &format!("polls of `{task}`"))
    }
}

/// Nanoseconds as milliseconds, with no more digits than are needed.
pub(crate) fn millis(nanos: u64) -> String {
    let text = format!("{:.3}", nanos as f64 / 1e6);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Nanoseconds with a unit.
pub(crate) fn span(nanos: u64) -> String {
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} µs", nanos / 1_000),
        _ => format!("{} ms", millis(nanos)),
    }
}
