//! The story: events in words.
//!
//! `words` makes a sentence of each event, `tasks` knows who is who and makes names harmless,
//! `print` tells it all as it happens, and `file` is where it goes.

pub(crate) mod file;
pub(crate) mod print;
pub(crate) mod tasks;
pub(crate) mod words;
