//! Runs a program that needs all of a loop.
//!
//! Recorded: it has sockets and threads.
//!
//! Run with: `cargo run -p step-09-pool`

use std::io;

use boucle_watch::Watch;
use step_09_pool::block_on;
use step_09_pool::program::program;

fn main() -> io::Result<()> {
    let _watch = Watch::from_environment()?;
    for heard in block_on(program())? {
        println!("a client heard: {heard}");
    }
    Ok(())
}
