//! Step 9, the pool: work that would stop the loop.
//!
//! **The idea.** What blocks (files, names of hosts, other people's libraries) and what computes for
//! long goes to a thread. The task awaits it as anything else, and the result comes as a message: the
//! inbox and its bell are all that a thread needs of the loop.
//!
//! ```text
//!                         1. mail: wakes and results from other threads
//!                                  |
//!                                  v
//!      a task wakes a task --> ready queue ----> 2. poll       those that are ready now
//!                                  ^               |
//!                                  |               v
//!                              5. wake <-------- 3. wait       in the operating system, until
//!                                  ^               |           the next deadline at most
//!                                  |               v
//!                                  '------------ 4. timers     that are due
//! ```
//!
//! | file | |
//! |---|---|
//! | this one | the loop, and `turn` |
//! | `executor.rs` | tasks from spawn to output: the only place that polls |
//! | `waker.rs` | how a task gets back into the ready queue |
//! | `inbox.rs` | what other threads leave, and the bell |
//! | `reactor.rs` | who waits for which socket: the only place that sleeps |
//! | `timers.rs` | who waits for which time |
//! | `pool.rs` | threads for blocking work: `spawn_blocking` |
//! | `net.rs` | `TcpListener`, `TcpStream` |
//! | `time.rs` | `sleep`, `timeout` |
//! | `task.rs` | `spawn`, `JoinHandle`, `yield_now`: what a program does with tasks |
//!
//! **Its defect.** It is complete, and small, and pays for that: maps where an arena would do, four
//! allocations a task, a system call for each message of another thread, one waiter a direction,
//! handles that stay on their thread, tasks that nobody can abort, threads that never leave.
//!
//! **The next step** runs the same program on the loop that has mended these: boucle.

mod executor;
mod inbox;
pub mod net;
mod pool;
pub mod program;
mod reactor;
mod task;
pub mod time;
pub mod timers;
mod waker;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use boucle::observe::{Cause, Event, TaskId, WaitReason};
use boucle_watch::{by_thread, emit, loop_built, now, pass_time, set_cause};

use crate::executor::Executor;
use crate::inbox::{Inbox, Message};
use crate::pool::Pool;
pub use crate::pool::{BlockingHandle, MAX_THREADS, spawn_blocking};
use crate::reactor::Reactor;
pub use crate::task::{JoinHandle, spawn, yield_now};
use crate::timers::Timers;

thread_local! {
    /// The loop that turns on this thread.
    static CURRENT: RefCell<Option<Rc<EventLoop>>> = const { RefCell::new(None) };
}

/// One loop.
struct EventLoop {
    /// What other threads leave for us.
    inbox: Arc<Inbox>,
    /// The tasks to be polled, oldest first; each stands here at most once.
    ready: RefCell<VecDeque<TaskId>>,
    /// All tasks.
    executor: Executor,
    /// Who waits for which socket.
    reactor: Reactor,
    /// Who waits for which time.
    timers: RefCell<Timers>,
    /// Threads for blocking work.
    pool: Pool,
}

/// Runs a future on a new loop until it is done; the tasks that are left are dropped.
#[track_caller]
pub fn block_on<F: Future + 'static>(future: F) -> F::Output {
    assert!(try_current().is_none(), "a loop turns on this thread already: await the future");
    let event_loop = Rc::new(EventLoop::new());
    CURRENT.set(Some(Rc::clone(&event_loop)));
    let root = spawn(future);
    for turn in 1.. {
        event_loop.turn(turn, &|| root.is_finished());
        if root.is_finished() {
            break;
        }
    }
    let output = root.take();
    event_loop.executor.close();
    event_loop.pool.close();
    CURRENT.take();
    emit(|| Event::LoopDropped);
    match output {
        Some(Ok(output)) => output,
        Some(Err(panic)) => resume_unwind(panic),
        None => unreachable!("the loop ends when the future has"),
    }
}

impl EventLoop {
    /// A loop without tasks.
    fn new() -> EventLoop {
        emit(|| loop_built(MAX_THREADS));
        let (reactor, bell) = Reactor::new().expect("the system has a selector for us");
        let inbox = Arc::new(Inbox::new(bell));
        let (ready, executor, timers) = Default::default();
        let pool = Pool::new(Arc::clone(&inbox));
        EventLoop { inbox, ready, executor, reactor, timers, pool }
    }

    /// The loop, once around.
    fn turn(&self, turn: u64, is_over: &dyn Fn() -> bool) {
        emit(|| Event::TurnBegan { turn });
        // 1. What other threads left for us.
        self.read_mail();
        // 2. Poll the tasks that are ready now, oldest first. Who becomes ready meanwhile has to wait
        //    for the next turn, so that a task which always is keeps nobody from the sockets.
        let (ready, mut polls) = (self.ready.borrow().len(), 0);
        for _ in 0..ready {
            let task = self.ready.borrow_mut().pop_front();
            polls += u32::from(task.is_some_and(|task| self.executor.poll(task)));
        }
        // 3. Wait in the operating system, 4. see who is due, and 5. wake whom that concerns.
        if !is_over() {
            self.wait();
        }
        emit(|| Event::TurnEnded { turn, polls });
    }

    /// Wakes those whom other threads have woken, and runs what they ask for.
    fn read_mail(&self) {
        let mail = self.inbox.take();
        if !mail.is_empty() {
            emit(|| Event::MailTaken { messages: mail.len() as u32 });
        }
        for (sender, message) in mail {
            set_cause(by_thread(sender));
            match message {
                Message::Wake(task) => self.executor.wake_by_message(task, self),
                Message::Run(run) => run(),
            }
        }
        set_cause(Cause::Program);
    }

    /// How long the loop may sleep, and why no longer: not at all if a task is ready, else until the
    /// next deadline, else for ever.
    fn timeout(&self) -> (Option<Duration>, WaitReason) {
        let next = self.timers.borrow_mut().next_tick();
        match (self.ready.borrow().len(), next) {
            (0, None) => (None, WaitReason::Nothing),
            (0, Some(tick)) => {
                (Some(Duration::from_millis(tick).saturating_sub(now())), WaitReason::TimerDue)
            }
            (ready, _) => (Some(Duration::ZERO), WaitReason::TasksReady(ready as u32)),
        }
    }

    /// Sleeps in the operating system, and wakes those who waited for what it brings, or for the
    /// time that has come meanwhile.
    fn wait(&self) {
        let (timeout, reason) = self.timeout();
        emit(|| Event::WaitBegan { timeout, reason });
        let mut due = Vec::new();
        let mut sources = 0;
        if !pass_time(timeout) {
            sources = self.reactor.wait(timeout, &mut due).expect("the system lets us wait");
        }
        emit(|| Event::WaitEnded { sources });
        self.timers.borrow_mut().advance(now().as_millis() as u64, &mut due);
        // Now that no borrow is held: a waker may be anybody's.
        for (cause, waker) in due {
            set_cause(cause);
            waker.wake();
        }
        set_cause(Cause::Program);
    }
}

/// The loop that turns on this thread, if one does.
fn try_current() -> Option<Rc<EventLoop>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// The loop that turns on this thread.
#[track_caller]
fn current() -> Rc<EventLoop> {
    match try_current() {
        Some(event_loop) => event_loop,
        None => panic!("no loop turns on this thread: call this from a future of `block_on`"),
    }
}
