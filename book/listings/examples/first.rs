//! The same page from two servers: whichever comes first.
//!
//! Run with: `cargo run --example first -- or`, or `tasks`

use std::time::Duration;

use boucle::TaskGroup;
use boucle::time::{Instant, sleep};
use futures_lite::future;

/// Says which way its future ended.
struct Request {
    server: &'static str,
    has_come: bool,
}

impl Drop for Request {
    fn drop(&mut self) {
        let how = if self.has_come { "has come" } else { "is cancelled" };
        println!("  the request to {} {how}", self.server);
    }
}

async fn fetch(server: &'static str, millis: u64) -> &'static str {
    let mut request = Request { server, has_come: false };
    sleep(Duration::from_millis(millis)).await;
    request.has_come = true;
    server
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let first = match std::env::args().nth(1).as_deref() {
            // ANCHOR: ways
            // Two futures in one task: the one that loses is dropped by `or`.
            Some("or") => future::or(fetch("Paris", 120), fetch("Lyon", 70)).await,
            // Two tasks in a group: dropping the group aborts the one that loses.
            Some("tasks") => {
                let mut group = TaskGroup::new();
                group.spawn_named("Paris", fetch("Paris", 120));
                group.spawn_named("Lyon", fetch("Lyon", 70));
                group.join_next().await.expect("two were spawned").expect("no panic")
            }
            // ANCHOR_END: ways
            _ => panic!("which way? Say or, or tasks"),
        };
        println!("{first} was first, after {} ms", began.elapsed().as_millis());
        // The program goes on, and the other is not waited for.
        sleep(Duration::from_millis(100)).await;
    });
}
