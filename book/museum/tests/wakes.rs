//! The first room: wakes that do not come, come to the wrong one, or come all the time.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use boucle::observe::Event;
use boucle_watch::Watch;
use museum::{assert_catches, check, finishes, recorded_loop};

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
    assert_catches("`guest`", |way| finishes(no_wake::visit(way)));
}

#[test]
fn a_future_that_changes_hands_wakes_the_task_that_has_it() {
    assert_catches("`bob`", |way| finishes(stale_waker::dinner(way)));
}

#[test]
fn a_note_left_in_the_gap_is_read_at_once() {
    assert_catches("after 110ms", |way| {
        let (_watch, _) = Watch::simulated();
        let read = lost_wakeup::run(way);
        check(read.as_millis() <= 10, format!("read after {read:?}"))
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
        let (_watch, _) = Watch::simulated();
        let fed = wake_under_borrow::dinner(way);
        check(fed == ["ann", "bob"], format!("had dessert: {fed:?}"))
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
                Event::PollBegan { task } if guest == Some(task) => polls += 1,
                _ => {}
            }
        }
        check(polls == 2, format!("{polls} polls"))
    });
}
