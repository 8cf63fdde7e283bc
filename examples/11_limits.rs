//! Limits: a semaphore lets so many in at a time.
//!
//! Run with: `cargo run --release --example 11_limits`

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::sync::Semaphore;
use boucle::time::{Instant, sleep};

/// A server that keeps count of those inside. It stands for one that breaks under load.
#[derive(Default)]
struct Server {
    /// How many requests it works on.
    inside: Cell<u32>,
    /// The most there ever were.
    most: Cell<u32>,
}

impl Server {
    async fn request(&self) {
        self.inside.set(self.inside.get() + 1);
        self.most.set(self.most.get().max(self.inside.get()));
        sleep(Duration::from_millis(50)).await;
        self.inside.set(self.inside.get() - 1);
    }
}

fn main() {
    boucle::block_on(async {
        // Without a limit, twenty tasks are twenty requests at once.
        let server = Rc::new(Server::default());
        let mut tasks = TaskGroup::new();
        for _ in 0..20 {
            let server = Rc::clone(&server);
            tasks.spawn(async move { server.request().await });
        }
        tasks.join_all().await;
        println!("without a limit: {} at once", server.most.get());
        assert_eq!(server.most.get(), 20);

        // With one, each task first takes one of five permits, and waits while there is none.
        // Whoever has waited longest is next. The permit is given back when it is dropped: also
        // if the task fails, panics or is aborted.
        let started = Instant::now();
        let server = Rc::new(Server::default());
        let limit = Rc::new(Semaphore::new(5));
        let mut tasks = TaskGroup::new();
        for _ in 0..20 {
            let (server, limit) = (Rc::clone(&server), Rc::clone(&limit));
            tasks.spawn(async move {
                let _permit = limit.acquire().await.expect("nobody closes it");
                server.request().await;
            });
        }
        println!("tasks that exist: {}", tasks.len());
        tasks.join_all().await;
        let took = started.elapsed();
        println!("five permits:    {} at once, in {} ms", server.most.get(), took.as_millis());
        assert_eq!(server.most.get(), 5);
        assert!(took >= Duration::from_millis(200), "twenty by fives are four rounds");

        // Where the work comes in without end (connections, lines of a file), take the permit
        // *before* the task is made. Then it is the source that waits, and memory has a bound too.
        let server = Rc::new(Server::default());
        let limit = Arc::new(Semaphore::new(5));
        let mut tasks = TaskGroup::new();
        for _ in 0..20 {
            let permit = Arc::clone(&limit).acquire_owned().await.expect("nobody closes it");
            let server = Rc::clone(&server);
            tasks.spawn(async move {
                server.request().await;
                drop(permit);
            });
        }
        tasks.join_all().await;
        println!("permit first:    {} at once", server.most.get());
        assert_eq!(server.most.get(), 5);
    });
}
