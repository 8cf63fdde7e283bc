//! Addresses, and the names that stand for them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

use crate::task::JoinError;

/// Where to connect or bind to: made from a [`SocketAddr`], a pair of host and port, or text as
/// `"example.org:80"`.
///
/// It is what std's `ToSocketAddrs` is, but never blocks: a numeric address is used as it is, and
/// a name is looked up on the loop's pool when it is needed.
///
/// ```
/// use boucle::net::Address;
/// use std::net::Ipv4Addr;
///
/// let address = Address::from("127.0.0.1:80");
/// assert_eq!(address, Address::from((Ipv4Addr::LOCALHOST, 80)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    /// A number.
    Numeric(SocketAddr),
    /// A name with a port after a colon.
    Text(String),
    /// A name and a port.
    Named(String, u16),
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address(Kind::Numeric(address))
    }
}

impl From<SocketAddrV4> for Address {
    fn from(address: SocketAddrV4) -> Address {
        SocketAddr::V4(address).into()
    }
}

impl From<SocketAddrV6> for Address {
    fn from(address: SocketAddrV6) -> Address {
        SocketAddr::V6(address).into()
    }
}

impl From<(IpAddr, u16)> for Address {
    fn from(address: (IpAddr, u16)) -> Address {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv4Addr, u16)> for Address {
    fn from(address: (Ipv4Addr, u16)) -> Address {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv6Addr, u16)> for Address {
    fn from(address: (Ipv6Addr, u16)) -> Address {
        SocketAddr::from(address).into()
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Address {
        match text.parse() {
            Ok(address) => Address(Kind::Numeric(address)),
            Err(_) => Address(Kind::Text(text.to_owned())),
        }
    }
}

impl From<&String> for Address {
    fn from(text: &String) -> Address {
        text.as_str().into()
    }
}

impl From<String> for Address {
    fn from(text: String) -> Address {
        text.as_str().into()
    }
}

impl From<(&str, u16)> for Address {
    fn from((host, port): (&str, u16)) -> Address {
        match host.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, port).into(),
            Err(_) => Address(Kind::Named(host.to_owned(), port)),
        }
    }
}

impl From<(String, u16)> for Address {
    fn from((host, port): (String, u16)) -> Address {
        (host.as_str(), port).into()
    }
}

/// The numeric addresses for which `address` stands, at least one, in the resolver's order.
///
/// A name is looked up by the system's resolver, on the loop's pool: it may take seconds. Dropping
/// the future does not end the look-up under way.
///
/// # Errors
///
/// That of the resolver; `InvalidInput` if the text has no port; `NotFound` if the name stands for
/// nothing.
///
/// # Panics
///
/// If a name is to be looked up and no loop turns on this thread.
///
/// ```
/// # boucle::block_on(async {
/// let found = boucle::net::lookup("localhost:80").await?;
/// assert!(found.iter().all(|address| address.ip().is_loopback()));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn lookup(address: impl Into<Address>) -> io::Result<Vec<SocketAddr>> {
    let name = match address.into().0 {
        Kind::Numeric(address) => return Ok(vec![address]),
        name => name,
    };
    let resolving = crate::spawn_blocking(move || -> io::Result<Vec<SocketAddr>> {
        Ok(match name {
            Kind::Numeric(address) => vec![address],
            Kind::Text(text) => text.to_socket_addrs()?.collect(),
            Kind::Named(host, port) => (host, port).to_socket_addrs()?.collect(),
        })
    });
    let found = match resolving.await {
        Ok(found) => found?,
        Err(JoinError::Aborted) => return Err(io::Error::other("the event loop is ending")),
        Err(panic) => panic.resume(),
    };
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name stands for no address"));
    }
    Ok(found)
}

/// Tries each of the addresses for which `address` stands until `attempt` succeeds; gives the last
/// error if none does.
pub(super) async fn first_of<T>(
    address: impl Into<Address>,
    mut attempt: impl AsyncFnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in lookup(address).await? {
        match attempt(address).await {
            Ok(done) => return Ok(done),
            Err(error) => last = error,
        }
    }
    Err(last)
}
