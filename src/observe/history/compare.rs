//! Comparing two runs: the first turn at which they differ.
//!
//! Two runs of the same program are told event by event, and the first two events that say
//! something different are where they part. What follows is then different anyway, so nothing more
//! is compared.
//!
//! Time is left out, since no two runs of a real loop take the same: the moments and spans of the
//! events, and where in the wheel a timer lies and when it moves there. If both were simulated, time
//! is as exact as all else and is compared too. How a loop was built is never compared, only what it
//! does; nor where in the program a `spawn` stands, so that a line more in its text is no
//! difference. The replay page does the same (`page/compare.js`).
//!
//! Cost: some 10 ns an event, up to the difference.

use std::fmt;
use std::time::Duration;

use crate::observe::event::Event;
use crate::observe::history::History;
use crate::observe::history::told::Told;

/// Where two runs begin to differ, as [`History::first_difference`] finds it. Its `Display` is
/// three lines of text.
///
/// ```
/// use boucle::{EventLoop, observe::{History, Record}, task::yield_now};
///
/// let [one, other] = [1, 2].map(|yields| {
///     let record = Record::new();
///     let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
///     event_loop.block_on(async { for _ in 0..yields { yield_now().await } });
///     History::of(&record)
/// });
/// let difference = one.first_difference(&other).unwrap();
/// assert_eq!(difference.to_string(), "\
/// turn 2 differs:
///     one:   task 1 `block_on` is done
///     other: task 1 `block_on` is woken by task 1 `block_on`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The turn; 0 before the first.
    pub turn: u64,
    /// What the one does there: the index of the event and its sentence; `None` if it has ended.
    pub one: Option<(usize, String)>,
    /// What the other does there.
    pub other: Option<(usize, String)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = |side: &Option<(usize, String)>| match side {
            Some((_, sentence)) => sentence.clone(),
            None => "the end".to_owned(),
        };
        let (one, other) = (sentence(&self.one), sentence(&self.other));
        write!(f, "turn {} differs:\n    one:   {one}\n    other: {other}", self.turn)
    }
}

impl History {
    /// The first turn at which two runs of a program differ; `None` if they do not.
    ///
    /// What they did is compared, and when they did it only if both were simulated; where in the
    /// program's text that stands is not. One that is a part of the other differs at its end. Where
    /// the oldest events of one were dropped, the first turn that both hold is the first to be
    /// compared. Takes one pass over both.
    ///
    /// ```
    /// # use boucle::observe::{History, Record};
    /// let history = History::of(&Record::new());
    /// assert_eq!(history.first_difference(&history), None);
    /// ```
    #[must_use]
    pub fn first_difference(&self, other: &History) -> Option<Difference> {
        let in_time = self.is_simulated() && other.is_simulated();
        let is_cut = self.dropped > 0 || other.dropped > 0;
        let from = if is_cut { self.first_turn().max(other.first_turn()) } else { 0 };
        let mut ones = self.compared(from, in_time);
        let mut others = other.compared(from, in_time);
        loop {
            let (one, two) = match (ones.next(), others.next()) {
                (None, None) => return None,
                (Some((_, one)), Some((_, two))) if one == two => continue,
                (one, two) => (one.map(|(index, _)| index), two.map(|(index, _)| index)),
            };
            let turns = one.map(|one| self.turn_of(one)).into_iter();
            let turns = turns.chain(two.map(|two| other.turn_of(two)));
            return Some(Difference {
                turn: turns.min().unwrap_or_default(),
                one: one.map(|one| (one, self.sentence(one))),
                other: two.map(|two| (two, other.sentence(two))),
            });
        }
    }

    /// Whether the loop was simulated, so that its times are exact.
    fn is_simulated(&self) -> bool {
        let built = |told: &Told| matches!(told.event, Event::LoopBuilt { simulated: true, .. });
        self.told.first().is_some_and(built)
    }

    /// The first turn that the history holds in full; 0 if there is none.
    fn first_turn(&self) -> u64 {
        let first = self.past.min(self.told.len().saturating_sub(1));
        self.turns.iter().find(|&&(began, _)| began >= first).map_or(0, |&(_, turn)| turn)
    }

    /// What is compared from some turn on: the index of each event, and what is left of it.
    fn compared(&self, from: u64, in_time: bool) -> impl Iterator<Item = (usize, Compared<'_>)> {
        let turn = self.turns.iter().find(|&&(_, turn)| turn >= from);
        let at_turn = turn.map_or(self.told.len(), |&(began, _)| began);
        let begin = if from == 0 { 0 } else { at_turn };
        let told = self.told.iter().enumerate().skip(begin);
        told.filter_map(move |(index, told)| Some((index, Compared::of(told, in_time)?)))
    }
}

/// What is compared of an event.
#[derive(PartialEq)]
struct Compared<'a> {
    /// When it happened.
    at: Duration,
    /// What happened.
    event: Event<'static>,
    /// The name of its task.
    name: &'a str,
    /// The kind of its source.
    kind: &'a str,
}

impl Compared<'_> {
    /// What is compared of this event; `None` if it is passed over.
    fn of(told: &Told, in_time: bool) -> Option<Compared<'_>> {
        let name = &*told.texts.name;
        let kind = match told.event {
            Event::LoopBuilt { .. } => return None,
            Event::SourceAdded { .. } => &*told.texts.other,
            _ => "",
        };
        if in_time {
            return Some(Compared { at: told.at, event: told.event, name, kind });
        }
        let zero = Duration::ZERO;
        let event = match told.event {
            Event::TimerCascaded { .. } => return None,
            Event::WaitBegan { timeout, reason } => {
                Event::WaitBegan { timeout: timeout.map(|_| zero), reason }
            }
            Event::TimerArmed { timer, by, .. } => {
                Event::TimerArmed { timer, by, deadline: zero, level: 0, slot: 0 }
            }
            Event::TimerFired { timer, .. } => Event::TimerFired { timer, late: zero },
            Event::JobStarted { job, worker, .. } => Event::JobStarted { job, worker, at: zero },
            Event::JobFinished { job, worker, panicked, .. } => {
                Event::JobFinished { job, worker, at: zero, panicked }
            }
            Event::WorkerStarted { worker, pool, thread, max_workers, .. } => {
                Event::WorkerStarted { worker, pool, thread, max_workers, at: zero }
            }
            Event::WorkerStopped { worker, pool, .. } => {
                Event::WorkerStopped { worker, pool, at: zero }
            }
            other => other,
        };
        Some(Compared { at: zero, event, name, kind })
    }
}
