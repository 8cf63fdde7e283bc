//! Await in a loop: why five requests take five times as long, and how to mend it.
//!
//! Run with: `cargo run --release --example 04_await_in_a_loop`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};
use boucle::{EventLoop, TaskGroup};

/// Stands for a request to some server, which answers after 100 ms.
async fn fetch(page: u32) -> u32 {
    sleep(Duration::from_millis(100)).await;
    page * page
}

/// The trap. `.await` means: go on here when this is done. So the second request is not even made
/// before the first is answered. It is correct, and it is slow.
async fn trap() -> Vec<u32> {
    let mut answers = Vec::new();
    for page in 1..=5 {
        answers.push(fetch(page).await);
    }
    answers
}

/// The trap in new clothes. `fetch(page)` alone starts nothing either: a future runs only while
/// somebody polls it, and these are polled one after the other.
async fn trap_in_disguise() -> Vec<u32> {
    let requests: Vec<_> = (1..=5).map(fetch).collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await);
    }
    answers
}

/// Mended: every request becomes a task, which the loop polls by itself; all wait at the same time.
/// `collect` matters: iterators are lazy, and without it each task would be spawned only when the
/// one before has been awaited. (The names are for whoever watches.)
async fn spawn_first() -> Vec<u32> {
    let tasks: Vec<_> =
        (1..=5).map(|page| spawn_named(format!("page {page}"), fetch(page))).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no request panics"));
    }
    answers
}

/// The same in fewer words. And if this future is dropped half way, the group ends its tasks, while
/// those above would run on.
async fn task_group() -> Vec<u32> {
    let mut group = TaskGroup::new();
    (1..=5).for_each(|page| group.spawn_named(format!("page {page}"), fetch(page)));
    group.join_all().await.into_iter().map(|answer| answer.expect("no request panics")).collect()
}

/// Measures one way of doing it, in milliseconds.
async fn measure(way: impl Future<Output = Vec<u32>>) -> u128 {
    let started = Instant::now();
    assert_eq!(way.await, [1, 4, 9, 16, 25]);
    started.elapsed().as_millis()
}

fn main() {
    boucle::block_on(async {
        println!("await in a loop:           {} ms", measure(trap()).await);
        println!("futures first, then await: {} ms", measure(trap_in_disguise()).await);
        println!("spawn first, then await:   {} ms", measure(spawn_first()).await);
        println!("a task group:              {} ms", measure(task_group()).await);
    });

    // On the virtual clock of a simulated loop nothing takes time but what says so, so the figures
    // are exact: a test can insist on them.
    EventLoop::simulated(0).block_on(async {
        assert_eq!(measure(trap()).await, 500);
        assert_eq!(measure(trap_in_disguise()).await, 500);
        assert_eq!(measure(spawn_first()).await, 100);
        assert_eq!(measure(task_group()).await, 100);
    });
}
