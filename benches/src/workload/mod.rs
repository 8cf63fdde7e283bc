//! The work, written once for every runtime.
//!
//! Fairness: a workload is the same code for all, generic over [`Runtime`](crate::backend::Runtime)
//! and compiled for each; only the primitives differ, and each runtime brings its own. What belongs
//! to the rig (a future pending once, the threads that wake, the thread that answers) is built on
//! std and the same for all. Each function returns the raw figure; units are made in
//! [`measure`](crate::measure).

pub mod idle;
pub mod sockets;
pub mod tasks;
pub mod threads;
pub mod timers;
