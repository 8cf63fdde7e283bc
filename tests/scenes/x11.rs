//! X11: five at once. A group starts five tasks and awaits them all: the time of the longest.

use boucle::TaskGroup;
use boucle::time::sleep;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// How long each of them takes, in milliseconds.
const WAITS: [u64; 5] = [810, 1_460, 370, 1_120, 640];

async fn at_once() {
    let mut group = TaskGroup::new();
    for (wait, number) in WAITS.into_iter().zip(1..) {
        group.spawn_named(format!("fetch {number}"), sleep(Duration::from_millis(wait)));
    }
    group.join_all().await;
}

#[test]
fn five_at_once_take_as_long_as_the_longest() {
    let trace = Stage::new("x11_at_once").play(at_once());
    assert_eq!(trace.took(), ms(1_460));
    assert_eq!(trace.timers_at_once(), 5);
    // The loop worked in no time at all: it slept through.
    assert_eq!(trace.sleeps().iter().sum::<Duration>(), ms(1_460));
}
