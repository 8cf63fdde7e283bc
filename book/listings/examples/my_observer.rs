//! An observer of one's own: how often each task was polled, and how long the loop slept.
//!
//! Run with: `cargo run --example my_observer`

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Event, Observer, TaskId};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;

/// What we want to know.
#[derive(Default)]
struct Counts {
    /// The names of the tasks.
    names: BTreeMap<TaskId, String>,
    /// How often each was polled.
    polls: BTreeMap<TaskId, u32>,
    /// Since when the loop sleeps.
    sleeps_since: Duration,
    /// How long it slept in all.
    slept: Duration,
}

impl Observer for Counts {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        match *event {
            Event::Spawned { task, name, .. } => drop(self.names.insert(task, name.to_owned())),
            Event::PollBegan { task } => *self.polls.entry(task).or_default() += 1,
            Event::WaitBegan { .. } => self.sleeps_since = at,
            Event::WaitEnded { .. } => self.slept += at.saturating_sub(self.sleeps_since),
            Event::LoopDropped => {
                for (task, polls) in &self.polls {
                    println!("{}: {polls} polls", self.names[task]);
                }
                println!("the loop slept {} ms of {}", self.slept.as_millis(), at.as_millis());
            }
            _ => {}
        }
    }
}

fn main() -> io::Result<()> {
    EventLoop::builder().observer(Counts::default()).build()?.block_on(async {
        let restless = spawn_named("restless", async {
            for _ in 0..10 {
                yield_now().await;
            }
        });
        let patient = spawn_named("patient", sleep(Duration::from_millis(500)));
        restless.await.expect("it does not panic");
        patient.await.expect("it does not panic");
    });
    Ok(())
}
