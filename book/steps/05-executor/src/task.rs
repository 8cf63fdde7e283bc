//! Tasks, as a program uses them.
//!
//! The output of a task goes to its handle, through a place that both share. A panic is an output
//! too: it ends its task and no other, and the handle gets what the panic says.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;

use boucle::observe::{Awaited, Event, Outcome, TaskId};
use boucle_watch::{cause, emit};

use crate::current;

/// Runs `future` as a task of the loop that turns on this thread. It begins at once, whether or not
/// anybody awaits the handle; a handle that is dropped lets it go on.
#[track_caller]
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let (event_loop, place) = (current(), Location::caller());
    let task = event_loop.executor.next_id();
    let join = Rc::new(Join { task, state: RefCell::new(State::Running(None)) });
    let (shared, mut future) = (Rc::clone(&join), Box::pin(future));
    let body = move |cx: &mut Context<'_>| {
        // A future that has panicked is not polled again, so nobody sees what it left half done.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Outcome::Pending,
            Ok(Poll::Ready(output)) => {
                shared.finish(Ok(output));
                Outcome::Ready
            }
            Err(panic) => {
                shared.finish(Err(panic));
                Outcome::Panicked
            }
        }
    };
    event_loop.executor.insert(task, Box::new(body), &event_loop, place);
    JoinHandle(join)
}

/// Lets all others have their turn.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        // Without this it would wait for ever: nobody else knows that it wants to go on.
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Gives the output of a task when it is awaited, or what its panic said.
pub struct JoinHandle<T>(Rc<Join<T>>);

/// What a task and its handle share.
struct Join<T> {
    /// The task.
    task: TaskId,
    /// How far it is.
    state: RefCell<State<T>>,
}

/// How far a task is.
enum State<T> {
    /// Not finished. Who awaits it, if anybody does.
    Running(Option<Waker>),
    /// Finished.
    Done(thread::Result<T>),
    /// The handle has given away the output.
    Taken,
}

impl<T> Join<T> {
    /// The task is done: its output waits for the handle.
    fn finish(&self, output: thread::Result<T>) {
        if let State::Running(Some(joiner)) = self.state.replace(State::Done(output)) {
            joiner.wake();
        }
    }
}

impl<T> JoinHandle<T> {
    /// Whether the task is done.
    pub fn is_finished(&self) -> bool {
        !matches!(*self.0.state.borrow(), State::Running(_))
    }

    /// The output, if the task is done and nobody has had it.
    pub(crate) fn take(self) -> Option<thread::Result<T>> {
        match self.0.state.replace(State::Taken) {
            State::Done(output) => Some(output),
            _ => None,
        }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = thread::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<thread::Result<T>> {
        match self.0.state.replace(State::Taken) {
            State::Running(_) => {
                self.0.state.replace(State::Running(Some(cx.waker().clone())));
                emit(|| Event::Awaits { what: Awaited::Task(self.0.task), by: cause() });
                Poll::Pending
            }
            State::Done(output) => Poll::Ready(output),
            State::Taken => panic!("a handle was awaited after it had given the output"),
        }
    }
}

/// When both are gone, so is the task.
impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let joined = matches!(self.state.get_mut(), State::Taken);
        emit(|| Event::Dropped { task: self.task, joined });
    }
}
