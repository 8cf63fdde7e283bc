//! The environment: watching a program without touching it.
//!
//! ```text
//!     BOUCLE_TRACE=run.html     the replay page (see Trace), written when the loop ends
//!     BOUCLE_TRACE=run.svg      a picture
//!     BOUCLE_TRACE=run.jsonl    the events, for programs
//!     BOUCLE_TRACE=run.json     the same in Chrome's trace format
//!     BOUCLE_TRACE=run.txt      the story in words, while it happens (see Print)
//!     BOUCLE_TRACE=-            the story in words, to stderr
//!     BOUCLE_TRACE=a.html:b.svg several of them, of the one run; separated as in PATH
//!     BOUCLE_COMPARE=old.jsonl  another run, to be shown beside this one on the replay page
//!     BOUCLE_DEBUG=1            polls of 100 ms and more, to stderr (see SlowPoll),
//!                               and panics that nobody saw          (see UnseenPanics)
//!     BOUCLE_SLOW_POLL_MS=50    polls of 50 ms and more
//!     BOUCLE_INSPECT=127.0.0.1:4141  the replay page, served on the running loop (see inspect,
//!                               which knows what this floor does not: `builder.rs` reads it)
//!     BOUCLE_SIMULATE=in-order  virtual time, the oldest task first; a number is a seed
//!                               (`builder.rs` reads it, too)
//! ```
//!
//! The variables are read whenever a loop is built. They hold for simulated loops as for real ones:
//! a simulated run is what one most wants to see, and watching does not change it. A value that is
//! not understood is an error, since a trace that silently does not come is worse.
//!
//! Each path has an observer of its own, which keeps the events for itself: two of them take twice
//! the memory and the time. All of them see each event with the same date.
//!
//! A process may have several loops, and each gets a file of its own: `run.txt`, `run-2.txt`,
//! `run-3.txt`, in the order in which they are built. On stderr, the lines of the second loop begin
//! with `loop 2:`, and so on.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::observe::debug::slow_poll::SlowPoll;
use crate::observe::debug::unseen::UnseenPanics;
use crate::observe::event::Observer;
use crate::observe::story::print::Print;
#[cfg(feature = "trace")]
use crate::observe::trace::{POSSIBLE, Trace, format::Format, schema};

/// The observers that the environment asks for.
pub(crate) fn observers() -> io::Result<Vec<Box<dyn Observer>>> {
    let mut observers: Vec<Box<dyn Observer>> = Vec::new();
    if let Some(targets) = variable("BOUCLE_TRACE") {
        observers.extend(traces(&targets, variable("BOUCLE_COMPARE").as_deref())?);
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

/// The observers that `BOUCLE_TRACE` asks for, one for each path. Nothing is touched before all of
/// them, and `BOUCLE_COMPARE`, are understood.
fn traces(targets: &OsStr, compare: Option<&OsStr>) -> io::Result<Vec<Box<dyn Observer>>> {
    /// Loops of this process that were traced.
    static TRACED: AtomicU32 = AtomicU32::new(0);

    let paths: Vec<PathBuf> = env::split_paths(targets).collect();
    if let Some(bad) = paths.iter().find(|path| !is_stderr(path) && !is_possible(path)) {
        let possible = format!("{POSSIBLE}; and `-` writes the story to stderr");
        return Err(misunderstood("BOUCLE_TRACE", bad.as_os_str(), &possible));
    }
    if let Some(compare) = compare.filter(|_| !paths.iter().any(|path| is_page(path))) {
        let possible = "two runs are compared on a page: set BOUCLE_TRACE to a path that ends in \
                        `.html`";
        return Err(misunderstood("BOUCLE_COMPARE", compare, possible));
    }
    let number = TRACED.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    paths.iter().map(|path| trace(path, number, compare.filter(|_| is_page(path)))).collect()
}

/// The observer of the how-manieth loop for one path.
fn trace(path: &Path, number: u32, compare: Option<&OsStr>) -> io::Result<Box<dyn Observer>> {
    if is_stderr(path) {
        let label = if number == 1 { String::new() } else { format!("loop {number}: ") };
        return Ok(Box::new(Print::stderr().labelled(label)));
    }
    let named =
        |name: &str, error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
    to_file(&numbered(path, number), number, compare).map_err(|(name, error)| named(name, error))
}

/// Whether the story goes to stderr.
fn is_stderr(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether it is a replay page, on which two runs can be compared.
fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "html")
}

/// The observer that writes a file, or the error and the variable that is to blame.
#[cfg(feature = "trace")]
fn to_file(
    path: &Path,
    number: u32,
    compare: Option<&OsStr>,
) -> Result<Box<dyn Observer>, (&'static str, io::Error)> {
    // The other run may be what stands where this one will.
    let other = compare.map(|other| schema::read(Path::new(other))).transpose();
    let other = other.map_err(|error| ("BOUCLE_COMPARE", error))?;
    let trace = Trace::to_file(path).map_err(|error| ("BOUCLE_TRACE", error))?.number(number);
    Ok(Box::new(trace.beside(other)))
}

/// The observer that writes a file, or the error and the variable that is to blame.
#[cfg(not(feature = "trace"))]
fn to_file(
    path: &Path,
    _: u32,
    _: Option<&OsStr>,
) -> Result<Box<dyn Observer>, (&'static str, io::Error)> {
    let print = Print::to_file(path).map_err(|error| ("BOUCLE_TRACE", error))?;
    Ok(Box::new(print))
}

/// Whether a trace can be written to a file of this name.
#[cfg(feature = "trace")]
fn is_possible(path: &Path) -> bool {
    Format::of(path).is_some()
}

/// Whether a trace can be written to a file of this name.
#[cfg(not(feature = "trace"))]
fn is_possible(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "txt")
}

/// What a path must end in.
#[cfg(not(feature = "trace"))]
const POSSIBLE: &str = "a path that ends in `.txt` gets the story of the loop in words; this \
                        program was built without the feature `trace` of boucle, which knows \
                        `.html`, `.svg`, `.jsonl` and `.json`";

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
