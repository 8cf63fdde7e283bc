//! The simplest `block_on`: it asks again and again.
//!
//! Recorded: it is another thread that counts the time.
//!
//! Run with: `cargo run --example spin`

use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use boucle::observe::{Cause, Event, Outcome, TaskId};
use boucle_watch::{Watch, emit, loop_built, set_cause};
use step_04_block_on::delay::Delay;

// ANCHOR: spin
/// Runs a future to its end, and tells how often it had to ask.
fn block_on<F: Future>(future: F) -> (F::Output, u32) {
    let mut future = pin!(future);
    // A waker that wakes nobody. Here nobody sleeps.
    let mut cx = Context::from_waker(Waker::noop());
    for polls in 1.. {
        let polled = watched(|| future.as_mut().poll(&mut cx));
        if let Poll::Ready(output) = polled {
            return (output, polls);
        }
    }
    unreachable!("nobody asks four billion times")
}
// ANCHOR_END: spin

fn main() -> std::io::Result<()> {
    let _watch = Watch::from_environment()?;
    let (task, by, place) = (TaskId(1), Cause::Program, Location::caller());
    emit(|| loop_built(1));
    emit(|| Event::Spawned { task, by, place, name: "block_on" });
    emit(|| Event::TurnBegan { turn: 1 });
    let ((), polls) = block_on(Delay::new(Duration::from_micros(200)));
    emit(|| Event::Dropped { task, joined: true });
    emit(|| Event::TurnEnded { turn: 1, polls });
    emit(|| Event::LoopDropped);
    println!("it is over, says poll {polls}");
    Ok(())
}

/// Tells whoever watches of a poll. One that is pending counts as its own wake, for it will be
/// polled again at once.
fn watched<T>(poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    let (task, by) = (TaskId(1), Cause::Task(TaskId(1)));
    set_cause(by);
    emit(|| Event::PollBegan { task });
    let polled = poll();
    match polled {
        Poll::Ready(_) => emit(|| Event::PollEnded { task, outcome: Outcome::Ready }),
        Poll::Pending => {
            emit(|| Event::Woken { task, by });
            emit(|| Event::PollEnded { task, outcome: Outcome::Pending });
        }
    }
    set_cause(Cause::Program);
    polled
}
