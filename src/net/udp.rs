//! UDP: datagrams, each for itself.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use super::address::{Address, first_of};
use crate::io::{Direction, Source};

/// A socket that sends and receives UDP datagrams.
///
/// A datagram arrives whole or not at all: a buffer that is too short gets its beginning, and the
/// rest is lost (on Windows that is an error). An empty datagram is received as 0 bytes, which is
/// not the end of anything. Datagrams may be lost, doubled, and overtake each other.
///
/// Shared references send and receive, in any number of tasks at once; each datagram goes to one
/// of them. Dropping a future of this type loses no datagram.
///
/// ```
/// use boucle::net::UdpSocket;
///
/// # boucle::block_on(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.send_to(b"hello", server.local_addr()?).await?;
/// let mut buffer = [0; 1500];
/// let (read, from) = server.recv_from(&mut buffer).await?;
/// assert_eq!((&buffer[..read], from), (&b"hello"[..], client.local_addr()?));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct UdpSocket {
    /// The mio socket.
    source: Source<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// A socket at `address`; port 0 lets the system choose one.
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
    /// let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn bind(address: impl Into<Address>) -> io::Result<UdpSocket> {
        first_of(address, async |address| {
            let source = Source::new(mio::net::UdpSocket::bind(address)?)?;
            Ok(UdpSocket { source })
        })
        .await
    }

    /// Takes over a socket made with std, or with options that std lacks.
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
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let socket = boucle::net::UdpSocket::from_std(socket)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        Ok(UdpSocket { source: Source::new(mio::net::UdpSocket::from_std(socket))? })
    }

    /// Makes `address` the one peer to which [`send`](UdpSocket::send) sends, and from which
    /// datagrams are received. Nothing is sent by it.
    ///
    /// # Errors
    ///
    /// If there is no way to the address, or its name cannot be looked up.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect("127.0.0.1:53").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn connect(&self, address: impl Into<Address>) -> io::Result<()> {
        first_of(address, async |address| self.get_ref().connect(address)).await
    }

    /// Sends a datagram to the peer of [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    ///
    /// `NotConnected` if there is none; `ConnectionRefused` if an earlier datagram was: the peer's host
    /// may tell when nobody listens there.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # a.connect(b.local_addr()?).await?;
    /// # b.connect(a.local_addr()?).await?;
    /// a.send(b"hello").await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        self.source.io(Direction::Write, |io| io.send(buffer)).await
    }

    /// Receives a datagram from the peer of [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    ///
    /// As [`send`](UdpSocket::send).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # a.connect(b.local_addr()?).await?;
    /// # b.connect(a.local_addr()?).await?;
    /// a.send(b"hello").await?;
    /// assert_eq!(b.recv(&mut [0; 1500]).await?, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.io(Direction::Read, |io| io.recv(buffer)).await
    }

    /// Sends a datagram to `to`. For a name, see [`lookup`](super::lookup).
    ///
    /// # Errors
    ///
    /// If there is no way to the address, or the datagram is too long for it.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// a.send_to(b"hello", b.local_addr()?).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn send_to(&self, buffer: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.source.io(Direction::Write, |io| io.send_to(buffer, to)).await
    }

    /// Receives a datagram, and says from where.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` and its like, on systems that tell it of datagrams sent earlier.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// a.send_to(b"hello", b.local_addr()?).await?;
    /// assert_eq!(b.recv_from(&mut [0; 1500]).await?, (5, a.local_addr()?));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.source.io(Direction::Read, |io| io.recv_from(buffer)).await
    }

    /// Receives a datagram and leaves it there.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](UdpSocket::recv_from).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// a.send_to(b"hello", b.local_addr()?).await?;
    /// assert_eq!(b.peek_from(&mut [0; 1500]).await?.0, 5);
    /// assert_eq!(b.recv_from(&mut [0; 1500]).await?.0, 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.source.io(Direction::Read, |io| io.peek_from(buffer)).await
    }

    /// The polled form of [`send`](UdpSocket::send).
    ///
    /// # Errors
    ///
    /// As [`send`](UdpSocket::send).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # a.connect(b.local_addr()?).await?;
    /// # b.connect(a.local_addr()?).await?;
    /// std::future::poll_fn(|cx| a.poll_send(cx, b"hello")).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_send(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.source.poll_io(Direction::Write, cx, |io| io.send(buffer))
    }

    /// The polled form of [`recv`](UdpSocket::recv).
    ///
    /// # Errors
    ///
    /// As [`recv`](UdpSocket::recv).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # a.connect(b.local_addr()?).await?;
    /// # b.connect(a.local_addr()?).await?;
    /// a.send(b"hello").await?;
    /// let mut buffer = [0; 1500];
    /// std::future::poll_fn(|cx| b.poll_recv(cx, &mut buffer)).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.source.poll_io(Direction::Read, cx, |io| io.recv(buffer))
    }

    /// The polled form of [`send_to`](UdpSocket::send_to).
    ///
    /// # Errors
    ///
    /// As [`send_to`](UdpSocket::send_to).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let to = b.local_addr()?;
    /// std::future::poll_fn(|cx| a.poll_send_to(cx, b"hello", to)).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buffer: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.source.poll_io(Direction::Write, cx, |io| io.send_to(buffer, to))
    }

    /// The polled form of [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Errors
    ///
    /// As [`recv_from`](UdpSocket::recv_from).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// a.send_to(b"hello", b.local_addr()?).await?;
    /// let mut buffer = [0; 1500];
    /// std::future::poll_fn(|cx| b.poll_recv_from(cx, &mut buffer)).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.source.poll_io(Direction::Read, cx, |io| io.recv_from(buffer))
    }

    /// The address of this socket.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().local_addr()
    }

    /// The peer of [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let a = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let b = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # a.connect(b.local_addr()?).await?;
    /// # b.connect(a.local_addr()?).await?;
    /// assert_eq!(a.peer_addr()?, b.local_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().peer_addr()
    }

    /// Allows datagrams to broadcast addresses, or not, as at first.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.get_ref().set_broadcast(on)
    }

    /// Whether datagrams to broadcast addresses are allowed.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(!socket.broadcast()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn broadcast(&self) -> io::Result<bool> {
        self.get_ref().broadcast()
    }

    /// Sets how many routers a datagram may pass on its way.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_ttl(3)?;
    /// assert_eq!(socket.ttl()?, 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.get_ref().set_ttl(ttl)
    }

    /// How many routers a datagram may pass on its way.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.ttl()? > 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.get_ref().ttl()
    }

    /// Receives what is sent to `group` from now on, by the interface that has this address, or by the
    /// system's choice ([`Ipv4Addr::UNSPECIFIED`]).
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # use std::net::Ipv4Addr;
    /// # let socket = boucle::net::UdpSocket::bind("0.0.0.0:0").await?;
    /// let group = Ipv4Addr::new(239, 255, 7, 7);
    /// socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.get_ref().join_multicast_v4(&group, &interface)
    }

    /// Receives no more of what is sent to `group`.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # use std::net::Ipv4Addr;
    /// # let socket = boucle::net::UdpSocket::bind("0.0.0.0:0").await?;
    /// let group = Ipv4Addr::new(239, 255, 7, 7);
    /// socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.get_ref().leave_multicast_v4(&group, &interface)
    }

    /// Receives what is sent to `group` from now on, by the interface of this number, or by the system's
    /// choice (0).
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// # use std::net::Ipv6Addr;
    /// # let socket = boucle::net::UdpSocket::bind("[::]:0").await?;
    /// let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x123);
    /// socket.join_multicast_v6(group, 0)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn join_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.get_ref().join_multicast_v6(&group, interface)
    }

    /// Receives no more of what is sent to `group`.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// ```no_run
    /// # boucle::block_on(async {
    /// # use std::net::Ipv6Addr;
    /// # let socket = boucle::net::UdpSocket::bind("[::]:0").await?;
    /// let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x123);
    /// socket.join_multicast_v6(group, 0)?;
    /// socket.leave_multicast_v6(group, 0)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn leave_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.get_ref().leave_multicast_v6(&group, interface)
    }

    /// The socket itself, for its other options. It is mio's, and never blocks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.get_ref().set_multicast_loop_v4(false)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &mio::net::UdpSocket {
        self.source.get_ref()
    }

    /// The socket and its readiness, for operations that this type lacks.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = boucle::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.source().ready(boucle::io::Direction::Write).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn source(&self) -> &Source<mio::net::UdpSocket> {
        &self.source
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
