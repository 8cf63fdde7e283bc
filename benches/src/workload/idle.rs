//! `idle_task`, `idle_conn`: what waiting costs in memory, as the growth of the resident set.

use std::io;
use std::time::Duration;

use super::sockets::{Clients, loopback};
use super::timers::sleepers;
use crate::backend::Runtime;
use crate::load::Talk;
use crate::machine;

/// Memory of a sleeping task: the growth over `count` of them.
pub fn task<R: Runtime>(count: usize) -> io::Result<f64> {
    R::block_on(async {
        let before = resident()?;
        // Deadlines are spread over an hour, an hour from now.
        let hour = Duration::from_secs(3600);
        sleepers::<R>((0..count).map(|index| hour + hour * index as u32 / count as u32)).await;
        Ok(growth_since(before)? / count as f64)
    })
}

/// Memory of an idle connection, its task and its buffer: the growth over `count` of them, on the
/// server's side. The clients are another process, and a socket's memory in the kernel is the same
/// for everyone.
pub fn connection<R: Runtime>(count: usize) -> io::Result<f64> {
    let listener = loopback()?;
    let mut clients = Clients::start(&listener, Talk::Idle, count, 0)?;
    R::block_on(async {
        let before = resident()?;
        R::hold(listener, count).await?;
        // When this sleep is over, every connection's task has been polled and waits.
        R::sleep(Duration::from_millis(100)).await;
        let growth = growth_since(before)?;
        clients.wait_for("start")?;
        Ok(growth / count as f64)
    })
}

fn resident() -> io::Result<f64> {
    let bytes = machine::resident_bytes();
    bytes.map(|bytes| bytes as f64).ok_or(io::ErrorKind::Unsupported.into())
}

fn growth_since(before: f64) -> io::Result<f64> {
    Ok(resident()? - before)
}
