//! What is given back. These tests look at the memory of the whole process, so they have a process
//! of their own, and run one after the other.

#![cfg(feature = "os")]

#[path = "support/engine.rs"]
mod support;

use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boucle::time::sleep;
use boucle::{EventLoop, TaskGroup};
use futures_lite::future::poll_once;
use support::resident_memory;

/// Held by the test that runs.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server's group never becomes empty, and must not remember everybody who ever was in it.
#[test]
fn a_group_that_is_never_empty_does_not_grow() {
    let _alone = alone();
    let event_loop = EventLoop::new().unwrap();
    let Some(before) = resident_memory() else { return };
    event_loop.block_on(async {
        let mut group = TaskGroup::new();
        group.spawn(pending::<()>());
        for _ in 0..400_000 {
            group.spawn(async {});
            group.join_next().await.unwrap().unwrap();
        }
        assert_eq!(group.len(), 1);
        let grown = resident_memory().unwrap().saturating_sub(before);
        assert!(grown < 6_000_000, "the group has grown by {grown} bytes");
    });
}

/// Case 71.
#[test]
fn a_million_timers_that_were_cancelled_leave_nothing_behind() {
    let _alone = alone();
    let Some(before) = resident_memory() else { return };
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(async {
        let far = |n: u64| sleep(Duration::from_millis(100_000 + n * 37 % 10_000_000));
        let mut sleeps: Vec<_> = (0..1_000_000).map(far).collect();
        for slept in &mut sleeps {
            assert!(poll_once(slept).await.is_none());
        }
        let most = resident_memory().unwrap() - before;
        assert!(most > 40_000_000, "the memory is not counted: {most}");
        drop(sleeps);
        let left = resident_memory().unwrap().saturating_sub(before);
        assert!(left < 12_000_000, "{left} bytes are left of {most}");
    });
}
