//! The fourth room: who stands in whose way.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use std::time::Duration;

use boucle::observe::Event;
use museum::{Way, assert_catches, check, recorded_loop};

#[path = "../examples/blocking_in_a_task.rs"]
mod blocking_in_a_task;
#[path = "../examples/pool_deadlock.rs"]
mod pool_deadlock;

#[test]
fn no_poll_takes_longer_than_ten_milliseconds() {
    assert_catches("task 3 held it for 180ms", |way| {
        let (event_loop, record) = recorded_loop();
        event_loop.block_on(blocking_in_a_task::evening(way));
        let mut began = Duration::ZERO;
        for told in &record.events() {
            match told.event() {
                Event::PollBegan { .. } => began = told.at,
                Event::PollEnded { task, .. } => {
                    let held = told.at.saturating_sub(began);
                    let found = format!("{task} held it for {held:?}");
                    check(held.as_millis() <= 10, found)?;
                }
                _ => {}
            }
        }
        Ok(())
    });
}

#[test]
fn a_job_that_waits_for_a_job_gets_its_answer() {
    assert_catches("no answer", |way| {
        // Real time: long enough for a busy machine, where it is not used up.
        let patience = match way {
            Way::Broken => Duration::from_millis(100),
            Way::Mended => Duration::from_secs(30),
        };
        let answered = boucle::block_on(pool_deadlock::report(way, patience));
        check(answered, "no answer")
    });
}
