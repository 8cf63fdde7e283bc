//! The steps beside one another: each differs from the one before only where it says so, so that the
//! book can show the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the steps.
fn steps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files of a step's loop, without its program.
fn files(step: &str) -> BTreeSet<String> {
    let folder = fs::read_dir(steps().join(step).join("src")).unwrap();
    let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "main.rs").collect()
}

/// A file of a step.
fn text(step: &str, file: &str) -> String {
    fs::read_to_string(steps().join(step).join("src").join(file)).unwrap()
}

/// The lines of a text that are neither empty nor comments.
fn code(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim_start);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect()
}

/// A step, the one after it, the files in which that differs, those it adds and those it drops.
type Pair = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// From the executor on, the loop only grows.
const PAIRS: [Pair; 4] = [
    ("05-executor", "06-sockets", &["inbox.rs", "lib.rs"], &["net.rs", "reactor.rs"]),
    ("06-sockets", "07-heap-timers", &["lib.rs"], &["time.rs", "timers.rs"]),
    ("07-heap-timers", "08-wheel", &["lib.rs", "timers.rs"], &["hashed.rs"]),
    ("08-wheel", "09-pool", &["inbox.rs", "lib.rs", "waker.rs"], &["pool.rs", "program.rs"]),
];

#[test]
fn neighbours_differ_in_the_files_that_their_idea_needs_and_in_no_others() {
    for (before, after, different, added) in PAIRS {
        let (old, new) = (files(before), files(after));
        let is_new: Vec<&String> = new.difference(&old).collect();
        assert_eq!(is_new, added, "{before} and {after}");
        for file in old.intersection(&new) {
            let is_same = text(before, file) == text(after, file);
            let expected = !different.contains(&file.as_str());
            assert_eq!(is_same, expected, "{file} of {before} and {after}");
        }
    }
}

#[test]
fn the_loop_of_the_wheel_is_the_loop_of_the_heap() {
    let (heap, wheel) = (text("07-heap-timers", "lib.rs"), text("08-wheel", "lib.rs"));
    let mut wheel = code(&wheel);
    wheel.retain(|&line| line != "pub mod hashed;");
    assert_eq!(code(&heap), wheel);
}

/// How many lines of code a step has, and how many of them its file did not have in the step before.
fn size(before: Option<&str>, step: &str) -> (usize, usize) {
    let (mut all, mut new) = (0, 0);
    let old = before.map(files).unwrap_or_default();
    for file in files(step) {
        let text_before = match before {
            Some(before) if old.contains(&file) => text(before, &file),
            _ => String::new(),
        };
        let (mut known, now) = (code(&text_before), text(step, &file));
        for line in code(&now) {
            all += 1;
            match known.iter().position(|&it| it == line) {
                Some(place) => drop(known.swap_remove(place)),
                None => new += 1,
            }
        }
    }
    (all, new)
}

#[test]
fn the_table_of_the_steps_counts_their_lines() {
    let table = fs::read_to_string(steps().join("README.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert_eq!(rows.len(), 10);
    let mut before = None;
    for row in &rows[..9] {
        let (all, new) = size(before, row[1]);
        let counted = (&*all.to_string(), &*new.to_string());
        assert_eq!((row[4], row[5]), counted, "correct the row of {} in steps/README.md", row[1]);
        before = Some(row[1]);
    }
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let folders = fs::read_dir(steps()).unwrap().map(|folder| folder.unwrap().path());
    let mut read = 0;
    for folder in folders.filter(|folder| folder.is_dir()) {
        let step = folder.file_name().unwrap().to_str().unwrap();
        for file in files(step) {
            let lines = code(&text(step, &file)).len();
            assert!(lines <= 175, "{file} of {step} has {lines} lines of code");
            read += 1;
        }
    }
    assert!(read > 40, "{read} files were read");
}
