//! The experiments that need more than the tour: what they have in common.
//!
//! Each is a program of its own in `src/bin/`, which measures, compares with what it expects, and
//! prints a [`Row`]: for people, or with `--json` as the object that `book/ledger.jsonl` keeps.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use lexopt::prelude::*;
use serde_json::json;

pub mod http;

/// An experiment stops at no particular error, so every kind of it will do.
pub type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// All experiments, in the order of the ledger. X09 manages processes and X27 is a game; they are
/// not measured. There is no C5: it is X25 that settles the fifth contradiction.
pub const EXPERIMENTS: [&str; 30] = [
    "X01", "X02", "X03", "X04", "X05", "X06", "X07", "X08", "X10", "X11", "X12", "X13", "X14",
    "X15", "X16", "X17", "X18", "X19", "X20", "X21", "X22", "X23", "X24", "X25", "X26", "C1", "C2",
    "C3", "C4", "C6",
];

/// An experiment that is a program.
pub struct Experiment {
    /// Its number, the same in the book.
    pub id: &'static str,
    /// What is measured, in a few words.
    pub what: &'static str,
    /// What the tutorial measured.
    pub theirs: &'static str,
    /// Does the work and judges it.
    pub run: fn(&Options) -> Result<Outcome>,
}

/// How to run.
pub struct Options {
    /// The size of the experiment as a part of the original one.
    pub scale: f64,
    /// An object instead of a table.
    pub json: bool,
}

impl Options {
    /// The options of this process.
    fn read() -> Result<Self> {
        let mut options = Self { scale: 1.0, json: false };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("json") => options.json = true,
                Long("scale") => match arguments.value()?.parse()? {
                    scale if (0.05..=10.0).contains(&scale) => options.scale = scale,
                    _ => return Err("--scale takes a number from 0.05 to 10".into()),
                },
                other => {
                    let known = "there are --scale <0.05 to 10> and --json";
                    return Err(format!("{}; {known}", other.unexpected()).into());
                }
            }
        }
        Ok(options)
    }

    /// A duration of theirs at our scale.
    pub fn scaled(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.scale)
    }
}

/// What was measured, what was expected, and whether they agree.
pub struct Outcome {
    /// The figures, in a line.
    pub ours: String,
    /// What they should be.
    pub expected: String,
    /// Whether they are.
    pub ok: bool,
    /// Lines to show beneath: a table, a note.
    pub details: Vec<String>,
}

impl Experiment {
    /// The `main` of an experiment: exit status 1 if its shape does not hold, 2 if it cannot run.
    pub fn main(&self) -> ExitCode {
        let outcome = Options::read().and_then(|options| {
            let clock = Instant::now();
            let outcome = (self.run)(&options)?;
            self.print(&options, &outcome, clock.elapsed());
            Ok(outcome.ok)
        });
        match outcome {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{}: {error}", self.id);
                ExitCode::from(2)
            }
        }
    }

    fn print(&self, options: &Options, outcome: &Outcome, took: Duration) {
        let Experiment { id, what, theirs, .. } = self;
        let Outcome { ours, expected, ok, details } = outcome;
        if options.json {
            // The object is that of the tour's `--json`.
            let object = json!({
                "id": id,
                "what": what,
                "theirs": theirs,
                "ours": ours,
                "expected": expected,
                "ok": ok,
                "scale": options.scale,
                "took": took.as_secs_f64(),
                "details": details,
            });
            println!("{object}");
        } else {
            println!("{id}  {what}");
            println!("     theirs    {theirs}");
            println!("     ours      {ours}");
            println!("     expected  {expected}");
            for line in details {
                println!("     {line}");
            }
            println!("     {}", if *ok { "holds" } else { "FAILS" });
        }
    }
}
