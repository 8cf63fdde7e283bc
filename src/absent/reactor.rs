//! The reactor of a loop without an operating system (no feature `os`): there is none.
//!
//! Such a loop is simulated, so it never sleeps and has no sockets. The type has no values, and
//! each method says so in the only way it can.

use std::io;
use std::task::Waker;
use std::time::Duration;

use crate::engine::inbox::Bell;
use crate::observe::event::{Cause, SourceId};

/// Cannot exist.
pub(crate) enum Reactor {}

impl Reactor {
    /// There is no operating system to ask.
    pub(crate) fn new() -> io::Result<(Reactor, Box<dyn Bell>)> {
        let advice = "this build of boucle has no operating system below it: \
                      use `EventLoop::simulated`, or enable the feature `os`";
        Err(io::Error::new(io::ErrorKind::Unsupported, advice))
    }

    /// Cannot be called.
    pub(crate) fn wait(
        &self,
        _timeout: Option<Duration>,
        _due: &mut Vec<(Cause, Waker)>,
        _told: impl FnMut(SourceId, bool, bool),
    ) -> io::Result<u32> {
        match *self {}
    }

    /// Cannot be called.
    pub(crate) fn close(&self) -> Vec<Waker> {
        match *self {}
    }

    /// Cannot be called.
    pub(crate) fn is_empty(&self) -> bool {
        match *self {}
    }
}
