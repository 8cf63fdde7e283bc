//! The second room: what the operating system tells, and of whom.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use museum::assert_catches;

#[path = "../examples/one_read.rs"]
mod one_read;
#[path = "../examples/token_reuse.rs"]
mod token_reuse;

#[test]
fn what_is_longer_than_the_buffer_is_read_to_its_end() {
    assert_catches("4096 of 10000", |way| {
        let total = one_read::run(way, one_read::connect().unwrap()).unwrap();
        if total == 10_000 { Ok(()) } else { Err(format!("{total} of 10000 bytes")) }
    });
}

#[test]
fn an_event_of_one_who_has_gone_reaches_nobody() {
    assert_catches("[]", |way| {
        let there = token_reuse::run(way, token_reuse::connect().unwrap()).unwrap();
        if there == ["carol"] { Ok(()) } else { Err(format!("still there: {there:?}")) }
    });
}
