//! One read: an edge trigger tells once, and one read takes a buffer full.
//!
//! Believed: what is left is told again.
//!
//! Wrong: an edge tells that a socket *has become* readable. It still is, so it does not become so.
//!
//! Recorded: edges are the operating system's.
//!
//! Run with: `cargo run --example one_read`, or `cargo run --example one_read -- mended`

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use boucle_watch::Watch;
use mio::Token;
use museum::Way;
use museum::sockets::{Sockets, connect};

/// What is sent, at once.
const SENT: usize = 10_000;

// ANCHOR: broken
/// Reads what there is; returns how much.
fn read_broken(mut stream: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    stream.read(buffer)
}
// ANCHOR_END: broken

// ANCHOR: mended
/// Reads until it would block, or all has come.
fn read_mended(mut stream: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut total = 0;
    loop {
        match stream.read(buffer) {
            Ok(0) => return Ok(total),
            Ok(length) => total += length,
            Err(it) if it.kind() == ErrorKind::WouldBlock => return Ok(total),
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: mended

/// A loop with one connection, until all is read or no edge comes. Returns how much was read.
pub fn run(way: Way, (mut client, ours): (TcpStream, TcpStream)) -> io::Result<usize> {
    // What is sent before lies there in one piece, so there is one edge for all of it.
    client.write_all(&[b'x'; SENT])?;
    let mut sockets = Sockets::new()?;
    let reader = sockets.enter("reader", ours, |_| Token(1))?;
    let (mut total, mut buffer) = (0, [0; 4096]);
    while total < SENT {
        let Some((_, source)) = sockets.wait()?.pop() else { break };
        sockets.poll_begins(reader.number, source);
        total += match way {
            Way::Broken => read_broken(&reader.stream, &mut buffer)?,
            Way::Mended => read_mended(&reader.stream, &mut buffer)?,
        };
        sockets.poll_ended(reader.number, total == SENT);
    }
    sockets.close([reader]);
    Ok(total)
}

fn main() -> io::Result<()> {
    let connection = connect()?;
    let _watch = Watch::from_environment()?;
    let total = run(Way::asked(), connection)?;
    let then = if total < SENT { ", and then no edge came" } else { "" };
    println!("{total} of {SENT} bytes{then}");
    Ok(())
}
