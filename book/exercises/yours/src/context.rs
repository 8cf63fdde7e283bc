//! The context, which is given: how `spawn` and `sleep` find the loop that turns on this thread.

use std::cell::RefCell;
use std::rc::Rc;

use crate::budget;
use crate::engine::Engine;
use crate::ready::{self, Ready};

thread_local! {
    /// The loop that turns on this thread.
    static CURRENT: RefCell<Option<Rc<Engine>>> = const { RefCell::new(None) };
}

/// The loop that turns on this thread.
///
/// # Panics
///
/// If there is none.
#[track_caller]
pub fn current() -> Rc<Engine> {
    try_current().expect("there is no event loop on this thread: call this inside of `block_on`")
}

/// The loop that turns on this thread, if there is one.
pub fn try_current() -> Option<Rc<Engine>> {
    CURRENT.with(|current| current.borrow().clone())
}

/// The loop turns on this thread until the guard is dropped.
///
/// # Panics
///
/// If another does so already.
#[track_caller]
pub fn enter(engine: &Rc<Engine>) -> Entered {
    assert!(
        try_current().is_none(),
        "an event loop already turns on this thread: `await` the future or `spawn` it"
    );
    Entered::new(engine)
}

/// While it lives, a loop turns on this thread.
pub struct Entered {
    /// The loop that stepped aside.
    before: Option<Rc<Engine>>,
    /// Its ready queue.
    ready_before: Option<Rc<Ready>>,
}

impl Entered {
    /// The loop turns on this thread, and whatever else did so steps aside.
    pub fn new(engine: &Rc<Engine>) -> Entered {
        Entered {
            before: CURRENT.with(|current| current.replace(Some(Rc::clone(engine)))),
            ready_before: ready::replace_here(Some(Rc::clone(&engine.ready))),
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ready::replace_here(self.ready_before.take());
        let before = self.before.take();
        CURRENT.with(|current| drop(current.replace(before)));
        budget::lift();
    }
}
