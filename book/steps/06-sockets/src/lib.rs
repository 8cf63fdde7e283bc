//! Step 6, sockets: tasks that wait for the operating system.
//!
//! **The idea.** A read that would block leaves its waker with the reactor, and says `Pending`. The
//! loop sleeps in the operating system, as in step 2, and the reactor wakes whose socket is ready. So
//! a conversation is one function again, however often it waits.
//!
//! ```text
//!                         1. mail: wakes from other threads
//!                                  |
//!                                  v
//!      a task wakes a task --> ready queue ----> 2. poll       those that are ready now
//!                                  ^               |
//!                                  |               v
//!                              4. wake <-------- 3. wait       in the operating system
//! ```
//!
//! | file | |
//! |---|---|
//! | this one | the loop, and `turn` |
//! | `executor.rs` | tasks from spawn to output: the only place that polls |
//! | `waker.rs` | how a task gets back into the ready queue |
//! | `inbox.rs` | what other threads leave, and the bell |
//! | `reactor.rs` | who waits for which socket: the only place that sleeps |
//! | `net.rs` | `TcpListener`, `TcpStream` |
//! | `task.rs` | `spawn`, `JoinHandle`, `yield_now`: what a program does with tasks |
//!
//! **Its defect.** It sleeps for ever, or not at all: nobody can say "wake me in 30 ms".
//!
//! **The next step** sleeps until the next deadline.

mod executor;
mod inbox;
pub mod net;
mod reactor;
mod task;
mod waker;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use boucle::observe::{Cause, Event, TaskId, WaitReason};
use boucle_watch::{by_thread, emit, loop_built, pass_time, set_cause};

use crate::executor::Executor;
use crate::inbox::Inbox;
use crate::reactor::Reactor;
pub use crate::task::{JoinHandle, spawn, yield_now};

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
        emit(|| loop_built(1));
        let (reactor, bell) = Reactor::new().expect("the system has a selector for us");
        let inbox = Arc::new(Inbox::new(bell));
        EventLoop { inbox, ready: RefCell::default(), executor: Executor::default(), reactor }
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
        // 3. Wait in the operating system, and 4. wake whom that concerns.
        if !is_over() {
            self.wait();
        }
        emit(|| Event::TurnEnded { turn, polls });
    }

    /// Wakes those whom other threads have woken.
    fn read_mail(&self) {
        let mail = self.inbox.take();
        if !mail.is_empty() {
            emit(|| Event::MailTaken { messages: mail.len() as u32 });
        }
        for (sender, task) in mail {
            set_cause(by_thread(sender));
            self.executor.wake_by_message(task, self);
        }
        set_cause(Cause::Program);
    }

    /// How long the loop may sleep, and why no longer: not at all if a task is ready, else for ever.
    fn timeout(&self) -> (Option<Duration>, WaitReason) {
        match self.ready.borrow().len() {
            0 => (None, WaitReason::Nothing),
            ready => (Some(Duration::ZERO), WaitReason::TasksReady(ready as u32)),
        }
    }

    /// Sleeps in the operating system, and wakes those who waited for what it brings.
    fn wait(&self) {
        let (timeout, reason) = self.timeout();
        emit(|| Event::WaitBegan { timeout, reason });
        let mut due = Vec::new();
        let mut sources = 0;
        if !pass_time(timeout) {
            sources = self.reactor.wait(timeout, &mut due).expect("the system lets us wait");
        }
        emit(|| Event::WaitEnded { sources });
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
