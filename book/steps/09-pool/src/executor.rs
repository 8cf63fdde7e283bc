//! The executor: the tasks of a loop, from spawn to output.
//!
//! ```text
//!      spawn          poll begins            Ready, or it panicked
//!     --------> idle -------------> polled ------------------------> (its handle has the output)
//!                ^                    |
//!                '--------------------'
//!                      Pending
//! ```
//!
//! A task is taken out of its place while it is polled. So no borrow is held while code of the user
//! runs, and a task may spawn and wake whom it likes, itself included.
//!
//! Tasks are numbered, and no number is used twice: whoever has the number of a task that is gone
//! finds nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Waker};

use boucle::observe::{Cause, Event, Outcome, TaskId};
use boucle_watch::{cause, emit, set_cause};

use crate::EventLoop;
use crate::waker::Node;

/// The tasks of one loop.
#[derive(Default)]
pub(crate) struct Executor {
    /// Those that are not finished, but for the one that is polled.
    tasks: RefCell<BTreeMap<TaskId, Task>>,
    /// How many there have been.
    spawned: Cell<u32>,
}

/// What is left of a task when its types are forgotten: a function that polls its future and keeps
/// what comes of it for the handle.
pub(crate) type Body = Box<dyn FnMut(&mut Context<'_>) -> Outcome>;

/// A task that waits, or is ready.
struct Task {
    /// Its future.
    body: Body,
    /// What its wakers point at.
    node: Arc<Node>,
}

impl Executor {
    /// The number of the next task.
    pub(crate) fn next_id(&self) -> TaskId {
        self.spawned.set(self.spawned.get() + 1);
        TaskId(self.spawned.get())
    }

    /// Adds a task, which is ready.
    pub(crate) fn insert(
        &self,
        task: TaskId,
        body: Body,
        event_loop: &EventLoop,
        place: &'static Location<'static>,
    ) {
        let node = Arc::new(Node::new(task, Arc::clone(&event_loop.inbox)));
        self.tasks.borrow_mut().insert(task, Task { body, node });
        emit(|| Event::Spawned { task, by: cause(), place, name: "" });
        event_loop.ready.borrow_mut().push_back(task);
    }

    /// Polls a task, and says whether there was one. This is the only place where a task is polled.
    pub(crate) fn poll(&self, id: TaskId) -> bool {
        // Who woke itself in its last poll is still in the queue.
        let Some(mut task) = self.tasks.borrow_mut().remove(&id) else { return false };
        set_cause(Cause::Task(id));
        emit(|| Event::PollBegan { task: id });
        task.node.begin_poll();
        let waker = Waker::from(Arc::clone(&task.node));
        let outcome = (task.body)(&mut Context::from_waker(&waker));
        emit(|| Event::PollEnded { task: id, outcome });
        if outcome == Outcome::Pending {
            self.tasks.borrow_mut().insert(id, task);
        } else {
            // From now on its wakers find nothing to do.
            task.node.set_queued();
            drop(task);
        }
        set_cause(Cause::Program);
        true
    }

    /// Queues a task because another thread woke it.
    pub(crate) fn wake_by_message(&self, id: TaskId, event_loop: &EventLoop) {
        let node = self.tasks.borrow().get(&id).map(|task| Arc::clone(&task.node));
        match node {
            Some(node) => node.message_arrived(event_loop),
            None => emit(|| Event::WakeIgnored { task: id, by: cause() }),
        }
    }

    /// Drops all tasks. Their destructors may make new ones, so it looks again until none is left.
    pub(crate) fn close(&self) {
        loop {
            let Some((task, it)) = self.tasks.borrow_mut().pop_first() else { return };
            emit(|| Event::Aborted { task });
            it.node.set_queued();
            drop(it);
        }
    }
}
