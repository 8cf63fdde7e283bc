//! The shield: how the loop runs code of its users that has nobody to panic to.
//!
//! A destructor, a waker, an observer: each is somebody's code, called by the loop on nobody's
//! behalf. Its panic ends here. The panic hook has told what there is to tell by then.

use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `run`, and returns what it does, or `None` if it panics.
pub(crate) fn shield<R>(run: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Some(result),
        Err(panic) => {
            // Even a payload may panic when it is dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(panic))).map_err(forget);
            None
        }
    }
}
