//! Channels and permits: `std::task` only, so they work in any loop and between any threads.

pub mod oneshot;
mod semaphore;

pub use semaphore::{AcquireError, OwnedPermit, Permit, Semaphore, TryAcquireError};

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Locks. No user's code runs under a lock, so one that is poisoned is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes whoever waits, if anyone does. Only called with nothing locked.
fn wake(waiting: Option<Waker>) {
    if let Some(waker) = waiting {
        waker.wake();
    }
}
