//! The fifth room: what is lost, what is forgotten, and what is kept too long.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use std::rc::Rc;

use boucle::observe::Event;
use museum::{assert_catches, check, event_loop, recorded_loop};

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
        check(cooked == [1, 2, 3], format!("cooked: {cooked:?}"))
    });
}

#[test]
fn no_task_is_cut_off_by_the_end_of_the_loop() {
    assert_catches("task 2 was cut off", |way| {
        let (event_loop, record) = recorded_loop();
        let disk = forgotten_handle::Disk::default();
        let close = forgotten_handle::close(way, Rc::clone(&disk));
        event_loop.block_on(close);
        drop(event_loop);
        for told in &record.events() {
            if let Event::Aborted { task } = told.event() {
                return Err(format!("{task} was cut off: {disk:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn a_queue_does_not_grow_with_the_load() {
    assert_catches("66 orders", |way| {
        let (most, _) = event_loop().block_on(unbounded_queue::evening(way));
        check(most <= 4, format!("{most} orders"))
    });
}
