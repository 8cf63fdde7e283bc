//! Await in a loop: why five requests take five times as long, and how to mend it.
//!
//! Run with: cargo run --release --example 04_await_in_a_loop

use std::time::Duration;

use boucle::TaskGroup;
use boucle::time::{Instant, sleep};

/// Stands for a request to some server, which answers after 100 ms.
async fn fetch(page: u32) -> u32 {
    sleep(Duration::from_millis(100)).await;
    page * page
}

fn main() {
    boucle::block_on(async {
        // The trap. `.await` means: go on here when this is done. So the second request is not
        // even made before the first is answered. It is correct, and it is slow.
        let started = Instant::now();
        let mut answers = Vec::new();
        for page in 1..=5 {
            answers.push(fetch(page).await);
        }
        let trapped = report("await in a loop", started, &answers);

        // The trap in new clothes. `fetch(page)` alone starts nothing either: a future runs only
        // while somebody polls it, and these are polled one after the other.
        let started = Instant::now();
        let requests: Vec<_> = (1..=5).map(fetch).collect();
        let mut answers = Vec::new();
        for request in requests {
            answers.push(request.await);
        }
        let disguised = report("futures first, await later", started, &answers);

        // Mended: every request becomes a task, which the loop polls by itself. All of them wait
        // at the same time. `collect` matters: iterators are lazy, and without it each task would
        // be spawned when the one before has been awaited.
        let started = Instant::now();
        let tasks: Vec<_> = (1..=5).map(|page| boucle::spawn(fetch(page))).collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.expect("no request panics"));
        }
        let mended = report("spawn first, await later", started, &answers);

        // The same in fewer words; and if this future is dropped half way, the group ends its
        // tasks, while detached ones would run on.
        let started = Instant::now();
        let mut group = TaskGroup::new();
        (1..=5).for_each(|page| group.spawn(fetch(page)));
        let answers: Result<Vec<_>, _> = group.join_all().await.into_iter().collect();
        let grouped = report("a task group", started, &answers.expect("no request panics"));

        assert!(trapped >= Duration::from_millis(500) && disguised >= trapped / 2);
        assert!(mended < trapped / 2 && grouped < trapped / 2);
    });
}

/// Prints what a way of doing it cost, after a look at the answers.
fn report(way: &str, started: Instant, answers: &[u32]) -> Duration {
    let took = started.elapsed();
    println!("{way:<27} {:>4} ms", took.as_millis());
    assert_eq!(answers, [1, 4, 9, 16, 25]);
    took
}
