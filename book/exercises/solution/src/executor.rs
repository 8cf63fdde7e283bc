//! The executor: the tasks of a loop, from spawn to output.
//!
//! A task is a future in a box beside a waker node, in an arena under a [`Key`]. Keys are what
//! everybody else holds: the ready queue, wakers, join handles. A key whose task is gone finds
//! nothing, so nobody can wake, poll or join the wrong task.
//!
//! ```text
//!           spawn          check_out           finish: ready, panicked, aborted
//!   (none) --------> Idle ------------> Polled --------------------------------> Done
//!                     ^                   |                                       |
//!                     +-------------------+                   poll_join, detach   |
//!                       check_in: pending                                         v
//!                                                                              (none)
//! ```
//!
//! 1. A task is *checked out* of its slot while it is polled. So no borrow is held while user code
//!    runs, and a task may spawn, abort and drop what it likes, itself included.
//! 2. Aborting a task marks it and queues it. When its turn comes its future is dropped instead of
//!    polled: always on the loop's thread, never inside the call of `abort`.
//! 3. Whatever panics (a poll, a destructor, a waker) is caught here, and belongs to its task.
//! 4. No borrow of `tasks` is held while a future is polled or dropped, or a waker is called.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use boucle::observe::{Cause, Event, Outcome, TaskId};

use crate::arena::{Arena, Key};
use crate::budget;
use crate::inbox::Inbox;
use crate::join::{JoinError, JoinHandle};
use crate::probe::Probe;
use crate::ready::Ready;
use crate::shield;
use crate::waker::{Node, wake};

/// A future whose type is forgotten, and whose output went elsewhere.
pub type Body = Pin<Box<dyn Future<Output = ()>>>;

/// The tasks of one loop.
pub struct Executor {
    /// All tasks that are not finished, or whose handle has not been told so.
    pub tasks: RefCell<Arena<Task>>,
    /// Where tasks that are to be polled stand.
    pub ready: Rc<Ready>,
    /// What a waker needs on other threads.
    inbox: Arc<Inbox>,
    /// Tells what happens.
    pub probe: Rc<Probe>,
    /// How many operations a task may complete in one poll before it has to yield.
    budget: u32,
    /// The loop is being dropped: nothing new may start.
    closing: Cell<bool>,
}

/// One slot of the arena.
pub struct Task {
    /// The future; out of its place while it is polled, and gone when the task is done.
    pub future: Option<Body>,
    /// What its wakers point at; set at once after the insertion, which makes its key.
    pub node: Option<Arc<Node>>,
    /// Who awaits the handle.
    pub joiner: Option<Waker>,
    /// Where in its life it is.
    pub stage: Stage,
    /// Why there is no output.
    pub error: Option<JoinError>,
    /// Its handle is gone: nobody will ask how it ended.
    pub detached: bool,
    /// It is to be dropped at its next turn.
    pub aborting: bool,
}

/// Where in its life a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waiting to be woken, or queued.
    Idle,
    /// Checked out.
    Polled,
    /// For ever elsewhere: the future is on the stack of `block_on`, and only the slot is here.
    Root,
    /// Finished.
    Done,
}

/// The future of `block_on`, which lives on the caller's stack but is a task in all else.
pub struct Root<'a> {
    /// Its place among the tasks.
    pub key: Key,
    /// What its wakers point at.
    node: Arc<Node>,
    /// The future.
    future: Pin<&'a mut (dyn Future<Output = ()> + 'a)>,
    /// How it ended, once it has.
    pub outcome: Option<thread::Result<()>>,
}

impl Executor {
    /// An executor without tasks.
    pub fn new(ready: Rc<Ready>, inbox: Arc<Inbox>, probe: Rc<Probe>, budget: u32) -> Executor {
        let (tasks, closing) = (RefCell::new(Arena::new()), Cell::new(false));
        Executor { tasks, ready, inbox, probe, budget, closing }
    }

    /// Makes a task and queues it. In a loop that is being dropped it never runs.
    #[track_caller]
    pub fn spawn<F: Future + 'static>(self: &Rc<Self>, future: F) -> JoinHandle<F::Output> {
        let output = Rc::new(RefCell::new(None));
        let place = Rc::clone(&output);
        let body = Box::pin(async move {
            let done = future.await;
            *place.borrow_mut() = Some(done);
        });
        let key = self.insert(Some(body), false, "", Location::caller());
        JoinHandle::new(self, key, output)
    }

    /// Makes a task that nobody will join, and queues it.
    #[track_caller]
    pub fn spawn_detached(&self, future: impl Future<Output = ()> + 'static) -> Key {
        self.insert(Some(Box::pin(future)), true, "", Location::caller())
    }

    /// Puts a task into the arena, and queues it.
    fn insert(
        &self,
        mut future: Option<Body>,
        detached: bool,
        name: &str,
        place: &'static Location<'static>,
    ) -> Key {
        let (mut stage, mut error) = (Stage::Root, None);
        if self.closing.get() {
            (stage, error) = (Stage::Done, Some(JoinError::Aborted));
            shield(|| drop(future.take()));
        } else if future.is_some() {
            stage = Stage::Idle;
        }
        let (node, joiner, aborting) = (None, None, false);
        let task = Task { future, node, joiner, stage, error, detached, aborting };
        let key = self.tasks.borrow_mut().insert(task);
        let node = Arc::new(Node::new(key, Arc::clone(&self.inbox)));
        self.with(key, |task| task.node = Some(node));
        let (task, by) = (TaskId(key.serial()), self.probe.cause());
        self.probe.emit(|| Event::Spawned { task, by, place, name });
        self.ready.push(key);
        key
    }

    /// Changes something about a task, if it is not gone.
    fn with<R>(&self, key: Key, change: impl FnOnce(&mut Task) -> R) -> Option<R> {
        self.tasks.borrow_mut().get_mut(key).map(change)
    }

    /// Makes the task of a `block_on`, and queues it.
    pub fn root<'a>(
        &self,
        future: Pin<&'a mut (dyn Future<Output = ()> + 'a)>,
        place: &'static Location<'static>,
    ) -> Root<'a> {
        let key = self.insert(None, false, "block_on", place);
        let node = self.with(key, |task| task.node.clone()).flatten();
        Root { key, node: node.expect("it was made just now"), future, outcome: None }
    }

    /// Forgets the task of a `block_on` that is over, or is given up.
    pub fn remove_root(&self, root: &Root<'_>) {
        if root.outcome.is_none() {
            self.probe.emit(|| Event::Aborted { task: TaskId(root.key.serial()) });
        }
        root.node.set_queued();
        self.tasks.borrow_mut().remove(root.key);
        self.dropped(root.key, root.outcome.is_some());
    }

    /// Polls the task that `key` names, if it still waits for that, or drops its future if it was
    /// aborted; says whether it was polled.
    pub fn poll(&self, key: Key, root: Option<&mut Root<'_>>) -> bool {
        if let Some(root) = root
            && root.key == key
        {
            return self.poll_root(root);
        }
        let Some((mut future, node, aborting)) = self.check_out(key) else { return false };
        if aborting {
            self.cancel(key, future);
            return false;
        }
        match self.run(key, &node, |cx| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => self.check_in(key, future),
            Ok(Poll::Ready(())) => self.finish(key, future, None),
            Err(panic) => self.finish(key, future, Some(JoinError::Panicked(panic))),
        }
        true
    }

    /// Polls the future of `block_on`.
    fn poll_root(&self, root: &mut Root<'_>) -> bool {
        if root.outcome.is_some() {
            return false;
        }
        let future = root.future.as_mut();
        root.outcome = match self.run(root.key, &root.node, |cx| future.poll(cx)) {
            Ok(Poll::Pending) => None,
            Ok(Poll::Ready(())) => Some(Ok(())),
            Err(panic) => Some(Err(panic)),
        };
        true
    }

    /// Runs one poll. This is the only place where a task is polled.
    fn run(
        &self,
        key: Key,
        node: &Arc<Node>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<()>,
    ) -> thread::Result<Poll<()>> {
        let task = TaskId(key.serial());
        self.probe.set_cause(Cause::Task(task));
        self.probe.emit(|| Event::PollBegan { task });
        let waker = Waker::from(Arc::clone(node));
        budget::begin(self.budget, &waker);
        let polled: thread::Result<Poll<()>> = {
            // A wake that comes while the task is polled queues it again (rule 1 of `waker.rs`),
            // and a panic is the task's own (rule 3).
            node.begin_poll();
            let mut cx = Context::from_waker(&waker);
            catch_unwind(AssertUnwindSafe(|| poll(&mut cx)))
        };
        if budget::end() {
            self.ready.wake(key, node.set_queued());
        }
        self.probe.emit(|| Event::PollEnded { task, outcome: Outcome::from(&polled) });
        polled
    }

    /// Takes a task that waits out of its slot: its future, its node, and whether it is to be
    /// dropped instead of polled. `None` if it does not wait, or is gone.
    fn check_out(&self, key: Key) -> Option<(Body, Arc<Node>, bool)> {
        // Only an idle task can be checked out, and then it is none.
        let mut tasks = self.tasks.borrow_mut();
        let task = tasks.get_mut(key).filter(|task| task.stage == Stage::Idle)?;
        task.stage = Stage::Polled;
        Some((task.future.take()?, task.node.clone()?, task.aborting))
    }

    /// Puts a task that waits for more back into its slot; drops its future (`cancel`) if it was
    /// aborted meanwhile.
    fn check_in(&self, key: Key, future: Body) {
        // It is in the queue if it was woken, and comes there when it will be. Rule 4 for the
        // aborted.
        let mut tasks = self.tasks.borrow_mut();
        match tasks.get_mut(key) {
            Some(task) if !task.aborting => {
                task.stage = Stage::Idle;
                task.future = Some(future);
            }
            _ => {
                drop(tasks);
                self.cancel(key, future);
            }
        }
    }

    /// Drops the future of an aborted task.
    fn cancel(&self, key: Key, future: Body) {
        let task = TaskId(key.serial());
        self.probe.set_cause(Cause::Task(task));
        self.probe.emit(|| Event::Aborted { task });
        self.finish(key, future, Some(JoinError::Aborted));
    }

    /// Ends a task: drops its future, tells its joiner, and forgets it if it is detached.
    fn finish(&self, key: Key, future: Body, error: Option<JoinError>) {
        // A task that is over is never queued again: the flag of its node is set for ever. Then its
        // future goes (its destructor may panic, or wake somebody). A task with a handle stays, as
        // `Done`, for `poll_join`, and its joiner is woken; a detached one leaves the arena with its
        // error (whose payload may panic when it is dropped), and `dropped` is told that nobody
        // joined it. The handle may lie in the future itself, and go with it. Rules 3 and 4.
        self.with(key, |task| task.node.as_ref().map(|node| node.set_queued()));
        shield(|| drop(future));
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        if task.detached {
            let task = tasks.remove(key);
            drop(tasks);
            shield(|| drop((task, error)));
            self.dropped(key, false);
        } else {
            (task.stage, task.error) = (Stage::Done, error);
            let joiner = task.joiner.take();
            drop(tasks);
            joiner.into_iter().for_each(wake);
        }
    }

    /// Queues a task because another thread woke it.
    pub fn wake_by_message(&self, key: Key) {
        // The message is no longer on its way (`Node::clear_sent`), and that is noted before the
        // task is queued. The queue is told of every wake (`Ready::wake`), also of one for a task
        // that is queued, over or gone.
        let tasks = self.tasks.borrow();
        let node = tasks.get(key).and_then(|task| task.node.as_ref());
        let must_queue = node.is_some_and(|node| {
            node.clear_sent();
            node.set_queued()
        });
        drop(tasks);
        self.ready.wake(key, must_queue);
    }

    /// Drops every task, and lets no new one start. User code runs: destructors of futures.
    pub fn close(&self) {
        self.closing.set(true);
        let keys: Vec<Key> = self.tasks.borrow().keys();
        for key in keys {
            if let Some((future, ..)) = self.check_out(key) {
                self.cancel(key, future);
            }
        }
        self.probe.set_cause(Cause::Program);
        // What is left are tasks whose handles still exist; those will find nothing, and say
        // "aborted". A destructor may have spawned, in vain, so look again until all is gone.
        while !self.tasks.borrow().is_empty() {
            let keys: Vec<Key> = self.tasks.borrow().keys();
            for key in keys {
                let task = self.tasks.borrow_mut().remove(key);
                task.and_then(|task| task.joiner).into_iter().for_each(wake);
                self.dropped(key, false);
            }
        }
    }

    /// How many tasks are not finished.
    pub fn waiting(&self) -> usize {
        self.tasks.borrow().iter().filter(|(_, task)| task.stage != Stage::Done).count()
    }

    /// A task has left the arena.
    pub fn dropped(&self, key: Key, joined: bool) {
        self.probe.emit(|| Event::Dropped { task: TaskId(key.serial()), joined });
    }
}
