//! Runs a program that needs all of a loop.
//!
//! Recorded: it has sockets and threads.
//!
//! Run with: `cargo run -p step-10-engine`

use std::io;

use boucle::block_on;
use step_10_engine::program::program;

fn main() -> io::Result<()> {
    for heard in block_on(program())? {
        println!("a client heard: {heard}");
    }
    Ok(())
}
