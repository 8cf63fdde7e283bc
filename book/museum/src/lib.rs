//! A museum of broken loops.
//!
//! Each exhibit is a program in `examples/`, with a mistake and its mend. Its header says what was
//! believed and what is wrong. In `tests/` stands the check that catches it, and each check has to
//! prove that it can: it must fail on the broken program, and pass on the mended one.
//!
//! | room | exhibits |
//! |---|---|
//! | wakes | `no_wake`, `stale_waker`, `lost_wakeup`, `cleared_late`, `wake_under_borrow`, `self_wake` |
//! | edges and tokens | `one_read`, `token_reuse` |
//! | order and time | `await_in_a_loop`, `lifo_slot`, `starving_select`, `cached_now` |
//! | blocking | `blocking_in_a_task`, `pool_deadlock` |
//! | cancellation, handles, queues | `lost_order`, `forgotten_handle`, `unbounded_queue` |
//!
//! Mistakes of programs and of futures run on boucle, in virtual time: there a loop that nobody can
//! wake any more is an error and no hang. Mistakes of loops run in small loops of their own:
//! [`small`] has tasks and timers, [`sockets`] has connections, and two exhibits are their own loop.

use std::env;
use std::fmt;
use std::process;

use boucle::EventLoop;
use boucle::observe::Record;

pub mod small;
pub mod sockets;

/// Which of the two programs of an exhibit runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// With the mistake.
    Broken,
    /// Without.
    Mended,
}

impl Way {
    /// The way that the command line asks for: `broken`, which is also what an empty one means, or
    /// `mended`.
    pub fn asked() -> Way {
        match env::args().nth(1).as_deref() {
            None | Some("broken") => Way::Broken,
            Some("mended") => Way::Mended,
            Some(other) => {
                eprintln!("`{}` is no way to run this: say broken or mended", other.escape_debug());
                process::exit(2);
            }
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Broken => "broken",
            Way::Mended => "mended",
        })
    }
}

/// A loop in virtual time, the oldest task first. On a real loop some exhibits would hang.
pub fn event_loop() -> EventLoop {
    build(EventLoop::builder())
}

/// Such a loop, and what happens in it.
pub fn recorded_loop() -> (EventLoop, Record) {
    let record = Record::new();
    (build(EventLoop::builder().observer(record.clone())), record)
}

fn build(builder: boucle::Builder) -> EventLoop {
    match builder.simulated_in_order().build() {
        Ok(event_loop) => event_loop,
        Err(error) => {
            eprintln!("{error}");
            process::exit(2);
        }
    }
}

/// Runs this in virtual time. An error if it can go no further: it names those who wait.
pub fn finishes(future: impl Future) -> Result<(), String> {
    let ended = event_loop().try_block_on(future);
    ended.map(drop).map_err(|stalled| stalled.to_string())
}

/// An error that says what was found in place of what must hold.
pub fn check(holds: bool, found: impl fmt::Display) -> Result<(), String> {
    if holds { Ok(()) } else { Err(found.to_string()) }
}

/// Insists that `check` can tell a broken program from a mended one.
/// It must fail on the first, for the reason that `because` is a part of,
/// and pass on the second.
///
/// # Panics
///
/// If it does not.
#[track_caller]
pub fn assert_catches(because: &str, check: impl Fn(Way) -> Result<(), String>) {
    match check(Way::Broken) {
        Ok(()) => panic!("it passes on the broken program, so it checks nothing"),
        Err(found) => {
            assert!(found.contains(because), "another reason: {found}");
        }
    }
    if let Err(found) = check(Way::Mended) {
        panic!("the mended program is not mended: {found}");
    }
}
