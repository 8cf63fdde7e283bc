//! The past on its own.
