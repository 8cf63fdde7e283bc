//! A small loop whose ready queue can be exchanged: for mistakes of loops.
//!
//! ```text
//!     .--> 1. poll ready tasks --> 2. sleep until the next timer --> 3. wake whose timer is due --.
//!     |                                                                                          |
//!     '------------------------------------------------------------------------------------------'
//! ```
//!
//! It has tasks and timers, no sockets and no other threads. So where no task is ready and no timer
//! armed, nothing can ever happen again; then [`run`] says who still waits.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use boucle::observe::{Cause, Event, Outcome, TaskId, TimerId, WaitReason};
use boucle_watch::{cause, emit, loop_built, now, pass_time, set_cause};

/// Polls in a turn, at most.
const POLLS_PER_TURN: u32 = 61;

/// The tasks that are to be polled: the organ that exhibits break.
pub trait Queue: Send + 'static {
    /// A task is woken. Says whether it is queued by this; else it was queued already.
    fn wake(&mut self, task: TaskId) -> bool;

    /// Takes out the task that is to be polled next.
    fn next(&mut self) -> Option<TaskId>;

    /// How many tasks stand in it.
    fn len(&self) -> usize;

    /// Whether none does.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A task is about to be polled.
    fn poll_begins(&mut self, task: TaskId);

    /// A task has been polled.
    fn poll_ended(&mut self, task: TaskId);
}

/// A queue without a mistake: the oldest first, each at most once.
#[derive(Debug, Default)]
pub struct Oldest {
    ready: VecDeque<TaskId>,
    queued: BTreeSet<TaskId>,
}

impl Queue for Oldest {
    fn wake(&mut self, task: TaskId) -> bool {
        let is_new = self.queued.insert(task);
        if is_new {
            self.ready.push_back(task);
        }
        is_new
    }

    fn next(&mut self) -> Option<TaskId> {
        self.ready.pop_front()
    }

    fn len(&self) -> usize {
        self.ready.len()
    }

    fn poll_begins(&mut self, task: TaskId) {
        self.queued.remove(&task);
    }

    fn poll_ended(&mut self, _task: TaskId) {}
}

/// A task of this loop: its name and its future.
pub type Task = (&'static str, Pin<Box<dyn Future<Output = ()>>>);

thread_local! {
    /// What the tasks of the loop on this thread wait for.
    static TIMERS: RefCell<Timers> = RefCell::default();
    /// When its turn began.
    static LOOP_TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Timers by their deadlines.
#[derive(Default)]
struct Timers {
    armed: BTreeMap<(Duration, u32), Waker>,
    count: u32,
}

/// Runs these tasks until all are done. If nothing can happen any more before that, says who waits.
#[track_caller]
pub fn run<Q: Queue>(queue: Q, tasks: Vec<Task>) -> Result<(), String> {
    emit(|| loop_built(1));
    TIMERS.take();
    let queue = Arc::new(Mutex::new(queue));
    let place = Location::caller();
    let mut waiting = BTreeMap::new();
    for (number, (name, future)) in (1..).zip(tasks) {
        let task = TaskId(number);
        emit(|| Event::Spawned { task, by: cause(), place, name });
        lock(&queue).wake(task);
        waiting.insert(task, (name, future));
    }
    for turn in 1.. {
        emit(|| Event::TurnBegan { turn });
        LOOP_TIME.set(now());
        let polls = poll_tasks(&queue, &mut waiting);
        let ready = lock(&queue).len();
        let goes_on = !waiting.is_empty() && wait(ready);
        emit(|| Event::TurnEnded { turn, polls });
        if !goes_on {
            break;
        }
    }
    let names: Vec<&str> = waiting.values().map(|(name, _)| *name).collect();
    for &task in waiting.keys() {
        emit(|| Event::Aborted { task });
        emit(|| Event::Dropped { task, joined: false });
    }
    emit(|| Event::LoopDropped);
    if names.is_empty() { Ok(()) } else { Err(format!("nobody wakes {}", names.join(", "))) }
}

/// Step 1. Returns how many polls that was.
fn poll_tasks<Q: Queue>(queue: &Arc<Mutex<Q>>, waiting: &mut BTreeMap<TaskId, Task>) -> u32 {
    let mut polls = 0;
    while polls < POLLS_PER_TURN {
        let Some(task) = lock(queue).next() else { break };
        // One that woke itself in its last poll is done and still queued.
        let Some((_, future)) = waiting.get_mut(&task) else { continue };
        let waker = Waker::from(Arc::new(Node { task, queue: Arc::clone(queue) }));
        lock(queue).poll_begins(task);
        let polled = poll(task, || future.as_mut().poll(&mut Context::from_waker(&waker)));
        lock(queue).poll_ended(task);
        polls += 1;
        if polled.is_ready() {
            waiting.remove(&task);
            emit(|| Event::Dropped { task, joined: false });
        }
    }
    polls
}

/// Polls a task, and tells whoever watches.
pub fn poll<T>(task: TaskId, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    set_cause(Cause::Task(task));
    emit(|| Event::PollBegan { task });
    let polled = poll();
    let outcome = if polled.is_ready() { Outcome::Ready } else { Outcome::Pending };
    emit(|| Event::PollEnded { task, outcome });
    set_cause(Cause::Program);
    polled
}

/// Steps 2 and 3. Says whether anything can still happen.
fn wait(ready: usize) -> bool {
    let next = TIMERS.with_borrow(|timers| timers.armed.keys().next().map(|(due, _)| *due));
    let (timeout, reason) = match (ready, next) {
        (0, None) => return false,
        (0, Some(due)) => (due.saturating_sub(now()), WaitReason::TimerDue),
        (ready, _) => (Duration::ZERO, WaitReason::TasksReady(ready as u32)),
    };
    emit(|| Event::WaitBegan { timeout: Some(timeout), reason });
    if !pass_time(Some(timeout)) {
        thread::sleep(timeout);
    }
    emit(|| Event::WaitEnded { sources: 0 });
    let due = TIMERS.with_borrow_mut(|timers| {
        let later = timers.armed.split_off(&(now(), u32::MAX));
        std::mem::replace(&mut timers.armed, later)
    });
    for ((deadline, number), waker) in due {
        let timer = TimerId(number);
        // In whole milliseconds, as the events of a wheel have it.
        let late = now().saturating_sub(deadline);
        emit(|| Event::TimerFired { timer, late });
        set_cause(Cause::Timer(timer));
        waker.wake();
    }
    set_cause(Cause::Program);
    true
}

/// The way back of a task into the queue.
struct Node<Q> {
    task: TaskId,
    queue: Arc<Mutex<Q>>,
}

impl<Q: Queue> Wake for Node<Q> {
    fn wake(self: Arc<Self>) {
        let task = self.task;
        if lock(&self.queue).wake(task) {
            emit(|| Event::Woken { task, by: cause() });
        } else {
            emit(|| Event::WakeIgnored { task, by: cause() });
        }
    }
}

/// When the turn that is under way began: the loop's own idea of what time it is. libuv calls it
/// `uv_now`.
pub fn loop_time() -> Duration {
    LOOP_TIME.get()
}

/// Waits until this time, as `boucle_watch::now` counts it.
pub async fn sleep_until(deadline: Duration) {
    let mut armed = false;
    std::future::poll_fn(|cx| {
        if armed && now() >= deadline {
            return Poll::Ready(());
        }
        if !armed {
            armed = true;
            TIMERS.with_borrow_mut(|timers| {
                timers.count += 1;
                timers.armed.insert((deadline, timers.count), cx.waker().clone());
                let timer = TimerId(timers.count);
                emit(|| Event::TimerArmed { timer, by: cause(), deadline, level: 0, slot: 0 });
            });
        }
        Poll::Pending
    })
    .await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
