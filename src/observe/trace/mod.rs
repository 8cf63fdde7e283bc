//! The trace: what happened in a loop, in a file, however the loop comes to its end.
//!
//! A trace is a [`Record`] that knows where it is to be written. Dropping the loop drops its
//! observers, and so writes it: at the end of `main`, on the way of an error out of it, and while a
//! panic unwinds. For the signals that end a process without any of this, all traces of living
//! loops stand in a list, and the watch of [`interrupt`] goes through it.
//!
//! Only what can be written line by line at any time, the story in words, is: its last line tells
//! where a program hangs.
//!
//! Invariant: a trace is written once, by whoever comes first, and not if its loop was never built.

mod chrome;
pub(crate) mod format;
#[cfg(target_os = "linux")]
mod interrupt;
mod lanes;
mod length;
pub(crate) mod page;
pub(crate) mod schema;
mod svg;
mod target;

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::observe::event::{Event, Observer};
use crate::observe::record::Record;
use crate::observe::story::file::{Shown, refused};
use crate::observe::story::print::Print;
use crate::observe::trace::format::Format;
use crate::observe::trace::schema::Title;
use crate::observe::trace::target::Target;
use crate::shield::shield;

/// What is kept of the events for the forms that people open, unless another limit is chosen: 16 MiB,
/// 250,000 to 700,000 events, which a browser can still hold with ease. It bounds, too, what the
/// writing of a picture or a Chrome trace takes: some fifteen times as much, for a moment.
const VIEW_LIMIT: usize = 16 << 20;

/// Records a loop and writes the record to a file when the loop is dropped, in the [`Format`] that
/// the file's extension names.
///
/// It is what `BOUCLE_TRACE=run.html` adds to every loop of a program. The file is written when
/// the loop is dropped: also while a panic unwinds, or when `main` returns an error. On Linux it is
/// written, too, before SIGINT (Ctrl-C) or SIGTERM ends the program; a signal that the program
/// handles itself before its loop first sleeps is left to it. Where the C library allows it, as
/// glibc does, it is also written for loops that the end of `main`, or `std::process::exit` on the
/// main thread, cuts off, if that thread had a loop too. It is lost with SIGKILL and with a panic
/// that aborts. A file that cannot be written then is told on stderr, in one line.
///
/// Until the end the events are kept in memory as by [`Record`], and the oldest ones are dropped
/// when its limit is reached: [`Record::LIMIT`] for `.jsonl`, a quarter of it for `.html`, `.svg` and
/// `.json`. Writing those two last takes memory of its own, up to some fifteen times the limit. The
/// story (`.txt`) is written while it happens instead, and is there wherever the program stops.
///
/// ```
/// use boucle::{EventLoop, observe::Trace};
///
/// # let folder = std::env::temp_dir().join(format!("boucle-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("run.html");
/// let event_loop = EventLoop::builder().observer(Trace::to_file(&path)?).build()?;
/// event_loop.block_on(async {});
/// drop(event_loop);
/// assert!(std::fs::read_to_string(&path)?.starts_with("<!doctype html>"));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Trace(Way);

/// How a trace is written.
#[derive(Debug)]
enum Way {
    /// As it happens.
    AtOnce(Print),
    /// In the end.
    InTheEnd {
        /// What happened: the same record as that of the document.
        record: Record,
        /// What is to be written.
        document: Arc<Document>,
        /// How far the loop is.
        stage: Stage,
    },
}

/// How far a traced loop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nothing happened yet.
    Unborn,
    /// It was built, and the document is in the list.
    Built,
    /// It has turned to the operating system, and signals are watched.
    Waited,
}

/// A trace that is to be written.
struct Document {
    /// What happened.
    record: Record,
    /// In what form it is written.
    format: Format,
    /// Whose trace it is.
    title: Title,
    /// The trace of another run, to be shown beside it.
    other: Option<String>,
    /// Where it goes; `None` once it is written.
    target: Mutex<Option<Target>>,
}

/// The documents of loops that live.
static LIVING: Mutex<Vec<Weak<Document>>> = Mutex::new(Vec::new());

impl Trace {
    /// A trace that will be written to `path`: `.html`, `.svg`, `.jsonl`, `.json` or `.txt`.
    ///
    /// That it can be is tried at once, and a file that is there already is removed.
    ///
    /// # Errors
    ///
    /// If there is no format for this extension, or the file cannot be written.
    ///
    /// ```
    /// use boucle::observe::Trace;
    /// let error = Trace::to_file("run.png").unwrap_err();
    /// assert!(error.to_string().contains("`.svg`"));
    /// ```
    pub fn to_file(path: impl AsRef<Path>) -> io::Result<Trace> {
        let path = path.as_ref();
        let Some(format) = Format::of(path) else {
            let told = format!("{} is no name for a trace: {POSSIBLE}", Shown(path));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
        };
        let limit = match format {
            Format::Txt => return Print::to_file(path).map(|print| Trace(Way::AtOnce(print))),
            Format::Jsonl => Record::LIMIT,
            Format::Html | Format::Svg | Format::Json => VIEW_LIMIT,
        };
        let record = Record::with_limit(limit);
        let document = Document {
            record: record.clone(),
            format,
            title: Title { program: executable(), number: 1 },
            other: None,
            target: Mutex::new(Some(Target::new(path)?)),
        };
        let document = Arc::new(document);
        Ok(Trace(Way::InTheEnd { record, document, stage: Stage::Unborn }))
    }

    /// Keeps up to so many bytes of events until they are written. The story (`.txt`) keeps none.
    ///
    /// ```
    /// # use boucle::observe::Trace;
    /// # let path = std::env::temp_dir().join(format!("boucle-{}.jsonl", std::process::id()));
    /// let trace = Trace::to_file(&path)?.limit(256 << 20);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Trace {
        if let Way::InTheEnd { record, .. } = &mut self.0 {
            *record = Record::with_limit(bytes);
            let record = record.clone();
            self.change(|document| document.record = record);
        }
        self
    }

    /// Writes this name of the program into the trace, instead of that of its executable. The story
    /// (`.txt`) has none.
    ///
    /// With a fixed one, the traces of simulated loops are the same on every machine.
    ///
    /// ```
    /// # use boucle::observe::Trace;
    /// # let path = std::env::temp_dir().join(format!("boucle-{}.jsonl", std::process::id()));
    /// let trace = Trace::to_file(&path)?.program("fetcher");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn program(mut self, name: &str) -> Trace {
        self.change(|document| name.clone_into(&mut document.title.program));
        self
    }

    /// Shows another run beside this one, if it is written as a page: `path` is a trace that was
    /// written as `.jsonl`. It is read at once.
    ///
    /// # Errors
    ///
    /// If that file cannot be read, or is no trace.
    ///
    /// ```no_run
    /// # use boucle::observe::Trace;
    /// let trace = Trace::to_file("now.html")?.compare_with("before.jsonl")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn compare_with(self, path: impl AsRef<Path>) -> io::Result<Trace> {
        let other = schema::read(path.as_ref())?;
        Ok(self.beside(Some(other)))
    }

    /// Shows another run beside this one, if there is one.
    pub(crate) fn beside(mut self, other: Option<String>) -> Trace {
        self.change(|document| document.other = other);
        self
    }

    /// Notes that the loop is the how-manieth of its process.
    pub(crate) fn number(mut self, number: u32) -> Trace {
        self.change(|document| document.title.number = number);
        self
    }

    /// Changes what is to be written; until the loop is built nobody else has the document.
    fn change(&mut self, change: impl FnOnce(&mut Document)) {
        if let Way::InTheEnd { document, .. } = &mut self.0
            && let Some(document) = Arc::get_mut(document)
        {
            change(document);
        }
    }

    /// Does what is to be done once: when the loop is built, and when it first waits.
    #[cold]
    fn go_on(document: &Arc<Document>, stage: &mut Stage, event: &Event<'_>) {
        if *stage == Stage::Unborn {
            *stage = Stage::Built;
            let mut living = LIVING.lock().unwrap_or_else(PoisonError::into_inner);
            living.retain(|document| document.strong_count() > 0);
            living.push(Arc::downgrade(document));
        }
        let waits = matches!(event, Event::WaitBegan { .. });
        watch_signals(waits);
        if waits {
            *stage = Stage::Waited;
        }
    }
}

/// What a path must end in.
pub(crate) const POSSIBLE: &str = "it may end in `.html` (a replay page), `.svg` (a picture), \
     `.jsonl` (events for programs), `.json` (Chrome's trace format) or `.txt` (the story in words)";

/// Lets signals that end the process have the traces written before.
fn watch_signals(waits: bool) {
    #[cfg(target_os = "linux")]
    {
        let watch = interrupt::watch(write_all);
        if waits {
            interrupt::ready(watch);
        }
    }
    let _ = waits;
}

/// Writes the traces of all loops that live.
#[cfg(target_os = "linux")]
fn write_all() {
    let living = LIVING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    living.iter().filter_map(Weak::upgrade).for_each(|document| document.write());
}

/// The file name of this program, as far as it can be known.
pub(crate) fn executable() -> String {
    let path = env::current_exe().unwrap_or_default();
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Observer for Trace {
    #[inline]
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        match &mut self.0 {
            Way::AtOnce(print) => print.event(at, event),
            Way::InTheEnd { record, document, stage } => {
                record.event(at, event);
                if *stage < Stage::Waited
                    && (*stage == Stage::Unborn || matches!(event, Event::WaitBegan { .. }))
                {
                    Trace::go_on(document, stage, event);
                }
            }
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if let Way::InTheEnd { document, stage, .. } = &self.0
            && *stage > Stage::Unborn
        {
            // The thread may be on its way out of a panic.
            shield(|| document.write());
        }
    }
}

impl Document {
    /// Writes it, unless that was done.
    fn write(&self) {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(target) = target.take() else { return };
        let held = self.record.snapshot();
        let written = target
            .write(|to| format::write(&self.title, &held, self.format, self.other.as_deref(), to));
        if let Err(error) = written {
            let told = refused(target.path(), &error);
            // Nobody may listen there.
            let _ = writeln!(io::stderr(), "boucle: the trace is lost: {told}");
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Document");
        debug.field("format", &self.format).field("title", &self.title).finish_non_exhaustive()
    }
}
