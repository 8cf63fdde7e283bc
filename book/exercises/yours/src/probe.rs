//! The probe, which is given: through it every organ says what it does, in boucle's words.
//!
//! Whoever watches your loop is an [`Observer`], as one that watches boucle is; so all that shows
//! boucle's runs shows yours.

use std::cell::Cell;
use std::rc::Rc;

use boucle::observe::{Awaited, Cause, Event, Observer};

use crate::clock::Clock;

/// The seam between a loop and whoever watches it.
pub struct Probe {
    /// Who watches; out of its place while it is told something.
    observer: Cell<Option<Box<dyn Observer>>>,
    /// On whose behalf the loop works.
    cause: Cell<Cause>,
    /// What time it is.
    clock: Rc<Clock>,
}

impl Probe {
    /// A probe through which `observer` watches, if there is one.
    pub fn new(observer: Option<Box<dyn Observer>>, clock: Rc<Clock>) -> Probe {
        Probe { observer: Cell::new(observer), cause: Cell::new(Cause::Program), clock }
    }

    /// Tells the observer, if there is one, what `event` returns.
    pub fn emit<'a>(&self, event: impl FnOnce() -> Event<'a>) {
        if let Some(mut observer) = self.observer.take() {
            observer.event(self.clock.now(), &event());
            self.observer.set(Some(observer));
        }
    }

    /// Tells what the poll that is under way has left its waker with.
    pub fn awaits(&self, what: Awaited) {
        self.emit(|| Event::Awaits { what, by: self.cause() });
    }

    /// On whose behalf the loop works.
    pub fn cause(&self) -> Cause {
        self.cause.get()
    }

    /// Changes on whose behalf the loop works.
    pub fn set_cause(&self, cause: Cause) {
        self.cause.set(cause);
    }
}
