//! The trace of a scene, asked.

mod ask;
pub(crate) mod queries;
mod story;

use std::collections::BTreeMap;

use boucle::observe::{History, TaskId};
use serde_json::{Map, Value};

pub(crate) use story::turns;

/// A trace: its events as JSON, and its history, which knows causes.
pub(crate) struct Trace {
    pub(crate) events: Vec<Event>,
    /// The names of tasks; a task without a name has an empty one.
    pub(crate) names: BTreeMap<u64, String>,
    pub(crate) history: History,
    /// What the program printed.
    pub(crate) console: String,
}

/// A line of a trace: see `src/observe/trace/schema.rs`.
pub(crate) struct Event {
    /// Nanoseconds since the loop was built.
    pub(crate) at: u64,
    pub(crate) name: String,
    pub(crate) fields: Map<String, Value>,
}

impl Event {
    pub(crate) fn number(&self, field: &str) -> Option<u64> {
        self.fields.get(field)?.as_u64()
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Trace {
    /// Reads what `BOUCLE_TRACE=run.jsonl` writes.
    pub(crate) fn read(text: &str, console: String) -> Result<Trace, String> {
        let history = History::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let mut events = Vec::new();
        for line in text.lines().skip(1) {
            let told = |error| format!("a line of the trace is no JSON: {error}");
            let fields: Map<String, Value> = serde_json::from_str(line).map_err(told)?;
            let at = fields.get("at").and_then(Value::as_u64).unwrap_or_default();
            let name = fields.get("event").and_then(Value::as_str).unwrap_or_default().to_owned();
            events.push(Event { at, name, fields });
        }
        let spawned = events.iter().filter(|event| event.is("spawned"));
        let names = spawned.filter_map(|event| {
            let name = event.fields.get("name").and_then(Value::as_str).unwrap_or_default();
            Some((event.number("task")?, name.to_owned()))
        });
        Ok(Trace { names: names.collect(), events, history, console })
    }

    /// The tasks that a word means: a number, a name, or with a `*` at its end all names that
    /// begin so. Never none.
    pub(crate) fn tasks(&self, word: &str) -> Result<Vec<u64>, String> {
        let found: Vec<u64> = match (word.strip_suffix('*'), word.parse::<u64>()) {
            (Some(prefix), _) => self.named(|name| name.starts_with(prefix)),
            (None, Ok(number)) if self.names.contains_key(&number) => vec![number],
            (None, _) => self.named(|name| name == word),
        };
        if found.is_empty() {
            let names = self.names.iter().map(|(number, name)| match name.is_empty() {
                true => number.to_string(),
                false => format!("`{name}`"),
            });
            let names: Vec<String> = names.collect();
            return Err(format!("there is no task `{word}`; there are {}", names.join(", ")));
        }
        Ok(found)
    }

    /// The one task that a word means.
    pub(crate) fn task(&self, word: &str) -> Result<u64, String> {
        match self.tasks(word)?.as_slice() {
            [one] => Ok(*one),
            several => Err(format!(
                "several tasks are called `{word}`: name one by its number, of {}",
                several.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
            )),
        }
    }

    fn named(&self, is: impl Fn(&str) -> bool) -> Vec<u64> {
        self.names.iter().filter(|(_, name)| is(name)).map(|(&number, _)| number).collect()
    }

    /// `task 3` as prose calls it: its name, or its number.
    pub(crate) fn called(&self, task: u64) -> String {
        match self.names.get(&task).filter(|name| !name.is_empty()) {
            Some(name) => name.clone(),
            None => format!("task {task}"),
        }
    }

    /// `{{#why SCENE poll TASK N}}`, `{{#why SCENE sleep N}}`: the chain of causes.
    pub(crate) fn why(&self, words: &[&str]) -> Result<Vec<String>, String> {
        let index = match words {
            ["poll", task, number] => {
                let polls = self.history.polls(TaskId(self.task(task)? as u32));
                nth(&polls, number, &format!("polls of `{task}`"))?
            }
            ["sleep", number] => nth(&self.history.sleeps(), number, "sleeps")?,
            _ => return Err("ask `poll TASK N` or `sleep N`".to_owned()),
        };
        let why = self.history.why(index);
        Ok(why.steps().iter().map(|step| step.text.clone()).collect())
    }
}

/// The N-th, from 1.
pub(crate) fn nth<T: Copy>(of: &[T], number: &str, what: &str) -> Result<T, String> {
    let number: usize = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    let item = number.checked_sub(1).and_then(|index| of.get(index));
    item.copied().ok_or_else(|| format!("there are {} {what}, and no number {number}", of.len()))
}
