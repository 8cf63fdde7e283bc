//! What an experiment is, and how its measurement becomes a verdict.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::progress::Progress;

/// The tour stops at no particular error, so every kind of it will do.
pub(crate) type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// One line of the tour.
#[derive(Clone, Copy)]
pub(crate) struct Experiment {
    /// Its number, the same in the book.
    pub(crate) id: &'static str,
    /// The heading under which it is shown.
    pub(crate) theme: Theme,
    /// What is measured, in a few words.
    pub(crate) what: &'static str,
    /// What it teaches, in a sentence or two.
    pub(crate) why: &'static str,
    /// What the tutorial measured.
    pub(crate) theirs: Theirs,
    /// Does the work and judges it.
    pub(crate) run: fn(&Tour) -> Result<Outcome>,
}

/// The themes of the tour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    OneWaiter,
    AtOnce,
    BlockingWorld,
    Fairness,
    Price,
    Contradictions,
}

impl Theme {
    /// Heading and subtitle.
    pub(crate) fn title(self) -> (&'static str, &'static str) {
        match self {
            Theme::OneWaiter => ("One waiter", "one loop serves every guest, if nobody holds it"),
            Theme::AtOnce => ("At once", "waits that overlap cost the longest, not the sum"),
            Theme::BlockingWorld => ("The blocking world", "what cannot await goes to threads"),
            Theme::Fairness => ("Fairness and debugging", "who holds the loop, and for how long"),
            Theme::Price => ("The price", "what a task costs, what a thread costs"),
            Theme::Contradictions => ("Contradictions", "two tutorials disagree: who is right?"),
        }
    }
}

/// The figure of the tutorial.
#[derive(Clone, Copy)]
pub(crate) enum Theirs {
    /// Seconds that shrink and grow with `--scale`, since they are made of waiting.
    Seconds(&'static [f64]),
    /// A statement, or a figure which no scale can change.
    Words(&'static str),
}

impl fmt::Display for Theirs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Theirs::Words(words) => f.write_str(words),
            Theirs::Seconds(seconds) => {
                seconds.iter().try_for_each(|each| write!(f, "{each} "))?;
                f.write_str("s")
            }
        }
    }
}

/// What every experiment is given.
pub(crate) struct Tour {
    /// The length of our second, in their seconds.
    pub(crate) scale: f64,
    /// Where the delay server listens.
    pub(crate) server: SocketAddr,
    /// Where an experiment may say what it is doing.
    pub(crate) progress: Progress,
}

impl Tour {
    pub(crate) fn new(scale: f64, server: SocketAddr, progress: Progress) -> Self {
        Self { scale, server, progress }
    }

    /// A duration of theirs at our scale.
    pub(crate) fn scaled(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.scale)
    }

    /// Several durations of theirs at our scale.
    pub(crate) fn scaled_all<const N: usize>(&self, seconds: [f64; N]) -> [Duration; N] {
        seconds.map(|each| self.scaled(each))
    }
}

/// What was measured, what was expected, and whether they agree.
pub(crate) struct Outcome {
    pub(crate) ours: String,
    pub(crate) expected: String,
    pub(crate) ok: bool,
    /// Whether a miss may come from what else the machine does.
    pub(crate) load_matters: bool,
    /// Lines to show beneath the row: a small table, a note.
    pub(crate) details: Vec<String>,
}

impl Outcome {
    pub(crate) fn new(ours: impl Into<String>, expected: impl Into<String>, ok: bool) -> Self {
        let (ours, expected) = (ours.into(), expected.into());
        Self { ours, expected, ok, load_matters: true, details: Vec::new() }
    }

    /// One duration against the one that the shape predicts.
    pub(crate) fn time(ours: Duration, expected: Duration, shape: &str) -> Self {
        Self::times(&[ours], &[expected], shape)
    }

    /// Several durations, each against its prediction.
    pub(crate) fn times(ours: &[Duration], expected: &[Duration], shape: &str) -> Self {
        let ok = ours.iter().zip(expected).all(|(ours, expected)| close(*ours, *expected));
        let expectation = match shape {
            "" => seconds(expected),
            shape => format!("{}, {shape}", seconds(expected)),
        };
        // No load makes a wait shorter.
        let early = ours.iter().zip(expected).any(|(ours, expected)| early(*ours, *expected));
        Self { load_matters: !early, ..Self::new(seconds(ours), expectation, ok) }
    }

    /// An experiment that could not be carried out has not held.
    pub(crate) fn failed(error: &dyn fmt::Display) -> Self {
        Self::new("-", "to run at all", false).exact().detail(format!("error: {error}"))
    }

    /// A further condition.
    pub(crate) fn and(mut self, ok: bool) -> Self {
        self.ok &= ok;
        self
    }

    /// The outcome does not depend on time, so no load explains a miss.
    pub(crate) fn exact(mut self) -> Self {
        self.load_matters = false;
        self
    }

    /// A line beneath the row.
    pub(crate) fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }
}

/// Whether a measured time has the predicted size.
///
/// Nothing can be faster than its waits (2 % are left to the clocks). The upper side allows for
/// a machine with other things to do: 35 %, and 20 ms for threads and connections.
pub(crate) fn close(measured: Duration, expected: Duration) -> bool {
    let latest = expected.mul_f64(1.35) + Duration::from_millis(20);
    !early(measured, expected) && measured <= latest
}

/// Whether a time is shorter than the waits it is made of.
fn early(measured: Duration, expected: Duration) -> bool {
    measured < expected.mul_f64(0.98)
}

/// `0.409 0.171 s`
pub(crate) fn seconds(durations: &[Duration]) -> String {
    let figures: Vec<_> = durations.iter().map(|d| format!("{:.3}", d.as_secs_f64())).collect();
    format!("{} s", figures.join(" "))
}

/// When `jobs` are done if `workers` take them in order, each the next as soon as it is free.
pub(crate) fn makespan(jobs: &[Duration], workers: usize) -> Duration {
    let mut free_at = vec![Duration::ZERO; workers];
    for job in jobs {
        let earliest = free_at.iter_mut().min().expect("there is a worker");
        *earliest += *job;
    }
    free_at.into_iter().max().unwrap_or_default()
}

/// Measures the time that an experiment takes.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    // The tour judges the loop, so it does not ask the loop for the time.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Holds this thread, as a driver without async support or a long computation would.
#[allow(clippy::disallowed_methods)]
pub(crate) fn hold_thread(duration: Duration) {
    std::thread::sleep(duration);
}
