//! Models of the engine's subtle protocols, for the model checker loom.
//!
//! [`engine`] is the engine's own source, file by file, above a `shim` with loom's threads and
//! locks instead of the system's. Each function of a model is a small program that loom runs in
//! every interleaving; `tests/` calls them. A job that is lost shows as a deadlock.

// The engine's files bring their unit tests along, which are for real threads: not with `test`.
#![cfg(all(loom, not(test)))]
#![forbid(unsafe_code)]

#[allow(dead_code, unused_imports)]
mod engine;
pub mod pool;
