//! A small loop whose ready queue can be taken from either end: who starves?
//!
//! Run with: `cargo run --example ready_order -- oldest-first`, or `newest-first`

use std::collections::VecDeque;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use boucle::observe::{Cause, Event, Outcome, TaskId};
use boucle::task::yield_now;
use boucle_watch::{Watch, block_for, cause, emit, loop_built, set_cause};

/// The tasks that are to be polled, each by its number.
#[derive(Default)]
struct Ready(Mutex<VecDeque<u32>>);

/// Queues its task.
struct Ticket {
    task: u32,
    ready: Arc<Ready>,
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        emit(|| Event::Woken { task: TaskId(self.task), by: cause() });
        self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.task);
    }
}

/// Four steps of work, with a yield after each.
async fn cook(dish: &'static str) {
    for step in 1..=4 {
        block_for(Duration::from_millis(5));
        println!("{dish}, step {step}");
        yield_now().await;
    }
}

// ANCHOR: loop
/// Polls tasks until all are done, taking the next from this or that end of the queue.
/// Returns how many polls that took.
fn run(mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>>, newest_first: bool) -> u32 {
    let ready = Arc::new(Ready::default());
    let (mut done, mut count) = (0, 0);
    ready.0.lock().expect("nobody panics").extend(1..=tasks.len() as u32);
    while done < tasks.len() {
        let mut queue = ready.0.lock().expect("nobody panics");
        let next = if newest_first { queue.pop_back() } else { queue.pop_front() };
        drop(queue);
        let task = next.expect("a cook is always ready");
        let waker = Waker::from(Arc::new(Ticket { task, ready: Arc::clone(&ready) }));
        let polled = polls(TaskId(task), || {
            tasks[task as usize - 1].as_mut().poll(&mut Context::from_waker(&waker))
        });
        done += usize::from(polled.is_ready());
        count += 1;
    }
    count
}
// ANCHOR_END: loop

/// Polls, and tells whoever watches.
fn polls(task: TaskId, poll: impl FnOnce() -> Poll<()>) -> Poll<()> {
    set_cause(Cause::Task(task));
    emit(|| Event::PollBegan { task });
    let polled = poll();
    let outcome = if polled.is_ready() { Outcome::Ready } else { Outcome::Pending };
    emit(|| Event::PollEnded { task, outcome });
    if polled.is_ready() {
        emit(|| Event::Dropped { task, joined: false });
    }
    set_cause(Cause::Program);
    polled
}

fn main() -> io::Result<()> {
    let newest_first = match std::env::args().nth(1).as_deref() {
        Some("oldest-first") => false,
        Some("newest-first") => true,
        _ => panic!("in which order? Say oldest-first or newest-first"),
    };
    let _watch = Watch::from_environment()?;
    emit(|| loop_built(1));
    let dishes = ["soup", "fish", "cake"];
    for (task, name) in (1..).zip(dishes) {
        let (by, place) = (cause(), Location::caller());
        emit(|| Event::Spawned { task: TaskId(task), by, place, name });
    }
    emit(|| Event::TurnBegan { turn: 1 });
    let polls = run(dishes.map(|dish| Box::pin(cook(dish)) as _).into(), newest_first);
    emit(|| Event::TurnEnded { turn: 1, polls });
    emit(|| Event::LoopDropped);
    Ok(())
}
