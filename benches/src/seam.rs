//! `seam`: what it costs that boucle can be watched.
//!
//! The work of `yield` is done three times in turn: by a loop that cannot be watched (this program,
//! built with `--cfg boucle_seamless`), by one that can while nobody watches, and by that one while
//! a `Record` keeps every event. What the second takes more than the first is the price of the
//! seam, by the poll; what the third takes more than the first is the price of a record, by the
//! event. The record has room for all; one that is full has also to forget, which is told apart.
//!
//! Both programs are built for this, and in one codegen unit: with several, what is inlined into what
//! depends on which functions happen to share one, and two builds differ by more than the seam. Where
//! a build puts its code can still cost or save half a nanosecond a poll, so a seam that seems to cost
//! less than nothing is as cheap as this can tell.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Event, Observer, Record};

use crate::backend::{Boucle, Kind};
use crate::measure::{Figures, median};
use crate::runner::{Round, measured};
use crate::workload::tasks;

/// The job of these rows.
pub const JOB: &str = "seam";

/// What the programs do, as `measure` is told.
const UNWATCHED: &str = "seam_unwatched";
const RECORDED: &str = "seam_recorded";
const FORGOTTEN: &str = "seam_forgotten";

/// Tasks, and how often each of them yields.
const TASKS: usize = 1_000;
const YIELDS: usize = 500;

/// How often all tasks together are polled: once more than they yield.
const POLLS: f64 = (TASKS * (YIELDS + 1)) as f64;

/// The measured process: nanoseconds by the poll, and events by the poll if they are recorded.
pub fn measure(job: &str, quick: bool) -> Figures {
    let passes = if quick { 3 } else { 9 };
    let mut events = 0;
    let pass = || {
        let record = match job {
            UNWATCHED => None,
            RECORDED => Some(Record::new()),
            _ => Some(Record::with_limit(1 << 20)),
        };
        let time = yields(record.clone());
        events = record.as_ref().map_or(0, count);
        time
    };
    let time = median(passes, pass);
    Figures::from([
        ("ns".to_owned(), time.as_secs_f64() * 1e9 / POLLS),
        ("events".to_owned(), events as f64 / POLLS),
    ])
}

/// The work of `yield` on a loop that `observer` watches, if there is one.
fn yields(observer: Option<Record>) -> Duration {
    let mut builder = EventLoop::builder();
    if let Some(observer) = observer {
        builder = builder.observer(observer);
    }
    builder.build().expect("a loop").block_on(tasks::yielding::<Boucle>(TASKS, YIELDS))
}

/// How many events a record was told, those included that it has dropped since.
fn count(record: &Record) -> u64 {
    struct Count(u64);
    impl Observer for Count {
        fn event(&mut self, _at: Duration, _event: &Event<'_>) {
            self.0 += 1;
        }
    }
    let mut count = Count(0);
    record.replay(&mut count);
    // Some of the dropped ones are told all the same.
    count.0 - record.past() as u64 + record.dropped()
}

/// The rounds of the runner, each with the three figures that are reported.
pub fn rounds(
    number: usize,
    quick: bool,
    failures: &mut Vec<String>,
    progress: impl Fn(&str),
) -> Vec<Round> {
    progress("seam: building a loop without one, and one with it");
    let seamless = built("seamless", "--cfg boucle_seamless");
    let programs = seamless.and_then(|seamless| Ok((seamless, built("seam", "")?)));
    let (seamless, seam) = match programs {
        Ok(programs) => programs,
        Err(error) => {
            failures.push(format!("seam: {error}"));
            return Vec::new();
        }
    };
    let mut rounds = Vec::new();
    for round in 1..=number {
        progress(&format!("seam, round {round} of {number}"));
        match self::round(&seamless, &seam, quick, round % 2 == 0) {
            Ok(figures) => rounds.push(Round::from([(Kind::Boucle, figures)])),
            Err(error) => failures.push(format!("seam: {error}")),
        }
    }
    rounds
}

/// One round: each program once, the last first if `backwards`.
fn round(
    seamless: &Path,
    seam: &Path,
    quick: bool,
    backwards: bool,
) -> Result<Figures, Box<dyn Error>> {
    let mut runs = [(seamless, UNWATCHED), (seam, UNWATCHED), (seam, RECORDED), (seam, FORGOTTEN)];
    if backwards {
        runs.reverse();
    }
    let mut figures = Vec::new();
    for (program, job) in runs {
        figures.push(measured(program, job, Kind::Boucle, quick)?);
    }
    if backwards {
        figures.reverse();
    }
    let [none, off, record, full] = &figures[..] else { unreachable!("four runs") };
    let an_event = |record: &Figures| (record["ns"] - none["ns"]) / record["events"];
    Ok(Figures::from([
        ("seam_none".to_owned(), none["ns"]),
        ("seam_off".to_owned(), off["ns"] - none["ns"]),
        ("seam_record".to_owned(), an_event(record)),
        ("seam_record_full".to_owned(), an_event(full)),
    ]))
}

/// Builds this program with these flags, in a folder of this name beside the one that runs.
fn built(folder: &str, more: &str) -> Result<PathBuf, Box<dyn Error>> {
    let this = env::current_exe()?;
    let target = this.ancestors().nth(2).ok_or("this program is in no target folder")?;
    let target = target.join(folder);
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.env("RUSTFLAGS", format!("{flags} {more}"));
    build.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    build.args(["build", "--quiet", "--release", "--manifest-path"]);
    build.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    build.arg("--target-dir").arg(&target);
    if cfg!(feature = "mimalloc") {
        build.args(["--features", "mimalloc"]);
    }
    let done = build.status().map_err(|error| {
        format!("the loop of `{folder}` is built by cargo, which cannot be started: {error}")
    })?;
    if !done.success() {
        return Err(format!("the loop of `{folder}` could not be built: {done}").into());
    }
    Ok(target.join("release").join(this.file_name().ok_or("this program has no name")?))
}
