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
use std::net::{TcpListener, TcpStream};
use std::panic::Location;
use std::task::Poll;
use std::time::Duration;

use boucle::observe::{Awaited, Cause, Event, SourceId, TaskId, WaitReason};
use boucle_watch::{Watch, cause, emit, loop_built, set_cause};
use mio::{Events, Interest, Token};
use museum::{Way, small};

/// What is sent, at once.
const SENT: usize = 10_000;

/// How long the loop waits for an edge.
const LIMIT: Duration = Duration::from_millis(50);

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

/// Both ends of a connection: the client's, and ours.
pub fn connect() -> io::Result<(TcpStream, mio::net::TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((client, mio::net::TcpStream::from_std(stream)))
}

/// A loop with one connection and one task, until all is read or no edge comes. Returns how much
/// was read.
pub fn run(
    way: Way,
    (mut client, mut stream): (TcpStream, mio::net::TcpStream),
) -> io::Result<usize> {
    let (mut poll, mut events) = (mio::Poll::new()?, Events::with_capacity(8));
    let mut buffer = [0; 4096];
    let (task, source, place) = (TaskId(1), SourceId(1), Location::caller());
    emit(|| loop_built(1));
    emit(|| Event::Spawned { task, by: cause(), place, name: "reader" });
    emit(|| Event::TurnBegan { turn: 1 });
    _ = small::poll(task, || {
        emit(|| Event::SourceAdded { source, by: cause(), kind: "TcpStream" });
        emit(|| Event::Awaits { what: Awaited::Read(source), by: cause() });
        Poll::<()>::Pending
    });
    // What is sent before lies there in one piece, so there is one edge for all of it.
    client.write_all(&[b'x'; SENT])?;
    poll.registry().register(&mut stream, Token(1), Interest::READABLE)?;

    let (mut total, mut turn, mut polls) = (0, 1, 1);
    loop {
        let (timeout, reason) = (Some(LIMIT), WaitReason::CallerLimit);
        emit(|| Event::WaitBegan { timeout, reason });
        poll.poll(&mut events, timeout)?;
        let sources = events.iter().count() as u32;
        if sources > 0 {
            emit(|| Event::SourceReady { source, readable: true, writable: false });
        }
        emit(|| Event::WaitEnded { sources });
        if sources == 0 {
            break;
        }
        emit(|| Event::Woken { task, by: Cause::Source(source) });
        emit(|| Event::TurnEnded { turn, polls });
        turn += 1;
        emit(|| Event::TurnBegan { turn });
        let polled = small::poll(task, || {
            let read = match way {
                Way::Broken => read_broken(&stream, &mut buffer),
                Way::Mended => read_mended(&stream, &mut buffer),
            };
            match read {
                Ok(length) => total += length,
                Err(error) => return Poll::Ready(Err(error)),
            }
            if total == SENT {
                return Poll::Ready(Ok(()));
            }
            emit(|| Event::Awaits { what: Awaited::Read(source), by: cause() });
            Poll::Pending
        });
        polls = 1;
        if let Poll::Ready(done) = polled {
            done?;
            break;
        }
    }
    set_cause(Cause::Program);
    emit(|| Event::TurnEnded { turn, polls });
    if total < SENT {
        emit(|| Event::Aborted { task });
    }
    emit(|| Event::SourceRemoved { source });
    emit(|| Event::Dropped { task, joined: false });
    emit(|| Event::LoopDropped);
    Ok(total)
}

fn main() -> io::Result<()> {
    let connection = connect()?;
    let _watch = Watch::from_environment("one_read")?;
    let total = run(Way::asked(), connection)?;
    let then = if total < SENT { ", and then no edge came" } else { "" };
    println!("{total} of {SENT} bytes{then}");
    Ok(())
}
