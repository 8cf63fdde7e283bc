//! The inbox: what other threads leave for the loop, and the bell that wakes it.
//!
//! A thread leaves its message first and rings then. The loop looks first and sleeps then. Between
//! its look and its sleep a message can slip in: so the bell must remember a ring that comes too
//! early, as an eventfd does, which is what `mio::Waker`
//! is on Linux.

use std::sync::{Mutex, MutexGuard, PoisonError};

use boucle::observe::{TaskId, ThreadId};
use boucle_watch::this_thread;

/// The letter box of one loop.
pub(crate) struct Inbox {
    /// The tasks to be woken, oldest first, each with the thread that wants it.
    mail: Mutex<Vec<(ThreadId, TaskId)>>,
    /// How to wake the loop.
    bell: mio::Waker,
}

impl Inbox {
    /// An empty inbox.
    pub(crate) fn new(bell: mio::Waker) -> Inbox {
        Inbox { mail: Mutex::default(), bell }
    }

    /// Leaves a message and wakes the loop.
    pub(crate) fn send(&self, message: TaskId) {
        self.mail().push((this_thread(), message));
        // It fails only if the loop is gone, and then there is nobody to wake.
        let _ = self.bell.wake();
    }

    /// Takes all messages.
    pub(crate) fn take(&self) -> Vec<(ThreadId, TaskId)> {
        std::mem::take(&mut *self.mail())
    }

    /// What the lock guards. Nobody panics under it.
    fn mail(&self) -> MutexGuard<'_, Vec<(ThreadId, TaskId)>> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
