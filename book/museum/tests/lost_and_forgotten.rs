//! The fifth room: what is lost, what is forgotten, and what is kept too long.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use std::rc::Rc;

use boucle::observe::Event;
use museum::{assert_catches, event_loop, recorded_loop};

#[path = "../examples/forgotten_handle.rs"]
mod forgotten_handle;
#[path = "../examples/lost_order.rs"]
mod lost_order;
#[path = "../examples/unbounded_queue.rs"]
mod unbounded_queue;

#[test]
fn every_order_that_was_taken_is_cooked() {
    assert_catches("[1, 3]", |way| {
        let cooked = event_loop().block_on(lost_order::evening(way));
        if cooked == [1, 2, 3] { Ok(()) } else { Err(format!("cooked: {cooked:?}")) }
    });
}

#[test]
fn no_task_is_cut_off_by_the_end_of_the_loop() {
    assert_catches("task 2 was cut off", |way| {
        let (event_loop, record) = recorded_loop();
        let disk = forgotten_handle::Disk::default();
        event_loop.block_on(forgotten_handle::close(way, Rc::clone(&disk)));
        drop(event_loop);
        let cut_off = record.events().iter().find_map(|told| match told.event() {
            Event::Aborted { task } => Some(task),
            _ => None,
        });
        cut_off.map_or(Ok(()), |task| Err(format!("{task} was cut off, on the disk: {disk:?}")))
    });
}

#[test]
fn a_queue_does_not_grow_with_the_load() {
    assert_catches("66 orders", |way| {
        let (most, _) = event_loop().block_on(unbounded_queue::evening(way));
        if most <= 4 { Ok(()) } else { Err(format!("{most} orders")) }
    });
}
