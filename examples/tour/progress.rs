//! A line on the terminal that says what is running and for how long, gone when it is done.
//!
//! It is drawn by a loop of its own on a thread of its own: whatever an experiment does to its
//! loop, the clock keeps ticking. It goes to stderr, so that stdout holds results alone.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use boucle::time::interval;

use crate::experiment::Stopwatch;

/// Shows nothing for what takes less than this.
const PATIENCE: Duration = Duration::from_millis(400);

#[derive(Clone)]
pub(crate) struct Progress {
    /// What runs now; `None` between two experiments.
    current: Arc<Mutex<Option<Current>>>,
    /// Whether anybody looks.
    shown: bool,
}

struct Current {
    id: &'static str,
    stage: String,
    since: Stopwatch,
}

impl Progress {
    /// Starts the painter, if there is a terminal to paint on.
    pub(crate) fn start() -> Self {
        let shown = io::stderr().is_terminal();
        let progress = Self { current: Arc::default(), shown };
        if shown {
            let painter = progress.clone();
            // Nobody joins this thread: it holds nothing that would need an orderly end.
            thread::spawn(move || boucle::block_on(painter.paint()));
        }
        progress
    }

    /// An experiment begins.
    pub(crate) fn begin(&self, id: &'static str) {
        let since = Stopwatch::start();
        *self.lock() = Some(Current { id, stage: String::new(), since });
    }

    /// The running experiment says what it is at.
    pub(crate) fn stage(&self, stage: impl Into<String>) {
        if let Some(current) = self.lock().as_mut() {
            current.stage = stage.into();
        }
    }

    /// The experiment is over: the line disappears before its result is printed.
    pub(crate) fn end(&self) {
        let mut current = self.lock();
        *current = None;
        if self.shown {
            eprint!("\r\x1b[2K");
        }
    }

    /// Redraws ten times a second.
    async fn paint(self) {
        let mut ticks = interval(Duration::from_millis(100));
        for frame in ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'].iter().cycle()
        {
            ticks.tick().await;
            let current = self.lock();
            let Some(Current { id, stage, since }) = current.as_ref() else {
                continue;
            };
            let elapsed = since.elapsed();
            if elapsed > PATIENCE {
                eprint!("\r\x1b[2K  {frame} {id} {:5.1} s  {stage}", elapsed.as_secs_f64());
                let _ = io::stderr().flush();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().expect("nothing panics while it holds this lock")
    }
}
