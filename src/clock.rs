//! The clock: what time it is for one loop.
//!
//! A real loop reads the system's monotonic clock; a simulated loop owns a number that moves only
//! when the loop says so, or when code says that it takes time. Nothing else in the crate asks for
//! the time, so a run under the virtual clock depends on its seed alone.
//!
//! A simulated job runs on the loop's thread, but its time is its worker's. While it runs, the
//! clock has two hands: the loop's, which stands still and dates the events, and the worker's,
//! which the job sees and moves on.
//!
//! A real read costs one call of the system's clock, about 20 ns; a virtual read is a load.
//!
//! Time is a count of nanoseconds in a `u64` (584 years of them), because an instant sits in every
//! sleeping task and eight bytes are half of what `std::time::Instant` takes. Sums saturate: the
//! largest instant means "never".

use std::cell::Cell;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// Nanoseconds in one tick of the timer wheel: a millisecond, the resolution of `epoll_wait`.
const TICK: u64 = 1_000_000;

/// What time it is for one loop.
#[derive(Debug)]
pub(crate) struct Clock {
    /// When the loop was built: tick 0 of its wheel, and time 0 of its events.
    born: Instant,
    /// The hands of a virtual clock; `None` reads the system's.
    hands: Option<Hands>,
}

/// What time it is on a virtual clock.
#[derive(Debug)]
struct Hands {
    /// For the loop.
    present: Cell<Instant>,
    /// For the worker whose job runs just now, if one does.
    worker: Cell<Option<Instant>>,
}

impl Clock {
    /// A clock that reads the system's.
    pub(crate) fn real() -> Clock {
        Clock { born: Clock::read(), hands: None }
    }

    /// A clock that stands still until somebody advances it.
    pub(crate) fn simulated() -> Clock {
        let hands = Hands { present: Cell::new(Instant::START), worker: Cell::new(None) };
        Clock { born: Instant::START, hands: Some(hands) }
    }

    /// The present on every real clock. This is the only place where the crate asks for the time: in
    /// the system's own terms, which are a number already. `std` would make an `Instant` of it, to be
    /// made a number again, and every event and every timeout asks.
    #[cfg(all(unix, feature = "os"))]
    #[inline]
    pub(crate) fn read() -> Instant {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Instant(now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs())
    }

    /// The present on every real clock, where only `std` can be asked: since it was asked first.
    #[cfg(not(all(unix, feature = "os")))]
    pub(crate) fn read() -> Instant {
        static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        let first = *FIRST.get_or_init(Clock::read_std);
        Instant::START + Clock::read_std().saturating_duration_since(first)
    }

    /// The present as `std` tells it.
    #[expect(clippy::disallowed_methods, reason = "the clock is where the time is asked for")]
    fn read_std() -> std::time::Instant {
        std::time::Instant::now()
    }

    /// What time it is for the code that runs.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        match &self.hands {
            None => Clock::read(),
            Some(hands) => hands.worker.get().unwrap_or(hands.present.get()),
        }
    }

    /// What time it is for the loop.
    #[inline]
    pub(crate) fn present(&self) -> Instant {
        self.hands.as_ref().map_or_else(Clock::read, |hands| hands.present.get())
    }

    /// How old the loop is: the time of its events.
    #[inline]
    pub(crate) fn age(&self) -> Duration {
        self.age_at(self.present())
    }

    /// Whether the clock moves by hand.
    pub(crate) fn is_virtual(&self) -> bool {
        self.hands.is_some()
    }

    /// Moves a virtual clock forward; a real clock needs no help.
    pub(crate) fn advance_by(&self, duration: Duration) {
        if let Some(hands) = &self.hands {
            hands.present.set(hands.present.get() + duration);
        }
    }

    /// The code that runs takes so long. For the code of a job that is its worker's time.
    pub(crate) fn spend(&self, duration: Duration) {
        match &self.hands {
            None => Clock::block_for(duration),
            Some(hands) => match hands.worker.get() {
                None => self.advance_by(duration),
                Some(now) => hands.worker.set(Some(now + duration)),
            },
        }
    }

    /// Stops the thread for so long. This is the only place where code stops it on purpose.
    #[expect(clippy::disallowed_methods, reason = "that it blocks is what it is for")]
    pub(crate) fn block_for(duration: Duration) {
        std::thread::sleep(duration);
    }

    /// Runs a job on a worker of a virtual clock, from `start` on; returns when it ends. The job
    /// must not panic.
    pub(crate) fn run_on_worker(&self, start: Instant, job: impl FnOnce()) -> Instant {
        let Some(hands) = &self.hands else { return start };
        let before = hands.worker.replace(Some(start));
        job();
        hands.worker.replace(before).unwrap_or(start)
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

    /// The time from now until `tick` begins; zero if it has begun.
    pub(crate) fn until(&self, tick: u64) -> Duration {
        self.instant_of(tick).duration_since(self.now())
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
    /// Places a moment of `std`'s clock on a real loop's clock, by its distance from the present. What
    /// lies between the two readings makes it some nanoseconds later, never earlier.
    fn from(instant: std::time::Instant) -> Instant {
        let (there, here) = (Clock::read_std(), Clock::read());
        here + instant.saturating_duration_since(there) - there.saturating_duration_since(instant)
    }
}
