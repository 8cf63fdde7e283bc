//! "Why?" from code, and that the replay page answers the same.
//!
//! In `tests/page/why/` there is, for each of several runs, a trace (`.jsonl`) and the answer for
//! every event of it (`.txt`). The tests here hold the answers against `History::why`, and those of
//! `why_matches.test.mjs` against `why.js`. The simulated runs are run again; the others, from real
//! loops, are read. `BLESS=1 cargo test --test why` writes what has changed.

#![cfg(all(feature = "os", feature = "trace"))]

#[path = "support/reasons.rs"]
mod reasons;

use std::fmt::Write;
use std::fs;
use std::io::BufReader;
use std::path::PathBuf;

use boucle::EventLoop;
use boucle::observe::{History, Record, Trace};
use reasons::{REAL, SIMULATED};

/// A file among the fixtures.
fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/page/why").join(name)
}

/// Whether the fixtures are to be written.
fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|bless| bless == "1")
}

/// Runs a program, and returns its trace with a header that is always the same.
fn traced(name: &str, seed: Option<u64>, run: fn(&EventLoop)) -> (String, History) {
    let path = std::env::temp_dir().join(format!("boucle-why-{name}-{}.jsonl", std::process::id()));
    let record = Record::new();
    let builder = EventLoop::builder().observer(record.clone());
    let builder = builder.observer(Trace::to_file(&path).unwrap());
    let builder = seed.into_iter().fold(builder, |builder, seed| builder.simulated(seed));
    let event_loop = builder.build().unwrap();
    run(&event_loop);
    drop(event_loop);
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let (_, events) = text.split_once('\n').unwrap();
    let count = events.lines().count();
    let header = format!(
        r#"{{"boucle":"trace","version":1,"program":"{name}","loop":1,"events":{count},"dropped":0,"past":0}}"#
    );
    (format!("{header}\n{events}"), History::of(&record))
}

/// Reads a trace.
fn read(text: &str) -> History {
    History::read(BufReader::new(text.as_bytes())).unwrap()
}

/// The answers for all events.
fn answers(history: &History) -> String {
    let mut text = String::new();
    for index in 0..history.len() {
        writeln!(text, "{index}: {}", history.sentence(index)).unwrap();
        for because in history.why(index).steps() {
            let event = because.event.map_or("-".to_owned(), |event| event.to_string());
            writeln!(text, "    {event:>4}  {}", because.text).unwrap();
        }
    }
    text
}

/// Fails unless the fixture has this text, or writes it.
#[track_caller]
fn assert_is(name: &str, text: &str) {
    let path = fixture(name);
    if bless() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(text.lines()).position(|(one, other)| one != other);
    let line = differs.unwrap_or_else(|| expected.lines().count().min(text.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("the end").to_owned();
    let (one, other) = (at(&expected), at(text));
    assert!(expected == text, "{name}, line {}, has\n{one}\nand should have\n{other}", line + 1);
}

#[test]
fn the_answers_for_simulated_runs_are_those_of_the_fixtures() {
    for (name, run) in SIMULATED {
        let (trace, history) = traced(name, Some(3), run);
        assert_is(&format!("{name}.jsonl"), &trace);
        let told = answers(&history);
        assert_is(&format!("{name}.txt"), &told);
        // What was read answers as what was recorded.
        assert_eq!(answers(&read(&trace)), told);
    }
}

#[test]
fn the_answers_for_real_runs_are_those_of_the_fixtures() {
    for (name, run) in REAL {
        let path = fixture(&format!("{name}.jsonl"));
        if bless() && !path.exists() {
            fs::write(&path, traced(name, None, run).0).unwrap();
        }
        let history = read(&fs::read_to_string(&path).unwrap());
        assert_is(&format!("{name}.txt"), &answers(&history));
    }
}

#[test]
fn the_answers_for_the_rest_of_a_run_say_where_it_begins() {
    for name in ["timers", "channels", "aborts", "sockets", "threads"] {
        let trace = fs::read_to_string(fixture(&format!("{name}.jsonl"))).unwrap();
        let (header, events) = trace.split_once('\n').unwrap();
        let events: Vec<&str> = events.lines().collect();
        let rest = format!("{header}\n{}\n", events[events.len() / 2..].join("\n"));
        let told = answers(&read(&rest));
        assert!(told.contains("before this trace begins"), "{told}");
        assert_is(&format!("{name}-rest.jsonl"), &rest);
        assert_is(&format!("{name}-rest.txt"), &told);
    }
}
