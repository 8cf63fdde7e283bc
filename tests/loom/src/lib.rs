//! Models of the engine's subtle protocols, for the model checker loom.
//!
//! The modules below stand where they stand in the library, file by file, above a [`shim`] with
//! loom's threads and locks instead of the system's. Each function of a model is a small program
//! that loom runs in every interleaving, a large one in all that have only so many preemptions;
//! `tests/` calls them. A job, a message or a wake that is lost shows as a deadlock.

// The files bring their unit tests along, which are for real threads: not with `test`.
#![cfg(all(loom, not(test)))]
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "a model panics when it fails, that is its purpose")]
#![allow(clippy::unnecessary_wraps, reason = "the shim has the signatures of the library")]

// The formatter would look for their unit tests in the wrong place.
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../src/budget.rs"]
mod budget;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../src/clock.rs"]
mod clock;
#[rustfmt::skip]
#[path = "../../../src/shield.rs"]
mod shield;
mod shim;
#[rustfmt::skip]
#[path = "../../../src/shuffle.rs"]
mod shuffle;
#[allow(dead_code)]
#[rustfmt::skip]
#[path = "../../../src/observe"]
mod observe {
    pub(crate) mod event;
    pub(crate) mod probe;
}
#[allow(dead_code)]
#[rustfmt::skip]
#[path = "../../../src/blocking"]
mod blocking {
    pub(crate) mod pool;
}
#[allow(dead_code)]
#[rustfmt::skip]
#[path = "../../../src/engine"]
mod engine {
    pub(crate) mod arena;
    pub(crate) mod body;
    pub(crate) mod executor;
    pub(crate) mod inbox;
    pub(crate) mod spares;
    pub(crate) mod waker;

    /// For the queue of the loop that turns "on this thread", a thread is one of loom's: all of
    /// those share one thread of the system.
    macro_rules! thread_local {
        ($(#[$doc:meta])* static $name:ident: $type:ty = const { $init:expr };) => {
            loom::thread_local! { $(#[$doc])* static $name: $type = $init; }
        };
    }
    pub(crate) mod ready;
}

mod bell;
pub mod inbox;
pub mod pool;
pub mod waker;
