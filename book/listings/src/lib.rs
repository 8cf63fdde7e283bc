//! The Rust code that stands in the chapters themselves, run as doctests.
