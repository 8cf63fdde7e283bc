//! X10: five answers, asked for one after the other. Each is awaited before the next is asked for,
//! so the waits add up. Asked for together they overlap.

use boucle::TaskGroup;
use boucle::task::spawn_named;
use boucle::time::sleep;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// How long the five let us wait, in milliseconds.
const WAITS: [u64; 5] = [570, 420, 220, 340, 460];

/// Asks for something far away.
async fn fetch(wait: u64) {
    sleep(Duration::from_millis(wait)).await;
}

async fn one_by_one() {
    for (wait, number) in WAITS.into_iter().zip(1..) {
        spawn_named(format!("fetch {number}"), fetch(wait)).await.unwrap();
    }
}

async fn together() {
    let mut group = TaskGroup::new();
    for (wait, number) in WAITS.into_iter().zip(1..) {
        group.spawn_named(format!("fetch {number}"), fetch(wait));
    }
    group.join_all().await;
}

#[test]
fn one_by_one_takes_the_sum_and_one_timer_is_armed_at_a_time() {
    let trace = Stage::new("x10_one_by_one").play(one_by_one());
    assert_eq!(trace.took(), ms(WAITS.iter().sum()));
    assert_eq!(trace.timers_at_once(), 1);
    assert_eq!(trace.sleeps(), WAITS.map(ms));
}

#[test]
fn together_take_the_longest_and_all_timers_are_armed_at_once() {
    let trace = Stage::new("x10_together").play(together());
    assert_eq!(trace.took(), ms(570));
    assert_eq!(trace.timers_at_once(), 5);
    // The loop wakes up for each: at 220, 340, 420, 460 and 570 ms.
    assert_eq!(trace.fired(), [220, 340, 420, 460, 570].map(|at| (ms(at), ms(0))));
}
