//! What can be said of a task that has no output.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::resume_unwind;

use crate::engine::body::JoinError;

impl JoinError {
    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self, JoinError::Panicked(_))
    }

    /// Whether the task was aborted.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        matches!(self, JoinError::Aborted)
    }

    /// Goes on with the task's panic here.
    ///
    /// # Panics
    ///
    /// Always: with the task's own payload, or, if the task was aborted, with a message that says
    /// so.
    pub fn resume(self) -> ! {
        match self {
            JoinError::Panicked(payload) => resume_unwind(payload),
            JoinError::Aborted => panic!("the task was aborted"),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = match self {
            JoinError::Aborted => return f.write_str("the task was aborted"),
            JoinError::Panicked(payload) => payload,
        };
        // `panic!` gives one of these two; other payloads say nothing to people.
        let message = (payload.downcast_ref::<&str>().copied())
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        match message {
            Some(message) => write!(f, "the task panicked: {message}"),
            None => f.write_str("the task panicked"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {}

impl From<JoinError> for io::Error {
    /// For functions whose errors are those of input and output. Keeps the message, not the payload.
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error.to_string())
    }
}
