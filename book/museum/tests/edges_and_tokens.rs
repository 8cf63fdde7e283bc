//! The second room: what the operating system tells, and of whom.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use museum::sockets::connect;
use museum::{assert_catches, check};

#[path = "../examples/one_read.rs"]
mod one_read;
#[path = "../examples/token_reuse.rs"]
mod token_reuse;

#[test]
fn what_is_longer_than_the_buffer_is_read_to_its_end() {
    assert_catches("4096 of 10000", |way| {
        let total = one_read::run(way, connect().unwrap()).unwrap();
        check(total == 10_000, format!("{total} of 10000 bytes"))
    });
}

#[test]
fn an_event_of_one_who_has_gone_reaches_nobody() {
    assert_catches("[]", |way| {
        let connections = [0; 3].map(|_| connect().unwrap());
        let there = token_reuse::run(way, connections).unwrap();
        check(there == ["carol"], format!("still there: {there:?}"))
    });
}
