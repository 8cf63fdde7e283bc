//! Scenes: small programs that are the same on every loop, so that two loops can be compared.
//!
//! ```text
//! cargo run -p exercises-yours --example scene_of_yours -- wheel
//! ```
//!
//! runs the scene of the exercise `wheel` with your organs, compares what they did with the kept
//! trace, and names the first turn that differs. A file as second argument (`mine.html`,
//! `mine.svg`, `mine.txt`, `mine.jsonl`) gets your trace, to be looked at. `--write` as second
//! argument makes the trace the kept one; that is for the kept solution.
//!
//! Nothing here depends on the clock or on other threads: the bench and the loop are simulated.

mod select;
mod tasks;
mod timers;
mod turn;

#[allow(dead_code, reason = "the judges need more of it")]
#[path = "../tests/support/bench.rs"]
mod bench;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use boucle::observe::{Format, History, Record};

/// A scene: the name of its exercise, and its program.
type Scene = (&'static str, fn() -> Record);

/// The scenes.
const SCENES: [Scene; 8] = [
    ("executor", tasks::executor),
    ("join", tasks::join),
    ("heap", timers::sleeps_on_a_heap),
    ("wheel", timers::sleeps_on_a_wheel),
    ("select", select::first_of_two),
    ("semaphore", select::two_at_a_time),
    ("fairness", tasks::fairness),
    ("turn", turn::the_whole_loop),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let scene = SCENES.iter().find(|(name, _)| Some(*name) == arguments.first().map(|n| &**n));
    let Some(&(name, run)) = scene else {
        let names = SCENES.map(|(name, _)| name).join(", ");
        eprintln!("which scene? one of: {names}");
        return ExitCode::from(2);
    };
    let record = run();
    let kept = kept(name);
    let compared = match arguments.get(1).map(String::as_str) {
        Some("--write") => return told(write(&record, &kept)),
        Some(file) => write(&record, Path::new(file)).and_then(|()| compare(&record, &kept)),
        None => compare(&record, &kept),
    };
    told(compared)
}

/// Where the kept trace of a scene is.
fn kept(name: &str) -> PathBuf {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    traces.join(name).with_extension("jsonl")
}

/// Writes a record to a file, in the format that its name asks for.
fn write(record: &Record, file: &Path) -> io::Result<()> {
    let format = Format::of(file).ok_or_else(|| {
        let names = "a file that ends in .html, .svg, .txt, .jsonl or .json";
        io::Error::new(io::ErrorKind::InvalidInput, format!("{}: name {names}", file.display()))
    })?;
    record.write(format, File::create(file)?)
}

/// Compares a record with the kept trace.
fn compare(record: &Record, kept: &Path) -> io::Result<()> {
    let (yours, kept) = (History::of(record), History::read(BufReader::new(File::open(kept)?))?);
    let Some(difference) = yours.first_difference(&kept) else {
        println!("{} events, and all as in the reference", yours.len());
        return Ok(());
    };
    let sentence = |side: Option<(usize, String)>| match side {
        Some((_, sentence)) => sentence,
        None => "nothing more: the run is over".to_owned(),
    };
    let (one, other) = (sentence(difference.one), sentence(difference.other));
    let turn = difference.turn;
    let told = format!("turn {turn} differs:\n    yours:     {one}\n    reference: {other}");
    Err(io::Error::other(told))
}

/// How the program ends.
fn told(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
