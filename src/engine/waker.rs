//! The waker: how a task that waits is put back into the ready queue.
//!
//! A waker may be called by anybody: by the task itself while it is polled, by another task, by a
//! timer, from another thread, after the task has finished, after the loop is gone. All it does is
//! to see that the task's key gets into the ready queue, once; it never runs anything. It knows
//! the queue and the inbox and nothing else of the loop. (A task that gives way has no need of its
//! waker: `budget.rs`.)
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

use std::sync::Arc;
use std::task::Waker;

use futures_task::ArcWake;

use crate::engine::arena::Key;
use crate::engine::inbox::{Inbox, Message};
use crate::engine::ready;
use crate::shield::shield;
use crate::shim::{AtomicBool, AtomicU64, Ordering, fence};

/// One task, as its wakers see it.
pub(crate) struct Node {
    /// The task's key as a number; a stale one finds nothing in the arena.
    task: AtomicU64,
    /// The task is in the ready queue. Used on the loop's thread alone.
    queued: AtomicBool,
    /// A message that wakes the task is on its way through the inbox.
    pub(crate) sent: Sent,
    /// The way to the loop from other threads.
    inbox: Arc<Inbox>,
}

impl Node {
    /// The node of a task that is being polled for the first time.
    pub(crate) fn new(task: Key, inbox: Arc<Inbox>) -> Node {
        let task = AtomicU64::new(task.to_u64());
        Node { task, queued: AtomicBool::new(false), sent: Sent::new(), inbox }
    }

    /// Whether no waker refers to this node any more, so that it can be given to another task.
    #[inline]
    pub(crate) fn is_spent(node: &Arc<Node>) -> bool {
        let is_spent = Arc::strong_count(node) == 1;
        // Whatever another thread did with its waker before it dropped it comes first.
        fence(Ordering::Acquire);
        is_spent
    }

    /// Gives a spent node to another task of the same loop.
    #[inline]
    pub(crate) fn reuse(&self, task: Key) {
        self.task.store(task.to_u64(), Ordering::Relaxed);
        self.queued.store(false, Ordering::Relaxed);
        self.sent.forget();
    }

    /// The task is about to be polled: from now on a wake queues it again.
    #[inline]
    pub(crate) fn begin_poll(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }

    /// Notes that the task is queued, or is over and need not be; false if that was noted already.
    #[inline]
    pub(crate) fn set_queued(&self) -> bool {
        let was_queued = self.queued.load(Ordering::Relaxed);
        self.queued.store(true, Ordering::Relaxed);
        !was_queued
    }
}

impl ArcWake for Node {
    #[inline]
    fn wake_by_ref(node: &Arc<Node>) {
        let Some(task) = Key::from_u64(node.task.load(Ordering::Relaxed)) else { return };
        let is_local = ready::push_here(node.inbox.loop_id, |ready| {
            ready.wake(task, node.set_queued());
        });
        if !is_local && node.sent.set() {
            // A loop that is gone needs no wakes.
            let _ = node.inbox.send(Message::Wake(task));
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

    /// Nobody else refers to this any more, and what was under way is for nobody.
    fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
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
