//! Sockets that are awaited.
//!
//! They carry std's names and mean the same; where std blocks, these wait for readiness. All of
//! them are mio's sockets inside a [`Source`](crate::io::Source), so all that is said there holds.
//! They are registered with the loop that turns on the thread where they are made.

mod address;
mod stream;
mod tcp;

pub use address::{Address, lookup};
pub use tcp::{Incoming, OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream};
