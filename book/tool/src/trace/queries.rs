//! What `{{#value SCENE QUERY}}` may ask: the table of queries.
//!
//! A query is a name and words; its answer is a number or a few words. TASK is a task's name, its
//! number, or with a `*` at its end all names that begin so; where one task is meant it must be one.
//! A name with spaces stands in double quotes.

use super::ask;
use super::{Trace, nth};

/// A question that prose may ask of a trace.
pub(crate) struct Query {
    pub(crate) name: &'static str,
    /// The words that follow the name.
    pub(crate) words: &'static str,
    /// What its answer is.
    pub(crate) says: &'static str,
    answer: fn(&Trace, &[&str]) -> Answer,
}

type Answer = Result<String, String>;

/// All of them.
pub(crate) const QUERIES: &[Query] = &[
    Query {
        name: "end",
        words: "",
        says: "when the last event happened, in ms",
        answer: |trace, _| Ok(ask::millis(trace.events.last().map_or(0, |event| event.at))),
    },
    Query {
        name: "turns",
        words: "",
        says: "how many turns the loop made",
        answer: |trace, _| Ok(trace.count("turn_began").to_string()),
    },
    Query {
        name: "polls",
        words: "[TASK]",
        says: "how often tasks were polled: all, or those",
        answer: |trace, words| trace.of_tasks("poll_began", words),
    },
    Query {
        name: "wakes",
        words: "[TASK]",
        says: "how often a waker put a task into the ready queue",
        answer: |trace, words| trace.of_tasks("woken", words),
    },
    Query {
        name: "tasks",
        words: "[TASK]",
        says: "how many tasks there ever were, with that of `block_on`",
        answer: |trace, words| trace.of_tasks("spawned", words),
    },
    Query {
        name: "spawned",
        words: "[TASK]",
        says: "how many tasks were spawned by other tasks",
        answer: |trace, words| trace.spawned(words),
    },
    Query {
        name: "aborted",
        words: "[TASK]",
        says: "how many tasks were dropped before they were done",
        answer: |trace, words| trace.of_tasks("aborted", words),
    },
    Query {
        name: "events",
        words: "NAME [TASK]",
        says: "how many events of this kind there are, as `events timer_armed`",
        answer: |trace, words| trace.events_of(words),
    },
    Query {
        name: "sleeps",
        words: "",
        says: "how often the loop slept",
        answer: |trace, _| Ok(trace.history.sleeps().len().to_string()),
    },
    Query {
        name: "slept",
        words: "[N]",
        says: "how long it slept in all, or the N-th time, in ms",
        answer: |trace, words| match words {
            [] => Ok(ask::millis(trace.sleeps().iter().sum())),
            [number, ..] => Ok(ask::millis(nth(&trace.sleeps(), number, "sleeps")?)),
        },
    },
    Query {
        name: "max-ready",
        words: "",
        says: "how many tasks stood in the ready queue at once, at most",
        answer: |trace, _| Ok(trace.max_ready().to_string()),
    },
    Query {
        name: "timers",
        words: "",
        says: "how many timers were armed in all",
        answer: |trace, _| Ok(trace.count("timer_armed").to_string()),
    },
    Query {
        name: "timers-at-once",
        words: "",
        says: "how many timers were armed at once, at most",
        answer: |trace, _| Ok(trace.timers_at_once().to_string()),
    },
    Query {
        name: "jobs",
        words: "",
        says: "how many jobs were given to pools",
        answer: |trace, _| Ok(trace.count("job_queued").to_string()),
    },
    Query {
        name: "jobs-at-once",
        words: "",
        says: "how many jobs ran on threads of a pool at once, at most",
        answer: |trace, _| Ok(trace.jobs_at_once().to_string()),
    },
    Query {
        name: "workers",
        words: "",
        says: "how many threads pools started",
        answer: |trace, _| Ok(trace.workers().to_string()),
    },
    Query {
        name: "longest-poll",
        words: "[TASK]",
        says: "how long the longest poll took, with its unit",
        answer: |trace, words| Ok(ask::span(trace.longest_poll(words)?.0)),
    },
    Query {
        name: "longest-poll-of",
        words: "",
        says: "which task was polled the longest",
        answer: |trace, _| Ok(trace.called(trace.longest_poll(&[])?.1)),
    },
    Query {
        name: "latest",
        words: "",
        says: "how late the latest timer fired, with its unit",
        answer: |trace, _| Ok(ask::span(trace.latest())),
    },
    Query {
        name: "done",
        words: "TASK",
        says: "when a task was done, in ms",
        answer: |trace, words| Ok(ask::millis(trace.done(words)?)),
    },
    Query {
        name: "first-done",
        words: "",
        says: "which task was done first",
        answer: |trace, _| {
            let mut done = trace.order_of_done().into_iter();
            done.next().ok_or_else(|| "no task but that of `block_on` was done".to_owned())
        },
    },
    Query {
        name: "order-of-done",
        words: "",
        says: "the tasks in the order in which they were done, but that of `block_on`",
        answer: |trace, _| Ok(trace.order_of_done().join(", ")),
    },
    Query {
        name: "poll",
        words: "TASK N",
        says: "when the N-th poll of a task began, in ms",
        answer: |trace, words| Ok(ask::millis(trace.events[trace.poll(words)?].at)),
    },
    Query {
        name: "turn-of-poll",
        words: "TASK N",
        says: "the turn of the N-th poll of a task",
        answer: |trace, words| {
            let poll = trace.poll(words)?;
            let mut turns = trace.events[..poll].iter().filter(|event| event.is("turn_began"));
            Ok(turns.next_back().and_then(|event| event.number("turn")).unwrap_or(0).to_string())
        },
    },
    Query {
        name: "line",
        words: "N",
        says: "the N-th line that the program printed",
        answer: |trace, words| {
            let lines: Vec<&str> = trace.console.lines().collect();
            let number = words.first().ok_or("which line? `line 1` is the first")?;
            Ok(nth(&lines, number, "lines of output")?.trim().to_owned())
        },
    },
];

/// The answer to a query.
pub(crate) fn answer(trace: &Trace, words: &[&str]) -> Answer {
    let Some((name, words)) = words.split_first() else {
        return Err("a value needs a query: `cargo book queries` lists them".to_owned());
    };
    let query = QUERIES.iter().find(|query| query.name == *name);
    let query = query
        .ok_or_else(|| format!("there is no query `{name}`: `cargo book queries` lists them"))?;
    if words.len() > query.words.split_whitespace().count() {
        let asked = format!("{name} {}", query.words);
        return Err(format!("`{name}` is asked as `{}`", asked.trim()));
    }
    (query.answer)(trace, words)
}
