//! The two halves of a byte stream, for two tasks.
//!
//! A half is a shared reference that owns. Where a borrowed one will do, none is needed: `&stream`
//! reads and writes like `stream` does, and can be copied.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::stream::{self, ByteStream};

/// The half of a stream that reads, from `into_split`.
///
/// Dropping it says nothing to the peer; the connection is closed when both halves are gone.
///
/// ```
/// # use boucle::net::{TcpListener, TcpStream};
/// # boucle::block_on(async {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let stream = TcpStream::connect(listener.local_addr()?).await?;
/// # let (peer, _) = listener.accept().await?;
/// peer.write_all(b"hello").await?;
/// let (reader, _writer) = stream.into_split();
/// let mut buffer = [0; 16];
/// assert_eq!(reader.read(&mut buffer).await?, 5);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<S: ByteStream> {
    /// The whole.
    stream: Arc<S>,
}

/// The half of a stream that writes, from `into_split`.
///
/// Dropping it ends its direction: the peer reads the end of the stream, and can still be read
/// from through the other half.
///
/// ```
/// # use boucle::net::{TcpListener, TcpStream};
/// # boucle::block_on(async {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let stream = TcpStream::connect(listener.local_addr()?).await?;
/// # let (peer, _) = listener.accept().await?;
/// let (_reader, writer) = stream.into_split();
/// drop(writer);
/// assert_eq!(peer.read(&mut [0; 16]).await?, 0);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf<S: ByteStream> {
    /// The whole.
    stream: Arc<S>,
    /// Its direction is to be ended when it is dropped.
    ends: bool,
}

/// The two halves of `stream`.
pub(super) fn split<S: ByteStream>(stream: S) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let stream = Arc::new(stream);
    (OwnedReadHalf { stream: Arc::clone(&stream) }, OwnedWriteHalf { stream, ends: true })
}

impl<S: ByteStream> OwnedReadHalf<S> {
    /// Reads what is there, and waits until something is: 0 bytes mean that the peer has ended its
    /// side, or that `buffer` is empty. Dropping the future loses no byte.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` and its like.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// peer.write_all(b"hello").await?;
    /// assert_eq!(reader.read(&mut [0; 16]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        stream::read(self.stream.as_source(), buffer).await
    }

    /// Makes the stream whole again. Nothing is ended by it.
    ///
    /// # Errors
    ///
    /// If the halves are of different streams: they are in the error.
    ///
    /// # Panics
    ///
    /// Never.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = reader.reunite(writer).expect("they are of one stream");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn reunite(self, mut other: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.stream, &other.stream) {
            return Err(ReuniteError(self, other));
        }
        other.ends = false;
        drop(other);
        Ok(Arc::into_inner(self.stream).expect("a stream has two halves, and both were here"))
    }
}

impl<S: ByteStream> OwnedWriteHalf<S> {
    /// Writes what there is room for, and waits until there is some; says how many bytes. Dropping
    /// the future loses no byte.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if the peer is gone, and its like.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// assert_eq!(writer.write(b"hello").await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn write(&self, buffer: &[u8]) -> io::Result<usize> {
        stream::write(self.stream.as_source(), buffer).await
    }

    /// Writes all of `buffer`. If the future is dropped, or fails, nobody knows how much was
    /// written before.
    ///
    /// # Errors
    ///
    /// As [`write`](OwnedWriteHalf::write).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// writer.write_all(b"hello").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn write_all(&self, buffer: &[u8]) -> io::Result<()> {
        stream::write_all(self.stream.as_source(), buffer).await
    }
}

impl<S: ByteStream> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: ByteStream> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: ByteStream> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if self.ends {
            // It fails only if the connection has ended already.
            let _ = stream::shutdown(self.stream.as_source(), Shutdown::Write);
        }
    }
}

impl<S: ByteStream> AsyncRead for OwnedReadHalf<S> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        stream::poll_read(self.stream.as_source(), cx, buffer)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        stream::poll_read_vectored(self.stream.as_source(), cx, buffers)
    }
}

impl<S: ByteStream> AsyncWrite for OwnedWriteHalf<S> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        stream::poll_write(self.stream.as_source(), cx, buffer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        stream::poll_write_vectored(self.stream.as_source(), cx, buffers)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The kernel sends what it was given without being asked.
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(stream::shutdown(self.stream.as_source(), Shutdown::Write))
    }
}

/// The halves were of different streams, from [`OwnedReadHalf::reunite`]: here they are again.
#[derive(Debug)]
pub struct ReuniteError<S: ByteStream>(
    /// The half that reads.
    pub OwnedReadHalf<S>,
    /// The half that writes.
    pub OwnedWriteHalf<S>,
);

impl<S: ByteStream> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different streams")
    }
}

impl<S: ByteStream + fmt::Debug> Error for ReuniteError<S> {}
