//! TCP.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};

use super::address::{Address, first_of};
use super::stream;
use crate::io::{Direction, Source};
use crate::time::{Sleep, sleep};

/// How long a listener rests when the process or the system has no descriptor left for a new
/// connection. Without a rest it would try again at once, and again, as the connection that it
/// cannot accept stays in the queue.
const REST: Duration = Duration::from_millis(100);

/// A socket that accepts TCP connections.
///
/// ```
/// use boucle::net::{TcpListener, TcpStream};
///
/// # boucle::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = boucle::spawn(TcpStream::connect(listener.local_addr()?));
/// let (stream, peer) = listener.accept().await?;
/// assert_eq!(peer, client.await.unwrap()?.local_addr()?);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpListener {
    source: Source<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at `address`; port 0 lets the system choose one. On Unix the address can be taken
    /// again at once after a restart (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// If the address is taken or not ours, or its name cannot be looked up.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let listener = boucle::net::TcpListener::bind(("localhost", 0)).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn bind(address: impl Into<Address>) -> io::Result<TcpListener> {
        first_of(address, async |address| {
            let source = Source::new(mio::net::TcpListener::bind(address)?)?;
            Ok(TcpListener { source })
        })
        .await
    }

    /// Takes over a listener made with std, or with socket options that std lacks.
    ///
    /// # Errors
    ///
    /// If it cannot be made non-blocking, or registered.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let listener = boucle::net::TcpListener::from_std(listener)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        Ok(TcpListener { source: Source::new(mio::net::TcpListener::from_std(listener))? })
    }

    /// Waits for the next connection.
    ///
    /// A connection that its peer has given up meanwhile is skipped. When the process has no
    /// descriptor left for a new connection this waits, and tries again every 100 ms, instead of
    /// failing at once again and again. Dropping the future loses no connection.
    ///
    /// # Errors
    ///
    /// If the listener is broken; not for what a single connection may suffer.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// loop {
    ///     let (stream, peer) = listener.accept().await?;
    /// }
    /// # #[allow(unreachable_code)]
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let mut rest = None;
        poll_fn(|cx| self.poll_accept(cx, &mut rest)).await
    }

    /// The connections, as a stream that never ends.
    ///
    /// ```no_run
    /// use futures_lite::StreamExt;
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// while let Some(stream) = listener.incoming().next().await {
    ///     println!("{}", stream?.peer_addr()?);
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self, rest: None }
    }

    /// The address at which it listens.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.get_ref().local_addr()
    }

    /// The next connection; `rest` is where it sleeps when descriptors are short.
    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        rest: &mut Option<Sleep>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        loop {
            if let Some(sleep) = rest {
                ready!(Pin::new(sleep).poll(cx));
                *rest = None;
            }
            match ready!(self.source.poll_io(Direction::Read, cx, mio::net::TcpListener::accept)) {
                Ok((stream, peer)) => {
                    let source = Source::new(stream)?;
                    return Poll::Ready(Ok((TcpStream { source }, peer)));
                }
                Err(error) if is_peers_fault(&error) => {}
                Err(error) if is_shortage(&error) => *rest = Some(sleep(REST)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Whether an accept failed because of the one connection that it would have given.
fn is_peers_fault(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// Whether an accept failed for want of descriptors or memory, which others may give back.
fn is_shortage(error: &io::Error) -> bool {
    // EMFILE, ENFILE and ENOBUFS have no name in std; on Windows WSAEMFILE and WSAENOBUFS.
    const CODES: [i32; 3] = if cfg!(windows) {
        [10024, 10024, 10055]
    } else if cfg!(any(target_os = "linux", target_os = "android")) {
        [24, 23, 105]
    } else {
        [24, 23, 55]
    };
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

/// The stream of connections, from [`TcpListener::incoming`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
    rest: Option<Sleep>,
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let listener = self.listener;
        let accepted = ready!(listener.poll_accept(cx, &mut self.rest));
        Poll::Ready(Some(accepted.map(|(stream, _)| stream)))
    }
}

/// A TCP connection.
///
/// Shared references can read and write too, and one task may read while another writes. It has
/// the traits of `futures-io`, so the crates that speak those run on it, and those that speak
/// tokio's through `tokio_util::compat`.
///
/// Dropping a future of `read` or `write` loses no byte; dropping one of `write_all` leaves it
/// open how many were sent.
///
/// ```
/// use boucle::net::{TcpListener, TcpStream};
///
/// # boucle::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (server, _) = listener.accept().await?;
/// client.write_all(b"hello").await?;
/// let mut buffer = [0; 16];
/// let read = server.read(&mut buffer).await?;
/// assert_eq!(&buffer[..read], b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct TcpStream {
    source: Source<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to `address`, trying each of the addresses for which a name stands. Dropping the
    /// future ends the attempt.
    ///
    /// # Errors
    ///
    /// That of the last attempt (`ConnectionRefused`, ...), or of the look-up of the name. There is
    /// no time limit but the system's: see [`timeout`](crate::time::timeout).
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// let stream = boucle::net::TcpStream::connect("localhost:8080").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect(address: impl Into<Address>) -> io::Result<TcpStream> {
        first_of(address, async |address| {
            let source = Source::new(mio::net::TcpStream::connect(address)?)?;
            // Writable means that the attempt is over, one way or the other.
            source.io(Direction::Write, connected).await?;
            Ok(TcpStream { source })
        })
        .await
    }

    /// Takes over a connection made with std.
    ///
    /// # Errors
    ///
    /// If it cannot be made non-blocking, or registered.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// let stream = std::net::TcpStream::connect("127.0.0.1:80")?;
    /// let stream = boucle::net::TcpStream::from_std(stream)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        Ok(TcpStream { source: Source::new(mio::net::TcpStream::from_std(stream))? })
    }

    /// Reads what is there, and waits until something is: 0 bytes mean that the peer has ended its
    /// side, or that `buffer` is empty.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` and its like.
    #[inline]
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| stream::poll_read(&self.source, cx, buffer)).await
    }

    /// Writes what there is room for, and waits until there is some; says how many bytes.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if the peer is gone, and its like.
    #[inline]
    pub async fn write(&self, buffer: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| stream::poll_write(&self.source, cx, buffer)).await
    }

    /// Writes all of `buffer`.
    ///
    /// # Errors
    ///
    /// As [`write`](TcpStream::write); how much was written before is not known then.
    #[inline]
    pub async fn write_all(&self, buffer: &[u8]) -> io::Result<()> {
        let mut written = 0;
        poll_fn(|cx| stream::poll_write_all(&self.source, cx, buffer, &mut written)).await
    }

    /// Reads what is there and leaves it there.
    ///
    /// # Errors
    ///
    /// As [`read`](TcpStream::read).
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.io(Direction::Read, |io| io.peek(buffer)).await
    }

    /// Ends one direction or both: the peer reads the end of the stream. A connection that has
    /// ended already is no error.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        stream::shutdown(&self.source, how)
    }

    /// Splits the connection into a half that reads and one that writes, for two tasks. The writing
    /// half ends its direction when it is dropped.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// # let stream = boucle::net::TcpStream::connect("localhost:8080").await?;
    /// let (reader, writer) = stream.into_split();
    /// boucle::spawn(async move { writer.write_all(b"hello").await });
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let stream = Arc::new(self);
        (OwnedReadHalf { stream: Arc::clone(&stream) }, OwnedWriteHalf { stream })
    }

    /// The socket itself, for its options.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// # let stream = boucle::net::TcpStream::connect("localhost:8080").await?;
    /// stream.get_ref().set_ttl(64)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &mio::net::TcpStream {
        self.source.get_ref()
    }

    /// Sends small writes at once (`true`) or gathers them for a while.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.get_ref().set_nodelay(nodelay)
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    ///
    /// If the connection has ended.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }
}

/// Whether an attempt to connect is over and has succeeded.
fn connected(stream: &mio::net::TcpStream) -> io::Result<()> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        peer => peer.map(drop),
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl AsyncRead for &TcpStream {
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

impl AsyncWrite for &TcpStream {
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

/// The half of a connection that reads, from [`TcpStream::into_split`].
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: Arc<TcpStream>,
}

/// The half of a connection that writes, from [`TcpStream::into_split`].
#[derive(Debug)]
pub struct OwnedWriteHalf {
    stream: Arc<TcpStream>,
}
