//! The first room: wakes that do not come, come to the wrong one, or come all the time.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use std::time::Duration;

use boucle::observe::Event;
use boucle_watch::Watch;
use museum::{assert_catches, event_loop, recorded_loop};

#[path = "../examples/cleared_late.rs"]
mod cleared_late;
#[path = "../examples/lost_wakeup.rs"]
mod lost_wakeup;
#[path = "../examples/no_wake.rs"]
mod no_wake;
#[path = "../examples/self_wake.rs"]
mod self_wake;
#[path = "../examples/stale_waker.rs"]
mod stale_waker;
#[path = "../examples/wake_under_borrow.rs"]
mod wake_under_borrow;

#[test]
fn who_waits_at_a_gate_gets_in_when_it_opens() {
    assert_catches("`guest`", |way| {
        event_loop().try_block_on(no_wake::visit(way)).map_err(|stalled| stalled.to_string())
    });
}

#[test]
fn a_future_that_changes_hands_wakes_the_task_that_has_it() {
    assert_catches("`bob`", |way| {
        event_loop().try_block_on(stale_waker::dinner(way)).map_err(|stalled| stalled.to_string())
    });
}

#[test]
fn a_note_left_in_the_gap_is_read_at_once() {
    assert_catches("after 110 ms", |way| {
        let (_watch, _) = Watch::simulated();
        let read = lost_wakeup::run(way);
        let at_once = read <= Duration::from_millis(10);
        at_once.then_some(()).ok_or(format!("left after 10 ms, read after {} ms", read.as_millis()))
    });
}

#[test]
fn a_wake_during_the_poll_queues_the_task_again() {
    assert_catches("nobody wakes cook", |way| {
        let (_watch, _) = Watch::simulated();
        cleared_late::kitchen(way)
    });
}

#[test]
fn a_bell_stands_a_waker_that_comes_back_to_it() {
    assert_catches("[]", |way| {
        let fed = wake_under_borrow::dinner(way);
        if fed == ["ann", "bob"] { Ok(()) } else { Err(format!("had dessert: {fed:?}")) }
    });
}

#[test]
fn a_wait_with_one_wake_takes_two_polls() {
    assert_catches("61 polls", |way| {
        let (event_loop, record) = recorded_loop();
        event_loop.block_on(self_wake::tea(way));
        let mut guest = None;
        let mut polls = 0;
        for event in &record.events() {
            match event.event() {
                Event::Spawned { task, name: "guest", .. } => guest = Some(task),
                Event::PollBegan { task } => polls += u32::from(guest == Some(task)),
                _ => {}
            }
        }
        if polls == 2 { Ok(()) } else { Err(format!("{polls} polls")) }
    });
}
