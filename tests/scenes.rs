//! The scenes: experiments of the tour on a virtual clock, with the trace of each as it must be.
//!
//! Each file of `tests/scenes/` is an experiment: some lines of program, as in a tutorial, in a
//! good and a bad way; then, as numbers, the reason why the one takes longer. The loop is simulated
//! and in order, so a trace is the same on every machine, byte for byte. It stands in
//! `tests/scenes/golden/`, from where the tests of the replay page, and the book, take it.
//!
//! After a change that is meant to change traces, `BLESS=1 cargo test --test scenes` writes them
//! anew; look at the difference before you commit it. With `SCENES=folder` in the environment the
//! scenes also go into that folder as pages, pictures and stories, to be looked at.

#[cfg(feature = "trace")]
#[path = "scenes/golden.rs"]
mod golden;
#[path = "scenes/stage.rs"]
mod stage;

#[path = "scenes/x10.rs"]
mod x10;
#[path = "scenes/x11.rs"]
mod x11;
#[path = "scenes/x12.rs"]
mod x12;
#[path = "scenes/x13.rs"]
mod x13;
#[path = "scenes/x14.rs"]
mod x14;
#[path = "scenes/x15.rs"]
mod x15;
#[path = "scenes/x16.rs"]
mod x16;
#[path = "scenes/x20.rs"]
mod x20;
#[path = "scenes/x21.rs"]
mod x21;
#[path = "scenes/x23.rs"]
mod x23;
