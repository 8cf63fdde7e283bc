//! Judge of `turn`, the last exercise: the whole loop.
//!
//! It is compiled three times: with your loop, with the kept solution, and with boucle itself. What
//! it asks of a loop is what boucle's own tests ask, as far as a loop without its comforts has it.

#![allow(clippy::disallowed_methods, reason = "real loops, real time")]

#[path = "the_loop/fairness.rs"]
mod fairness;
#[path = "the_loop/tasks.rs"]
mod tasks;
#[path = "the_loop/tcp.rs"]
mod tcp;
#[path = "the_loop/threads.rs"]
mod threads;
#[path = "the_loop/time.rs"]
mod time;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use my_loop::EventLoop;

/// So many milliseconds.
fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A real loop.
fn new_loop() -> EventLoop {
    EventLoop::builder().build().unwrap()
}

/// Runs `test` on a thread of its own, and fails if it takes longer than ten seconds.
fn within_limit(test: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    let ended = end.recv_timeout(Duration::from_secs(10));
    assert_ne!(ended, Err(mpsc::RecvTimeoutError::Timeout), "this waits for ever");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A number that clones share.
#[derive(Clone, Default)]
struct Count(Rc<Cell<usize>>);

impl Count {
    fn add(&self) {
        self.0.set(self.0.get() + 1);
    }

    fn get(&self) -> usize {
        self.0.get()
    }
}

/// Calls a closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts its polls, hands out its waker, and is never done.
fn parked(polls: &Count, wakers: mpsc::Sender<Waker>) -> impl Future<Output = ()> + use<> {
    let polls = polls.clone();
    std::future::poll_fn(move |cx| {
        polls.add();
        let _ = wakers.send(cx.waker().clone());
        Poll::Pending
    })
}

/// Turns, without sleeping, until a turn has polled nobody; says how many polls there were.
fn settle(event_loop: &EventLoop) -> usize {
    let mut polls = 0;
    loop {
        match event_loop.turn(Some(Duration::ZERO)) {
            0 => return polls,
            more => polls += more,
        }
    }
}
