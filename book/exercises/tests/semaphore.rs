//! Judge of `semaphore`: the very tests of boucle's own, which find your loop under that name.

extern crate my_loop as boucle;

#[path = "../../../tests/semaphore.rs"]
mod the_same;
