//! The house rules of `src/`, read off the files themselves: who imports whom, what happens in only
//! one place, how long a file may be. A rule that is broken is told with file and line.

#[path = "support/source.rs"]
mod source;

use std::fs;
use std::path::Path;

use source::{File, circle, code_of, edges, find, imports, is_within, library, module_of};

#[test]
fn nothing_imports_in_a_circle() {
    let edges = edges(&library());
    let circle = circle(&edges);
    assert!(circle.is_none(), "an import circle:\n{}", circle.unwrap_or_default().join("\n"));
}

#[test]
fn the_engine_imports_nothing_above_it() {
    let ground_floor = [
        "observe::event",
        "observe::probe",
        "budget",
        "clock",
        "config",
        "shield",
        "shim",
        "shuffle",
        "sync",
        "blocking::pool",
        "blocking::simulated",
    ];
    for (from, to, place) in edges(&library()) {
        let is_fine =
            is_within(&to, "engine") || ground_floor.iter().any(|low| is_within(&to, low));
        assert!(!is_within(&from, "engine") || is_fine, "{place}: the engine imports {to}");
    }
    for (from, to, place) in edges(&library()) {
        let is_low = ground_floor.iter().any(|low| is_within(&from, low));
        let is_fine = ground_floor.iter().any(|low| is_within(&to, low));
        assert!(!is_low || is_fine, "{place}: {from} is on the ground floor, yet imports {to}");
    }
}

#[test]
fn each_thing_happens_in_only_one_place() {
    // What is looked for, the only files that may contain it, and how often they do together.
    let rules: [(&str, &[&str], usize); 12] = [
        // Where a task is polled: every future that the engine polls goes through `run`.
        ("&mut Context::from_waker(", &["engine/executor.rs"], 1),
        ("body.as_mut().poll(", &["engine/executor.rs"], 1),
        // Where the loop's thread sleeps, and where a worker and a watchdog do.
        ("self.poll.borrow_mut().poll(", &["engine/reactor.rs"], 1),
        ("mio::Poll::new(", &["engine/reactor.rs"], 1),
        (".wait_timeout(", &["blocking/pool.rs", "observe/debug/watchdog.rs"], 2),
        // Where the time is asked for, by the system's own call and by `std`.
        ("std::time::Instant::now", &["clock.rs"], 1),
        ("clock_gettime", &["clock.rs"], 1),
        ("SystemTime", &[], 0),
        // Where a thread is started: for blocking work, to see a loop stand still, to show a loop,
        // to save what was seen of it from Ctrl-C.
        (
            "thread::Builder",
            &[
                "blocking/pool.rs",
                "observe/debug/watchdog.rs",
                "inspect/mod.rs",
                "observe/trace/interrupt.rs",
            ],
            4,
        ),
        // Where signals are handled.
        ("signal_hook::", &["observe/trace/interrupt.rs"], 4),
        ("thread::spawn(", &[], 0),
        // Where code is stopped on purpose.
        ("thread::sleep(", &["clock.rs"], 1),
    ];
    let files = library();
    for (what, only_in, times) in rules {
        let found = find(&files, what);
        for (path, line) in &found {
            assert!(
                only_in.contains(&path.as_str()),
                "src/{path}:{line}: `{what}` does not belong here"
            );
        }
        assert_eq!(found.len(), times, "`{what}` in {only_in:?}: {found:?}");
    }
}

#[test]
fn thread_locals_and_foreign_time_are_where_they_are_expected() {
    let files = library();
    let homes = [
        "observe/trace/interrupt.rs",
        "engine/context.rs",
        "engine/ready.rs",
        "budget.rs",
        "shim.rs",
    ];
    for (path, line) in find(&files, "thread_local!") {
        assert!(homes.contains(&path.as_str()), "src/{path}:{line}: a thread-local");
    }
    for (path, line) in find(&files, "std::time::Instant") {
        assert_eq!(path, "clock.rs", "src/{path}:{line}: the loop's clock is not this one");
    }
    for (path, line) in find(&files, "unsafe") {
        assert_eq!(path, "lib.rs", "src/{path}:{line}: there is no unsafe code");
    }
    assert_eq!(find(&files, "#![forbid(unsafe_code)]").len(), 1);
}

#[test]
fn the_engine_is_small_and_so_is_every_file() {
    let files = library();
    let mut engine = 0;
    for file in &files {
        let code = file.lines.iter().filter(|line| !line.trim().is_empty()).count();
        assert!(code <= 400, "src/{}: {code} lines of code, above 400", file.path);
        engine += if is_within(&file.module, "engine") { code } else { 0 };
    }
    assert!(engine <= 1500, "the engine has {engine} lines of code, above 1,500");
    println!("the engine has {engine} lines of code");
}

#[test]
fn the_engine_has_no_conditions_and_defines_no_macros() {
    let allowed = ["#[cfg(test)]", "#[cfg_attr(not(feature = \"os\"), path = \"../absent/"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in library().iter().filter(|file| is_within(&file.module, "engine")) {
        // Literals matter here, so the lines are those of the file itself.
        let text = fs::read_to_string(root.join(&file.path)).unwrap();
        for (number, line) in text.lines().enumerate() {
            let is_code = !file.lines[number].trim().is_empty();
            let is_condition = file.lines[number].contains("cfg");
            let is_allowed = allowed.iter().any(|allowed| line.starts_with(allowed));
            let place = format!("src/{}:{}", file.path, number + 1);
            assert!(!is_condition || is_allowed, "{place}: a condition: {line}");
            assert!(!is_code || !line.contains("macro_rules!"), "{place}: a macro");
        }
    }
}

#[test]
fn the_reader_of_imports_understands_every_form() {
    let text = r#"
//! Not [`this`](crate::doc::link).
use std::fmt;
use crate::{a::{self, B}, c};
use super::{Sibling, d::e};
pub use child::Thing;
pub(crate) use self::child::{One, Two as Three};
fn f() -> crate::io::Source { super::super::up(); "crate::text" /* crate::comment */ }
mod child;
"#;
    let file = File { path: "x/y.rs".into(), module: "x::y".into(), lines: code_of(text) };
    let found: Vec<String> = imports(&file)
        .iter()
        .map(|import| {
            let sign = if import.is_signpost { " (signpost)" } else { "" };
            format!("{} {}{sign}", import.line, import.path)
        })
        .collect();
    let expected = [
        "4 a",
        "4 a::B",
        "4 c",
        "5 x::Sibling",
        "5 x::d::e",
        "6 x::y::child::Thing (signpost)",
        "7 x::y::child::One",
        "7 x::y::child::Two",
        "8 io::Source",
        "8 up",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_circle_and_a_misplaced_call_are_found() {
    let file = |path: &str, text: &str| File {
        path: path.into(),
        module: module_of(path),
        lines: code_of(text),
    };
    let bad = [
        file("a.rs", "use crate::b::X;"),
        file("b/mod.rs", "pub use c::Y;\nmod c;"),
        file("b/c.rs", "\nuse crate::a;\nfn f() { g(\"thread::sleep(\"); thread::sleep(t); }"),
    ];
    // `b` only shows the way to `b::c`, so there is no circle yet.
    assert_eq!(circle(&edges(&bad)), None);
    assert_eq!(find(&bad, "thread::sleep("), [("b/c.rs".to_string(), 3)]);
    let worse = [file("a.rs", "use crate::b::X;"), file("b/mod.rs", "fn f() { crate::a::g() }")];
    let circle = circle(&edges(&worse)).expect("a circle");
    assert_eq!(circle, ["src/a.rs:1: a imports b", "src/b/mod.rs:1: b imports a"]);
}
