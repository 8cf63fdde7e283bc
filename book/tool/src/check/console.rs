//! Consoles in chapters: commands that are run in the project's root, and what they print.
//!
//! `console` must be the same, byte for byte; `console,like` with every number masked, since it
//! shows real times.

use std::fs;
use std::process::Command;
use std::time::Duration;

use regex::Regex;

use crate::book::Chapter;
use crate::chapter::{What, pieces};
use crate::faults::{Faults, Place};
use crate::house::House;
use crate::scene::within;

/// How long a command may take; it may have to compile.
const LIMIT: Duration = Duration::from_secs(300);

/// A block: where it begins, whether numbers are masked, and its lines.
struct Console {
    place: Place,
    is_like: bool,
    lines: Vec<String>,
}

fn consoles(chapter: &Chapter) -> Vec<Console> {
    let console = |(place, what)| match what {
        What::Fenced { info, lines, .. } if info == "console" || info == "console,like" => {
            Some(Console { place, is_like: info.ends_with("like"), lines })
        }
        _ => None,
    };
    let pieces = pieces(&chapter.file, 1, &chapter.text).into_iter();
    pieces.map(|piece| (piece.place, piece.what)).filter_map(console).collect()
}

/// Whether each block is what its commands print.
pub(crate) fn check(house: &House, chapter: &Chapter, faults: &Faults) {
    for console in consoles(chapter) {
        match console.run(house) {
            Err(error) => faults.add(&console.place, error),
            Ok(now) if console.is_same(&now) => {}
            Ok(now) => {
                let differing = console.lines.iter().zip(&now).position(|(was, is)| {
                    masked(was, console.is_like) != masked(is, console.is_like)
                });
                let at = differing.unwrap_or(console.lines.len().min(now.len()));
                let of = |lines: &[String]| lines.get(at).cloned().unwrap_or("(the end)".into());
                let place = Place { line: console.place.line + 1 + at, ..console.place.clone() };
                let (was, is) = (of(&console.lines), of(&now));
                let told = format!(
                    "this console has `{was}`, the command prints `{is}`; see why, then `cargo book bless {}`",
                    chapter.file
                );
                faults.add(&place, told);
            }
        }
    }
}

/// Writes each block anew that is not what its commands print.
pub(crate) fn bless(house: &House, chapter: &Chapter, faults: &Faults) -> anyhow::Result<()> {
    let mut lines: Vec<String> = chapter.text.lines().map(str::to_owned).collect();
    let mut changed = false;
    for console in consoles(chapter).into_iter().rev() {
        match console.run(house) {
            Err(error) => faults.add(&console.place, error),
            Ok(now) if console.is_same(&now) => {}
            Ok(now) => {
                let begin = console.place.line;
                lines.splice(begin..begin + console.lines.len(), now);
                println!("changed: the console at {}", console.place);
                changed = true;
            }
        }
    }
    if changed {
        fs::write(house.root.join(&chapter.file), lines.join("\n") + "\n")?;
    }
    Ok(())
}

impl Console {
    /// The block as it would be now: each command, and what it prints.
    fn run(&self, house: &House) -> Result<Vec<String>, String> {
        let mut now = Vec::new();
        for line in self.lines.iter().filter(|line| line.starts_with("$ ")) {
            now.push(line.clone());
            let mut shell = Command::new("sh");
            shell.current_dir(&house.root).env("NO_COLOR", "1").env("CARGO_TERM_QUIET", "true");
            shell.args(["-c", &line[2..]]);
            let ended = within(LIMIT, &mut shell).map_err(|error| format!("{line}: {error}"))?;
            if ended.status.is_none() {
                return Err(format!("`{line}` did not end within {} s", LIMIT.as_secs()));
            }
            if ended.status.is_some_and(|status| matches!(status.code(), Some(101 | 127))) {
                return Err(format!("`{line}` cannot be run:\n{}", ended.stderr.trim_end()));
            }
            now.extend(ended.stdout.trim_end().lines().map(|line| line.trim_end().to_owned()));
        }
        match now.is_empty() {
            true => Err("a console begins with `$ ` and a command".to_owned()),
            false => Ok(now),
        }
    }

    fn is_same(&self, now: &[String]) -> bool {
        let all = |lines: &[String]| {
            lines.iter().map(|line| masked(line, self.is_like)).collect::<Vec<_>>()
        };
        all(&self.lines) == all(now)
    }
}

/// A line with its numbers masked, and the spaces that stand before a shorter one.
fn masked(line: &str, is_like: bool) -> String {
    if !is_like {
        return line.to_owned();
    }
    let number = Regex::new(r"\s*\d+([.,]\d+)*").expect("a good pattern");
    number.replace_all(line, " #").trim().to_owned()
}
