//! The waker: how a task that waits is put back into the ready queue.
//!
//! A waker may be called by anybody: by the task itself while it is polled, by another task, by a
//! timer, from another thread, after the task has finished, after the loop is gone. All it does is
//! to see that the task's key gets into the ready queue, once; it never runs anything.
//!
//! ```text
//!   on the loop's thread:  queued?  no -> set it, push the key     cleared before each poll
//!   on any other:          sent?    no -> set it, send a message   cleared when it is read
//! ```
//!
//! 1. `queued` is touched on the loop's thread alone: a plain load and a plain store. It is
//!    cleared *before* the poll, so a wake during the poll queues the task again.
//! 2. `sent` is always set by a swap that releases, even if it was set already, and cleared by a
//!    swap that acquires, before the task is queued. So whatever the waking thread wrote before is
//!    seen by the poll, whether its wake sent a message or found one under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use crate::arena::Key;
use crate::inbox::{Inbox, Message};
use crate::ready;
use crate::shield;

/// One task, as its wakers see it.
pub struct Node {
    /// The task; a stale key finds nothing.
    task: Key,
    /// The task is in the ready queue, or is over. Used on the loop's thread alone.
    queued: AtomicBool,
    /// A message that wakes the task is on its way through the inbox.
    sent: AtomicBool,
    /// The way to the loop from other threads.
    inbox: Arc<Inbox>,
}

impl Node {
    /// The node of a task that is in the ready queue since its spawn.
    pub fn new(task: Key, inbox: Arc<Inbox>) -> Node {
        Node { task, queued: AtomicBool::new(true), sent: AtomicBool::new(false), inbox }
    }

    /// The task is about to be polled: from now on a wake queues it again.
    pub fn begin_poll(&self) {
        todo!("exercise `ready`: clear the flag")
    }

    /// Notes that the task is queued, or is over and need not be; false if that was noted already.
    pub fn set_queued(&self) -> bool {
        todo!("exercise `ready`: set the flag, and say whether it was clear")
    }

    /// A message that wakes the task was read: the next wake from elsewhere sends another.
    pub fn clear_sent(&self) {
        self.sent.swap(false, Ordering::AcqRel);
    }
}

impl Wake for Node {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // On the loop's own thread (`push_here`) the queue is told (`Ready::wake`), queued already
        // or not. Elsewhere the loop gets a message, unless one is on its way (rule 2). A loop that
        // is gone needs no wakes.
        todo!("exercise `ready`: wake the task, from here or from elsewhere")
    }
}

/// Calls a waker, which may be anybody's.
pub fn wake(waker: Waker) {
    shield(|| waker.wake());
}
