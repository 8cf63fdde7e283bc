//! The ready queue: the tasks that are to be polled, in the order in which they will be.
//!
//! First in, first out: a task that becomes ready waits for those that were ready before it, and
//! for no other. Under simulation the next task is drawn by a seeded generator instead, so that a
//! program which works only in one order is found out, and found out again by the same seed.
//!
//! A waker must reach the queue of its own loop without a lock if it is called on the loop's
//! thread. So the queue of the loop that turns on this thread stands in a thread-local, and
//! [`push_here`] is a comparison and a push. Anywhere else a waker goes by the inbox.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::engine::arena::Key;
use crate::observe::event::{Event, TaskId};
use crate::observe::probe::Probe;
use crate::shuffle::Shuffle;

thread_local! {
    /// The ready queue of the loop that turns on this thread.
    static HERE: RefCell<Option<Rc<Ready>>> = const { RefCell::new(None) };
}

/// The tasks of one loop that are to be polled.
pub(crate) struct Ready {
    /// The loop's number.
    loop_id: u32,
    /// The tasks; each stands here at most once, by the `queued` flag of its waker.
    queue: RefCell<VecDeque<Key>>,
    /// Draws which one is next; `None` takes the oldest.
    shuffle: Option<Shuffle>,
    /// Says who was woken by whom.
    probe: Rc<Probe>,
}

impl Ready {
    /// An empty queue: first in, first out, or drawn by a generator that starts from `seed`.
    pub(crate) fn new(loop_id: u32, seed: Option<u64>, probe: Rc<Probe>) -> Ready {
        Ready { loop_id, queue: RefCell::default(), shuffle: seed.map(Shuffle::new), probe }
    }

    /// Queues a task.
    #[inline]
    pub(crate) fn push(&self, task: Key) {
        self.queue.borrow_mut().push_back(task);
    }

    /// Queues a task because its waker was called, unless it is queued already, or over.
    // `always`: built in one codegen unit, a wake would call this, and take 25 instructions more.
    #[inline(always)]
    pub(crate) fn wake(&self, task: Key, must_queue: bool) {
        let probe = &self.probe;
        if must_queue {
            self.push(task);
            probe.emit(|| Event::Woken { task: TaskId(task.serial()), by: probe.cause() });
        } else {
            probe.emit(|| Event::WakeIgnored { task: TaskId(task.serial()), by: probe.cause() });
        }
    }

    /// Takes the task that is to be polled next: one of the first `among`, which is not zero. (So
    /// none is drawn that stands where the turn does not get to.)
    #[inline]
    pub(crate) fn pop(&self, among: usize) -> Option<Key> {
        let mut queue = self.queue.borrow_mut();
        if let Some(shuffle) = &self.shuffle
            && queue.len() > 1
        {
            let end = queue.len().min(among);
            queue.swap(0, shuffle.below(end));
        }
        queue.pop_front()
    }

    /// How many tasks are to be polled.
    pub(crate) fn len(&self) -> usize {
        self.queue.borrow().len()
    }
}

/// Makes `ready` the queue of the loop that turns on this thread; gives back the one before.
pub(crate) fn replace_here(ready: Option<Rc<Ready>>) -> Option<Rc<Ready>> {
    HERE.try_with(|here| here.replace(ready)).ok().flatten()
}

/// Calls `push` with the ready queue of the loop `loop_id` if it turns on this thread, and says
/// whether it does.
#[inline]
pub(crate) fn push_here(loop_id: u32, push: impl FnOnce(&Ready)) -> bool {
    HERE.try_with(|here| match &*here.borrow() {
        Some(ready) if ready.loop_id == loop_id => {
            push(ready);
            true
        }
        _ => false,
    })
    .unwrap_or(false)
}
