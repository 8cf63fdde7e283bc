//! The interrupt: what is to be done before Ctrl-C, or the end of `main`, ends the program.
//!
//! A process that is ended by a signal drops nothing, so a trace would be lost. A thread waits for
//! the signals of Ctrl-C and of `kill` (SIGINT, SIGTERM), does what is to be done, and then lets
//! the signal do what it would have done. A second signal of the kind ends the process at once.
//!
//! A program that handles a signal itself will end its loop itself, and is left alone: who catches
//! a signal, or ignores it, is read from `/proc/self/status`, just before the thread would catch
//! it. That is when the loop first turns to the operating system, since by then most programs have
//! done so; or, if it never does because it is stuck, after a second.
//!
//! When `main` returns or somebody calls `exit`, the loops of other threads, or all, are not dropped
//! either. But then the C library runs the destructors of the thread-locals of the thread that
//! exits, if it is a common one; so the main thread, once it has a loop, has one that does what is
//! to be done.
//!
//! Nothing but Linux tells who catches a signal, and which thread is the main one; elsewhere all
//! this is not done.
//!
//! This is the only place that handles signals.

use std::cell::Cell;
use std::fs;
use std::path::Component;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// How long a program has for handlers of its own if its loop does not wait before.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// What is to be done when the main thread exits.
    static LEAVING: Leaving = const { Leaving(Cell::new(None)) };
}

/// Does something when it is dropped.
struct Leaving(Cell<Option<fn()>>);

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(finish) = self.0.get() {
            finish();
        }
    }
}

/// Begins to watch, once in a process; `finish` is called when a signal is to end it, or the main
/// thread, if this is it, exits.
pub(crate) fn watch(finish: fn()) -> &'static SyncSender<()> {
    static READY: OnceLock<SyncSender<()>> = OnceLock::new();

    if is_main_thread() {
        // If the thread exits already, it is too late.
        let _ = LEAVING.try_with(|leaving| leaving.0.set(Some(finish)));
    }

    READY.get_or_init(|| {
        let (ready, waits) = mpsc::sync_channel(1);
        // Without the thread everything works but this.
        let thread = thread::Builder::new().name("boucle-interrupt".into());
        let _ = thread.spawn(move || serve(&waits, finish));
        ready
    })
}

/// Tells the watch that the program has had its time to handle signals itself.
pub(crate) fn ready(watch: &SyncSender<()>) {
    // It need be told once: if nobody listens any more, it was.
    let _ = watch.try_send(());
}

/// What the thread does.
fn serve(ready: &Receiver<()>, finish: fn()) {
    let _ = ready.recv_timeout(PATIENCE);
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return };
    let free = [SIGINT, SIGTERM].into_iter().filter(|&signal| is_free(&status, signal));
    // Once this is set, a signal ends the process without further ado.
    let ending = Arc::new(AtomicBool::new(false));
    let free: Vec<_> = free
        .filter(|&signal| register_conditional_default(signal, Arc::clone(&ending)).is_ok())
        .collect();
    let Ok(mut signals) = Signals::new(free) else { return };
    if let Some(signal) = signals.forever().next() {
        ending.store(true, Ordering::SeqCst);
        finish();
        let _ = emulate_default_handler(signal);
    }
}

/// Whether this is the main thread: its number is that of the process.
fn is_main_thread() -> bool {
    fs::read_link("/proc/thread-self").is_ok_and(|path| {
        // Such as "4711/task/4712".
        path.components().next().map(Component::as_os_str) == path.file_name()
    })
}

/// Whether a process neither catches nor ignores a signal, by its status as Linux tells it.
fn is_free(status: &str, signal: i32) -> bool {
    let has = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let set = u64::from_str_radix(line.trim(), 16).ok()?;
        Some(set >> (signal - 1) & 1 == 1)
    };
    has("SigCgt:") == Some(false) && has("SigIgn:") == Some(false)
}

#[cfg(test)]
mod tests;
