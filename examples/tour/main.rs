//! The tour: what five tutorials on asynchronous I/O measured, measured again on this loop.
//!
//! Run with: `cargo run --release --example tour` (add `-- --help` for its options).
//!
//! Each experiment is a few lines of real work on real sockets, threads and timers, followed by
//! a verdict on its *shape*: is the total the sum of the waits, or the longest of them? Times
//! drift from machine to machine, shapes do not.
//!
//! Read in this order: `lines` and `delay` (the servers and their clients), then the
//! experiments theme by theme: `one_waiter`, `at_once`, `blocking_world`, `fairness`,
//! `crossover` and `price`, and at last `contradictions` and `regular_file`, where two of the
//! tutorials say opposite things. The rest is the frame: `options`, `experiment`, `progress`,
//! `report`.

// Figures for people may be rounded.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
// Experiments are interchangeable: not each of them can fail, and not each handler awaits.
#![allow(clippy::unnecessary_wraps, clippy::unused_async)]

mod at_once;
mod blocking_world;
mod callbacks;
mod contradictions;
mod crossover;
mod delay;
mod experiment;
mod fairness;
mod lines;
mod one_waiter;
mod options;
mod price;
mod progress;
#[cfg(target_os = "linux")]
mod regular_file;
mod report;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use experiment::{Experiment, Outcome, Result, Stopwatch, Tour};
use options::{Command, Options};
use progress::Progress;
use report::Report;

/// Every experiment, in the order in which the tour visits them.
fn experiments() -> Vec<Experiment> {
    let themes: [&[Experiment]; 6] = [
        &one_waiter::EXPERIMENTS,
        &at_once::EXPERIMENTS,
        &blocking_world::EXPERIMENTS,
        &fairness::EXPERIMENTS,
        &price::EXPERIMENTS,
        contradictions::EXPERIMENTS,
    ];
    themes.concat()
}

fn main() -> ExitCode {
    let outcome = match options::parse() {
        Ok(Command::Help) => {
            print!("{}", options::HELP);
            Ok(true)
        }
        Ok(Command::List) => report::list(&experiments()).map(|()| true).map_err(Into::into),
        Ok(Command::Run(options)) => run(&options),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Who closes the pipe has seen enough.
            if !report::is_broken_pipe(&*error) {
                eprintln!("tour: {error}");
            }
            ExitCode::from(2)
        }
    }
}

/// Runs the chosen experiments; says whether every shape held.
fn run(options: &Options) -> Result<bool> {
    let chosen = options.choose(experiments())?;
    let server = delay::DelayServer::start()?;
    let progress = Progress::start();
    let tour = Tour::new(options.scale, server.address(), progress);
    let mut report = Report::new(options)?;

    for experiment in &chosen {
        report.announce(experiment)?;
        tour.progress.begin(experiment.id);
        let clock = Stopwatch::start();
        let outcome = attempts(experiment, &tour);
        tour.progress.end();
        report.row(experiment, &outcome, clock.elapsed())?;
    }
    Ok(report.summary()?)
}

/// Other programs can only add to a wait: a shape that was missed in a way that they explain is
/// measured again. One that is missed three times does not hold.
fn attempts(experiment: &Experiment, tour: &Tour) -> Outcome {
    let first = attempt(experiment, tour);
    if first.ok || !first.load_matters {
        return first;
    }
    let missed = first.ours.clone();
    let again = (2..=3).map(|_| attempt(experiment, tour)).find(|outcome| outcome.ok);
    match again {
        Some(held) => held.detail(format!("measured again after a first {missed}")),
        None => first,
    }
}

/// Runs an experiment. One that panics has not held.
fn attempt(experiment: &Experiment, tour: &Tour) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| (experiment.run)(tour))) {
        Ok(outcome) => outcome.unwrap_or_else(|error| Outcome::failed(&error)),
        Err(_panic) => Outcome::failed(&"it panicked"),
    }
}
