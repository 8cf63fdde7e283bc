//! `yield`, `spawn`, `channel`: what a task costs while nothing outside the loop is involved.

use std::time::{Duration, Instant};

use crate::backend::Runtime;

/// `tasks` tasks yield `rounds` times each; the time from the first yield to the last.
pub fn yields<R: Runtime>(tasks: usize, rounds: usize) -> Duration {
    R::block_on(yielding::<R>(tasks, rounds))
}

/// The root of [`yields`], for whatever loop runs it.
///
/// The tasks are spawned before the clock starts, but first polled after it.
pub async fn yielding<R: Runtime>(tasks: usize, rounds: usize) -> Duration {
    let handles: Vec<_> = (0..tasks)
        .map(|_| {
            R::spawn(async move {
                for _ in 0..rounds {
                    R::yield_now().await;
                }
            })
        })
        .collect();
    let begin = Instant::now();
    for handle in handles {
        handle.await;
    }
    begin.elapsed()
}

/// `total` tasks that return a number, spawned `batch` at a time, each awaited.
pub fn spawn<R: Runtime>(total: u64, batch: u64) -> Duration {
    // The spawning is done by a task, as in a program, not by the root future.
    let work = async move {
        let mut handles = Vec::with_capacity(batch as usize);
        let mut sum = 0;
        let begin = Instant::now();
        for first in (0..total).step_by(batch as usize) {
            for number in first..first + batch {
                handles.push(R::spawn(async move { number }));
            }
            for handle in handles.drain(..) {
                sum += handle.await;
            }
        }
        let time = begin.elapsed();
        assert_eq!(sum, total * (total - 1) / 2, "every task has run once");
        time
    };
    R::block_on(async { R::spawn(work).await })
}

/// `messages` numbers go from one task to another, one at a time.
pub fn channel<R: Runtime>(messages: u64) -> Duration {
    R::block_on(async {
        let (send, receive) = R::channel(messages);
        let begin = Instant::now();
        let receiver = R::spawn(receive);
        let sender = R::spawn(send);
        sender.await;
        let sum = receiver.await;
        let time = begin.elapsed();
        assert_eq!(sum, messages * (messages - 1) / 2, "every message has arrived once");
        time
    })
}
