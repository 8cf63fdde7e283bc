//! Sockets as futures.
//!
//! Every operation is the same: try it; if it would block, leave the waker and wait; try again. A
//! waker may come for nothing (the other direction, an old edge), and that is no harm: trying again
//! finds out.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

use boucle::observe::SourceId;

use crate::reactor::Direction;
use crate::{EventLoop, current};

/// A socket that is registered with its loop as long as it lives.
struct Source<S: mio::event::Source> {
    /// The socket, which never blocks.
    io: S,
    /// Its number.
    id: SourceId,
    /// Its loop.
    event_loop: Rc<EventLoop>,
}

impl<S: mio::event::Source> Source<S> {
    /// Registers a socket with the loop that turns on this thread.
    fn new(mut io: S, kind: &'static str) -> io::Result<Source<S>> {
        let event_loop = current();
        let id = event_loop.reactor.add(&mut io, kind)?;
        Ok(Source { io, id, event_loop })
    }

    /// Tries an operation until it does not block.
    async fn retry<T>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<T>,
    ) -> io::Result<T> {
        let attempt = |cx: &mut Context<'_>| match operation(&self.io) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.event_loop.reactor.wake_when_ready(self.id, direction, cx.waker());
                Poll::Pending
            }
            done => Poll::Ready(done),
        };
        poll_fn(attempt).await
    }
}

impl<S: mio::event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        self.event_loop.reactor.remove(self.id, &mut self.io);
    }
}

/// A socket at which others arrive.
pub struct TcpListener(Source<mio::net::TcpListener>);

impl TcpListener {
    /// Listens at `address`; port 0 takes any that is free.
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        Source::new(mio::net::TcpListener::bind(address)?, "TcpListener").map(TcpListener)
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.io.local_addr()
    }

    /// Waits for somebody to arrive.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, from) = self.0.retry(Direction::Read, mio::net::TcpListener::accept).await?;
        Ok((TcpStream(Source::new(stream, "TcpStream")?), from))
    }
}

/// A conversation.
pub struct TcpStream(Source<mio::net::TcpStream>);

impl TcpStream {
    /// Begins a conversation with whoever listens at `address`.
    pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let source = Source::new(mio::net::TcpStream::connect(address)?, "TcpStream")?;
        let connected = |stream: &mio::net::TcpStream| match stream.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => {
                Err(stream.take_error()?.unwrap_or(ErrorKind::WouldBlock.into()))
            }
            other => other,
        };
        source.retry(Direction::Write, connected).await?;
        Ok(TcpStream(source))
    }

    /// Waits for something to read; 0 bytes are the end.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.retry(Direction::Read, |mut stream| stream.read(buffer)).await
    }

    /// Writes all of `bytes`.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let length = self.0.retry(Direction::Write, |mut stream| stream.write(bytes)).await?;
            bytes = &bytes[length..];
        }
        Ok(())
    }
}
