//! Channels, a semaphore and a notification, for tasks on this loop, on any other, and on threads.
//!
//! * [`oneshot`]: one value, once.
//! * [`mpsc`]: a bounded queue with many senders and one receiver.
//! * [`Semaphore`]: a number of permits, taken and given back.
//! * [`Notify`]: "something has changed, look again".
//!
//! Idea: whoever cannot go on leaves its `Waker` and is woken when things have changed. That is all
//! the contract `std::task` asks for, so nothing in here knows what a loop is (only the budget of
//! `crate::budget` is told of operations that complete), and everything works on any executor.
//!
//! Invariant: the state of each primitive sits behind one `Mutex`, and *no user's code runs while
//! it is locked*: wakers are called, and wakers and values dropped, after unlocking, since any of
//! these may come back and lock it again. (Wakers are cloned under it: executors count a reference
//! there.)
//!
//! Cost: an uncontended lock and unlock is two locked instructions, about 16 ns together. Each
//! operation takes the lock once.

mod error;
pub mod mpsc;
mod notify;
pub mod oneshot;
mod semaphore;
mod waiters;

pub use error::{AcquireError, TryAcquireError};
pub use notify::{Notified, Notify};
pub use semaphore::{OwnedPermit, Permit, Semaphore};

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Locks. The state is consistent whenever no user's code runs under the lock, so one that is
/// poisoned is as good as any.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the waker of the latest poll, cloned only when it would wake another task than the one it
/// has. Returns the one it had, to be dropped after unlocking.
pub(crate) fn keep(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match slot {
        Some(kept) if kept.will_wake(waker) => None,
        _ => slot.replace(waker.clone()),
    }
}

/// Wakes whoever waits, if anyone does. Only called with nothing locked.
pub(crate) fn wake(waiting: Option<Waker>) {
    if let Some(waker) = waiting {
        waker.wake();
    }
}
