//! The settings: what can be chosen when a loop is built.
//!
//! Plain data, and the first thing that a loop tells about itself.

use std::time::Duration;

use crate::observe::event::{Event, Observer};

/// What can be chosen when a loop is built.
pub(crate) struct Config {
    /// Whether the clock is virtual, and there is no operating system.
    pub(crate) simulated: bool,
    /// The seed from which the order of tasks is drawn; `None` polls the oldest first.
    pub(crate) seed: Option<u64>,
    /// Polls in a turn before the operating system is looked at.
    pub(crate) polls_per_turn: usize,
    /// Operations a task may complete in one poll.
    pub(crate) budget: u32,
    /// Who watches.
    pub(crate) observer: Option<Box<dyn Observer>>,
    /// How long to look for work before the thread sleeps.
    pub(crate) spin_before_park: Duration,
    /// Threads for blocking work, at most.
    pub(crate) max_blocking_threads: usize,
    /// How long an idle thread stays.
    pub(crate) blocking_keep_alive: Duration,
    /// How long to wait for blocking work when the loop is dropped.
    pub(crate) shutdown_timeout: Duration,
}

/// What nobody has chosen; each is explained at its method of the builder.
impl Default for Config {
    fn default() -> Config {
        Config {
            simulated: false,
            seed: None,
            polls_per_turn: 61,
            budget: 128,
            observer: None,
            spin_before_park: Duration::ZERO,
            max_blocking_threads: 512,
            blocking_keep_alive: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(1),
        }
    }
}

impl Config {
    /// The event of a loop that was built with these settings.
    pub(crate) fn loop_built(&self) -> Event<'static> {
        Event::LoopBuilt {
            simulated: self.simulated,
            seed: self.seed,
            polls_per_turn: told(self.polls_per_turn),
            max_blocking_threads: told(self.max_blocking_threads),
        }
    }
}

/// A limit as events tell it: what is beyond 32 bits is no limit.
pub(crate) fn told(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}
