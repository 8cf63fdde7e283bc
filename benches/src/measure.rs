//! Inside the measured process: from a job's name to its figures, printed as one JSON object.

use std::collections::BTreeMap;
use std::error::Error;
use std::process;
use std::time::Duration;

use crate::backend::{Boucle, Kind, Mio, Runtime, Server, Smol, Tokio};
use crate::load::Talk;
use crate::machine;
use crate::seam;
use crate::workload::sockets::{self, Exchange};
use crate::workload::{idle, tasks, threads, timers};

/// A job's figures by row.
pub type Figures = BTreeMap<String, f64>;

/// Does one job on one backend and prints its figures.
pub fn measure(job: &str, backend: Kind, quick: bool) -> Result<(), Box<dyn Error>> {
    machine::raise_file_limit();
    if job.starts_with(seam::JOB) {
        finish(&seam::measure(job, quick));
    }
    match backend {
        Kind::Boucle => on_runtime::<Boucle>(job, quick),
        Kind::Tokio => on_runtime::<Tokio>(job, quick),
        Kind::Smol => on_runtime::<Smol>(job, quick),
        Kind::Mio => on_server::<Mio>(job, quick),
    }
}

/// The jobs that need a runtime; the others need only a server.
///
/// `--quick` takes less of what has no fixed size by its definition, and fewer passes.
fn on_runtime<R: Runtime>(job: &str, quick: bool) -> Result<(), Box<dyn Error>> {
    let passes = if quick { 1 } else { 5 };
    let part = if quick { 5 } else { 1 };
    let million = 1_000_000;
    let figure = match job {
        "yield" => nanos(median(passes, || tasks::yields::<R>(1_000, 1_000)), million),
        "spawn" => nanos(tasks::spawn::<R>(million / part, 10_000), million / part),
        "spawn_kept" => {
            machine::keep_freed_memory();
            nanos(tasks::spawn::<R>(million / part, 10_000), million / part)
        }
        "channel" => nanos(median(passes, || tasks::channel::<R>(million)), million),
        "timeout_pending" => nanos(timers::timeout_pending::<R>(1_000_000, 100_000), million),
        "timeout_ready" => nanos(timers::timeout_ready::<R>(1_000_000, 100_000), million),
        "timers_fire" => timers_fire::<R>(),
        "timer_sparse" => {
            let lateness = timers::timer_sparse::<R>(100 / part);
            lateness[lateness.len() / 2].as_secs_f64() * 1e6
        }
        "wake_storm" => {
            // Nine threads on two cores are at the scheduler's mercy: always some passes.
            let storm = || threads::wake_storm::<R>(8, 1_000, 2_000_000);
            nanos(median(passes.max(3), storm), 2 * million)
        }
        "foreign" => micros(threads::foreign::<R>(10_000 / part, false), 10_000 / part),
        "foreign_spin" => micros(threads::foreign::<R>(10_000 / part, true), 10_000 / part),
        "blocking_4" => micros(threads::blocking::<R>(100_000 / part, 4), 100_000 / part),
        "blocking_1000" => micros(threads::blocking::<R>(100_000 / part, 1_000), 100_000 / part),
        "idle_task" => idle::task::<R>(1_000_000)?,
        "idle_conn" => idle::connection::<R>(8_000)?,
        _ => return on_server::<R>(job, quick),
    };
    finish(&Figures::from([(job.to_owned(), figure)]))
}

/// The job with three rows.
fn timers_fire<R: Runtime>() -> f64 {
    let fired = timers::timers_fire::<R>(200_000);
    let p99 = fired.lateness.get(fired.lateness.len() * 99 / 100).copied().unwrap_or_default();
    finish(&Figures::from([
        ("timers_fire".to_owned(), fired.cpu.as_secs_f64()),
        ("timers_fire_p99".to_owned(), p99.as_secs_f64() * 1e3),
        ("timers_fire_early".to_owned(), fired.early as f64),
    ]))
}

/// The jobs that a bare mio loop can do too.
fn on_server<S: Server>(job: &str, quick: bool) -> Result<(), Box<dyn Error>> {
    let (talk, connections) = match job {
        "echo_1" | "echo_1_spin" => (Talk::Echo(64), 1),
        "echo_100" => (Talk::Echo(64), 100),
        "echo_1000" => (Talk::Echo(64), 1_000),
        "echo_16k" => (Talk::Echo(16 * 1024), 16),
        "http" => (Talk::Http, 64),
        _ => return Err(format!("no such job: {job}").into()),
    };
    let milliseconds = if quick { 300 } else { 1_000 };
    let exchange = Exchange { talk, connections, milliseconds, spin: job == "echo_1_spin" };
    let job = job.to_owned();
    sockets::serve::<S>(&exchange, move |cpu, messages| {
        let cpu = micros(cpu, messages);
        if job != "echo_1_spin" {
            finish(&Figures::from([(job, cpu)]));
        }
        // One connection is a closed loop, so all of the time is round trips.
        let round_trip = micros(Duration::from_millis(milliseconds), messages);
        finish(&Figures::from([("echo_1_spin_cpu".to_owned(), cpu), (job, round_trip)]));
    })?;
    Ok(())
}

/// Prints the figures and ends the process here: taking a million tasks apart is no part of any
/// figure, and a server does not end.
fn finish(figures: &Figures) -> ! {
    println!("{}", serde_json::json!(figures));
    process::exit(0)
}

/// The middle one of so many passes.
pub fn median(passes: usize, pass: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = std::iter::repeat_with(pass).take(passes).collect();
    times.sort_unstable();
    times[passes / 2]
}

fn nanos(time: Duration, operations: u64) -> f64 {
    time.as_secs_f64() * 1e9 / operations as f64
}

fn micros(time: Duration, operations: u64) -> f64 {
    time.as_secs_f64() * 1e6 / operations as f64
}
