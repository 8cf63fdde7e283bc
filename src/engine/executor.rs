//! The executor: the tasks of a loop, from spawn to output.
//!
//! A task is a future in a box beside a waker node, in an arena under a generational [`Key`]. Keys
//! are what everybody else holds: the ready queue, wakers, join handles. A key whose task is gone
//! finds nothing, so nobody can wake, poll or join the wrong task.
//!
//! ```text
//!           spawn          check_out           finish: ready, panicked, aborted
//!   (none) --------> waits -----------> polled --------------------------------> done
//!                     ^                   |                                       |
//!                     +-------------------+                   poll_join, detach   |
//!                       check_in: pending                                         v
//!                                                                              (none)
//! ```
//!
//! A task that waits stands in the ready queue, or will be put there by its waker or by `abort`; one
//! that gave way while it was polled is put there when the poll returns.
//!
//! 1. A task is *checked out* of its slot while it is polled. So no borrow is held while user code
//!    runs, and a task may spawn, abort and drop what it likes, itself included.
//! 2. The output stays in the task's own box until its handle takes it: one allocation a task, and
//!    a handle is plain data. A detached task's output is dropped at once.
//! 3. Aborting a task marks it and queues it. When its turn comes its future is dropped instead of
//!    polled: always on the loop's thread, never inside the call of `abort`.
//! 4. Whatever panics (a poll, a destructor, a waker) is caught here, and belongs to its task.
//!
//! Cost: a poll is two look-ups in the arena and no locked operation; a spawn is at most one
//! allocation, and none where a finished task of its kind has left its box.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_task::waker_ref;

use crate::budget;
use crate::engine::arena::{Arena, Key};
use crate::engine::body::{Body, JoinError};
use crate::engine::inbox::Inbox;
use crate::engine::ready::Ready;
use crate::engine::spares::Spares;
use crate::engine::waker::{Node, wake};
use crate::observe::event::{Awaited, Cause, Event, Outcome, TaskId};
use crate::observe::probe::Probe;
use crate::shield::shield;

/// The tasks of one loop.
pub(crate) struct Executor {
    /// All tasks that are not finished, or whose output waits for its handle.
    tasks: RefCell<Arena<Task>>,
    /// The names of those that have one.
    names: RefCell<HashMap<Key, Box<str>>>,
    /// What finished tasks leave behind.
    spares: Spares,
    /// Where tasks that are to be polled stand.
    ready: Rc<Ready>,
    /// What a waker needs on other threads.
    inbox: Arc<Inbox>,
    /// Tells what happens.
    probe: Rc<Probe>,
    /// How many operations a task may complete in one poll before it has to yield.
    budget: u32,
    /// The loop is being dropped: nothing new may start.
    closing: Cell<bool>,
}

/// One slot of the arena.
struct Task {
    /// The future, then its output; out of its place while it is polled.
    body: Option<Pin<Box<dyn Body>>>,
    /// What its wakers point at; out of its place while it is polled, and none before the first
    /// poll and after the last.
    node: Option<Arc<Node>>,
    /// Who awaits the handle.
    joiner: Option<Waker>,
    /// Where it was spawned.
    place: &'static Location<'static>,
    /// Where in its life it is.
    stage: Stage,
    /// Its handle is gone: nobody will take the output.
    detached: bool,
}

impl Task {
    /// A task that nobody has polled, joined or aborted.
    fn new(body: Option<Pin<Box<dyn Body>>>, place: &'static Location<'static>) -> Task {
        let stage = if body.is_some() { Stage::Live } else { Stage::Root };
        let (node, joiner) = (None, None);
        Task { body, node, joiner, place, stage, detached: false }
    }
}

/// What is taken out of a task's slot while it is polled.
type CheckedOut = (Pin<Box<dyn Body>>, Arc<Node>);

/// Where in its life a task is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waiting to be woken, queued, or being polled.
    Live,
    /// To be dropped at its next turn.
    Aborting,
    /// For ever elsewhere: the future is on the stack of `block_on`, and only the slot is here.
    Root,
    /// Finished; the output is in the body.
    Done,
}

/// The future of `block_on`, which lives on the caller's stack but is a task in all else.
pub(crate) struct Root<'a> {
    /// Its place among the tasks.
    pub(crate) key: Key,
    /// What its wakers point at.
    node: Arc<Node>,
    /// The future.
    future: Pin<&'a mut (dyn Future<Output = ()> + 'a)>,
    /// How it ended, once it has.
    pub(crate) outcome: Option<thread::Result<()>>,
}

impl Executor {
    /// An executor without tasks.
    pub(crate) fn new(
        ready: Rc<Ready>,
        inbox: Arc<Inbox>,
        probe: Rc<Probe>,
        budget: u32,
    ) -> Executor {
        Executor {
            tasks: RefCell::new(Arena::new()),
            names: RefCell::default(),
            spares: Spares::default(),
            ready,
            inbox,
            probe,
            budget,
            closing: Cell::new(false),
        }
    }

    /// Makes a task and queues it. In a loop that is being dropped it never runs: its handle says
    /// "aborted".
    pub(crate) fn spawn<F: Future + 'static>(
        &self,
        future: F,
        name: Option<Box<str>>,
        place: &'static Location<'static>,
    ) -> Key {
        self.spawn_body(self.spares.body(future), name, place)
    }

    /// As [`spawn`](Executor::spawn), for a body of the caller's own kind.
    #[inline]
    pub(crate) fn spawn_body(
        &self,
        mut body: Pin<Box<dyn Body>>,
        name: Option<Box<str>>,
        place: &'static Location<'static>,
    ) -> Key {
        if self.closing.get() {
            end(&mut body, JoinError::Aborted);
        }
        let key = self.insert(Task::new(Some(body), place), name.as_deref().unwrap_or(""));
        if let Some(name) = name {
            self.names.borrow_mut().insert(key, name);
        }
        if self.closing.get() {
            self.probe.emit(|| Event::Aborted { task: TaskId(key.serial()) });
            self.with(key, |task| task.stage = Stage::Done);
        }
        key
    }

    /// Puts a task into the arena, and queues it.
    #[inline]
    fn insert(&self, task: Task, name: &str) -> Key {
        let place = task.place;
        let key = self.tasks.borrow_mut().insert(task);
        let (task, by) = (TaskId(key.serial()), self.probe.cause());
        self.probe.emit(|| Event::Spawned { task, by, place, name });
        self.ready.push(key);
        key
    }

    /// Changes something about a task, if it is not gone.
    #[inline]
    fn with<R>(&self, key: Key, change: impl FnOnce(&mut Task) -> R) -> Option<R> {
        self.tasks.borrow_mut().get_mut(key).map(change)
    }

    /// Makes the task of a `block_on`, and queues it.
    pub(crate) fn root<'a>(
        &self,
        future: Pin<&'a mut (dyn Future<Output = ()> + 'a)>,
        place: &'static Location<'static>,
    ) -> Root<'a> {
        let key = self.insert(Task::new(None, place), "block_on");
        let node = self.spares.node(key, &self.inbox);
        // Messages of other threads look for it here.
        self.with(key, |task| task.node = Some(Arc::clone(&node)));
        Root { key, node, future, outcome: None }
    }

    /// Forgets the task of a `block_on` that is over, or is given up.
    pub(crate) fn remove_root(&self, root: &Root<'_>) {
        if root.outcome.is_none() {
            self.probe.emit(|| Event::Aborted { task: TaskId(root.key.serial()) });
        }
        root.node.set_queued();
        self.tasks.borrow_mut().remove(root.key);
        self.dropped(root.key, root.outcome.is_some());
    }

    /// Polls the task that `key` names, if it still waits for that, or drops its future if it was
    /// aborted; says whether it was polled.
    #[inline]
    pub(crate) fn poll(&self, key: Key, root: Option<&mut Root<'_>>) -> bool {
        let Some((mut body, node)) = self.check_out(key, Stage::Live) else {
            // It was aborted, or it is the root, or over.
            self.cancel(key);
            return root.is_some_and(|root| root.key == key && self.poll_root(root));
        };
        match self.run(key, &node, |cx| body.as_mut().poll(cx)) {
            Ok(Poll::Pending) => self.check_in(key, body, node),
            Ok(Poll::Ready(())) => self.finish(key, body, node),
            Err(panic) => {
                node.set_queued();
                end(&mut body, JoinError::Panicked(panic));
                self.finish(key, body, node);
            }
        }
        true
    }

    /// Polls the future of `block_on`.
    fn poll_root(&self, root: &mut Root<'_>) -> bool {
        let future = root.future.as_mut();
        let polled = self.run(root.key, &root.node, |cx| future.poll(cx));
        if !matches!(polled, Ok(Poll::Pending)) {
            root.outcome = Some(polled.map(drop));
        }
        true
    }

    /// Runs one poll. This is the only place where a task is polled. Whatever follows from it, as
    /// the waking of its joiner, is still on the task's behalf.
    #[inline]
    fn run(
        &self,
        key: Key,
        node: &Arc<Node>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<()>,
    ) -> thread::Result<Poll<()>> {
        let task = TaskId(key.serial());
        self.probe.set_cause(Cause::Task(task));
        self.probe.emit(|| Event::PollBegan { task });
        node.begin_poll();
        let waker = waker_ref(node);
        budget::begin(self.budget, &waker);
        let polled = catch_unwind(AssertUnwindSafe(|| poll(&mut Context::from_waker(&waker))));
        if budget::end() {
            // It gave way, and has called no waker.
            self.ready.wake(key, node.set_queued());
        }
        self.probe.emit(|| Event::PollEnded { task, outcome: Outcome::from(&polled) });
        polled
    }

    /// Takes a task that waits out of its slot; `None` if it is at another stage, or gone.
    #[inline]
    fn check_out(&self, key: Key, stage: Stage) -> Option<CheckedOut> {
        let mut tasks = self.tasks.borrow_mut();
        let task = tasks.get_mut(key).filter(|task| task.stage == stage)?;
        let body = task.body.take()?;
        let node = task.node.take().unwrap_or_else(|| self.spares.node(key, &self.inbox));
        Some((body, node))
    }

    /// Puts a task that waits for more back into its slot; ends it if it was aborted meanwhile.
    #[inline]
    fn check_in(&self, key: Key, body: Pin<Box<dyn Body>>, node: Arc<Node>) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        // Their places are empty: nobody need look whether there is something to drop.
        forget(task.body.replace(body));
        forget(task.node.replace(node));
        if task.stage == Stage::Aborting {
            drop(tasks);
            self.cancel(key);
        }
    }

    /// Drops the future of a task that waits, and ends the task.
    #[cold]
    fn cancel(&self, key: Key) {
        let mut stages = [Stage::Live, Stage::Aborting].into_iter();
        let checked_out = stages.find_map(|stage| self.check_out(key, stage));
        let Some((mut body, node)) = checked_out else { return };
        let task = TaskId(key.serial());
        self.probe.set_cause(Cause::Task(task));
        self.probe.emit(|| Event::Aborted { task });
        node.set_queued();
        end(&mut body, JoinError::Aborted);
        self.finish(key, body, node);
    }

    /// Ends a task whose body holds its output: the handle takes it, or it is dropped here.
    fn finish(&self, key: Key, body: Pin<Box<dyn Body>>, node: Arc<Node>) {
        node.set_queued();
        self.spares.keep_node(node);
        let mut tasks = self.tasks.borrow_mut();
        match tasks.get_mut(key) {
            Some(task) if !task.detached => {
                task.stage = Stage::Done;
                task.body = Some(body);
                let joiner = task.joiner.take();
                drop(tasks);
                joiner.into_iter().for_each(wake);
            }
            _ => {
                tasks.remove(key);
                drop(tasks);
                self.discard(key, body);
            }
        }
    }

    /// Drops the output of a finished task that has left the arena, if it is still there.
    fn discard(&self, key: Key, mut body: Pin<Box<dyn Body>>) {
        let joined = shield(|| body.as_mut().take(&mut ()));
        self.spares.keep_body(body);
        self.dropped(key, joined == Some(true));
    }

    /// Moves the output of a finished task into `into`, an `Option<Result<T, JoinError>>`, and
    /// forgets the task. An unfinished one will wake `cx`.
    #[inline]
    pub(crate) fn poll_join(&self, key: Key, cx: &mut Context<'_>, into: &mut dyn Any) -> Poll<()> {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return Poll::Ready(()) };
        if task.stage != Stage::Done {
            let known = task.joiner.as_ref().is_some_and(|joiner| joiner.will_wake(cx.waker()));
            let replaced = if known { None } else { task.joiner.replace(cx.waker().clone()) };
            drop(tasks);
            drop(replaced);
            self.probe.awaits(|| Awaited::Task(TaskId(key.serial())));
            return Poll::Pending;
        }
        let task = tasks.remove(key);
        drop(tasks);
        if let Some(mut body) = task.and_then(|task| task.body) {
            body.as_mut().take(into);
            self.spares.keep_body(body);
        }
        self.dropped(key, true);
        Poll::Ready(())
    }

    /// Whether the task is done, aborted or gone.
    pub(crate) fn is_finished(&self, key: Key) -> bool {
        self.tasks.borrow().get(key).is_none_or(|task| task.stage == Stage::Done)
    }

    /// Asks for the end of a task: its future is dropped at its next turn in the ready queue.
    pub(crate) fn abort(&self, key: Key) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        if task.stage != Stage::Live {
            return;
        }
        task.stage = Stage::Aborting;
        // One without a node here is queued since its spawn, or is being polled and will be dropped
        // when it is checked in.
        let must_queue = task.node.as_ref().is_some_and(|node| node.set_queued());
        drop(tasks);
        let by = self.probe.cause();
        self.probe.emit(|| Event::AbortRequested { task: TaskId(key.serial()), by });
        if must_queue {
            self.ready.wake(key, true);
        }
    }

    /// Nobody will ask for the output of this task any more.
    pub(crate) fn detach(&self, key: Key) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(key) else { return };
        task.detached = true;
        let joiner = task.joiner.take();
        let finished = if task.stage == Stage::Done { tasks.remove(key) } else { None };
        drop(tasks);
        drop(joiner);
        if let Some(body) = finished.and_then(|task| task.body) {
            self.discard(key, body);
        }
    }

    /// Queues a task because another thread woke it.
    pub(crate) fn wake_by_message(&self, key: Key) {
        let tasks = self.tasks.borrow();
        let node = tasks.get(key).and_then(|task| task.node.as_ref());
        let must_queue = node.is_some_and(|node| {
            node.sent.clear();
            node.set_queued()
        });
        drop(tasks);
        self.ready.wake(key, must_queue);
    }

    /// Drops every task, and lets no new one start. User code runs: destructors of futures.
    pub(crate) fn close(&self) {
        self.closing.set(true);
        let keys: Vec<Key> = self.tasks.borrow().keys();
        for &key in &keys {
            self.cancel(key);
        }
        self.probe.set_cause(Cause::Program);
        // What is left are outputs whose handles still exist; those handles will find nothing, and
        // say "aborted". Dropping an output may spawn, in vain, so look again until all is gone.
        while !self.tasks.borrow().is_empty() {
            let keys: Vec<Key> = self.tasks.borrow().keys();
            for key in keys {
                let task = self.tasks.borrow_mut().remove(key);
                let Some(Task { body, joiner, .. }) = task else { continue };
                shield(|| drop(body));
                joiner.into_iter().for_each(wake);
                self.dropped(key, false);
            }
        }
    }

    /// The tasks that are not finished, oldest first: number, name and place of spawn.
    pub(crate) fn waiting(&self) -> Vec<(TaskId, Box<str>, &'static Location<'static>)> {
        let (tasks, names) = (self.tasks.borrow(), self.names.borrow());
        let name = |key, task: &Task| match task.stage {
            Stage::Root => "block_on".into(),
            _ => names.get(&key).cloned().unwrap_or_default(),
        };
        let waiting = tasks.iter().filter(|(_, task)| task.stage != Stage::Done);
        let mut waiting: Vec<_> = waiting
            .map(|(key, task)| (TaskId(key.serial()), name(key, task), task.place))
            .collect();
        waiting.sort_by_key(|&(task, ..)| task);
        waiting
    }

    /// A task has left the arena.
    #[inline]
    fn dropped(&self, key: Key, joined: bool) {
        let mut names = self.names.borrow_mut();
        if !names.is_empty() {
            names.remove(&key);
        }
        drop(names);
        self.probe.emit(|| Event::Dropped { task: TaskId(key.serial()), joined });
    }
}

/// Drops the future in `body` and puts `error` in its place, or the panic of the future's
/// destructor.
fn end(body: &mut Pin<Box<dyn Body>>, error: JoinError) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body.as_mut().end(error))) {
        shield(|| body.as_mut().end(JoinError::Panicked(panic)));
    }
}
