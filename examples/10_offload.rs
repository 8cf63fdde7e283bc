//! Offload: what would block the loop is given to a thread and awaited.
//!
//! Run with: `cargo run --release --example 10_offload`

use std::cell::Cell;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::time::{Instant, interval};

/// Something that holds its thread for 200 ms: a large file, a password hash, a driver from C.
fn blocking_work(number: u64) -> u64 {
    thread::sleep(Duration::from_millis(200));
    number * number
}

fn main() {
    boucle::block_on(async {
        // A heart that beats every 10 ms shows whether the loop turns. Beats that were missed are
        // not made up for.
        let beats = Rc::new(Cell::new(0));
        let count = Rc::clone(&beats);
        boucle::spawn(async move {
            let mut beat = interval(Duration::from_millis(10));
            beat.set_missed_tick_behavior(boucle::time::MissedTickBehavior::Skip);
            loop {
                beat.tick().await;
                count.set(count.get() + 1);
            }
        });

        // Wrong: called in a task, it stops the loop, and everybody waits.
        let before = beats.get();
        assert_eq!(blocking_work(3), 9);
        let stopped = beats.get() - before;
        println!("blocking in a task:     {stopped:>2} heartbeats in 200 ms");

        // Right: another thread does it, and this task waits like for anything else.
        let before = beats.get();
        let answer = boucle::spawn_blocking(|| blocking_work(4)).await;
        let offloaded = beats.get() - before;
        println!("blocking in a thread:   {offloaded:>2} heartbeats in 200 ms");
        assert_eq!(answer.expect("it does not panic"), 16);
        assert!(stopped == 0 && offloaded >= 3);

        // The pool starts threads as they are needed, so ten such calls take no longer than one.
        let started = Instant::now();
        let calls: Vec<_> =
            (0..10).map(|n| boucle::spawn_blocking(move || blocking_work(n))).collect();
        let mut sum = 0;
        for call in calls {
            sum += call.await.expect("it does not panic");
        }
        println!("ten of them at once:    {} ms", started.elapsed().as_millis());
        assert_eq!(sum, 285);

        // A pool of one's own bounds how many run at once: here two, say because the disk is slow.
        let started = Instant::now();
        let disk = BlockingPool::new(2);
        let calls: Vec<_> = (0..6).map(|n| disk.spawn(move || blocking_work(n))).collect();
        for call in calls {
            call.await.expect("it does not panic");
        }
        println!("six on a pool of two:   {} ms", started.elapsed().as_millis());
        assert!(started.elapsed() >= Duration::from_millis(600));

        // A panic comes back through the handle, and the thread lives on.
        let panicked = disk.spawn(|| -> u64 { panic!("the disk is full") }).await;
        println!("a panic in a thread:    {}", panicked.expect_err("it panics"));
    });
}
