//! The join handle: how a task's end gets to whoever waits for it, and how somebody asks for it.
//!
//! 1. Whoever awaits the handle is woken when the task ends: by its output, by a panic, or because
//!    it was aborted. The waker of the *last* poll counts.
//! 2. A task whose handle is dropped goes on, *detached*, and leaves the arena when it ends.
//! 3. `abort` asks. The future is dropped when the task's turn in the ready queue comes, so an idle
//!    task is queued for that; never inside of the call. A task that is being polled is dropped
//!    when it is checked in. One that is done is not changed.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use boucle::observe::{Awaited, Event, TaskId};

use crate::arena::Key;
use crate::executor::{Executor, Stage};
use crate::shield;

/// Why a task has no output.
pub enum JoinError {
    /// The task panicked, with this payload.
    Panicked(Box<dyn Any + Send + 'static>),
    /// The task was aborted, or its loop was dropped, before it was done.
    Aborted,
}

impl JoinError {
    /// Whether the task panicked.
    pub fn is_panicked(&self) -> bool {
        matches!(self, JoinError::Panicked(_))
    }

    /// Whether the task was aborted.
    pub fn is_aborted(&self) -> bool {
        matches!(self, JoinError::Aborted)
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_aborted() { "Aborted" } else { "Panicked(..)" })
    }
}

/// Waits for a task when it is awaited, and lets it go when it is dropped.
pub struct JoinHandle<T> {
    /// Where the task is.
    executor: Weak<Executor>,
    /// The task; `None` when its end was told.
    task: Option<Key>,
    /// Where it leaves its output.
    output: Rc<RefCell<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// The handle of a task that will leave its output there.
    pub fn new(executor: &Rc<Executor>, task: Key, output: Rc<RefCell<Option<T>>>) -> Self {
        JoinHandle { executor: Rc::downgrade(executor), task: Some(task), output }
    }

    /// Asks for the end of the task.
    pub fn abort(&self) {
        if let (Some(executor), Some(task)) = (self.executor.upgrade(), self.task) {
            executor.abort(task);
        }
    }

    /// Whether the task is done, aborted or gone.
    pub fn is_finished(&self) -> bool {
        let (Some(executor), Some(task)) = (self.executor.upgrade(), self.task) else {
            return true;
        };
        let tasks = executor.tasks.borrow();
        tasks.get(task).is_none_or(|task| task.stage == Stage::Done)
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.task.expect("a JoinHandle was polled again after it gave its output");
        let ended = match self.executor.upgrade() {
            Some(executor) => executor.poll_join(task, cx),
            // The task was dropped with its loop.
            None => Poll::Ready(Some(JoinError::Aborted)),
        };
        ended.map(|error| {
            self.task = None;
            match (error, self.output.take()) {
                (None, Some(output)) => Ok(output),
                (error, _) => Err(error.unwrap_or(JoinError::Aborted)),
            }
        })
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let (Some(executor), Some(task)) = (self.executor.upgrade(), self.task) {
            executor.detach(task);
        }
        // An output that nobody took may panic when it is dropped.
        let output = self.output.take();
        shield(|| drop(output));
    }
}

impl<T> Unpin for JoinHandle<T> {}

/// What a handle asks of the executor. As there, no borrow of `tasks` is held while a waker is
/// called or dropped.
impl Executor {
    /// Whether a task has ended, and with what error, if with one; a task that has is forgotten
    /// (`dropped`: it was joined). An unfinished one will wake `cx`. One that is gone was dropped
    /// with its loop: `Aborted`.
    pub fn poll_join(&self, key: Key, cx: &mut Context<'_>) -> Poll<Option<JoinError>> {
        let mut tasks = self.tasks.borrow_mut();
        // Rule 1. Tell the probe of a task that has to wait: it `awaits` this one.
        let awaited = Awaited::Task(TaskId(key.serial()));
        todo!("exercise `join`: hand over the end, or keep the waker")
    }

    /// Asks for the end of a task: its future is dropped at its next turn in the ready queue.
    pub fn abort(&self, key: Key) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        if task.stage == Stage::Done || task.aborting {
            return;
        }
        let must_queue: bool = {
            // Rule 3. A task stands in the queue at most once, here as everywhere.
            todo!("exercise `join`: mark it; must it be queued?")
        };
        drop(tasks);
        let (task, by) = (TaskId(key.serial()), self.probe.cause());
        self.probe.emit(|| Event::AbortRequested { task, by });
        if must_queue {
            self.ready.wake(key, true);
        }
    }

    /// Nobody will ask for the end of this task any more.
    pub fn detach(&self, key: Key) {
        // Rule 2. Who waited for it waits no longer. A task that has ended already leaves the arena
        // now (`dropped`: nobody joined it).
        if !std::thread::panicking() {
            todo!("exercise `join`: let it go, in place of this `if`");
        }
    }
}
