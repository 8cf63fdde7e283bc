//! The list of cases in `tests/README.md`, against the tests that name them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The root of the project.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The numbers that a line of documentation names, as `/// Case 3.` or `/// Cases 3 and 4.`
fn numbers(line: &str) -> Vec<u32> {
    let line = line.trim_start();
    let Some(rest) = line.strip_prefix("/// Case ").or_else(|| line.strip_prefix("/// Cases "))
    else {
        return Vec::new();
    };
    let words = rest.split([' ', ',']).filter(|word| !word.is_empty() && *word != "and");
    let mut numbers = Vec::new();
    for word in words {
        let Ok(number) = word.trim_end_matches('.').parse() else { break };
        numbers.push(number);
        if word.ends_with('.') {
            break;
        }
    }
    numbers
}

/// The cases that the sources below a folder name, each with the files that do.
fn named(folder: &str, found: &mut BTreeMap<u32, BTreeSet<String>>) {
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            named(&path, found);
        } else if entry.path().extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(entry.path()).unwrap();
            for number in text.lines().flat_map(numbers) {
                found.entry(number).or_default().insert(path.clone());
            }
        }
    }
}

/// A row of the list.
struct Row {
    number: u32,
    /// The files that it says test the case.
    files: Vec<String>,
    /// What it says besides.
    answer: String,
}

/// The rows of the list, in order.
fn rows() -> Vec<Row> {
    let text = fs::read_to_string(Path::new(ROOT).join("tests/README.md")).unwrap();
    let cells = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        Some((cells[0].parse().ok()?, cells[cells.len() - 1].to_owned()))
    });
    let rows = cells.map(|(number, cell): (u32, String)| {
        let (mut files, mut rest) = (Vec::new(), cell.as_str());
        while let Some((file, after)) = rest.strip_prefix('`').and_then(|it| it.split_once('`')) {
            if !file.ends_with(".rs") {
                break;
            }
            let folder = if file.starts_with("src/") { "" } else { "tests/" };
            files.push(format!("{folder}{file}"));
            rest = after.trim_start_matches(", ").trim_start_matches(". ");
            if !after.starts_with(", ") {
                break;
            }
        }
        Row { number, files, answer: rest.to_owned() }
    });
    rows.collect()
}

#[test]
fn every_case_is_named_in_the_tests_it_points_to_or_answered() {
    let mut named_in = BTreeMap::new();
    named("tests", &mut named_in);
    named("src", &mut named_in);
    let none = BTreeSet::new();
    for Row { number, files, answer } in rows() {
        let named_in = named_in.get(&number).unwrap_or(&none);
        for file in &files {
            assert!(named_in.contains(file), "case {number} is not named in {file}: {named_in:?}");
        }
        let is_answered = !files.is_empty() || answer.split(' ').count() > 4;
        assert!(is_answered, "case {number} has neither a test nor an answer");
        assert!(
            !files.is_empty() || named_in.is_empty(),
            "the list says of no test that it looks for case {number}, but {named_in:?} do"
        );
    }
}

#[test]
fn every_case_that_a_test_names_is_on_the_list() {
    let mut named_in = BTreeMap::new();
    named("tests", &mut named_in);
    named("src", &mut named_in);
    let listed: Vec<u32> = rows().iter().map(|row| row.number).collect();
    assert!(listed.is_sorted_by(|a, b| a < b), "the list is out of order, or names a case twice");
    assert!(listed.len() > 100, "the list was not found");
    for (number, files) in named_in {
        assert!(listed.contains(&number), "{files:?} name case {number}, which is not on the list");
    }
}

#[test]
fn numbers_of_cases_are_read_in_every_form() {
    assert_eq!(numbers("    /// Case 3."), [3]);
    assert_eq!(numbers("/// Case 7, 81."), [7, 81]);
    assert_eq!(numbers("/// Cases 139 and 140 at random, against 5 rules."), [139, 140]);
    assert_eq!(numbers("/// Case 17. And cases 15, 18 and 35 in all their combinations."), [17]);
    assert_eq!(numbers("/// In case 3 of them."), []);
}
