//! A moment on a loop's clock: a number, and its arithmetic.
//!
//! It counts nanoseconds in a `u64` (584 years of them), because an instant sits in every sleeping
//! task and eight bytes are half of what `std::time::Instant` takes. Sums saturate: the largest
//! instant means "never".

use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

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

    /// The moment from which time is counted; where a virtual clock begins.
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
