//! Models of the engine's subtle protocols, for the model checker loom.
//!
//! The modules below stand where they stand in the library, file by file, above a [`shim`] with
//! loom's threads and locks instead of the system's. Each function of a model is a small program
//! that loom runs in every interleaving; `tests/` calls them. A job or a wake that is lost shows as
//! a deadlock.

// The files bring their unit tests along, which are for real threads: not with `test`.
#![cfg(all(loom, not(test)))]
#![forbid(unsafe_code)]

#[path = "../../../src/shield.rs"]
mod shield;
mod shim;
#[allow(dead_code)]
#[path = "../../../src/observe"]
mod observe {
    pub(crate) mod event;
}
#[allow(dead_code)]
#[path = "../../../src/blocking"]
mod blocking {
    pub(crate) mod pool;
}

pub mod pool;
