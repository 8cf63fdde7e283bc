//! Judge of `oneshot`: the very tests of boucle's own, which find your loop under that name.

extern crate my_loop as boucle;

#[path = "../../../tests/oneshot.rs"]
mod the_same;
