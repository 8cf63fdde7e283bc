//! Waking under a borrow: a bell calls its wakers while it still holds the list of them.
//!
//! Believed: a waker only makes a note, so nothing that concerns me can happen inside of it.
//!
//! Wrong: a waker may be anybody's. That of this loop polls its task at once, which comes back to
//! the bell. With a mutex in place of the `RefCell` it would be a deadlock and no panic.
//!
//! Run with: `cargo run --example wake_under_borrow`, or `... -- mended`

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use boucle::observe::{Cause, Event, Outcome, TaskId};
use boucle_watch::{Watch, block_for, cause, emit, loop_built, set_cause};
use museum::Way;

/// A bell that strikes several times.
#[derive(Default)]
struct Bell {
    strikes: Cell<u32>,
    waiting: RefCell<Vec<Waker>>,
}

impl Bell {
    /// Waits until it has struck so often.
    async fn struck(&self, strikes: u32) {
        poll_fn(|cx| {
            if self.strikes.get() >= strikes {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    // ANCHOR: broken
    fn strike_broken(&self) {
        self.strikes.set(self.strikes.get() + 1);
        for guest in self.waiting.borrow_mut().drain(..) {
            guest.wake();
        }
    }
    // ANCHOR_END: broken

    // ANCHOR: mended
    fn strike_mended(&self) {
        self.strikes.set(self.strikes.get() + 1);
        let guests = self.waiting.take();
        for guest in guests {
            guest.wake();
        }
    }
    // ANCHOR_END: mended
}

/// What is to be polled.
type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    /// The tasks that wait.
    static TASKS: RefCell<BTreeMap<u32, Task>> = RefCell::default();
    /// How often one was polled.
    static POLLS: Cell<u32> = const { Cell::new(0) };
}

/// A waker that needs no queue.
struct AtOnce(u32);

impl Wake for AtOnce {
    fn wake(self: Arc<Self>) {
        emit(|| Event::Woken { task: TaskId(self.0), by: cause() });
        poll(self.0);
    }
}

/// Polls a task. Its panic is its own.
fn poll(number: u32) {
    let task = TaskId(number);
    let Some(mut future) = TASKS.with_borrow_mut(|tasks| tasks.remove(&number)) else { return };
    let waker = Waker::from(Arc::new(AtOnce(number)));
    let mut cx = Context::from_waker(&waker);
    let before = cause();
    set_cause(Cause::Task(task));
    POLLS.set(POLLS.get() + 1);
    emit(|| Event::PollBegan { task });
    let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx)));
    let outcome = match &polled {
        Ok(Poll::Pending) => Outcome::Pending,
        Ok(Poll::Ready(())) => Outcome::Ready,
        Err(_) => Outcome::Panicked,
    };
    emit(|| Event::PollEnded { task, outcome });
    set_cause(before);
    if outcome == Outcome::Pending {
        TASKS.with_borrow_mut(|tasks| tasks.insert(number, future));
    } else {
        emit(|| Event::Dropped { task, joined: false });
    }
}

/// The bell strikes twice, for soup and for dessert. Returns who has had dessert.
pub fn dinner(way: Way) -> Vec<&'static str> {
    let (bell, fed) = (Rc::new(Bell::default()), Rc::new(RefCell::new(Vec::new())));
    emit(|| loop_built(1));
    emit(|| Event::TurnBegan { turn: 1 });
    for (number, name) in [(1, "ann"), (2, "bob")] {
        let (task, place) = (TaskId(number), Location::caller());
        emit(|| Event::Spawned { task, by: cause(), place, name });
        let (bell, fed) = (Rc::clone(&bell), Rc::clone(&fed));
        let guest = Box::pin(async move {
            bell.struck(1).await;
            bell.struck(2).await;
            fed.borrow_mut().push(name);
        });
        TASKS.with_borrow_mut(|tasks| tasks.insert(number, guest));
        poll(number);
    }
    for _course in ["soup", "dessert"] {
        block_for(Duration::from_millis(20));
        match way {
            Way::Broken => bell.strike_broken(),
            Way::Mended => bell.strike_mended(),
        }
    }
    emit(|| Event::TurnEnded { turn: 1, polls: POLLS.take() });
    emit(|| Event::LoopDropped);
    fed.take()
}

fn main() -> std::io::Result<()> {
    let _watch = Watch::from_environment()?;
    println!("had dessert: {:?}", dinner(Way::asked()));
    Ok(())
}
