//! The inbox: what other threads leave for the loop, and the bell that wakes it.
//!
//! A thread leaves its message first and rings then. The loop looks first and sleeps then. Between
//! its look and its sleep a message can slip in: so the bell must remember a ring that comes too
//! early, as `unpark` does.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use boucle::observe::{TaskId, ThreadId};
use boucle_watch::this_thread;

/// The letter box of one loop.
pub(crate) struct Inbox {
    /// The tasks to be woken, oldest first, each with the thread that wants it.
    mail: Mutex<Vec<(ThreadId, TaskId)>>,
    /// How to wake the loop.
    bell: Thread,
}

impl Inbox {
    /// An empty inbox.
    pub(crate) fn new(bell: Thread) -> Inbox {
        Inbox { mail: Mutex::default(), bell }
    }

    /// Leaves a message and wakes the loop.
    pub(crate) fn send(&self, message: TaskId) {
        self.mail().push((this_thread(), message));
        self.bell.unpark();
    }

    /// Takes all messages.
    pub(crate) fn take(&self) -> Vec<(ThreadId, TaskId)> {
        std::mem::take(&mut *self.mail())
    }

    /// Sleeps until there is a message. This is the only place where the thread sleeps.
    pub(crate) fn sleep(&self) {
        while self.mail().is_empty() {
            thread::park();
        }
    }

    /// What the lock guards. Nobody panics under it.
    fn mail(&self) -> MutexGuard<'_, Vec<(ThreadId, TaskId)>> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
