//! The target: where the page is to be served, as its user writes it.
//!
//! ```text
//!     127.0.0.1:4141          localhost:4141/k7Wq2x
//!     '-----------' '--'                     '----'
//!     loopback      port                     a secret, if others use this machine
//! ```

use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Where the page is to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The addresses, of which one will do. All are loopback.
    addresses: Vec<SocketAddr>,
    /// The word with which every path begins; empty if there is none.
    pub(super) secret: Box<str>,
}

impl Target {
    /// Reads a target.
    pub(super) fn parse(text: &str) -> io::Result<Target> {
        let (address, secret) = text.split_once('/').unwrap_or((text, ""));
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !secret.chars().all(is_word) || secret.len() > 100 {
            return Err(misunderstood(
                text,
                "the word after the slash may have letters, digits, `-` and `_`",
            ));
        }
        let addresses = match address.parse::<SocketAddr>() {
            Ok(address) => vec![address],
            // This name is this machine. Any other would be asked of the network.
            Err(_) if address.starts_with("localhost:") => match address.to_socket_addrs() {
                Ok(addresses) => addresses.collect(),
                Err(error) => return Err(misunderstood(text, error)),
            },
            Err(_) => {
                let possible = "an address of this machine with a port is wanted, such as \
                                `127.0.0.1:4141`, `[::1]:4141` or `localhost:4141`";
                return Err(misunderstood(text, possible));
            }
        };
        if let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) {
            let told = format!(
                "{} is not a loopback address, and others could watch the program through it; use \
                 `127.0.0.1:{}`, by way of an SSH tunnel if you are elsewhere",
                open.ip(),
                open.port(),
            );
            return Err(misunderstood(text, told));
        }
        Ok(Target { addresses, secret: secret.into() })
    }

    /// Whether two loops that are given the same target can share what serves it: not if each is to
    /// get a port of its own.
    pub(super) fn is_shared(&self) -> bool {
        self.addresses.iter().all(|address| address.port() != 0)
    }

    /// Listens there.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(&self.addresses[..]).map_err(|error| {
            let remedy = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    ": another program listens there, perhaps another one that is watched; choose \
                     another port, or 0 for any"
                }
                io::ErrorKind::PermissionDenied => ": choose a port of 1024 or more",
                _ => "",
            };
            let address = self.addresses.first().map(ToString::to_string).unwrap_or_default();
            let told = format!("cannot serve the page at {address}: {error}{remedy}");
            io::Error::new(error.kind(), told)
        })
    }
}

/// The error for a target that means nothing.
fn misunderstood(text: &str, why: impl Display) -> io::Error {
    let told = format!("the page cannot be served at `{}`: {why}", text.escape_debug());
    io::Error::new(io::ErrorKind::InvalidInput, told)
}

#[cfg(test)]
mod tests;
