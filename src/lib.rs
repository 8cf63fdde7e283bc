//! boucle: an event loop whose every mechanism can be read and watched.
#![forbid(unsafe_code)]
// What tests, examples and benchmarks may do, but the library may not.
#![cfg_attr(not(test), warn(clippy::disallowed_methods, unreachable_pub))]

pub mod blocking;
pub mod budget;
pub mod callback;
mod clock;
mod engine;
mod event_loop;
mod handle;
pub mod io;
#[cfg(feature = "os")]
pub mod net;
pub mod observe;
mod shield;
mod shim;
pub mod sync;
pub mod task;
pub mod time;

pub use blocking::spawn_blocking;
pub use event_loop::{Builder, EventLoop, Stalled, block_on};
pub use handle::Handle;
pub use task::{JoinError, JoinHandle, TaskGroup, spawn, yield_now};
