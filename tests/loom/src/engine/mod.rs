//! The files of the engine that have a model.

pub(crate) mod shim;

#[rustfmt::skip]
#[path = "../../../../src/engine/pool.rs"]
pub(crate) mod pool;
