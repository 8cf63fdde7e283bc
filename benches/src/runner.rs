//! The runner: starts the measurements, and alternates the backends run by run.
//!
//! For every job it goes through the rounds, and in each round through the backends, forwards and
//! backwards in turn; each run is a fresh process. A figure is the median over the rounds. A ratio
//! is taken within each round, where both sides met the same weather, and then the median over the
//! rounds.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::Options;
use crate::backend::Kind;
use crate::measure::Figures;
use crate::report::Report;
use crate::rows::{self, Row};
use crate::seam;

/// How long a measurement may take. A lost wake shows here.
const LIMIT: Duration = Duration::from_secs(60);

/// Measures what was asked for and reports it row by row; false when a measurement failed.
pub fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let rows = rows::selected(&options.only)?;
    let mut report = Report::new(options);
    let mut failures = Vec::new();
    // The rows of one job stand together.
    let jobs: Vec<&[&Row]> = rows.chunk_by(|one, next| one.job == next.job).collect();
    let begin = Instant::now();
    for (index, job) in jobs.iter().enumerate() {
        let job_rounds = rounds(job[0], options, &mut failures, |now| {
            progress(&format!(
                "[{}/{}, {} s] {now}",
                index + 1,
                jobs.len(),
                begin.elapsed().as_secs()
            ));
        });
        progress("");
        for row in *job {
            report.row(row, &Values::of(row, &job_rounds));
        }
    }
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    Ok(failures.is_empty())
}

/// The figures of one round, by backend.
pub type Round = BTreeMap<Kind, Figures>;

/// Runs the job of a row on each backend in each round.
fn rounds(
    row: &Row,
    options: &Options,
    failures: &mut Vec<String>,
    progress: impl Fn(&str),
) -> Vec<Round> {
    if row.job == seam::JOB {
        return seam::rounds(options.rounds, options.quick, failures, progress);
    }
    let this = std::env::current_exe().expect("the path of this program");
    let mut backends = options.backends.clone();
    backends.retain(|&backend| row.bare || backend != Kind::Mio);
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let mut round = Round::new();
        for &backend in &backends {
            let name = backend.name();
            progress(&format!("{} on {name}, round {number} of {}", row.job, options.rounds));
            match measured(&this, row.job, backend, options.quick) {
                Ok(figures) => drop(round.insert(backend, figures)),
                Err(error) => failures.push(format!("{} on {name}: {error}", row.job)),
            }
        }
        rounds.push(round);
        backends.reverse();
    }
    rounds
}

/// One run: this program, or another build of it, in the role of a measurement.
pub fn measured(
    program: &Path,
    job: &str,
    backend: Kind,
    quick: bool,
) -> Result<Figures, Box<dyn Error>> {
    let size = if quick { "quick" } else { "full" };
    let mut process = Command::new(program)
        .args(["measure", job, backend.name(), size])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;

    // A thread reads the output to its end, so that this one can wait with a limit.
    let mut output = process.stdout.take().ok_or("no output to read")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = output.read_to_string(&mut text).map(|_| text);
        // Nobody listens any more when the limit has passed.
        let _ = sender.send(read);
    });
    let text = receiver.recv_timeout(LIMIT);
    if text.is_err() {
        process.kill()?;
    }
    let status = process.wait()?;
    let Ok(text) = text else {
        return Err(format!("no end within {} s", LIMIT.as_secs()).into());
    };
    if !status.success() {
        return Err(status.to_string().into());
    }
    Ok(serde_json::from_str(&text?)?)
}

/// The figures of one row.
pub struct Values {
    /// Its value in each round, by backend.
    rounds: Vec<BTreeMap<Kind, f64>>,
}

impl Values {
    /// Picks a row's figures out of its job's.
    fn of(row: &Row, rounds: &[Round]) -> Values {
        let pick = |round: &Round| {
            let value = |figures: &Figures| figures.get(row.name).copied();
            round.iter().filter_map(|(&kind, figures)| Some((kind, value(figures)?))).collect()
        };
        Values { rounds: rounds.iter().map(pick).collect() }
    }

    /// The median figure of a backend.
    pub fn median(&self, backend: Kind) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| round.get(&backend).copied()))
    }

    /// How many times better than `other` a backend is: the median of the rounds' ratios.
    pub fn ratio(&self, backend: Kind, other: Kind) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| {
            let ratio = round.get(&other)? / round.get(&backend)?;
            // Two zeros cannot be compared.
            ratio.is_finite().then_some(ratio)
        }))
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// Shows what is running now, on a line of the terminal that is written over.
fn progress(now: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r{now:<78}\r");
    } else if !now.is_empty() {
        eprintln!("{now}");
    }
}
