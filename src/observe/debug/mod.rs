//! Debug mode: what a program on a loop should not do, told while it does it.
//!
//! Keeping the loop for itself (`slow_poll`, with a `watchdog` on a thread of its own for a loop
//! that stands still, and `slow_report`, what they say), and panicking unseen (`unseen`).

pub(crate) mod slow_poll;
pub(crate) mod slow_report;
pub(crate) mod unseen;
mod watchdog;
