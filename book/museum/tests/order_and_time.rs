//! The third room: who is polled when, and what time it is.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use std::time::Duration;

use boucle_watch::Watch;
use museum::{assert_catches, check, event_loop};

#[path = "../examples/await_in_a_loop.rs"]
mod await_in_a_loop;
#[path = "../examples/cached_now.rs"]
mod cached_now;
#[path = "../examples/lifo_slot.rs"]
mod lifo_slot;
#[path = "../examples/starving_select.rs"]
mod starving_select;

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_quick_guest_does_not_wait_for_a_slow_one() {
    assert_catches("310ms", |way| {
        let book = event_loop().block_on(await_in_a_loop::evening(way));
        let bob = book.iter().find(|(name, _)| *name == "bob");
        let (_, stayed) = bob.expect("he was there");
        check(*stayed <= 20 * MS, format!("he was there for {stayed:?}"))
    });
}

#[test]
fn two_who_wake_each_other_do_not_starve_a_third() {
    assert_catches("31ms", |way| {
        let (_watch, _) = Watch::simulated();
        let turn = lifo_slot::play(way);
        check(turn <= 10 * MS, format!("its turn after {turn:?}"))
    });
}

#[test]
fn a_closing_time_is_heard_under_load() {
    assert_catches("100 meals", |way| {
        let (gone, meals) = event_loop().block_on(starving_select::evening(way));
        check(gone <= 22 * MS, format!("gone after {meals} meals"))
    });
}

#[test]
fn a_sleep_is_never_too_short() {
    assert_catches("10ms", |way| {
        let (_watch, _) = Watch::simulated();
        let boiled = cached_now::dinner(way);
        check(boiled >= 50 * MS, format!("slept for {boiled:?}"))
    });
}
