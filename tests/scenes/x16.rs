//! X16: to call an async function runs nothing of it. It makes a future, which is dropped here as it
//! came. Only who awaits it, or makes it a task, gets it done.

use boucle::task::spawn_named;
use boucle::time::sleep;
use std::time::Duration;

use crate::stage::{Stage, ms};

/// Takes a while.
async fn save() {
    sleep(Duration::from_millis(100)).await;
}

async fn only_called() {
    let _never_polled = save();
    sleep(Duration::from_millis(200)).await;
}

async fn spawned() {
    let _task = spawn_named("save", save());
    sleep(Duration::from_millis(200)).await;
}

#[test]
fn a_call_alone_is_neither_a_task_nor_a_poll_nor_a_timer() {
    let trace = Stage::new("x16_only_called").play(only_called());
    assert_eq!(trace.tasks(), ["block_on"]);
    assert_eq!(trace.fired(), [(ms(200), ms(0))]);
}

#[test]
fn a_task_runs_though_nobody_awaits_it() {
    let trace = Stage::new("x16_spawned").play(spawned());
    assert_eq!(trace.tasks(), ["block_on", "save"]);
    assert_eq!(trace.polls_of("save"), 2);
    assert_eq!(trace.fired(), [(ms(100), ms(0)), (ms(200), ms(0))]);
}
