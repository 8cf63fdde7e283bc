//! X01: hello over HTTP, 10,000 requests by 100 connections, four loops beside one another.
//!
//! Run with: `cargo run --release -p experiments --bin x01` in `book/` (`--scale 0.1` is quicker).
//!
//! The servers are boucle, tokio (its current-thread runtime), asyncio (its streams) and Tornado:
//! one thread each, and the same thirteen bytes from each. The two in Rust read requests by the same
//! function; asyncio's server reads them by hand, as plain programs do; Tornado is a framework and
//! does more. Every server is a fresh process in every round, the rounds go forwards and
//! backwards, and each figure is a median.
//!
//! Read `servers` first, then `clients`; `process` starts a server and tells what it used.

// The number of requests is positive.
#![allow(clippy::cast_sign_loss)]

mod clients;
mod process;
mod servers;

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use experiments::{Experiment, Options, Outcome, Result};

use process::{Kind, Server};

/// How often everything is measured.
const ROUNDS: usize = 5;

/// How many seconds each is measured in a round, at least: the quick ones have several runs in
/// this time.
const ENOUGH: f64 = 0.5;

/// The original number of requests.
const REQUESTS: f64 = 10_000.0;

fn main() -> ExitCode {
    // This program is also its own servers.
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [command, name] = &arguments[..]
        && command == "serve"
    {
        return match servers::serve(name) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{name}: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let experiment = Experiment {
        id: "X01",
        what: "hello over HTTP, 10,000 requests by 100",
        theirs: "6.706 s, 1,491 req/s (Tornado)",
        run: side_by_side,
    };
    experiment.main()
}

/// What one server did in all rounds.
struct Figures {
    kind: Kind,
    /// What it says it is.
    about: String,
    /// Requests a second, with connections that stay, in each run.
    kept: Vec<f64>,
    /// The same, with a connection for each request.
    fresh: Vec<f64>,
    /// Microseconds that its thread was on a processor for a request, with connections that stay.
    processor: Vec<f64>,
}

fn side_by_side(options: &Options) -> Result<Outcome> {
    let requests = (REQUESTS * options.scale).round() as u32;
    let mut all = Vec::new();
    let mut absent = Vec::new();
    for kind in Kind::ALL {
        match Server::start(kind) {
            Ok(server) => {
                let about = server.about.clone();
                let (kept, fresh, processor) = (Vec::new(), Vec::new(), Vec::new());
                all.push(Figures { kind, about, kept, fresh, processor });
            }
            Err(error) if kind.is_python() => absent.push((kind, error)),
            Err(error) => return Err(error.into()),
        }
    }

    let enough = options.scaled(ENOUGH);
    let pinned = process::pin_clients();
    for round in 0..ROUNDS {
        let mut order: Vec<usize> = (0..all.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            measure(&mut all[index], requests, enough)?;
        }
    }
    Ok(judge(&mut all, &absent, requests, pinned))
}

/// One round of one server: a fresh process for each kind of clients, and runs of all requests
/// until half a second is over. The first requests find cold caches and lazy imports; they do not
/// count.
fn measure(figures: &mut Figures, requests: u32, enough: Duration) -> Result<()> {
    let server = Server::start(figures.kind)?;
    clients::run(server.address, requests / 10, true)?;
    let clock = Instant::now();
    while clock.elapsed() < enough {
        let before = server.processor_time();
        let took = clients::run(server.address, requests, true)?;
        figures.kept.push(f64::from(requests) / took.as_secs_f64());
        if let (Some(before), Some(after)) = (before, server.processor_time()) {
            let used = after.saturating_sub(before).as_secs_f64();
            figures.processor.push(1e6 * used / f64::from(requests));
        }
    }

    let server = Server::start(figures.kind)?;
    clients::run(server.address, requests / 10, false)?;
    let clock = Instant::now();
    while clock.elapsed() < enough {
        let took = clients::run(server.address, requests, false)?;
        figures.fresh.push(f64::from(requests) / took.as_secs_f64());
    }
    Ok(())
}

fn judge(
    all: &mut [Figures],
    absent: &[(Kind, std::io::Error)],
    requests: u32,
    pinned: bool,
) -> Outcome {
    let mut details = vec![format!(
        "{:9}{:>13}{:>11}{:>13}{:>13}",
        "", "kept alive", "all took", "one each", "processor"
    )];
    let mut ours = Vec::new();
    let mut rates = Vec::new();
    for figures in all.iter_mut() {
        let name = figures.kind.name();
        let (kept, fresh) = (median(&mut figures.kept), median(&mut figures.fresh));
        let took = f64::from(requests) / kept;
        let processor = if figures.processor.is_empty() {
            "unknown".to_owned()
        } else {
            format!("{:.1} µs", median(&mut figures.processor))
        };
        let line = format!(
            "{name:9}{kept:>7.0} req/s{took:>9.3} s{fresh:>7.0} req/s{processor:>13}   {}",
            figures.about
        );
        details.push(line.trim_end().to_owned());
        ours.push(format!("{name} {kept:.0}"));
        rates.push(kept);
    }
    let mut missing = Vec::new();
    for (kind, error) in absent {
        details.push(format!("{:9} not on this machine: {error}", kind.name()));
        missing.push(format!("; {} not on this machine", kind.name()));
    }
    let where_they_ran = if pinned { "each on a processor of its own" } else { "not pinned" };
    details.push(format!(
        "medians of the runs in {ROUNDS} rounds; clients: boucle, 100 connections, {where_they_ran}"
    ));

    // Level with tokio, where most of the time goes to system calls, and every loop before the
    // next in the list, which does more for each request.
    let level = rates[0] > 0.85 * rates[1];
    let ordered = rates[1..].windows(2).all(|pair| pair[0] > pair[1]);
    let expected = "boucle level with tokio or better; asyncio behind, then Tornado";
    Outcome {
        ours: format!("{} req/s{}", ours.join(", "), missing.concat()),
        expected: expected.to_owned(),
        ok: level && ordered,
        details,
    }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
