//! What the small loops tell of themselves is what they do: no event contradicts those before it.
//! So where a picture looks wrong, the loop is wrong.
//!
//! Three are not here. `lifo_slot` polls out of order, `token_reuse` handles an event while others
//! of its batch are not told yet, `wake_under_borrow` polls inside of a wake: that is what they are
//! there to show, and what no sound loop tells.

#![allow(dead_code, reason = "the exhibits are programs, and nobody runs their `main` here")]

use boucle_watch::{Watch, assert_consistent};
use museum::Way;
use museum::sockets::connect;

#[path = "../examples/cached_now.rs"]
mod cached_now;
#[path = "../examples/cleared_late.rs"]
mod cleared_late;
#[path = "../examples/lost_wakeup.rs"]
mod lost_wakeup;
#[path = "../examples/one_read.rs"]
mod one_read;

/// In virtual time.
fn story(run: impl FnOnce()) {
    let (watch, record) = Watch::simulated();
    run();
    drop(watch);
    assert_consistent(&record);
}

/// With real sockets.
fn real_story(run: impl FnOnce()) {
    let (watch, record) = Watch::recording();
    run();
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn cached_now_tells_what_it_does() {
    story(|| _ = cached_now::dinner(Way::Broken));
    story(|| _ = cached_now::dinner(Way::Mended));
}

#[test]
fn cleared_late_tells_what_it_does() {
    story(|| cleared_late::kitchen(Way::Mended).unwrap());
}

#[test]
fn lost_wakeup_tells_what_it_does() {
    story(|| _ = lost_wakeup::run(Way::Broken));
    story(|| _ = lost_wakeup::run(Way::Mended));
}

#[test]
fn one_read_tells_what_it_does() {
    for way in [Way::Broken, Way::Mended] {
        let connection = connect().unwrap();
        real_story(|| assert!(one_read::run(way, connection).is_ok()));
    }
}
