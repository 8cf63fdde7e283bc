//! Lost wake-up: a note is left just between the loop's look into its inbox and its sleep.
//!
//! Believed: I have looked, there was nothing, so I may sleep. Who comes later sees that I sleep,
//! and rings.
//!
//! Wrong: between the look and the flag there is a gap. Who comes in there sees no sleeper.
//!
//! Run with: `cargo run --example lost_wakeup`, or `cargo run --example lost_wakeup -- mended`

use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use boucle::observe::{Event, TaskId, ThreadId, WaitReason};
use boucle_watch::{Watch, block_for, by_thread, cause, emit, loop_built, now, this_thread};
use boucle_watch::{pass_time, set_cause};
use museum::{Way, small};

/// When the loop wakes up by itself.
const LIMIT: Duration = Duration::from_millis(100);

/// What other threads leave for the loop.
#[derive(Default)]
struct Inbox(Mutex<State>);

#[derive(Default)]
struct State {
    /// From whom there are notes.
    notes: Vec<ThreadId>,
    /// The loop sleeps, or is about to: ring.
    asleep: bool,
    /// It was rung: as an eventfd, it remembers that until the loop has slept.
    rung: bool,
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the other thread does.
    fn leave(&self) {
        let mut state = self.state();
        state.notes.push(this_thread());
        state.rung |= state.asleep;
    }

    // ANCHOR: broken
    /// Whether the loop may sleep. `gap` is what happens between the two steps.
    fn may_sleep_broken(&self, gap: impl FnOnce()) -> bool {
        let nothing = self.state().notes.is_empty();
        gap();
        self.state().asleep = true;
        nothing
    }
    // ANCHOR_END: broken

    // ANCHOR: mended
    fn may_sleep_mended(&self, gap: impl FnOnce()) -> bool {
        self.state().asleep = true;
        gap();
        self.state().notes.is_empty()
    }
    // ANCHOR_END: mended

    /// The sleep. A ring ends it, even one that comes before it.
    fn sleep(&self) {
        let is_rung = self.state().rung;
        let began = now();
        if !is_rung && !pass_time(Some(LIMIT)) {
            while !self.state().rung && now() < began + LIMIT {
                thread::sleep(Duration::from_millis(1));
            }
        }
        (self.state().asleep, self.state().rung) = (false, false);
    }
}

/// A loop with one task, which waits for a note. Another thread leaves it in the gap. Returns when
/// the task gets it.
pub fn run(way: Way) -> Duration {
    let (inbox, task) = (Inbox::default(), TaskId(1));
    let other_thread = || thread::scope(|scope| _ = scope.spawn(|| inbox.leave()).join());
    emit(|| loop_built(1));
    let place = Location::caller();
    emit(|| Event::Spawned { task, by: cause(), place, name: "reader" });
    emit(|| Event::TurnBegan { turn: 1 });
    _ = small::poll(task, || {
        block_for(Duration::from_millis(10));
        Poll::<()>::Pending
    });
    let may_sleep = match way {
        Way::Broken => inbox.may_sleep_broken(other_thread),
        Way::Mended => inbox.may_sleep_mended(other_thread),
    };
    let (timeout, reason) = if may_sleep {
        (LIMIT, WaitReason::CallerLimit)
    } else {
        (Duration::ZERO, WaitReason::MailWaits)
    };
    emit(|| Event::WaitBegan { timeout: Some(timeout), reason });
    if may_sleep {
        inbox.sleep();
    }
    emit(|| Event::WaitEnded { sources: 0 });
    emit(|| Event::TurnEnded { turn: 1, polls: 1 });

    emit(|| Event::TurnBegan { turn: 2 });
    let notes = std::mem::take(&mut inbox.state().notes);
    emit(|| Event::MailTaken { messages: notes.len() as u32 });
    set_cause(by_thread(notes[0]));
    emit(|| Event::Woken { task, by: cause() });
    let read = now();
    _ = small::poll(task, || Poll::Ready(()));
    emit(|| Event::Dropped { task, joined: false });
    emit(|| Event::TurnEnded { turn: 2, polls: 1 });
    emit(|| Event::LoopDropped);
    read
}

fn main() -> std::io::Result<()> {
    let _watch = Watch::from_environment()?;
    let read = run(Way::asked());
    println!("the note was left after 10 ms and read after {} ms", read.as_millis());
    Ok(())
}
