//! The files of the engine that have a model, and what they rest on.

pub(crate) mod shim;

#[rustfmt::skip]
#[path = "../../../../src/engine/arena.rs"]
pub(crate) mod arena;
#[rustfmt::skip]
#[path = "../../../../src/engine/body.rs"]
pub(crate) mod body;
#[rustfmt::skip]
#[path = "../../../../src/engine/executor.rs"]
pub(crate) mod executor;
#[rustfmt::skip]
#[path = "../../../../src/engine/inbox.rs"]
pub(crate) mod inbox;
#[rustfmt::skip]
#[path = "../../../../src/engine/pool.rs"]
pub(crate) mod pool;
#[rustfmt::skip]
#[path = "../../../../src/engine/spares.rs"]
pub(crate) mod spares;
#[rustfmt::skip]
#[path = "../../../../src/engine/waker.rs"]
pub(crate) mod waker;

/// In the files below a thread is one of loom's: all of those share one thread of the system.
macro_rules! thread_local {
    ($(#[$doc:meta])* static $name:ident: $type:ty = const { $init:expr };) => {
        loom::thread_local! { $(#[$doc])* static $name: $type = $init; }
    };
}

#[rustfmt::skip]
#[path = "../../../../src/engine/ready.rs"]
pub(crate) mod ready;
