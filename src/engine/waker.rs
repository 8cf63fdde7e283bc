//! The waker: how a task that waits is put back into the ready queue.
//!
//! A waker may be called by anybody: by the task itself while it is polled, by another task, by a
//! timer, from another thread, after the task has finished, after the loop is gone. All it does is
//! to see that the task's key gets into the ready queue, once; it never runs anything. It knows
//! the queue and the inbox and nothing else of the loop.
//!
//! Each task owns one [`Node`], and the loop lends it to each poll without touching its reference
//! count. Two flags make wakes idempotent, one for each side, and each side writes only its own:
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
//!
//! Cost: a local wake is a thread-local read, a comparison and a push (about 4 ns); a foreign wake
//! is one locked operation if a message is under way, else a message.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use futures_task::ArcWake;

use crate::engine::arena::Key;
use crate::engine::inbox::{Inbox, Message};
use crate::engine::ready;
use crate::engine::shim::{AtomicBool, Ordering};

/// One task, as its wakers see it.
pub(crate) struct Node {
    /// The task's place in the arena; a stale one finds nothing there.
    task: Key,
    /// The task is in the ready queue. Used on the loop's thread alone.
    queued: AtomicBool,
    /// A message that wakes the task is on its way through the inbox.
    sent: Sent,
    /// The way to the loop from other threads.
    inbox: Arc<Inbox>,
}

impl Node {
    /// The node of a new task, which is in the ready queue from the start.
    pub(crate) fn new(task: Key, inbox: Arc<Inbox>) -> Node {
        Node { task, queued: AtomicBool::new(true), sent: Sent::new(), inbox }
    }

    /// Gives a spent node, which no waker refers to any more, to another task of the same loop.
    pub(crate) fn reuse(&mut self, task: Key) {
        self.task = task;
        self.queued = AtomicBool::new(true);
        self.sent = Sent::new();
    }

    /// The task is about to be polled: from now on a wake queues it again.
    #[inline]
    pub(crate) fn begin_poll(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }

    /// Notes that the task is to be queued; false if it is queued already.
    #[inline]
    pub(crate) fn set_queued(&self) -> bool {
        let was_queued = self.queued.load(Ordering::Relaxed);
        self.queued.store(true, Ordering::Relaxed);
        !was_queued
    }

    /// The task is over: wakers that are left queue it no more.
    pub(crate) fn retire(&self) {
        self.queued.store(true, Ordering::Relaxed);
    }

    /// The message from another thread has been read.
    pub(crate) fn message_read(&self) {
        self.sent.clear();
    }
}

impl ArcWake for Node {
    #[inline]
    fn wake_by_ref(node: &Arc<Node>) {
        let is_local = ready::push_here(node.inbox.loop_id(), |ready| {
            if node.set_queued() {
                ready.push_woken(node.task);
            }
        });
        if !is_local && node.sent.set() {
            // A loop that is gone needs no wakes.
            let _ = node.inbox.send(Message::Wake(node.task));
        }
    }
}

/// Whether a wake from another thread is under way: rule 2 above, by itself so that a model
/// checker can try it.
pub(crate) struct Sent(AtomicBool);

impl Sent {
    /// Nothing is under way.
    pub(crate) fn new() -> Sent {
        Sent(AtomicBool::new(false))
    }

    /// Notes a wake; true if its message has still to be sent.
    #[inline]
    pub(crate) fn set(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// The message has arrived: the next wake sends another.
    pub(crate) fn clear(&self) {
        self.0.swap(false, Ordering::AcqRel);
    }
}

/// Calls a waker, which may be anybody's.
#[inline]
pub(crate) fn wake(waker: Waker) {
    shield(|| waker.wake());
}

/// Runs code of the user that has nobody to panic to: a destructor, or a waker. The panic hook has
/// already told what there is to tell.
pub(crate) fn shield(run: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        // Even a payload may panic when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic))).map_err(std::mem::forget);
    }
}
