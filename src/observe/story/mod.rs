//! The story: events in words.
//!
//! `words` makes a sentence of each event, `tasks` knows who is who and makes names harmless, and
//! `print` tells it all as it happens.

pub(crate) mod print;
pub(crate) mod tasks;
pub(crate) mod words;
