//! What all byte streams have in common: reading and writing through a [`Source`].

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use mio::event;

use crate::io::{Direction, Source};

/// A byte stream of mio, of which a shared reference can be read and written.
pub(super) trait Stream: event::Source {
    /// Reads what is there.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Reads what is there, into one buffer after the other.
    fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
    /// Writes what there is room for.
    fn write(&self, buffer: &[u8]) -> io::Result<usize>;
    /// Writes what there is room for, from one buffer after the other.
    fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Ends one or both directions.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
}

macro_rules! stream {
    ($io:ty) => {
        impl Stream for $io {
            #[inline]
            fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
                (&mut &*self).read(buffer)
            }
            #[inline]
            fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                Read::read_vectored(&mut &*self, buffers)
            }
            #[inline]
            fn write(&self, buffer: &[u8]) -> io::Result<usize> {
                Write::write(&mut &*self, buffer)
            }
            #[inline]
            fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
                Write::write_vectored(&mut &*self, buffers)
            }
            fn shutdown(&self, how: Shutdown) -> io::Result<()> {
                <$io>::shutdown(self, how)
            }
        }
    };
}

stream!(mio::net::TcpStream);
#[cfg(unix)]
stream!(mio::net::UnixStream);

/// Reads into `buffer`: 0 at the end of the stream, or if there is no room.
#[inline]
pub(super) fn poll_read(
    stream: &Source<impl Stream>,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let wanted = buffer.len();
    stream.poll_transfer(Direction::Read, cx, wanted, |io| io.read(buffer))
}

/// Reads into several buffers.
pub(super) fn poll_read_vectored(
    stream: &Source<impl Stream>,
    cx: &mut Context<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> Poll<io::Result<usize>> {
    let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
    stream.poll_transfer(Direction::Read, cx, wanted, |io| io.read_vectored(buffers))
}

/// Writes from `buffer`.
#[inline]
pub(super) fn poll_write(
    stream: &Source<impl Stream>,
    cx: &mut Context<'_>,
    buffer: &[u8],
) -> Poll<io::Result<usize>> {
    stream.poll_transfer(Direction::Write, cx, buffer.len(), |io| io.write(buffer))
}

/// Writes from several buffers.
pub(super) fn poll_write_vectored(
    stream: &Source<impl Stream>,
    cx: &mut Context<'_>,
    buffers: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
    stream.poll_transfer(Direction::Write, cx, wanted, |io| io.write_vectored(buffers))
}

/// Writes all of `buffer`, of which `written` bytes are done.
pub(super) fn poll_write_all(
    stream: &Source<impl Stream>,
    cx: &mut Context<'_>,
    buffer: &[u8],
    written: &mut usize,
) -> Poll<io::Result<()>> {
    while *written < buffer.len() {
        match ready!(poll_write(stream, cx, &buffer[*written..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            more => *written += more,
        }
    }
    Poll::Ready(Ok(()))
}

/// Ends one or both directions; one that has ended already is no error.
pub(super) fn shutdown(stream: &Source<impl Stream>, how: Shutdown) -> io::Result<()> {
    match stream.get_ref().shutdown(how) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}
