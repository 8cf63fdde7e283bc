//! TCP: connections, and whoever accepts them.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::address::{Address, first_of};
use super::listen::{self, Incoming, Listener};
use super::split::{self, OwnedReadHalf, OwnedWriteHalf};
use super::stream::{self, ByteStream, futures_io};
use crate::io::{Direction, Source};
use crate::time::Sleep;

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
    /// The mio socket.
    source: Source<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at `address`; port 0 lets the system choose one. On Unix the address can be taken
    /// again at once after a restart (`SO_REUSEADDR`). How many connections may queue up to be
    /// accepted is mio's choice; for another, make the socket with the crate `socket2` and take it
    /// over by [`from_std`](TcpListener::from_std).
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
    /// If the listener is broken, or the new connection cannot be registered; not for what a single
    /// connection may suffer on its way.
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
        self.source.wait(Direction::Read, |cx| self.poll_accept(cx, &mut rest)).await
    }

    /// The polled form of [`accept`](TcpListener::accept). `rest` is where it sleeps when
    /// descriptors are short: `None` at first, then what the last call left there.
    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        rest: &mut Option<Sleep>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        // A connection that cannot be registered is closed, like one that cannot be accepted.
        listen::poll_accept(&self.source, cx, rest, |listener| {
            let (stream, peer) = listener.accept()?;
            Ok((TcpStream { source: Source::new(stream)? }, peer))
        })
    }

    /// The connections, as a stream that never ends; for each, what is said at
    /// [`accept`](TcpListener::accept).
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
    pub fn incoming(&self) -> Incoming<'_, TcpListener> {
        Incoming::new(self)
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

    /// The socket, for what this type lacks: its options, operations of other crates.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// listener.source().get_ref().set_ttl(64)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn source(&self) -> &Source<mio::net::TcpListener> {
        &self.source
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        rest: &mut Option<Sleep>,
    ) -> Poll<io::Result<TcpStream>> {
        TcpListener::poll_accept(self, cx, rest).map_ok(|(stream, _)| stream)
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
    /// The mio socket.
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
    /// peer.write_all(b"hello").await?;
    /// let mut buffer = [0; 16];
    /// let read = stream.read(&mut buffer).await?;
    /// assert_eq!(&buffer[..read], b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        stream::read(&self.source, buffer).await
    }

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
    /// assert_eq!(stream.write(b"hello").await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn write(&self, buffer: &[u8]) -> io::Result<usize> {
        stream::write(&self.source, buffer).await
    }

    /// Writes all of `buffer`. If the future is dropped, or fails, nobody knows how much was
    /// written before.
    ///
    /// # Errors
    ///
    /// As [`write`](TcpStream::write).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// stream.write_all(&[0; 10_000]).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn write_all(&self, buffer: &[u8]) -> io::Result<()> {
        stream::write_all(&self.source, buffer).await
    }

    /// Reads what is there and leaves it there, as [`read`](TcpStream::read) otherwise.
    ///
    /// # Errors
    ///
    /// As [`read`](TcpStream::read).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// peer.write_all(b"hello").await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(stream.peek(&mut buffer).await?, 5);
    /// assert_eq!(stream.read(&mut buffer).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.source.io(Direction::Read, |io| io.peek(buffer)).await
    }

    /// Ends one direction or both: the peer reads the end of the stream. A connection that has
    /// ended already is no error.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// stream.shutdown(std::net::Shutdown::Write)?;
    /// assert_eq!(peer.read(&mut [0; 16]).await?, 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        stream::shutdown(&self.source, how)
    }

    /// Splits the connection into a half that reads and one that writes, for two tasks. The writing
    /// half ends its direction when it is dropped. Costs an allocation.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// boucle::spawn(async move { writer.write_all(b"hello").await });
    /// assert_eq!(peer.read(&mut [0; 16]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf<TcpStream>, OwnedWriteHalf<TcpStream>) {
        split::split(self)
    }

    /// Takes the connection out of the loop, as one of std: to hand it to another loop, or to code
    /// that blocks. It is still in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let stream: std::net::TcpStream = stream.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        self.source.into_inner().map(Into::into)
    }

    /// The socket itself, for its options. It is mio's, and never blocks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// stream.get_ref().set_ttl(64)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &mio::net::TcpStream {
        self.source.get_ref()
    }

    /// The socket and its readiness, for operations that this type lacks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// stream.source().ready(boucle::io::Direction::Write).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn source(&self) -> &Source<mio::net::TcpStream> {
        &self.source
    }

    /// Sends small writes at once (`true`), or gathers them for a while, as is the default (Nagle's
    /// algorithm).
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.get_ref().set_nodelay(nodelay)
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// assert!(!stream.nodelay()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.get_ref().nodelay()
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// assert_eq!(stream.local_addr()?, peer.peer_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    ///
    /// If the connection has ended.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
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

impl ByteStream for TcpStream {
    type Io = mio::net::TcpStream;

    #[inline]
    fn as_source(&self) -> &Source<mio::net::TcpStream> {
        &self.source
    }
}

futures_io!(TcpStream, &TcpStream);

impl OwnedReadHalf<TcpStream> {
    /// Reads what is there and leaves it there. As [`TcpStream::peek`].
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`].
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = boucle::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// peer.write_all(b"hello").await?;
    /// assert_eq!(reader.peek(&mut [0; 16]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_ref().peek(buffer).await
    }
}
