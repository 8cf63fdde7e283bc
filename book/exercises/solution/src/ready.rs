//! The ready queue: the tasks that are to be polled, in the order in which they will be.
//!
//! First in, first out: a task that becomes ready waits for those that were ready before it, and
//! for no other. Each task stands here at most once: who wakes it looks at its `queued` flag first
//! (see `waker.rs`).
//!
//! A waker must reach the queue of its own loop without a lock if it is called on the loop's
//! thread. So the queue of the loop that turns on this thread stands in a thread-local.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use boucle::observe::{Event, TaskId};

use crate::arena::Key;
use crate::probe::Probe;

thread_local! {
    /// The ready queue of the loop that turns on this thread.
    static HERE: RefCell<Option<Rc<Ready>>> = const { RefCell::new(None) };
}

/// The tasks of one loop that are to be polled.
pub struct Ready {
    /// The loop's number.
    loop_id: u32,
    /// The tasks.
    queue: RefCell<VecDeque<Key>>,
    /// Says who was woken by whom.
    probe: Rc<Probe>,
}

impl Ready {
    /// An empty queue.
    pub fn new(loop_id: u32, probe: Rc<Probe>) -> Ready {
        Ready { loop_id, queue: RefCell::default(), probe }
    }

    /// Queues a task.
    pub fn push(&self, task: Key) {
        self.queue.borrow_mut().push_back(task);
    }

    /// Queues a task because its waker was called, unless it is queued already, or over.
    pub fn wake(&self, task: Key, must_queue: bool) {
        let (probe, id) = (&self.probe, TaskId(task.serial()));
        if must_queue {
            self.push(task);
            probe.emit(|| Event::Woken { task: id, by: probe.cause() });
        } else {
            probe.emit(|| Event::WakeIgnored { task: id, by: probe.cause() });
        }
    }

    /// Takes the task that is to be polled next.
    pub fn pop(&self) -> Option<Key> {
        self.queue.borrow_mut().pop_front()
    }

    /// How many tasks are to be polled.
    pub fn len(&self) -> usize {
        self.queue.borrow().len()
    }

    /// Whether no task is to be polled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Makes `ready` the queue of the loop that turns on this thread; gives back the one before.
pub fn replace_here(ready: Option<Rc<Ready>>) -> Option<Rc<Ready>> {
    HERE.try_with(|here| here.replace(ready)).ok().flatten()
}

/// Calls `push` with the ready queue of the loop `loop_id` if it turns on this thread, and says
/// whether it does.
pub fn push_here(loop_id: u32, push: impl FnOnce(&Ready)) -> bool {
    HERE.try_with(|here| match &*here.borrow() {
        Some(ready) if ready.loop_id == loop_id => {
            push(ready);
            true
        }
        _ => false,
    })
    .unwrap_or(false)
}
