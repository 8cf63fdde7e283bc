//! The files of the house that the engine rests on.

#[rustfmt::skip]
#[path = "../../../../src/observe/event.rs"]
pub(crate) mod event;
#[rustfmt::skip]
#[path = "../../../../src/observe/probe.rs"]
pub(crate) mod probe;
