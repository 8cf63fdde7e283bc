//! Step 4, `block_on`: one future on one thread.
//!
//! **The idea.** A future is a function that can stop in the middle. Whoever polls it gets `Ready`
//! and the output, or `Pending`: "I wait for something, and have left your waker with it". Then the
//! thread may sleep, for whoever brings that something will call the waker.
//!
//! ```text
//!                   Pending                      the waker is called
//!      poll ----------------------> sleep -------------------------------> poll ...
//!        |
//!        '--> Ready: the output
//! ```
//!
//! 1. `woken` is cleared *before* the poll, so a call that comes while the future is polled is
//!    remembered, and the thread does not sleep.
//! 2. A thread that is unparked before it parks does not park. So nothing is lost between the look at
//!    `woken` and the sleep.
//!
//! `machine.rs` has an `async fn` and the same by hand, `delay.rs` something to wait for, and
//! `spinning.rs` the `block_on` that does without a waker.
//!
//! **Its defect.** It runs one future. While that waits, the thread has nothing else to do.
//!
//! **The next step** has many futures, and a queue of those that were woken.

pub mod delay;
pub mod machine;
pub mod spinning;

use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use boucle::observe::{Cause, Event, Outcome, TaskId, ThreadId, WaitReason};
use boucle_watch::{by_thread, cause, emit, loop_built, set_cause, this_thread};

/// Runs a future on this thread until it is done.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal { thread: thread::current(), woken: Mutex::new(None) });
    let waker = Waker::from(Arc::clone(&signal));
    let (task, place) = (TaskId(1), Location::caller());
    emit(|| loop_built(1));
    emit(|| Event::Spawned { task, by: cause(), place, name: "block_on" });
    for turn in 1.. {
        emit(|| Event::TurnBegan { turn });
        // 1. From here on a call of the waker means: poll once more.
        if let Some(thread) = signal.woken().take() {
            emit(|| Event::MailTaken { messages: 1 });
            emit(|| Event::Woken { task, by: by_thread(thread) });
        }
        // 2. Poll.
        set_cause(Cause::Task(task));
        emit(|| Event::PollBegan { task });
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let outcome = if polled.is_ready() { Outcome::Ready } else { Outcome::Pending };
        emit(|| Event::PollEnded { task, outcome });
        set_cause(Cause::Program);
        if let Poll::Ready(output) = polled {
            emit(|| Event::TurnEnded { turn, polls: 1 });
            emit(|| Event::Dropped { task, joined: true });
            emit(|| Event::LoopDropped);
            return output;
        }
        // 3. Sleep until somebody has called the waker. A thread may come out of `park` for no
        //    reason at all, so it looks.
        emit(|| Event::WaitBegan { timeout: None, reason: WaitReason::Nothing });
        while signal.woken().is_none() {
            thread::park();
        }
        emit(|| Event::WaitEnded { sources: 0 });
        emit(|| Event::TurnEnded { turn, polls: 1 });
    }
    unreachable!("there are more turns than anybody can wait for")
}

/// What the waker calls: it notes the call, and wakes the thread.
struct Signal {
    /// The thread that sleeps.
    thread: Thread,
    /// Who has called since the last poll began, if anybody has.
    woken: Mutex<Option<ThreadId>>,
}

impl Signal {
    /// What the lock guards. Nobody panics under it.
    fn woken(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        *self.woken() = Some(this_thread());
        self.thread.unpark();
    }
}
