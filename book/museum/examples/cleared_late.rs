//! Cleared late: the flag *this task is queued* is cleared after the poll in place of before it.
//!
//! Believed: while a task is polled it need not be queued, it runs already.
//!
//! Wrong: a wake during the poll may tell of something that the poll has looked at too early to
//! see. It finds the flag set, does nothing, and nobody ever comes again.
//!
//! Run with: `cargo run --example cleared_late`, or `cargo run --example cleared_late -- mended`

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use boucle::observe::TaskId;
use boucle::task::yield_now;
use boucle_watch::{Watch, block_for, now};
use museum::Way;
use museum::small::{self, Queue, sleep_until};

const MS: Duration = Duration::from_millis(1);

/// The oldest task first, each at most once.
struct Flagged {
    ready: VecDeque<TaskId>,
    /// Those whose flag is set.
    queued: BTreeSet<TaskId>,
    way: Way,
}

impl Queue for Flagged {
    fn wake(&mut self, task: TaskId) -> bool {
        let is_new = self.queued.insert(task);
        if is_new {
            self.ready.push_back(task);
        }
        is_new
    }

    fn next(&mut self) -> Option<TaskId> {
        self.ready.pop_front()
    }

    fn len(&self) -> usize {
        self.ready.len()
    }

    // ANCHOR: ways
    fn poll_begins(&mut self, task: TaskId) {
        if self.way == Way::Mended {
            self.queued.remove(&task);
        }
    }

    fn poll_ended(&mut self, task: TaskId) {
        if self.way == Way::Broken {
            self.queued.remove(&task);
        }
    }
    // ANCHOR_END: ways
}

/// A cook who makes way after each step, that is, wakes himself during his poll; and a clock.
pub fn kitchen(way: Way) -> Result<(), String> {
    let cook = async {
        for step in 1..=3 {
            block_for(5 * MS);
            println!("step {step} is done");
            yield_now().await;
        }
    };
    let clock = async {
        for beat in 1..=3 {
            sleep_until(beat * 20 * MS).await;
            println!("{} ms", now().as_millis());
        }
    };
    let queue = Flagged { ready: VecDeque::new(), queued: BTreeSet::new(), way };
    small::run(queue, vec![("cook", Box::pin(cook)), ("clock", Box::pin(clock))])
}

fn main() -> std::io::Result<()> {
    let _watch = Watch::from_environment()?;
    if let Err(stalled) = kitchen(Way::asked()) {
        println!("{stalled}");
    }
    Ok(())
}
