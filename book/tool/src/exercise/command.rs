//! `cargo book exercise`: what is solved, what is next, and what to do.

use super::Exercise;
use super::judge::{Failure, Judges, Kind, Whose};
use crate::faults::{Faults, Place};
use crate::house::House;

/// Lines of what failed that are shown: the first failure, and what it says.
const SHOWN: usize = 40;

/// All exercises, or these: judged, and told.
pub(crate) fn exercise(
    house: &House,
    whose: Whose,
    names: &[String],
    faults: &Faults,
) -> anyhow::Result<()> {
    let all = Exercise::all(house).map_err(anyhow::Error::msg)?;
    if names.is_empty() {
        return list(house, whose, &all, faults);
    }
    for name in names {
        let exercise = Exercise::find(house, name).map_err(anyhow::Error::msg)?;
        let judges = Judges::of(house, whose, std::slice::from_ref(&exercise))?;
        println!("{}: {}\n", exercise.name, exercise.title);
        match judges.judge(&exercise)? {
            Ok(()) => println!("{}", solved(&exercise, &all)),
            Err(failure) => {
                println!("{}\n\n{}", told(&failure), next_step(&exercise, &failure));
                faults.add(&place(&exercise), "not solved yet");
            }
        }
    }
    Ok(())
}

/// The table of all: which are solved, and which is next. One that is not is no fault.
fn list(house: &House, whose: Whose, all: &[Exercise], faults: &Faults) -> anyhow::Result<()> {
    let judges = Judges::of(house, whose, all)?;
    let mut next = None;
    for exercise in all {
        let verdict = judges.judge(exercise)?;
        let state = match &verdict {
            Ok(()) => "solved",
            Err(failure) if failure.said.contains("not yet implemented") => "open",
            Err(failure) if failure.kind == Kind::Trace => "its trace differs",
            Err(failure) if failure.kind == Kind::TooLong => "does not end",
            Err(_) => "a test fails",
        };
        println!("{:<10} {:<18} {}", exercise.name, state, exercise.title);
        if verdict.is_err() {
            next = next.or(Some(exercise));
            if whose == Whose::Solution {
                faults.add(&place(exercise), "the kept solution does not pass");
            }
        }
    }
    match next {
        Some(next) => println!("\n{}", how_to_begin(next)),
        None => println!("\nAll are solved: this is a loop of your own."),
    }
    Ok(())
}

/// For CI: the unsolved must fail, each of them, and the solution must pass.
pub(crate) fn ci(house: &House, faults: &Faults) -> anyhow::Result<()> {
    let all = Exercise::all(house).map_err(anyhow::Error::msg)?;
    let yours = Judges::of(house, Whose::Yours, &all)?;
    let solution = Judges::of(house, Whose::Solution, &all)?;
    for exercise in &all {
        if yours.judge(exercise)?.is_ok() {
            faults.add(&place(exercise), "it passes unsolved: its judge judges nothing");
        }
        if let Err(failure) = solution.judge(exercise)? {
            let told = format!("the kept solution fails:\n{}", told(&failure));
            faults.add(&place(exercise), told);
        }
    }
    println!("{} exercises judged, unsolved and solved", all.len());
    Ok(())
}

fn place(exercise: &Exercise) -> Place {
    Place { file: format!("book/exercises/{}", exercise.file), line: 0 }
}

/// The first thing that went wrong, as it was said.
fn told(failure: &Failure) -> String {
    let lines: Vec<&str> = failure.said.lines().collect();
    let begin = lines.iter().position(|line| line.starts_with("---- ")).unwrap_or(0);
    // Each failing test has a head of its own: one at a time is enough.
    let rest = lines[begin..].iter().skip(1);
    let length = rest.clone().position(|line| line.starts_with("---- ")).unwrap_or(rest.len());
    lines[begin..].iter().take((length + 1).min(SHOWN)).copied().collect::<Vec<_>>().join("\n")
}

/// What to do about it.
fn next_step(exercise: &Exercise, failure: &Failure) -> String {
    let Exercise { name, file, chapter, scene, .. } = exercise;
    let file = format!("book/exercises/{file}");
    let again = format!("Then again: cargo book exercise {name}");
    match failure.kind {
        _ if failure.said.contains("not yet implemented") => {
            format!("There is still a hole. {}\n{again}", how_to_begin(exercise))
        }
        Kind::Test => format!(
            "The name of the test above is what must hold. Look for the place in {file} that \
             should make it so; chapter {chapter} explains the organ.\n{again}"
        ),
        Kind::TooLong => format!(
            "It did not end within two minutes. Either nobody wakes a task that waits, or a task \
             is woken for ever: look at each place in {file} where a waker is called.\n{again}"
        ),
        Kind::Trace => {
            let scene = scene.as_deref().unwrap_or(name);
            format!(
                "All tests pass, but the loop does something else than the kept one, from the \
                 turn above on. To look at it, in the folder book:\n    cargo run -p \
                 exercises-yours --example scene_of_yours -- {scene} mine.html\n{again}"
            )
        }
    }
}

fn how_to_begin(exercise: &Exercise) -> String {
    let Exercise { name, file, task, chapter, .. } = exercise;
    format!(
        "Next: {name}, in book/exercises/{file} (chapter {chapter}).\n{task}\nThe holes are where \
         the file says `todo!`. Judge it by: cargo book exercise {name}"
    )
}

fn solved(exercise: &Exercise, all: &[Exercise]) -> String {
    let trace = if exercise.scene.is_some() { ", and its trace is the kept one" } else { "" };
    let after = all.iter().skip_while(|it| it.name != exercise.name).nth(1);
    let after = after.map_or("It was the last.".to_owned(), how_to_begin);
    format!("Solved: every test passes{trace}.\n\n{after}")
}
