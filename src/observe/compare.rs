//! Comparing two runs: the first turn at which they differ.
//!
//! Two runs of the same program are told event by event, and the first pair of events that say
//! something different is where they part. What follows is then different anyway, so nothing more
//! is compared.
//!
//! Time is left out unless it is asked for, since no two runs of a real loop take the same: the
//! moments and spans of the events, where in the wheel a timer lies and when it moves there, and
//! that a source was ready or the loop looked for one. Under simulation time is as exact as all
//! else. How a loop was built is never compared: only what it does.

use std::fmt;
use std::time::Duration;

use super::event::Event;
use super::history::History;
use super::told::{Texts, Told};

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
    /// The first turn at which two runs of a program differ, whatever time each took; `None` if
    /// they do not. One that has only begun is the same as far as it goes, and differs at its end.
    ///
    /// ```
    /// # use boucle::observe::{History, Record};
    /// let history = History::of(&Record::new());
    /// assert_eq!(history.first_difference(&history), None);
    /// ```
    #[must_use]
    pub fn first_difference(&self, other: &History) -> Option<Difference> {
        self.difference(other, false)
    }

    /// As [`first_difference`](History::first_difference), where each event must also happen at the
    /// same time: for simulated runs.
    ///
    /// ```
    /// # use boucle::observe::{History, Record};
    /// let history = History::of(&Record::new());
    /// assert_eq!(history.first_difference_in_time(&history), None);
    /// ```
    #[must_use]
    pub fn first_difference_in_time(&self, other: &History) -> Option<Difference> {
        self.difference(other, true)
    }

    /// The first difference, in time or apart from it.
    fn difference(&self, other: &History, in_time: bool) -> Option<Difference> {
        let (mut ones, mut others) = (self.compared(in_time), other.compared(in_time));
        loop {
            let (one, other_one) = (ones.next(), others.next());
            let is_same = match (&one, &other_one) {
                (None, None) => return None,
                (Some((_, one)), Some((_, other))) => one == other,
                _ => false,
            };
            if !is_same {
                let (one, two) = (one.map(|(index, _)| index), other_one.map(|(index, _)| index));
                let turns = one.map(|one| self.turn_of(one)).into_iter();
                let turns = turns.chain(two.map(|two| other.turn_of(two)));
                return Some(Difference {
                    turn: turns.min().unwrap_or_default(),
                    one: one.map(|one| (one, self.sentence(one))),
                    other: two.map(|two| (two, other.sentence(two))),
                });
            }
        }
    }

    /// What is compared: the index of each event, and what is left of it.
    fn compared(&self, in_time: bool) -> impl Iterator<Item = (usize, Compared<'_>)> {
        let told = self.told.iter().enumerate();
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
    /// Its name, place or kind.
    texts: &'a Texts,
}

impl Compared<'_> {
    /// What is compared of this event; `None` if it is passed over.
    fn of(told: &Told, in_time: bool) -> Option<Compared<'_>> {
        let texts = &told.texts;
        if let Event::LoopBuilt { .. } = told.event {
            return None;
        }
        if in_time {
            return Some(Compared { at: told.at, event: told.event, texts });
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
        Some(Compared { at: zero, event, texts })
    }
}
