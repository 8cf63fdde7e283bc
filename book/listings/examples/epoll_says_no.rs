//! Asks the operating system to tell when a file is ready. It refuses; a socket it takes.
//!
//! Run with: `cargo run --example epoll_says_no`
//!
//! Recorded: it is the real selector that refuses.

use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use boucle::io::Source;
use boucle::io::mio::unix::SourceFd;
use boucle::{block_on, spawn_blocking};

fn main() -> io::Result<()> {
    block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        match Source::new(SourceFd(&socket.as_raw_fd())) {
            Ok(_) => println!("a socket: it will tell when there is something to read"),
            Err(error) => println!("a socket: {error}"),
        }

        let file = File::open("Cargo.toml")?;
        match Source::new(SourceFd(&file.as_raw_fd())) {
            Ok(_) => println!("a file: it will tell when there is something to read"),
            Err(error) => println!("a file: {error}"),
        }

        let text = spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await??;
        println!("the file, read on a thread: {} lines", text.lines().count());
        Ok(())
    })
}
