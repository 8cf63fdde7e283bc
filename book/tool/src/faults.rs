//! What is wrong with the book: each fault with its place and its remedy, all told at the end.

use std::fmt;
use std::process::ExitCode;
use std::sync::Mutex;

/// Where something stands in a chapter; line 0 is the chapter as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// The faults so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    errors: Mutex<Vec<(Place, String)>>,
    warnings: Mutex<Vec<String>>,
}

impl Faults {
    pub(crate) fn add(&self, place: &Place, what: impl Into<String>) {
        lock(&self.errors).push((place.clone(), what.into()));
    }

    /// What will be an error when the book is finished, and is none while it is written.
    pub(crate) fn warn(&self, what: impl Into<String>) {
        lock(&self.warnings).push(what.into());
    }

    /// Tells them all, in order of place, and says how the program should end.
    pub(crate) fn tell(self) -> ExitCode {
        for warning in lock(&self.warnings).drain(..) {
            eprintln!("warning: {warning}");
        }
        let mut errors = std::mem::take(&mut *lock(&self.errors));
        errors.sort();
        errors.dedup();
        for (place, what) in &errors {
            eprintln!("{place}: {what}");
        }
        match errors.len() {
            0 => return ExitCode::SUCCESS,
            1 => eprintln!("one fault"),
            many => eprintln!("{many} faults"),
        }
        ExitCode::FAILURE
    }

    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<String> {
        lock(&self.errors).iter().map(|(place, what)| format!("{place}: {what}")).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while noting a fault")
}
