//! The story: what the loop does, in words, while it does it.
//!
//! One line an event, written as soon as the event is there, so that the last line tells where a
//! program hangs. What a task does while it is polled stands indented below it:
//!
//! ```text
//!        0.021 ms  task 1 `block_on` is spawned by the program at src/main.rs:5:5
//!    turn 1
//!        0.030 ms  task 1 `block_on` is polled: it is new
//!        0.046 ms    task 2 `fetch` is spawned at src/main.rs:6:20
//!        0.051 ms  task 1 `block_on` waits, after 21µs
//!        0.058 ms  task 2 `fetch` is polled: it is new
//!        0.064 ms    timer 1 is armed for 50.060 ms (level 0, slot 51)
//!        0.070 ms  task 2 `fetch` waits, after 12µs
//!        0.075 ms  the loop sleeps, 50.925ms at most: then the timer wheel is due
//!       51.092 ms  the loop slept 51.017ms: no source is ready
//! ```
//!
//! The idea is curio's `schedtrace`.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::observe::event::{Event, Observer, TaskId};
use crate::observe::story::file::StoryFile;
use crate::observe::story::tasks::Tasks;
use crate::observe::story::words::{By, Sentence, Span, Stamp, rounded};

/// Tells what a loop does, turn by turn, as text for people.
///
/// Each line begins with the time since the loop was built, in milliseconds. A line costs a system
/// call, a microsecond or so; to disturb a program less, [`Record`](crate::observe::Record) it and
/// [`replay`](crate::observe::Record::replay) the record into a `Print`. Memory is needed for the
/// names of the living tasks. Names are escaped, so no program can steer a terminal through them. If the
/// text cannot be written, the story ends there and the loop goes on.
///
/// ```
/// use boucle::{EventLoop, observe::Print};
///
/// let event_loop = EventLoop::builder().observer(Print::stderr()).build()?;
/// event_loop.block_on(boucle::task::yield_now());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Print {
    /// Where the story goes; `None` once that has failed.
    to: Option<Box<dyn io::Write>>,
    /// The story so far.
    story: Story,
}

impl Print {
    /// Prints to the standard error stream.
    ///
    /// ```
    /// let builder = boucle::EventLoop::builder().observer(boucle::observe::Print::stderr());
    /// ```
    #[must_use]
    pub fn stderr() -> Print {
        Print::to(io::stderr())
    }

    /// Writes to `writer`, a line at a time. It is not flushed, and dropped with the loop.
    ///
    /// ```
    /// let file = std::io::sink(); // or a std::fs::File
    /// let builder = boucle::EventLoop::builder().observer(boucle::observe::Print::to(file));
    /// ```
    #[must_use]
    pub fn to(writer: impl io::Write + 'static) -> Print {
        Print { to: Some(Box::new(writer)), story: Story::default() }
    }

    /// Writes to a file, and says so on the standard error stream if that fails half way.
    pub(crate) fn to_file(path: &Path) -> io::Result<Print> {
        StoryFile::create(path).map(Print::to)
    }

    /// Begins each line with `label`, to tell several loops apart.
    pub(crate) fn labelled(mut self, label: String) -> Print {
        self.story.label = label;
        self
    }
}

impl Observer for Print {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        let line = self.story.next(at, event);
        if let Some(to) = &mut self.to
            && to.write_all(line.as_bytes()).is_err()
        {
            self.to = None;
        }
    }
}

/// What is to be known of the events before, to tell the next one.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// What each line begins with.
    label: String,
    /// The line being made; kept for its memory.
    line: String,
    /// The tasks by name.
    tasks: Tasks,
    /// The task that is polled, and since when.
    polled: Option<(TaskId, Duration)>,
    /// Since when the loop waits.
    waits_since: Duration,
}

impl Story {
    /// The next event as a line of the story, or nothing if it goes without saying.
    pub(crate) fn next(&mut self, at: Duration, event: &Event<'_>) -> &str {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        // Births are noted before the story tells of them, deaths after.
        self.tasks.note_birth(event);
        self.tell(&mut line, at, event).expect("a string takes all");
        self.tasks.note_death(event);
        self.tasks.note_wake(event);
        match *event {
            Event::PollBegan { task } => self.polled = Some((task, at)),
            Event::PollEnded { .. } => self.polled = None,
            Event::WaitBegan { .. } => self.waits_since = at,
            _ => {}
        }
        self.line = line;
        &self.line
    }

    /// Writes the line of one event; the tasks it names are those known at that moment.
    fn tell(&self, line: &mut String, at: Duration, event: &Event<'_>) -> fmt::Result {
        use fmt::Write;
        line.push_str(&self.label);
        let speaker = self.polled.map(|(task, _)| task);
        let sentence = Sentence { event, tasks: Some(&self.tasks), speaker, text: None };
        match event {
            // A turn is a heading, and its end goes without saying.
            Event::TurnBegan { .. } => return writeln!(line, "{sentence}"),
            Event::TurnEnded { .. } => {
                line.clear();
                return Ok(());
            }
            _ => write!(line, "{:>8}  ", Stamp(at, 3))?,
        }
        let speaks_of_itself =
            matches!(event, Event::PollEnded { task, .. } if Some(*task) == speaker);
        if speaker.is_some() && !speaks_of_itself {
            line.push_str("  ");
        }
        match *event {
            Event::PollBegan { task } => {
                let woken_by = self.tasks.get(task).and_then(|task| task.woken_by);
                match woken_by {
                    None => write!(line, "{sentence}: it is new")?,
                    cause => {
                        let by = By { cause, tasks: Some(&self.tasks) };
                        write!(line, "{sentence}: woken{by}")?;
                    }
                }
            }
            Event::PollEnded { .. } => {
                let since = self.polled.map_or(at, |(_, since)| since);
                write!(line, "{sentence}, after {}", Span(rounded(at.saturating_sub(since))))?;
            }
            Event::WaitEnded { .. } => {
                let slept = rounded(at.saturating_sub(self.waits_since));
                write!(line, "the loop slept {}: {sentence}", Span(slept))?;
            }
            _ => write!(line, "{sentence}")?,
        }
        line.push('\n');
        Ok(())
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Print").finish_non_exhaustive()
    }
}
