//! A loop of your own.
//!
//! Its files are those of `src/engine/` in boucle, smaller: what is only fast was left out, what is
//! right was kept. Where a body says `todo!("exercise ...")` it is yours to write; the comment
//! above it says what must hold. Everything else is given, the lines that tell an observer what
//! happens among them.
//!
//! ```text
//!        other threads                      the operating system
//!              |                                     |
//!          1. inbox                              4. reactor     5. timers
//!              |                                     |               |
//!              +------------> ready queue <----------+------6.-------+
//!                                  |
//!                            2. executor: poll, at most so many
//! ```

pub mod arena;
pub mod block_on;
pub mod budget;
pub mod clock;
pub mod context;
pub mod engine;
pub mod event_loop;
pub mod executor;
pub mod heap;
pub mod inbox;
pub mod join;
pub mod net;
pub mod pool;
pub mod probe;
pub mod reactor;
pub mod ready;
pub mod select;
pub mod source;
pub mod sync;
pub mod task;
pub mod time;
pub mod timers;
pub mod waker;
pub mod wheel;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use event_loop::{EventLoop, Handle, block_on};
pub use join::{JoinError, JoinHandle};
pub use task::{spawn, spawn_blocking};

/// Runs code of the user that has nobody to panic to: a destructor, a waker. `None` if it panics.
pub fn shield<R>(run: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
