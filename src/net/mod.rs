//! Sockets that are awaited.
//!
//! They carry std's names and mean the same; where std blocks, these wait for readiness. Streams
//! have the traits of `futures-io` besides, so what is written for those runs on them.
//!
//! ```text
//!   TcpStream, UdpSocket, ...    the names and the addresses        tcp udp unix unix_datagram
//!   reading, halves, accepting   what they have in common           stream split listen
//!   io::Source                   waiting for readiness, the budget
//!   the reactor                  what the operating system says
//! ```
//!
//! All of them are mio's sockets inside a [`Source`](crate::io::Source), so all that is said there
//! holds. They are registered with the loop that turns on the thread where they are made, can be
//! sent and shared, and give errors when awaited where that loop is not.

mod address;
mod listen;
mod split;
mod stream;
mod tcp;
mod udp;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod unix_datagram;

pub use address::{Address, lookup};
pub use listen::Incoming;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{UnixListener, UnixStream};
#[cfg(unix)]
pub use unix_datagram::UnixDatagram;
