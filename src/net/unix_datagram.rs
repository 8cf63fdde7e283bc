//! Unix datagrams: messages within one machine.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::budget;
use crate::io::{Direction, Source};
use crate::time::sleep;

/// How long [`UnixDatagram::send_to`] pauses before it tries again a receiver that was full. The
/// system does not tell when it no longer is; worse, Linux tells after each attempt in vain that
/// the *sender* has room again, so whoever heeded that would try without end.
const PAUSE: Duration = Duration::from_millis(1);

/// A socket that sends and receives datagrams within one machine.
///
/// Unlike UDP's, they are neither lost nor reordered: a receiver that does not read makes its
/// senders wait. A datagram arrives whole; of one that is longer than the buffer, the rest is lost.
/// An empty one is received as 0 bytes, which is not the end of anything.
///
/// ```
/// use boucle::net::UnixDatagram;
///
/// # boucle::block_on(async {
/// let (a, b) = UnixDatagram::pair()?;
/// a.send(b"hello").await?;
/// let mut buffer = [0; 16];
/// assert_eq!(b.recv(&mut buffer).await?, 5);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct UnixDatagram {
    /// The mio socket.
    source: Source<mio::net::UnixDatagram>,
}

impl UnixDatagram {
    /// A socket at `path`, where nothing may be yet. What it makes there stays when it is gone.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if there is something at `path`; `InvalidInput` if it is too long.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("boucle-dgram-{}", std::process::id()));
    /// let socket = boucle::net::UnixDatagram::bind(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// A socket at `address`, for those that are no paths.
    ///
    /// # Errors
    ///
    /// As [`bind`](UnixDatagram::bind).
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # boucle::block_on(async {
    /// use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    /// # let name = format!("boucle-dgram-addr-{}", std::process::id());
    /// let address = SocketAddr::from_abstract_name(name)?;
    /// let socket = boucle::net::UnixDatagram::bind_addr(&address)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::new(mio::net::UnixDatagram::bind_addr(address)?)
    }

    /// A socket without an address: nobody can answer it.
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
    /// let socket = boucle::net::UnixDatagram::unbound()?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::new(mio::net::UnixDatagram::unbound()?)
    }

    /// Two sockets, connected with each other.
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
    /// let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (a, b) = mio::net::UnixDatagram::pair()?;
        Ok((UnixDatagram::new(a)?, UnixDatagram::new(b)?))
    }

    /// Takes over a socket made with std.
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
    /// let (ours, theirs) = std::os::unix::net::UnixDatagram::pair()?;
    /// let ours = boucle::net::UnixDatagram::from_std(ours)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        socket.set_nonblocking(true)?;
        UnixDatagram::new(mio::net::UnixDatagram::from_std(socket))
    }

    /// Registers a socket.
    #[track_caller]
    fn new(socket: mio::net::UnixDatagram) -> io::Result<UnixDatagram> {
        Ok(UnixDatagram { source: Source::new(socket)? })
    }

    /// Makes the socket at `path` the one peer to which [`send`](UnixDatagram::send) sends.
    ///
    /// # Errors
    ///
    /// `NotFound` if nothing is there, `ConnectionRefused` if nobody has it open any more.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("boucle-dconn-{}", std::process::id()));
    /// # let peer = boucle::net::UnixDatagram::bind(&path)?;
    /// let socket = boucle::net::UnixDatagram::unbound()?;
    /// socket.connect(&path)?;
    /// socket.send(b"hello").await?;
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.get_ref().connect(path)
    }

    /// Sends a datagram to the peer, and waits while it has no room. Dropping the future sends
    /// nothing.
    ///
    /// # Errors
    ///
    /// `NotConnected` if there is no peer, `ConnectionRefused` if it is gone.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// socket.send(b"hello").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        self.source.io(Direction::Write, |io| io.send(buffer)).await
    }

    /// Receives a datagram. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// If the operating system says so; a peer that is gone is no error.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.io(Direction::Read, |io| io.recv(buffer)).await
    }

    /// Sends a datagram to the socket at `path`. While that has no room this waits, and tries again
    /// every millisecond; a sender that [connects](UnixDatagram::connect) is told when it may.
    /// Dropping the future sends nothing.
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixDatagram::connect).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let path = std::env::temp_dir().join(format!("boucle-dsend-{}", std::process::id()));
    /// # let peer = boucle::net::UnixDatagram::bind(&path)?;
    /// let socket = boucle::net::UnixDatagram::unbound()?;
    /// socket.send_to(b"hello", &path).await?;
    /// # std::fs::remove_file(&path)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_to(&self, buffer: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        budget::spend().await;
        loop {
            match self.source.try_io(Direction::Write, |io| io.send_to(buffer, &path)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    /// Receives a datagram, and says from where. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    /// let (read, from) = socket.recv_from(&mut [0; 16]).await?;
    /// assert!(read == 5 && from.is_unnamed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.source.io(Direction::Read, |io| io.recv_from(buffer)).await
    }

    /// The polled form of [`send`](UnixDatagram::send).
    ///
    /// # Errors
    ///
    /// As [`send`](UnixDatagram::send).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// std::future::poll_fn(|cx| socket.poll_send(cx, b"hello")).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_send(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.source.poll_io(Direction::Write, cx, |io| io.send(buffer))
    }

    /// The polled form of [`recv`](UnixDatagram::recv).
    ///
    /// # Errors
    ///
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    /// let mut buffer = [0; 16];
    /// std::future::poll_fn(|cx| socket.poll_recv(cx, &mut buffer)).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.source.poll_io(Direction::Read, cx, |io| io.recv(buffer))
    }

    /// The polled form of [`recv_from`](UnixDatagram::recv_from).
    ///
    /// # Errors
    ///
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    /// let mut buffer = [0; 16];
    /// std::future::poll_fn(|cx| socket.poll_recv_from(cx, &mut buffer)).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.source.poll_io(Direction::Read, cx, |io| io.recv_from(buffer))
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    ///
    /// `NotConnected` if there is no peer.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// socket.shutdown(std::net::Shutdown::Write)?;
    /// assert!(socket.send(b"hello").await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.get_ref().shutdown(how)
    }

    /// The address of this socket.
    ///
    /// # Errors
    ///
    /// If the operating system does not know the socket.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// `NotConnected` if there is none.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// assert!(socket.peer_addr()?.is_unnamed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }

    /// The socket itself, for its options. It is mio's, and never blocks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// assert!(socket.get_ref().take_error()?.is_none());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &mio::net::UnixDatagram {
        self.source.get_ref()
    }

    /// The socket and its readiness, for operations that this type lacks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let (socket, peer) = boucle::net::UnixDatagram::pair()?;
    /// socket.source().ready(boucle::io::Direction::Write).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn source(&self) -> &Source<mio::net::UnixDatagram> {
        &self.source
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
