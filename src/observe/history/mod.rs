//! The history: a run that is over, or a part of one, in a shape that can be asked questions.
//!
//! A [`Record`] has the events as they were; a trace has them as text, from which two things do not
//! come back as they were: a `&'static Location` and the `&'static str` of a source's kind. So a
//! history holds these as text of its own, wherever it comes from, and all questions are answered
//! by the same code.
//!
//! Cost: some 100 bytes an event, and one pass when it is made.

mod causes;
pub(crate) mod chain;
pub(crate) mod compare;
mod moment;
#[cfg(feature = "trace")]
mod read;
mod sleeps;
mod told;
pub(crate) mod why;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use crate::observe::event::{Event, Observer};
use crate::observe::history::causes::Causes;
use crate::observe::history::told::{Texts, Told, no_place};
use crate::observe::record::Record;
use crate::observe::story::tasks::Tasks;
use crate::observe::story::words::Sentence;

/// A run to be asked: why something happened, and where another run of the program differs.
///
/// It is made of a [`Record`], or read from a trace (`BOUCLE_TRACE=run.jsonl`), and holds the
/// events as they were at that moment. Events are named by their index, from 0, which is that of
/// [`Record::events`].
///
/// ```
/// use boucle::{EventLoop, observe::{History, Record}};
///
/// let record = Record::new();
/// EventLoop::builder().simulated(0).observer(record.clone()).build()?.block_on(async {});
/// let history = History::of(&record);
/// assert_eq!(history.sentence(2), "turn 1");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct History {
    /// What happened, oldest first.
    pub(crate) told: Vec<Told>,
    /// How many events were dropped before the history was made.
    pub(crate) dropped: u64,
    /// How many of the first events are told of those, for what they are about was there still.
    pub(crate) past: usize,
    /// The tasks by name, those included that are gone.
    pub(crate) tasks: Tasks,
    /// Where each turn begins: its index and its number.
    pub(crate) turns: Vec<(usize, u64)>,
    /// Who did what: found when somebody first asks why.
    causes: OnceLock<Causes>,
}

impl History {
    /// The history of what a record holds now.
    ///
    /// ```
    /// use boucle::observe::{History, Record};
    /// assert!(History::of(&Record::new()).is_empty());
    /// ```
    #[must_use]
    pub fn of(record: &Record) -> History {
        let held = record.snapshot();
        let mut writer = Writer(History::empty());
        writer.0.told.reserve(held.len());
        held.replay(&mut writer);
        History { dropped: held.dropped, past: held.past.len(), ..writer.0 }
    }

    /// A history in which nothing has happened.
    pub(crate) fn empty() -> History {
        History {
            told: Vec::new(),
            dropped: 0,
            past: 0,
            tasks: Tasks::default(),
            turns: Vec::new(),
            causes: OnceLock::new(),
        }
    }

    /// Adds what happened next.
    pub(crate) fn push(&mut self, at: Duration, event: Event<'static>, texts: Texts) {
        self.tasks.note_birth(&event.with_name(&texts.name));
        if let Event::TurnBegan { turn } = event {
            self.turns.push((self.told.len(), turn));
        }
        self.told.push(Told { at, event, texts });
    }

    /// How many events there are.
    ///
    /// ```
    /// # use boucle::observe::{History, Record};
    /// assert_eq!(History::of(&Record::new()).len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.told.len()
    }

    /// Whether there are no events.
    ///
    /// ```
    /// # use boucle::observe::{History, Record};
    /// assert!(History::of(&Record::new()).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// An event as a sentence, with the names of the tasks in it.
    ///
    /// # Panics
    ///
    /// If there is no event of this index.
    ///
    /// ```
    /// # use boucle::{EventLoop, observe::{History, Record}};
    /// # let record = Record::new();
    /// # EventLoop::builder().simulated(0).observer(record.clone()).build()?.block_on(async {});
    /// let history = History::of(&record);
    /// assert_eq!(history.sentence(3), "task 1 `block_on` is polled");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sentence(&self, index: usize) -> String {
        let told = &self.told[index];
        let event = &told.event();
        let text = Some(&*told.texts.other).filter(|text| !text.is_empty());
        Sentence { event, tasks: Some(&self.tasks), speaker: None, text }.to_string()
    }

    /// Who did what.
    pub(crate) fn causes(&self) -> &Causes {
        self.causes.get_or_init(|| Causes::of(&self.told, self.past))
    }

    /// In which turn an event happened, or which was the last turn before it; 0 before the first.
    pub(crate) fn turn_of(&self, index: usize) -> u64 {
        let later = self.turns.partition_point(|&(began, _)| began <= index);
        later.checked_sub(1).map_or(0, |last| self.turns[last].1)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("events", &self.told.len()).finish_non_exhaustive()
    }
}

/// Writes down what it is told.
struct Writer(History);

impl Observer for Writer {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        let mut texts = Texts::default();
        let event = match *event {
            Event::Spawned { task, by, place, name } => {
                texts = Texts { name: name.into(), other: place.to_string().into() };
                Event::Spawned { task, by, place: no_place(), name: "" }
            }
            Event::JobQueued { job, pool, by, place } => {
                texts.other = place.to_string().into();
                Event::JobQueued { job, pool, by, place: no_place() }
            }
            Event::SourceAdded { source, by, kind } => {
                texts.other = kind.into();
                Event::SourceAdded { source, by, kind: "" }
            }
            event => event.with_name(""),
        };
        self.0.push(at, event, texts);
    }
}
