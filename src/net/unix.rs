//! Unix sockets: byte streams within one machine, named by a path.
//!
//! Addresses are std's. A path is limited to some hundred bytes (107 on Linux), and what
//! [`UnixListener::bind`] makes there stays when the listener is gone: whoever binds anew removes
//! it first. The abstract addresses of Linux, which are not in the file system and vanish by
//! themselves, are made with `std::os::linux::net::SocketAddrExt`, for `bind_addr` and
//! `connect_addr`.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::listen::{self, Incoming, Listener};
use super::split::{self, OwnedReadHalf, OwnedWriteHalf};
use super::stream::{self, ByteStream, futures_io};
use crate::io::{Direction, Source};
use crate::time::{Sleep, sleep};

/// How long [`UnixStream::connect`] pauses before it asks again a listener whose queue is full;
/// the system does not tell when it no longer is.
const PAUSE: Duration = Duration::from_millis(5);

/// A socket that accepts connections at a path.
///
/// ```
/// use boucle::net::{UnixListener, UnixStream};
///
/// # boucle::block_on(async {
/// # let path = std::env::temp_dir().join(format!("boucle-listener-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let client = UnixStream::connect(&path).await?;
/// let (stream, _) = listener.accept().await?;
/// # std::fs::remove_file(&path)?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixListener {
    /// The mio socket.
    source: Source<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`, where nothing may be yet.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if there is something at `path`, even what an earlier listener left;
    /// `InvalidInput` if it is too long.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("boucle-bind-{}", std::process::id()));
    /// let listener = boucle::net::UnixListener::bind(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Listens at `address`, for those that are no paths.
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixListener::bind).
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # boucle::block_on(async {
    /// use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    /// # let name = format!("boucle-bind-addr-{}", std::process::id());
    /// let address = SocketAddr::from_abstract_name(name)?;
    /// let listener = boucle::net::UnixListener::bind_addr(&address)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        Ok(UnixListener { source: Source::new(mio::net::UnixListener::bind_addr(address)?)? })
    }

    /// Takes over a listener made with std.
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
    /// # let path = std::env::temp_dir().join(format!("boucle-from-std-{}", std::process::id()));
    /// let listener = std::os::unix::net::UnixListener::bind(&path)?;
    /// let listener = boucle::net::UnixListener::from_std(listener)?;
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        listener.set_nonblocking(true)?;
        Ok(UnixListener { source: Source::new(mio::net::UnixListener::from_std(listener))? })
    }

    /// Waits for the next connection.
    ///
    /// When the process has no descriptor left for a new connection this waits, and tries again
    /// every 100 ms, instead of failing at once again and again. Dropping the future loses no
    /// connection.
    ///
    /// # Errors
    ///
    /// If the listener is broken, or the new connection cannot be registered.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::UnixListener::bind("socket")?;
    /// loop {
    ///     let (stream, _) = listener.accept().await?;
    /// }
    /// # #[allow(unreachable_code)]
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let mut rest = None;
        self.source.wait(Direction::Read, |cx| self.poll_accept(cx, &mut rest)).await
    }

    /// The polled form of [`accept`](UnixListener::accept). `rest` is where it sleeps when
    /// descriptors are short: `None` at first, then what the last call left there.
    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        rest: &mut Option<Sleep>,
    ) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        // A connection that cannot be registered is closed, like one that cannot be accepted.
        listen::poll_accept(&self.source, cx, rest, |listener| {
            let (stream, peer) = listener.accept()?;
            Ok((UnixStream { source: Source::new(stream)? }, peer))
        })
    }

    /// The connections, as a stream that never ends; for each, what is said at
    /// [`accept`](UnixListener::accept).
    ///
    /// ```no_run
    /// use futures_lite::StreamExt;
    /// # boucle::block_on(async {
    /// # let listener = boucle::net::UnixListener::bind("socket")?;
    /// while let Some(stream) = listener.incoming().next().await {
    ///     stream?.write_all(b"hello").await?;
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn incoming(&self) -> Incoming<'_, UnixListener> {
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
    /// # let path = std::env::temp_dir().join(format!("boucle-local-{}", std::process::id()));
    /// # let listener = boucle::net::UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.get_ref().local_addr()
    }

    /// The socket and its readiness, for operations that this type lacks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("boucle-source-{}", std::process::id()));
    /// # let listener = boucle::net::UnixListener::bind(&path)?;
    /// assert!(listener.source().get_ref().take_error()?.is_none());
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn source(&self) -> &Source<mio::net::UnixListener> {
        &self.source
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        rest: &mut Option<Sleep>,
    ) -> Poll<io::Result<UnixStream>> {
        UnixListener::poll_accept(self, cx, rest).map_ok(|(stream, _)| stream)
    }
}

/// A connection within one machine.
///
/// All that is said of [`TcpStream`](super::TcpStream) holds: shared references read and write,
/// and it has the traits of `futures-io`.
///
/// ```
/// use boucle::net::UnixStream;
///
/// # boucle::block_on(async {
/// let (a, b) = UnixStream::pair()?;
/// a.write_all(b"hello").await?;
/// let mut buffer = [0; 16];
/// let read = b.read(&mut buffer).await?;
/// assert_eq!(&buffer[..read], b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct UnixStream {
    /// The mio socket.
    source: Source<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the listener at `path`. While its queue is full this waits, and tries again
    /// every 5 ms. Dropping the future ends the attempt.
    ///
    /// # Errors
    ///
    /// `NotFound` if nothing is there, `ConnectionRefused` if nobody listens there any more,
    /// `InvalidInput` if the path is too long. There is no time limit: see
    /// [`timeout`](crate::time::timeout).
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// let stream = boucle::net::UnixStream::connect("/run/service").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let address = SocketAddr::from_pathname(path)?;
        UnixStream::connect_addr(&address).await
    }

    /// Connects to the listener at `address`, for those that are no paths; as
    /// [`connect`](UnixStream::connect) otherwise.
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixStream::connect).
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```no_run
    /// # #[cfg(target_os = "linux")]
    /// # boucle::block_on(async {
    /// use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    /// let address = SocketAddr::from_abstract_name("service")?;
    /// let stream = boucle::net::UnixStream::connect_addr(&address).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        loop {
            match mio::net::UnixStream::connect_addr(address) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(PAUSE).await,
                Err(error) => return Err(error),
                Ok(stream) => {
                    let source = Source::new(stream)?;
                    source.io(Direction::Write, connected).await?;
                    return Ok(UnixStream { source });
                }
            }
        }
    }

    /// Two streams, connected with each other.
    ///
    /// # Errors
    ///
    /// If there are no descriptors left.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (a, b) = mio::net::UnixStream::pair()?;
        Ok((UnixStream { source: Source::new(a)? }, UnixStream { source: Source::new(b)? }))
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
    /// ```
    /// # boucle::block_on(async {
    /// let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let ours = boucle::net::UnixStream::from_std(ours)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        stream.set_nonblocking(true)?;
        Ok(UnixStream { source: Source::new(mio::net::UnixStream::from_std(stream))? })
    }

    /// Reads what is there, and waits until something is: 0 bytes mean that the peer has ended its
    /// side, or that `buffer` is empty. Dropping the future loses no byte.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` if the peer was closed with unread bytes.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
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
    /// `BrokenPipe` if the peer is gone.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
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
    /// As [`write`](UnixStream::write).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// stream.write_all(&[0; 10_000]).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[inline]
    pub async fn write_all(&self, buffer: &[u8]) -> io::Result<()> {
        stream::write_all(&self.source, buffer).await
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
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
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
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// let (reader, writer) = stream.into_split();
    /// boucle::spawn(async move { writer.write_all(b"hello").await });
    /// assert_eq!(peer.read(&mut [0; 16]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf<UnixStream>, OwnedWriteHalf<UnixStream>) {
        split::split(self)
    }

    /// The socket itself, for its options. It is mio's, and never blocks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// assert!(stream.get_ref().take_error()?.is_none());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &mio::net::UnixStream {
        self.source.get_ref()
    }

    /// The socket and its readiness, for operations that this type lacks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// stream.source().ready(boucle::io::Direction::Write).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn source(&self) -> &Source<mio::net::UnixStream> {
        &self.source
    }

    /// The address of this end, which has none unless it was accepted or bound.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// assert!(stream.local_addr()?.is_unnamed());
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
    /// # let (stream, peer) = boucle::net::UnixStream::pair()?;
    /// assert!(stream.peer_addr()?.is_unnamed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }
}

/// Whether an attempt to connect is over and has succeeded. On Linux it always is at once.
fn connected(stream: &mio::net::UnixStream) -> io::Result<()> {
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

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl ByteStream for UnixStream {
    type Io = mio::net::UnixStream;

    #[inline]
    fn as_source(&self) -> &Source<mio::net::UnixStream> {
        &self.source
    }
}

futures_io!(UnixStream, &UnixStream);
