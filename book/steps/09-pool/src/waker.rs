//! The waker: how a task that waits is put back into the ready queue.
//!
//! A waker may be called by anybody: by the task itself while it is polled, by another task, from
//! another thread, after the task has finished, after the loop is gone. All it does is to see that
//! the task stands in the ready queue, once; it never runs anything.
//!
//! ```text
//!   on the loop's thread:  queued?  no -> set it, queue the task    cleared before each poll
//!   on any other:          sent?    no -> set it, send a message    cleared when it is read
//! ```
//!
//! 1. `queued` is cleared *before* the poll, so a wake during the poll queues the task again. Cleared
//!    after it, that wake would be lost, and the task would wait for ever.
//! 2. `sent` is changed by operations that release and acquire. So whatever the waking thread wrote
//!    before, the poll sees, whether its wake sent a message or found one under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use boucle::observe::{Event, TaskId};
use boucle_watch::{cause, emit};

use crate::inbox::{Inbox, Message};
use crate::{EventLoop, try_current};

/// One task, as its wakers see it.
pub(crate) struct Node {
    /// The task.
    task: TaskId,
    /// It stands in the ready queue, or is over and need not. Used on the loop's thread alone.
    queued: AtomicBool,
    /// A message that wakes it is on its way.
    sent: AtomicBool,
    /// The way to its loop from other threads.
    inbox: Arc<Inbox>,
}

impl Node {
    /// The node of a task that was queued when it was made.
    pub(crate) fn new(task: TaskId, inbox: Arc<Inbox>) -> Node {
        Node { task, queued: AtomicBool::new(true), sent: AtomicBool::new(false), inbox }
    }

    /// The task is about to be polled: from now on a wake queues it again.
    pub(crate) fn begin_poll(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }

    /// Notes that the task is queued, or is over; false if that was noted already.
    pub(crate) fn set_queued(&self) -> bool {
        !self.queued.swap(true, Ordering::Relaxed)
    }

    /// The message of another thread has arrived: the next wake sends another.
    pub(crate) fn message_arrived(&self, event_loop: &EventLoop) {
        self.sent.swap(false, Ordering::AcqRel);
        self.wake_here(event_loop);
    }

    /// Queues the task, unless it is queued or over.
    fn wake_here(&self, event_loop: &EventLoop) {
        let task = self.task;
        if self.set_queued() {
            event_loop.ready.borrow_mut().push_back(task);
            emit(|| Event::Woken { task, by: cause() });
        } else {
            emit(|| Event::WakeIgnored { task, by: cause() });
        }
    }
}

impl Wake for Node {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match try_current() {
            Some(event_loop) if Arc::ptr_eq(&event_loop.inbox, &self.inbox) => {
                self.wake_here(&event_loop);
            }
            _ if !self.sent.swap(true, Ordering::AcqRel) => {
                self.inbox.send(Message::Wake(self.task));
            }
            _ => {}
        }
    }
}
