//! Runs the models of the inbox; see `src/inbox.rs`.

#![cfg(loom)]

use boucle_loom::inbox;

/// Case 45.
/// Case 46.
/// Case 49.
#[test]
fn no_message_is_slept_through_and_a_sleep_is_rung_once() {
    inbox::no_message_is_slept_through_and_a_sleep_is_rung_once();
}

/// Case 49.
#[test]
fn what_was_written_before_a_message_is_seen_after_it() {
    inbox::what_was_written_before_a_message_is_seen_after_it();
}

/// Case 46.
#[test]
fn a_loop_that_woke_by_itself_is_not_rung() {
    inbox::a_loop_that_woke_by_itself_is_not_rung();
}

/// Case 45.
#[test]
fn a_late_ring_does_no_harm() {
    inbox::a_late_ring_does_no_harm();
}

/// Case 50.
#[test]
fn a_message_that_meets_the_end_of_the_loop_is_accounted_for() {
    inbox::a_message_that_meets_the_end_of_the_loop_is_accounted_for();
}
