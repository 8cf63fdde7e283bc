//! The machine: cores, limits and memory, the only place that differs between systems.
//!
//! Where something cannot be had (another system, a container without permission) the measurement
//! goes on without it: an unpinned server is a noisier server, not a wrong one.

use std::io;
use std::net::TcpListener;

/// The core of the measured loop.
pub const LOOP_CORE: usize = 0;
/// The core of whoever talks to it: clients, the foreign thread.
pub const OTHER_CORE: usize = 1;

/// Keeps the calling thread, and the threads it starts from now on, on one core.
#[cfg(target_os = "linux")]
pub fn pin(core: usize) {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(core);
    // Refused where there is no such core: see the file header.
    let _ = rustix::thread::sched_setaffinity(None, &cores);
}

#[cfg(not(target_os = "linux"))]
pub fn pin(_core: usize) {}

/// Raises the limit on open files to the most this process may have.
#[cfg(unix)]
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it is refused, `accept` or `connect` will say so.
    let _ = setrlimit(Resource::Nofile, limit);
}

#[cfg(not(unix))]
pub fn raise_file_limit() {}

/// Lets more connections wait to be accepted than std's 128, as the clients come all at once: one
/// that finds no place tries again only a second later.
#[cfg(unix)]
pub fn deepen_backlog(listener: &TcpListener) {
    // If it is refused the clients take their time.
    let _ = rustix::net::listen(listener, 4096);
}

#[cfg(not(unix))]
pub fn deepen_backlog(_listener: &TcpListener) {}

/// Resident memory of this process in bytes, exact to the page; `None` where it is not known.
///
/// What the system gave, not what was asked for: the allocator's headers and rounding belong to
/// the price of a task. (`statm` would be cheaper, but lags by some dozens of pages per core.)
pub fn resident_bytes() -> Option<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Waits in the OS for at least one event; a signal is none.
pub fn wait(poll: &mut mio::Poll, events: &mut mio::Events) -> io::Result<()> {
    loop {
        match poll.poll(events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Lets glibc keep what is freed.
///
/// By default it returns the top of the heap to the system when 128 KiB of it are free, and asks
/// for it again at the next burst of tasks: page faults, by the accident of what lies on top.
/// Once a large block has been freed it raises that limit, as it does early in most programs.
pub fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(16 * 1024 * 1024)));
}
