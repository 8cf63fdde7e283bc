//! The probe: through which every mechanism says what it does.
//!
//! A mechanism calls [`Probe::emit`] with a closure that makes the event. Where nobody watches,
//! that is one load and one branch (under a nanosecond) and the event is never made. The probe
//! also knows, while somebody watches, on whose behalf the loop works just now, the [`Cause`]: it
//! is set when a poll begins, and while timers, sources and messages are served, so that each wake
//! can say who caused it. What all this costs is measured by the rows `seam` of `benches`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::{Clock, Instant};
use crate::observe::event::{Awaited, Cause, Event, Observer, Outcome};
use crate::shield::shield;

/// Whether this build can be watched. All do but one: `--cfg boucle_seamless` is what `benches`
/// compares with, to tell what the seam costs.
const HAS_SEAM: bool = !cfg!(boucle_seamless);

/// The seam between the engine and whoever watches it.
pub(crate) struct Probe {
    /// Whether anybody watches.
    on: Cell<bool>,
    /// Who watches; taken out while it is called.
    observer: Cell<Option<Box<dyn Observer>>>,
    /// On whose behalf the loop works.
    cause: Cell<Cause>,
    /// What time it is.
    clock: Rc<Clock>,
    /// When the last event happened, if it was the end of a poll whose task waits on.
    ended: Cell<Option<Duration>>,
}

impl Probe {
    /// A probe through which `observer` watches, if there is one.
    pub(crate) fn new(observer: Option<Box<dyn Observer>>, clock: Rc<Clock>) -> Probe {
        Probe {
            on: Cell::new(observer.is_some()),
            observer: Cell::new(observer),
            cause: Cell::new(Cause::Program),
            clock,
            ended: Cell::new(None),
        }
    }

    /// Whether anybody watches.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.on.get() && HAS_SEAM
    }

    /// Tells the observer, if there is one, what `event` returns.
    #[inline]
    pub(crate) fn emit<'a>(&self, event: impl FnOnce() -> Event<'a>) {
        if self.is_on() {
            self.deliver(&event());
        }
    }

    /// Tells what the poll that is under way has left its waker with.
    #[inline]
    pub(crate) fn awaits(&self, what: impl FnOnce() -> Awaited) {
        self.emit(|| Event::Awaits { what: what(), by: self.cause() });
    }

    /// On whose behalf the loop works.
    #[inline]
    pub(crate) fn cause(&self) -> Cause {
        if HAS_SEAM { self.cause.get() } else { Cause::Program }
    }

    /// Changes on whose behalf the loop works.
    #[inline]
    pub(crate) fn set_cause(&self, cause: Cause) {
        if self.is_on() {
            self.cause.set(cause);
        }
    }

    /// The time from the loop's birth to `instant`, as events tell it.
    pub(crate) fn age_at(&self, instant: Instant) -> Duration {
        self.clock.age_at(instant)
    }

    /// Calls the observer. It is out of its place meanwhile, so that an event which it causes
    /// itself finds nobody, and stays out if it panics.
    #[cold]
    fn deliver(&self, event: &Event<'_>) {
        let Some(mut observer) = self.observer.take() else { return };
        let at = self.time_of(event);
        if shield(|| observer.event(at, event)).is_some() {
            self.observer.set(Some(observer));
        } else {
            self.on.set(false);
            shield(|| drop(observer));
        }
    }

    /// When `event` happens: now, by the clock. Only a poll that follows at once on another begins
    /// at the very moment at which the other ended: where that one's task waits on, no code but the
    /// engine's own few steps is run between them, and a third of all clock reads is saved. (What
    /// the observer takes to note the end is part of the next poll, as what it takes to note the
    /// beginning is.)
    #[inline]
    fn time_of(&self, event: &Event<'_>) -> Duration {
        if let (Some(ended), Event::PollBegan { .. }) = (self.ended.take(), event) {
            return ended;
        }
        let now = self.clock.age();
        if let Event::PollEnded { outcome: Outcome::Pending, .. } = event {
            self.ended.set(Some(now));
        }
        now
    }
}

#[cfg(all(test, feature = "os"))]
mod tests;
