//! What the tests of the engine share.

#![allow(dead_code, reason = "not every test file needs all of it")]

use boucle::observe::{Event, Observer};
use boucle::{EventLoop, JoinHandle};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// A loop that does not look at the environment's clock more than it must, and never waits long
/// when it is dropped.
pub fn new_loop() -> EventLoop {
    EventLoop::new().expect("descriptors")
}

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Turns the loop until nothing is ready, without sleeping; how many polls that took.
pub fn settle(event_loop: &EventLoop) -> usize {
    let mut polls = 0;
    loop {
        match event_loop.turn(Some(Duration::ZERO)) {
            0 => return polls,
            more => polls += more,
        }
        assert!(polls < 1_000_000, "the loop does not settle");
    }
}

/// The message of the panic in `run`; panics itself if there is none.
pub fn panic_of<R>(run: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(_) => panic!("no panic"),
        Err(payload) => message(&*payload),
    }
}

/// What a panic says.
pub fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// Runs a closure when dropped.
pub struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    pub fn new(run: F) -> OnDrop<F> {
        OnDrop(Some(run))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}

/// Counts what happens in one thread.
#[derive(Clone, Default)]
pub struct Count(Rc<Cell<usize>>);

impl Count {
    pub fn new() -> Count {
        Count::default()
    }

    pub fn add(&self) {
        self.0.set(self.0.get() + 1);
    }

    pub fn get(&self) -> usize {
        self.0.get()
    }

    /// Adds one when dropped.
    pub fn on_drop(&self) -> OnDrop<impl FnOnce() + use<>> {
        let count = self.clone();
        OnDrop::new(move || count.add())
    }
}

/// Where a future leaves its waker for others.
#[derive(Clone, Default)]
pub struct Parked(Rc<RefCell<Option<Waker>>>);

impl Parked {
    pub fn new() -> Parked {
        Parked::default()
    }

    /// The waker of the last poll.
    pub fn waker(&self) -> Waker {
        self.0.borrow().clone().expect("the task was polled")
    }

    /// Never ready; leaves its waker and counts its polls.
    pub fn pending(&self, polls: &Count) -> impl Future<Output = ()> + use<> {
        let (parked, polls) = (self.clone(), polls.clone());
        poll_fn(move |cx| {
            polls.add();
            *parked.0.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

/// A waker that runs a closure.
pub struct OnWake<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: std::sync::Arc<Self>) {
        (self.0)();
    }
}

impl<F: Fn() + Send + Sync + 'static> OnWake<F> {
    pub fn waker(run: F) -> Waker {
        std::sync::Arc::new(OnWake(run)).into()
    }
}

/// Polls once with a waker that does nothing.
pub fn poll_now<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a task that has finished.
pub fn output<T: 'static>(mut handle: JoinHandle<T>) -> Result<T, boucle::JoinError> {
    match poll_now(&mut handle) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the task has not finished"),
    }
}

/// An observer that calls a closure.
pub struct Watch<F>(pub F);

impl<F: FnMut(Duration, &Event<'_>)> Observer for Watch<F> {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        (self.0)(at, event);
    }
}

/// A loop, and the number of events for which `is_counted` holds.
pub fn counting(is_counted: impl Fn(&Event<'_>) -> bool + 'static) -> (EventLoop, Count) {
    let count = Count::new();
    let counted = count.clone();
    let observer = Watch(move |_, event: &Event<'_>| {
        if is_counted(event) {
            counted.add();
        }
    });
    (EventLoop::builder().observer(observer).build().expect("descriptors"), count)
}

/// Bytes of memory that this process has in use, where the system says so in `/proc`.
pub fn resident_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
