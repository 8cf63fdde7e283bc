//! The bell of a model's loop, in place of the reactor.

use std::sync::Arc;

use loom::sync::{Condvar, Mutex};

use crate::engine::inbox::Bell;

/// A bell that remembers its ring until somebody listens, as an eventfd does.
#[derive(Clone)]
pub(crate) struct Ringer(Arc<State>);

/// What the clones of a bell share.
struct State {
    /// Whether it was rung since somebody listened last, and how often it was rung in all.
    rung: Mutex<(bool, usize)>,
    /// Where the listener waits.
    sound: Condvar,
}

impl Ringer {
    /// A bell that nobody has rung.
    pub(crate) fn new() -> Ringer {
        Ringer(Arc::new(State { rung: Mutex::new((false, 0)), sound: Condvar::new() }))
    }

    /// Sleeps until the bell is rung; if it was rung already, not at all.
    pub(crate) fn listen(&self) {
        let mut rung = self.0.rung.lock().unwrap();
        while !rung.0 {
            rung = self.0.sound.wait(rung).unwrap();
        }
        rung.0 = false;
    }

    /// How often the bell was rung.
    pub(crate) fn rings(&self) -> usize {
        self.0.rung.lock().unwrap().1
    }
}

impl Bell for Ringer {
    fn ring(&self) {
        let mut rung = self.0.rung.lock().unwrap();
        *rung = (true, rung.1 + 1);
        self.0.sound.notify_one();
    }
}
