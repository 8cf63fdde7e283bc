//! TCP on sources, which is given.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use mio::event;

use crate::budget;
use crate::context;
use crate::reactor::Direction;
use crate::source::Source;

/// Accepts connections.
pub struct TcpListener {
    /// The socket.
    source: Source<mio::net::TcpListener>,
}

/// A connection.
pub struct TcpStream {
    /// The socket.
    source: Source<mio::net::TcpStream>,
}

/// Registers a socket with the loop that turns on this thread.
fn register<S: event::Source>(io: S) -> io::Result<Source<S>> {
    let engine = context::current();
    let reactor = engine.reactor.as_ref();
    let reactor = reactor.ok_or_else(|| io::Error::other("a simulated loop has no sockets"))?;
    Source::new(io, reactor, &engine.probe)
}

/// An operation that costs a unit of the task's budget.
fn poll_paid<S: event::Source, R>(
    source: &Source<S>,
    direction: Direction,
    cx: &mut Context<'_>,
    operation: impl FnMut(&S) -> io::Result<R>,
) -> Poll<io::Result<R>> {
    ready!(budget::poll_left(cx));
    let done = ready!(source.poll_io(direction, cx, operation));
    budget::charge();
    Poll::Ready(done)
}

/// As [`poll_paid`], to be awaited.
async fn paid<S: event::Source, R>(
    source: &Source<S>,
    direction: Direction,
    mut operation: impl FnMut(&S) -> io::Result<R>,
) -> io::Result<R> {
    poll_fn(|cx| poll_paid(source, direction, cx, &mut operation)).await
}

impl TcpListener {
    /// Listens there.
    pub async fn bind(address: &str) -> io::Result<TcpListener> {
        let address = address.parse().map_err(io::Error::other)?;
        Ok(TcpListener { source: register(mio::net::TcpListener::bind(address)?)? })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.get_ref().local_addr()
    }

    /// Waits for a connection.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = |listener: &mio::net::TcpListener| listener.accept();
        let (stream, peer) = paid(&self.source, Direction::Read, accept).await?;
        Ok((TcpStream { source: register(stream)? }, peer))
    }
}

impl TcpStream {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let source = register(mio::net::TcpStream::connect(address)?)?;
        // Writable means that the attempt is over, one way or the other.
        let connected = |stream: &mio::net::TcpStream| {
            if let Some(error) = stream.take_error()? {
                return Err(error);
            }
            match stream.peer_addr() {
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                peer => peer.map(drop),
            }
        };
        source.io(Direction::Write, connected).await?;
        Ok(TcpStream { source })
    }

    /// Reads some bytes; 0 is the end.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        paid(&self.source, Direction::Read, |mut io| io.read(buffer)).await
    }

    /// Writes all of it.
    pub async fn write_all(&self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            let written = paid(&self.source, Direction::Write, |mut io| io.write(rest)).await?;
            rest = &rest[written..];
        }
        Ok(())
    }
}
