//! The environment: watching a program without touching it.
//!
//! ```text
//!     BOUCLE_TRACE=run.txt      the story in words, into a file     (see Print)
//!     BOUCLE_TRACE=-            the story in words, to stderr
//!     BOUCLE_DEBUG=1            polls of 100 ms and more, to stderr (see SlowPoll),
//!                               and panics that nobody saw          (see UnseenPanics)
//!     BOUCLE_SLOW_POLL_MS=50    polls of 50 ms and more
//! ```
//!
//! The variables are read whenever a loop is built. They hold for simulated loops as for real ones:
//! a simulated run is what one most wants to see, and watching does not change it. A value that is
//! not understood is an error, since a trace that silently does not come is worse.
//!
//! A process may have several loops, and each gets a file of its own: `run.txt`, `run-2.txt`,
//! `run-3.txt`, in the order in which they are built. On stderr, the lines of the second loop begin
//! with `loop 2:`, and so on.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::event::Observer;
use super::print::Print;
use super::slow_poll::SlowPoll;
use super::unseen::UnseenPanics;

/// The observers that the environment asks for.
pub(super) fn observers() -> io::Result<Vec<Box<dyn Observer>>> {
    let mut observers: Vec<Box<dyn Observer>> = Vec::new();
    if let Some(target) = variable("BOUCLE_TRACE") {
        observers.push(trace(&target)?);
    }
    let (debug, limit) = (variable("BOUCLE_DEBUG"), variable("BOUCLE_SLOW_POLL_MS"));
    if let Some(threshold) = slow_poll(debug.as_deref(), limit.as_deref())? {
        observers.push(Box::new(SlowPoll::new(threshold)));
    }
    if debug.is_some_and(|debug| debug == "1") {
        observers.push(Box::new(UnseenPanics::new()));
    }
    Ok(observers)
}

/// The value of a variable; an empty one is as good as none.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The observer that `BOUCLE_TRACE` asks for.
fn trace(target: &OsStr) -> io::Result<Box<dyn Observer>> {
    /// Loops of this process that were traced.
    static TRACED: AtomicU32 = AtomicU32::new(0);

    let path = Path::new(target);
    #[cfg(feature = "trace")]
    if path.extension().is_some_and(|extension| extension == "jsonl") {
        return Ok(Box::new(super::trace::Trace::to(File::create(path)?)));
    }
    let is_story = path.extension().is_some_and(|extension| extension == "txt");
    if target != "-" && !is_story {
        return Err(misunderstood(
            "BOUCLE_TRACE",
            target,
            "a path that ends in `.txt` gets the story of the loop in words, and `-` writes it to \
             stderr; this version of boucle knows no other form",
        ));
    }
    let number = TRACED.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    if target == "-" {
        let label = if number == 1 { String::new() } else { format!("loop {number}: ") };
        return Ok(Box::new(Print::stderr().labelled(label)));
    }
    let path = numbered(path, number);
    match File::create(&path) {
        Ok(file) => Ok(Box::new(Print::to(file))),
        Err(error) => {
            let told = format!("BOUCLE_TRACE: cannot write {}: {error}", path.display());
            Err(io::Error::new(error.kind(), told))
        }
    }
}

/// The file of the how-manieth loop: `run.txt`, `run-2.txt`, `run-3.txt`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The threshold of the slow-poll watch, if there is to be one. A threshold alone turns it on.
fn slow_poll(debug: Option<&OsStr>, limit: Option<&OsStr>) -> io::Result<Option<Duration>> {
    let wanted = match debug {
        None => limit.is_some(),
        Some(value) if value == "1" => true,
        Some(value) if value == "0" => false,
        Some(value) => {
            let possible = "`1` reports slow polls and unseen panics to stderr, `0` does not";
            return Err(misunderstood("BOUCLE_DEBUG", value, possible));
        }
    };
    let threshold = limit.map_or(Ok(SlowPoll::THRESHOLD), |value| {
        let millis = value.to_str().and_then(|value| value.parse().ok());
        millis.map(Duration::from_millis).ok_or_else(|| {
            let possible = "a whole number of milliseconds, such as `50`, is the shortest poll \
                            that is reported";
            misunderstood("BOUCLE_SLOW_POLL_MS", value, possible)
        })
    })?;
    Ok(wanted.then_some(threshold))
}

/// The error for a value that means nothing.
fn misunderstood(name: &str, value: &OsStr, possible: &str) -> io::Error {
    let told =
        format!("{name}={} is not understood: {possible}", value.to_string_lossy().escape_debug());
    io::Error::new(io::ErrorKind::InvalidInput, told)
}
