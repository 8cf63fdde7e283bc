//! What the engine and the pool take from the system's threads, in one place, so that a model
//! checker can put its own threads, locks and atomics here and run the same files on them.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
pub(crate) use std::sync::{Mutex, MutexGuard};
#[cfg(feature = "os")]
pub(crate) use std::{
    sync::{Arc, Condvar},
    thread,
};

/// How often a pool's worker gives way before it sleeps: on an otherwise idle machine of ours some
/// 30 microseconds, which is what waking a parked core costs there. A model needs only one.
#[cfg(feature = "os")]
pub(crate) const LINGER: u32 = 100;
