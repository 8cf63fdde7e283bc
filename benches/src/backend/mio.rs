//! No runtime at all: the two servers as bare loops over `mio::Poll`, the floor of the others.
//!
//! The habits are the good runtimes' own: registered once, edge-triggered, a short read counts as
//! drained, so that a message costs one `recv` and one `send`.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::Server;
use crate::{http, machine};

pub struct Mio;

impl Server for Mio {
    fn echo(listener: std::net::TcpListener, size: usize, _spin: bool) -> io::Result<Infallible> {
        serve(listener, || Echo { buffer: vec![0; size] })
    }

    fn http(listener: std::net::TcpListener) -> io::Result<Infallible> {
        serve(listener, || Hello { requests: http::Requests::new() })
    }
}

/// One side of a conversation: bytes are read to its space, and it says what to answer.
trait Talk {
    /// Where to read to.
    fn space(&mut self) -> &mut [u8];
    /// Sends the answer to `count` bytes that were read.
    fn answer(&mut self, count: usize, output: &mut Output) -> io::Result<()>;
}

/// Says again what it hears.
struct Echo {
    buffer: Vec<u8>,
}

impl Talk for Echo {
    fn space(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn answer(&mut self, count: usize, output: &mut Output) -> io::Result<()> {
        output.send(&self.buffer[..count])
    }
}

/// Says hello to every request.
struct Hello {
    requests: http::Requests,
}

impl Talk for Hello {
    fn space(&mut self) -> &mut [u8] {
        self.requests.space()
    }

    fn answer(&mut self, count: usize, output: &mut Output) -> io::Result<()> {
        for _ in 0..self.requests.received(count)? {
            output.send(http::RESPONSE)?;
        }
        Ok(())
    }
}

/// The sending half: what the socket does not take now is kept for later.
struct Output {
    stream: TcpStream,
    /// Bytes the socket has not taken yet; nothing is read while there are any.
    unsent: Vec<u8>,
}

impl Output {
    /// Sends `bytes`, behind what is waiting already.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        while self.unsent.is_empty() && sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// Sends what is waiting.
    fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.unsent);
        self.send(&waiting)
    }
}

/// A connection: a talk and where its answers go.
struct Connection<T> {
    talk: T,
    output: Output,
}

impl<T: Talk> Connection<T> {
    /// Does all that can be done now; false when the other side has hung up.
    fn advance(&mut self) -> io::Result<bool> {
        self.output.flush()?;
        while self.output.unsent.is_empty() {
            let space = self.talk.space();
            let room = space.len();
            match self.output.stream.read(space) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.talk.answer(count, &mut self.output)?;
                    if count < room {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// The loop. A connection's token is its index; the listener has one no connection reaches.
fn serve<T: Talk>(listener: std::net::TcpListener, talk: impl Fn() -> T) -> io::Result<Infallible> {
    const LISTENER: Token = Token(usize::MAX);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut connections: Vec<Option<Connection<T>>> = Vec::new();
    let mut listener = TcpListener::from_std(listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        machine::wait(&mut poll, &mut events)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &talk, &mut connections)?;
                continue;
            }
            let slot = &mut connections[event.token().0];
            if let Some(connection) = slot {
                // A connection that failed is as gone as one that was closed.
                if !connection.advance().unwrap_or(false) {
                    *slot = None;
                }
            }
        }
    }
}

/// Takes in everyone who is waiting.
fn accept<T: Talk>(
    listener: &TcpListener,
    poll: &Poll,
    talk: &impl Fn() -> T,
    connections: &mut Vec<Option<Connection<T>>>,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(connections.len()), interest)?;
        let output = Output { stream, unsent: Vec::new() };
        connections.push(Some(Connection { talk: talk(), output }));
    }
}
