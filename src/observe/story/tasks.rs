//! What observers remember of the tasks that live: names, places, and who woke them.
//!
//! An event names its task by number alone, except for the one that tells of its birth. Whoever
//! wants to speak of tasks by name notes that one down, and forgets it when the task is gone; so
//! the memory is that of the living.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::panic::Location;

use crate::observe::event::{Cause, Event, TaskId};

/// Characters of a name that are shown each time its task is spoken of.
const SHOWN: usize = 60;

/// The tasks that live.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tasks {
    /// What is known of each.
    living: HashMap<TaskId, Task>,
}

/// What is known of one task.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// Its name, empty if it has none.
    pub(crate) name: Box<str>,
    /// Where it was spawned.
    pub(crate) place: &'static Location<'static>,
    /// Who woke it last; `None` before the first wake.
    pub(crate) woken_by: Option<Cause>,
}

impl Tasks {
    /// Notes births.
    pub(crate) fn note_birth(&mut self, event: &Event<'_>) {
        if let Event::Spawned { task, place, name, .. } = *event {
            self.living.insert(task, Task { name: name.into(), place, woken_by: None });
        }
    }

    /// Notes deaths.
    pub(crate) fn note_death(&mut self, event: &Event<'_>) {
        if let Event::Dropped { task, .. } = event {
            self.living.remove(task);
        }
    }

    /// Notes who wakes whom.
    pub(crate) fn note_wake(&mut self, event: &Event<'_>) {
        if let Event::Woken { task, by } = *event
            && let Some(task) = self.living.get_mut(&task)
        {
            task.woken_by = Some(by);
        }
    }

    /// What is known of a task.
    pub(crate) fn get(&self, task: TaskId) -> Option<&Task> {
        self.living.get(&task)
    }
}

/// A name that somebody else chose, made harmless: whatever could steer a terminal, or hide or
/// reorder the text around it, is written as an escape.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        escape(f, self.0)?;
        f.write_char('`')
    }
}

/// As [`Quoted`], without the end of a name that is very long.
pub(crate) struct Shortened<'a>(pub(crate) &'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            None => Quoted(self.0).fmt(f),
            Some((end, _)) => {
                f.write_char('`')?;
                escape(f, &self.0[..end])?;
                f.write_str("...`")
            }
        }
    }
}

/// A place in a program, whose path is escaped like a name.
pub(crate) struct Place(pub(crate) &'static Location<'static>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0.file())?;
        write!(f, ":{}:{}", self.0.line(), self.0.column())
    }
}

/// Characters of a place that a trace tells; a path may be long, but not every path is one.
const LONGEST_PLACE: usize = 400;

/// A place as a trace tells it: file, line and column.
pub(crate) struct PlaceText<'a>(pub(crate) &'a str);

impl fmt::Display for PlaceText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, start(self.0, LONGEST_PLACE))
    }
}

/// The kind of a source, which a trace may tell as it likes.
pub(crate) struct Kind<'a>(pub(crate) &'a str);

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, start(self.0, SHOWN))
    }
}

/// The first so many characters of a text.
fn start(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// Writes `text` on one line, in characters that print.
fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '\'' | '"' => f.write_char(character)?,
            '`' => f.write_str("\\`")?,
            _ => write!(f, "{}", character.escape_debug())?,
        }
    }
    Ok(())
}
