//! What all byte streams have in common: reading and writing through a [`Source`].
//!
//! A stream of this module is a mio stream inside a `Source`. What differs between TCP and Unix is
//! how one is made and what its addresses are; everything else is here, once.
//!
//! * A read or write of nothing gives 0 at once: whoever asks for nothing need not wait for it,
//!   and must not take the answer for the end of the stream.
//! * A stream that has moved fewer bytes than it was asked for is drained (or full), and is not
//!   tried again before the operating system says so: so no read on TCP ends in `WouldBlock`. A
//!   Unix stream is the exception, see [`Io::SHORT_READ_DRAINS`].

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use mio::event;

use crate::budget;
use crate::io::{Direction, Source};

/// A byte stream of mio, of which a shared reference can be read and written. Public for the sake
/// of [`ByteStream`], and out of reach: nobody else can implement it.
pub trait Io: event::Source {
    /// Whether a read that did not fill its buffer has taken all there was. On a Unix stream it
    /// may have stopped at bytes that came with a file descriptor, or from another user, and no
    /// event would announce the rest.
    const SHORT_READ_DRAINS: bool;

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

/// A stream of this crate: [`TcpStream`](super::TcpStream) or, on Unix, `UnixStream`. It is the
/// bound of the halves, and nobody else can implement it.
pub trait ByteStream {
    /// What it is to mio.
    type Io: Io;

    /// The mio stream, as something to await.
    fn as_source(&self) -> &Source<Self::Io>;
}

/// Makes a stream of mio an [`Io`]: its methods are called through a shared reference.
macro_rules! io {
    ($io:ty, short_read_drains: $drains:literal) => {
        impl Io for $io {
            const SHORT_READ_DRAINS: bool = $drains;

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

io!(mio::net::TcpStream, short_read_drains: true);
#[cfg(unix)]
io!(mio::net::UnixStream, short_read_drains: false);

/// Gives the traits of `futures-io` to types that have a `source` field, or refer to one that has.
macro_rules! futures_io {
    ($($stream:ty),+) => {$(
        impl futures_io::AsyncRead for $stream {
            #[inline]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                stream::poll_read(&self.source, cx, buffer)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffers: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                stream::poll_read_vectored(&self.source, cx, buffers)
            }
        }

        impl futures_io::AsyncWrite for $stream {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &[u8],
            ) -> Poll<io::Result<usize>> {
                stream::poll_write(&self.source, cx, buffer)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffers: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                stream::poll_write_vectored(&self.source, cx, buffers)
            }

            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                // The kernel sends what it was given without being asked.
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(stream::shutdown(&self.source, Shutdown::Write))
            }
        }
    )+};
}
pub(super) use futures_io;

/// Reads into `buffer`: 0 at the end of the stream, or if there is no room.
#[inline]
pub(super) fn poll_read<S: Io>(
    stream: &Source<S>,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let wanted = buffer.len();
    if wanted == 0 {
        return poll_nothing(cx);
    }
    let wanted = S::SHORT_READ_DRAINS.then_some(wanted);
    stream.poll_transfer(Direction::Read, cx, wanted, |io| io.read(buffer))
}

/// Reads into several buffers.
pub(super) fn poll_read_vectored<S: Io>(
    stream: &Source<S>,
    cx: &mut Context<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> Poll<io::Result<usize>> {
    let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
    if wanted == 0 {
        return poll_nothing(cx);
    }
    let wanted = S::SHORT_READ_DRAINS.then_some(wanted);
    stream.poll_transfer(Direction::Read, cx, wanted, |io| io.read_vectored(buffers))
}

/// Writes from `buffer`.
#[inline]
pub(super) fn poll_write(
    stream: &Source<impl Io>,
    cx: &mut Context<'_>,
    buffer: &[u8],
) -> Poll<io::Result<usize>> {
    let wanted = buffer.len();
    if wanted == 0 {
        return poll_nothing(cx);
    }
    stream.poll_transfer(Direction::Write, cx, Some(wanted), |io| io.write(buffer))
}

/// Writes from several buffers.
pub(super) fn poll_write_vectored(
    stream: &Source<impl Io>,
    cx: &mut Context<'_>,
    buffers: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
    if wanted == 0 {
        return poll_nothing(cx);
    }
    stream.poll_transfer(Direction::Write, cx, Some(wanted), |io| io.write_vectored(buffers))
}

/// Moves no bytes, which costs a unit of the budget all the same.
fn poll_nothing(cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    budget::poll_spend(cx).map(|()| Ok(0))
}

/// Writes all of `buffer`, of which `written` bytes are done.
fn poll_write_all(
    stream: &Source<impl Io>,
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

/// As [`poll_read`], awaited.
#[inline]
pub(super) async fn read(stream: &Source<impl Io>, buffer: &mut [u8]) -> io::Result<usize> {
    stream.wait(Direction::Read, |cx| poll_read(stream, cx, buffer)).await
}

/// As [`poll_write`], awaited.
#[inline]
pub(super) async fn write(stream: &Source<impl Io>, buffer: &[u8]) -> io::Result<usize> {
    stream.wait(Direction::Write, |cx| poll_write(stream, cx, buffer)).await
}

/// As [`poll_write_all`], awaited.
#[inline]
pub(super) async fn write_all(stream: &Source<impl Io>, buffer: &[u8]) -> io::Result<()> {
    let mut written = 0;
    stream.wait(Direction::Write, |cx| poll_write_all(stream, cx, buffer, &mut written)).await
}

/// Ends one or both directions; one that has ended already is no error.
pub(super) fn shutdown(stream: &Source<impl Io>, how: Shutdown) -> io::Result<()> {
    match stream.get_ref().shutdown(how) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}
