//! The clock: what time it is for one loop.
//!
//! A real loop reads the system's monotonic clock; a simulated loop owns a number that moves only
//! when the loop says so. Nothing else in the crate asks for the time, so a run under the virtual
//! clock depends on its seed alone.
//!
//! A real read costs one call of the system's clock, about 20 ns; a virtual read is a load.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

use crate::instant::Instant;

/// Nanoseconds in one tick of the timer wheel: a millisecond, the resolution of `epoll_wait`.
const TICK: u64 = 1_000_000;

/// Where real time is counted from: the first time anybody in the process asks for it.
static ANCHOR: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

impl From<std::time::Instant> for Instant {
    /// Places a moment of the system's clock on a real loop's clock.
    fn from(instant: std::time::Instant) -> Instant {
        Instant::START + instant.saturating_duration_since(*ANCHOR)
    }
}

/// What time it is for one loop.
#[derive(Debug)]
pub(crate) struct Clock {
    /// When the loop was built: tick 0 of its wheel, and time 0 of its events.
    born: Instant,
    /// The present of a virtual clock; `None` reads the system's.
    present: Option<Cell<Instant>>,
}

impl Clock {
    /// A clock that reads the system's.
    pub(crate) fn real() -> Clock {
        Clock { born: Clock::read(), present: None }
    }

    /// A clock that stands still until somebody advances it.
    pub(crate) fn simulated() -> Clock {
        Clock { born: Instant::START, present: Some(Cell::new(Instant::START)) }
    }

    /// The present. This is the only place where the crate asks for the time.
    pub(crate) fn read() -> Instant {
        Instant::from(std::time::Instant::now())
    }

    /// What time it is on this clock.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        match &self.present {
            None => Clock::read(),
            Some(present) => present.get(),
        }
    }

    /// Whether the clock moves by hand.
    pub(crate) fn is_virtual(&self) -> bool {
        self.present.is_some()
    }

    /// Moves a virtual clock forward; a real clock needs no help.
    pub(crate) fn advance_by(&self, duration: Duration) {
        if let Some(present) = &self.present {
            present.set(present.get() + duration);
        }
    }

    /// The time from the loop's birth to `instant`.
    pub(crate) fn age_at(&self, instant: Instant) -> Duration {
        instant.duration_since(self.born)
    }

    /// The last tick that `instant` has reached: the wheel may fire everything due until then.
    pub(crate) fn tick_of(&self, instant: Instant) -> u64 {
        instant.nanos_since(self.born) / TICK
    }

    /// The first tick at which `deadline` has passed for sure, so that no timer fires early.
    pub(crate) fn tick_after(&self, deadline: Instant) -> u64 {
        deadline.nanos_since(self.born).div_ceil(TICK)
    }

    /// The moment at which `tick` begins.
    pub(crate) fn instant_of(&self, tick: u64) -> Instant {
        self.born.after_nanos(tick.saturating_mul(TICK))
    }
}
