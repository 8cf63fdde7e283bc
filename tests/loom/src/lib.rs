//! Models of the engine's subtle protocols, for the model checker loom.
//!
//! [`engine`] is the engine's own source, file by file, above a `shim` with loom's threads and
//! locks instead of the system's. Each function of a model is a small program that loom runs in
//! every interleaving; `tests/` calls them. A job, a message or a wake that is lost shows as a
//! deadlock.

// The engine's files bring their unit tests along, which are for real threads: not with `test`.
#![cfg(all(loom, not(test)))]
#![forbid(unsafe_code)]
#![allow(dead_code, unused_imports)]

#[rustfmt::skip]
#[path = "../../../src/budget.rs"]
mod budget;
#[rustfmt::skip]
#[path = "../../../src/clock.rs"]
mod clock;
mod observe;
#[rustfmt::skip]
#[path = "../../../src/shield.rs"]
mod shield;

mod bell;
mod engine;
pub mod inbox;
pub mod pool;
pub mod waker;
