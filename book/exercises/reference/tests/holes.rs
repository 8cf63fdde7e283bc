//! The loop with holes and the kept solution are the same files: they differ in the holes only. It
//! holds for the project as it is kept, and no longer for one in which somebody has begun to solve.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The beginning of a hole.
const HOLE: &str = "todo!(\"exercise `";

fn exercises() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The source files of one of the two, by their paths inside of it.
fn files(of: &str) -> BTreeSet<PathBuf> {
    let root = exercises().join(of);
    let mut folders = vec![root.join("src")];
    let mut files = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(&root).unwrap().to_owned());
            }
        }
    }
    files
}

/// A hole in what a destructor does is silent while another panic is under way, or the whole run
/// would end in an abort.
const SILENT: &str = "if !std::thread::panicking() {";

/// How far a line is indented.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[test]
fn yours_and_the_solution_differ_in_the_holes_only() {
    assert_eq!(files("yours"), files("solution"));
    for file in files("yours") {
        let [yours, solution] = ["yours", "solution"]
            .map(|of| fs::read_to_string(exercises().join(of).join(&file)).unwrap());
        let mut solved = solution.lines().peekable();
        let mut kept = yours.lines().peekable();
        while let Some(line) = kept.next() {
            let is_silent = line.trim_start() == SILENT
                && kept.peek().is_some_and(|line| line.trim_start().starts_with(HOLE));
            if is_silent {
                kept.nth(1);
            }
            if is_silent || line.trim_start().starts_with(HOLE) {
                // What fills it is indented at least as far, and ends where the rest goes on.
                let (depth, after) = (indent(line), kept.peek().copied());
                let fills = |line: &&str| line.is_empty() || indent(line) >= depth;
                assert!(solved.next_if(fills).is_some(), "{}: {line}", file.display());
                while solved.next_if(|line| fills(line) && Some(*line) != after).is_some() {}
            } else {
                assert_eq!(Some(line), solved.next(), "{}", file.display());
            }
        }
        assert_eq!(solved.next(), None, "{}", file.display());
    }
}

#[test]
fn every_hole_belongs_to_an_exercise_and_every_exercise_has_a_hole_in_its_file() {
    let list = fs::read_to_string(exercises().join("exercises.toml")).unwrap();
    let values = |key: &str| -> Vec<String> {
        let begin = format!("{key} = \"");
        let lines = list.lines().filter_map(|line| line.strip_prefix(&begin));
        lines.map(|rest| rest.trim_end_matches('"').to_owned()).collect()
    };
    let (names, places) = (values("name"), values("file"));
    assert_eq!(names.len(), places.len());
    for (name, place) in names.iter().zip(&places) {
        let text = fs::read_to_string(exercises().join(place)).unwrap();
        assert!(text.contains(&format!("{HOLE}{name}`")), "{place} has no hole of `{name}`");
    }
    let mut met = BTreeSet::new();
    for file in files("yours") {
        let text = fs::read_to_string(exercises().join("yours").join(&file)).unwrap();
        for hole in text.split(HOLE).skip(1) {
            met.insert(hole.split('`').next().unwrap().to_owned());
        }
    }
    assert_eq!(met, names.into_iter().collect());
}
