//! What the engine and the pool take from the system's threads, in one place, so that a model
//! checker can put its own threads, locks and atomics here and run the same files on them; and the
//! numbers by which threads are called.

use std::cell::Cell;
use std::sync::atomic::AtomicU32;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
pub(crate) use std::sync::{Mutex, MutexGuard};
#[cfg(feature = "os")]
pub(crate) use std::{
    sync::{Arc, Condvar},
    thread,
};

use crate::observe::event::ThreadId;

/// How often a pool's worker gives way before it sleeps: on an otherwise idle machine of ours some
/// 30 microseconds, which is what waking a parked core costs there. A model needs only one.
#[cfg(feature = "os")]
pub(crate) const LINGER: u32 = 100;

thread_local! {
    /// The number of this thread; 0 until somebody asks.
    static NUMBER: Cell<ThreadId> = const { Cell::new(ThreadId(0)) };
}

/// The number of this thread, by which those that get messages from it call it: threads are
/// numbered from 1 in the order in which they first send one. Costs a thread-local read.
#[inline]
pub(crate) fn this_thread() -> ThreadId {
    let number = NUMBER.get();
    if number == ThreadId(0) { number_this_thread() } else { number }
}

/// Gives this thread its number.
#[cold]
fn number_this_thread() -> ThreadId {
    static THREADS: AtomicU32 = AtomicU32::new(1);
    let number = ThreadId(THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.set(number);
    number
}

/// The sender of a message as this thread sees it: 0 if it is this thread itself, so that a
/// simulated loop, which has only its own, tells the same whatever else the process does.
pub(crate) fn as_seen_here(sender: ThreadId) -> ThreadId {
    if sender == NUMBER.get() { ThreadId(0) } else { sender }
}
