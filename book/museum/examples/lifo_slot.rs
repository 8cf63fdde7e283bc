//! LIFO starvation: the task that was woken last is polled next, without end.
//!
//! Believed: what it needs is still in the processor's cache, so it should not have to queue.
//!
//! Wrong: two tasks that wake each other pass the slot to and fro, and those in the queue wait.
//!
//! Run with: `cargo run --example lifo_slot`, or `cargo run --example lifo_slot -- mended`

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use boucle::observe::TaskId;
use boucle::sync::mpsc;
use boucle_watch::{Watch, block_for, now};
use museum::Way;
use museum::small::{self, Queue};

/// How often each of the two hits the ball.
const HITS: u32 = 15;

/// A queue with a place at its head for whoever was woken last. What is in it, is there once.
struct Slotted {
    queue: VecDeque<TaskId>,
    slot: Option<TaskId>,
    /// Polls from the slot, one after the other.
    in_a_row: u32,
    way: Way,
}

impl Queue for Slotted {
    fn wake(&mut self, task: TaskId) -> bool {
        if self.slot == Some(task) || self.queue.contains(&task) {
            return false;
        }
        self.queue.extend(self.slot.replace(task));
        true
    }

    // ANCHOR: next
    fn next(&mut self) -> Option<TaskId> {
        let may_jump = self.way == Way::Broken || self.in_a_row < 3;
        if (may_jump || self.queue.is_empty()) && self.slot.is_some() {
            self.in_a_row += 1;
            return self.slot.take();
        }
        self.in_a_row = 0;
        self.queue.pop_front()
    }
    // ANCHOR_END: next

    fn len(&self) -> usize {
        self.queue.len() + usize::from(self.slot.is_some())
    }

    fn poll_begins(&mut self, _task: TaskId) {}

    fn poll_ended(&mut self, _task: TaskId) {}
}

/// Two play with a ball, and a guest waits for his first turn. Returns when he has it.
pub fn play(way: Way) -> Duration {
    let (to_pong, mut from_ping) = mpsc::channel(1);
    let (to_ping, mut from_pong) = mpsc::channel(1);
    let ping = async move {
        for hit in 0..HITS {
            block_for(Duration::from_millis(1));
            to_pong.send(hit).await.expect("pong plays");
            from_pong.recv().await;
        }
    };
    let pong = async move {
        while let Some(hit) = from_ping.recv().await {
            block_for(Duration::from_millis(1));
            to_ping.send(hit).await.expect("ping plays");
        }
    };
    let turn = Rc::new(Cell::new(Duration::ZERO));
    let seen = Rc::clone(&turn);
    let guest = async move {
        block_for(Duration::from_millis(1));
        seen.set(now());
    };
    let queue = Slotted { queue: VecDeque::new(), slot: None, in_a_row: 0, way };
    // The one that comes last begins, for it is in the slot.
    let tasks: Vec<small::Task> =
        vec![("pong", Box::pin(pong)), ("guest", Box::pin(guest)), ("ping", Box::pin(ping))];
    small::run(queue, tasks).expect("everybody is woken");
    turn.get()
}

fn main() -> std::io::Result<()> {
    let _watch = Watch::from_environment()?;
    println!("the guest has had his turn after {} ms", play(Way::asked()).as_millis());
    Ok(())
}
