//! The clock, which is given: what time it is for one loop, as the time since its birth.
//!
//! A real clock asks the system. A virtual one is a number that moves only when the loop says so,
//! and so a run under it is the same every time.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The nanoseconds of a tick, which is what timers count in: a millisecond.
const TICK: u128 = 1_000_000;

/// The clock of one loop.
pub enum Clock {
    /// The system's, since this moment.
    Real(Instant),
    /// The loop's own.
    Virtual(Cell<Duration>),
}

impl Clock {
    /// The system's clock, from now on.
    #[expect(clippy::disallowed_methods, reason = "the clock is where the time is asked for")]
    pub fn real() -> Clock {
        Clock::Real(Instant::now())
    }

    /// A clock that stands at zero.
    pub fn simulated() -> Clock {
        Clock::Virtual(Cell::default())
    }

    /// The time since the birth of the loop.
    pub fn now(&self) -> Duration {
        match self {
            Clock::Real(born) => born.elapsed(),
            Clock::Virtual(now) => now.get(),
        }
    }

    /// Moves a virtual clock on.
    pub fn advance_by(&self, duration: Duration) {
        if let Clock::Virtual(now) = self {
            now.set(now.get().saturating_add(duration));
        }
    }

    /// The last tick that has begun at `moment`.
    pub fn tick_of(moment: Duration) -> u64 {
        u64::try_from(moment.as_nanos() / TICK).unwrap_or(u64::MAX)
    }

    /// The first tick that does not begin before `deadline`: a timer that fires then is not early.
    pub fn tick_after(deadline: Duration) -> u64 {
        u64::try_from(deadline.as_nanos().div_ceil(TICK)).unwrap_or(u64::MAX)
    }

    /// When a tick begins.
    pub fn moment_of(tick: u64) -> Duration {
        Duration::from_millis(tick)
    }
}
