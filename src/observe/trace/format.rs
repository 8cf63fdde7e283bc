//! The formats: what a record looks like in a file.
//!
//! This is the only place that chooses among them; each is made in a file of its own. All are made
//! from what the record holds at the moment, may be made again and again, and on any thread. None
//! takes anything from the machine (no date, no path), so under simulation the bytes are the same
//! on every run.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::{chrome, page, schema, svg};
use crate::observe::event::{Event, Observer};
use crate::observe::record::{Record, Snapshot};
use crate::observe::story::print::Story;
use crate::observe::trace::schema::Title;

/// A form in which a trace can be written.
///
/// ```
/// use boucle::observe::Format;
/// assert_eq!(Format::of("run.html"), Some(Format::Html));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The replay page: one file for a browser, with all events in it, that asks no network. In a
    /// frame it is compact, and `#event=12` at the end of its address puts the cursor on event 12.
    Html,
    /// A picture of the lanes over time, for print and for documents.
    Svg,
    /// The events, a line of JSON each, for programs. The schema is described in
    /// `src/observe/trace/schema.rs`.
    Jsonl,
    /// Chrome's trace format, for Perfetto, speedscope and others.
    Json,
    /// The story in words, as [`Print`](crate::observe::Print) tells it.
    Txt,
}

impl Format {
    /// The format of a file with this name: by its extension, in lower case.
    ///
    /// ```
    /// use boucle::observe::Format;
    /// assert_eq!(Format::of("traces/run.jsonl"), Some(Format::Jsonl));
    /// assert_eq!(Format::of("run.png"), None);
    /// ```
    #[must_use]
    pub fn of(path: impl AsRef<Path>) -> Option<Format> {
        match path.as_ref().extension()?.to_str()? {
            "html" => Some(Format::Html),
            "svg" => Some(Format::Svg),
            "jsonl" => Some(Format::Jsonl),
            "json" => Some(Format::Json),
            "txt" => Some(Format::Txt),
            _ => None,
        }
    }
}

impl Record {
    /// Writes what the record holds now, in some format.
    ///
    /// The program is not named; for that, and for a file that comes by itself, see
    /// [`Trace`](crate::observe::Trace). Takes time in proportion to the events, up to some microseconds
    /// each; for a picture and for Chrome's format also memory, up to some 350 bytes each.
    ///
    /// # Errors
    ///
    /// If `to` cannot be written.
    ///
    /// ```
    /// use boucle::{EventLoop, observe::{Format, Record}};
    ///
    /// let record = Record::new();
    /// EventLoop::builder().observer(record.clone()).build()?.block_on(async {});
    /// let mut picture = Vec::new();
    /// record.write(Format::Svg, &mut picture)?;
    /// assert!(picture.starts_with(b"<svg"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&self, format: Format, mut to: impl Write) -> io::Result<()> {
        let title = Title { program: String::new(), number: 1 };
        write(&title, &self.snapshot(), format, None, &mut to)
    }
}

/// Writes what a record held; on a page, beside the trace of another run if there is one.
pub(crate) fn write(
    title: &Title,
    held: &Snapshot,
    format: Format,
    other: Option<&str>,
    to: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Html => page::write(title, held, other, to),
        Format::Svg => svg::write(title, held, to),
        Format::Jsonl => schema::write(title, held, to),
        Format::Json => chrome::write(title, held, to),
        Format::Txt => {
            let mut tell = Tell { story: Story::default(), to, outcome: Ok(()) };
            if held.dropped > 0 {
                let (dropped, past) = (held.dropped, held.past.len());
                writeln!(
                    tell.to,
                    "({dropped} events were dropped, but for the first {past} here)"
                )?;
            }
            held.replay(&mut tell);
            tell.outcome
        }
    }
}

/// Tells the story, until that fails.
struct Tell<'a> {
    /// The story so far.
    story: Story,
    /// Where it goes.
    to: &'a mut dyn Write,
    /// What became of it.
    outcome: io::Result<()>,
}

impl Observer for Tell<'_> {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        if self.outcome.is_ok() {
            self.outcome = self.to.write_all(self.story.next(at, event).as_bytes());
        }
    }
}
