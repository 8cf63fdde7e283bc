//! Runs the models of the wakers; see `src/waker.rs`.

#![cfg(loom)]

use boucle_loom::waker;

/// Case 45.
#[test]
fn a_wake_is_not_slept_through() {
    waker::a_wake_is_not_slept_through();
}

/// Case 32.
/// Case 46.
#[test]
fn the_last_of_many_wakes_counts() {
    waker::the_last_of_many_wakes_counts();
}

/// Case 32.
#[test]
fn what_each_thread_wrote_before_its_wake_is_seen() {
    waker::what_each_thread_wrote_before_its_wake_is_seen();
}

/// Case 48.
#[test]
fn a_local_wake_and_a_foreign_one_meet() {
    waker::a_local_wake_and_a_foreign_one_meet();
}

/// Case 4.
#[test]
fn a_late_wake_harms_no_task_that_came_later() {
    waker::a_late_wake_harms_no_task_that_came_later();
}

#[test]
fn a_message_under_way_does_not_stand_for_the_next_tasks_wake() {
    waker::a_message_under_way_does_not_stand_for_the_next_tasks_wake();
}

/// Case 50.
#[test]
fn a_loop_may_end_while_others_wake_its_tasks() {
    waker::a_loop_may_end_while_others_wake_its_tasks();
}
