//! The clock: what time it is for one loop.
//!
//! A real loop reads the system's monotonic clock; a simulated loop owns a number that moves only
//! when the loop says so. Nothing else in the crate asks for the time, so a run under the virtual
//! clock depends on its seed alone.
//!
//! A real read costs one call of the system's clock, about 20 ns; a virtual read is a load.
//!
//! Time is a count of nanoseconds in a `u64` (584 years of them), because an instant sits in every
//! sleeping task and eight bytes are half of what `std::time::Instant` takes. Sums saturate: the
//! largest instant means "never".

use std::cell::Cell;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::sync::LazyLock;
use std::time::Duration;

/// Nanoseconds in one tick of the timer wheel: a millisecond, the resolution of `epoll_wait`.
const TICK: u64 = 1_000_000;

/// Where real time is counted from: the first time anybody in the process asks for it.
#[expect(clippy::disallowed_methods, reason = "the clock is where the time is asked for")]
static ANCHOR: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

/// What time it is for one loop.
#[derive(Debug)]
pub(crate) struct Clock {
    /// When the loop was built: tick 0 of its wheel, and time 0 of its events.
    born: Instant,
    /// The same moment on the system's clock.
    since: std::time::Instant,
    /// The present of a virtual clock; `None` reads the system's.
    present: Option<Cell<Instant>>,
}

impl Clock {
    /// A clock that reads the system's.
    pub(crate) fn real() -> Clock {
        let since = Clock::read_std();
        Clock { born: since.into(), since, present: None }
    }

    /// A clock that stands still until somebody advances it.
    pub(crate) fn simulated() -> Clock {
        Clock { born: Instant::START, since: *ANCHOR, present: Some(Cell::new(Instant::START)) }
    }

    /// The present. This is the only place where the crate asks for the time.
    #[expect(clippy::disallowed_methods, reason = "the clock is where the time is asked for")]
    fn read_std() -> std::time::Instant {
        std::time::Instant::now()
    }
    pub(crate) fn read() -> Instant {
        Instant::from(Clock::read_std())
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

    /// The time from the loop's birth to the present.
    #[inline]
    pub(crate) fn age(&self) -> Duration {
        match &self.present {
            None => Clock::read_std().saturating_duration_since(self.since),
            Some(present) => self.age_at(present.get()),
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

/// A moment on the clock of a loop, in nanoseconds since an arbitrary start.
///
/// It is to [`std::time::Instant`] what the loop's clock is to the system's: under
/// [`EventLoop::simulated`](crate::EventLoop::simulated) it moves only when the loop has nothing
/// else to do. Additions saturate, so adding [`Duration::MAX`] gives a moment that never comes.
///
/// ```
/// use boucle::time::Instant;
/// use std::time::Duration;
///
/// let start = Instant::now();
/// assert!(start + Duration::from_secs(1) > start);
/// assert_eq!((start + Duration::from_secs(1)).duration_since(start), Duration::from_secs(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The moment that never comes: where every sum that is too large ends.
    pub(crate) const NEVER: Instant = Instant(u64::MAX);

    /// Where a virtual clock begins.
    pub(crate) const START: Instant = Instant(0);

    /// The nanoseconds from `earlier` to `self`; 0 if `earlier` is later.
    pub(crate) fn nanos_since(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment `nanos` nanoseconds later.
    pub(crate) fn after_nanos(self, nanos: u64) -> Instant {
        Instant(self.0.saturating_add(nanos))
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// The moment `duration` from `self`, or `None` where the sum is beyond the clock's range.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Instant> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_add(nanos).map(Instant)
    }
}

/// A duration in nanoseconds; one that does not fit is as good as for ever.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        self.after_nanos(nanos(duration))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_sub(nanos(duration)))
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl From<std::time::Instant> for Instant {
    /// Places a moment of the system's clock on a real loop's clock.
    fn from(instant: std::time::Instant) -> Instant {
        Instant::START + instant.saturating_duration_since(*ANCHOR)
    }
}
