//! Lengths and marks: those of the table, which the replay page is held to as well.

use std::time::Duration;

use super::{Human, mark, round_step};

const TABLE: &str = include_str!("table.txt");

/// The lines of the table of one kind: the numbers, and what is said.
fn lines(kind: &str) -> impl Iterator<Item = (Vec<u64>, &'static str)> {
    TABLE.lines().filter_map(move |line| {
        let (given, said) = line.strip_prefix(kind)?.split_once(": ")?;
        let number = |it: &str| it.replace('_', "").parse().unwrap();
        Some((given.split_whitespace().map(number).collect(), said))
    })
}

#[test]
fn a_length_is_said_as_the_table_has_it() {
    assert!(lines("length ").count() > 10);
    for (given, said) in lines("length ") {
        assert_eq!(Human(Duration::from_nanos(given[0])).to_string(), said);
    }
}

#[test]
fn an_axis_has_the_marks_of_the_table() {
    assert!(lines("marks ").count() > 10);
    for (given, said) in lines("marks ") {
        let step = round_step(given[1]);
        let first = given[0].div_ceil(step);
        let count = said.split(", ").count() as u64;
        let marks: Vec<_> = (first..first + count).map(|it| mark(it * step, step)).collect();
        assert_eq!(marks.join(", "), said);
    }
}

#[test]
fn there_is_a_step_for_any_length() {
    assert_eq!(round_step(0), 1);
    assert_eq!(round_step(u64::MAX), u64::MAX);
}
