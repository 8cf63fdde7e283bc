//! The guard: who may ask the inspector.
//!
//! The page listens on this machine's loopback alone, but a browser runs the scripts of the whole
//! world on this machine. Three of their ways in are shut here:
//!
//! 1. *A name that is made to point here* (DNS rebinding): the script's own site seems to be at
//!    127.0.0.1, so the browser lets it read the answers. But the request names that site in its
//!    `Host`. So `Host` must be one of this machine's own names, followed by our port: `localhost`,
//!    an address of 127.0.0.0/8, or `[::1]`, in exactly the form in which a browser writes it:
//!    lower case, no dot at the end, no user, no zeros before a number.
//! 2. *A request across sites*, whose answer the script cannot read, but may use. Then the browser
//!    says so by `Origin` or `Sec-Fetch-Site`, and gets nothing. No answer allows another origin.
//! 3. *A form or a frame.* Only `GET` and `HEAD` are answered, nothing is ever changed by them, and
//!    no answer may stand in a frame.
//!
//! Other *users* of this machine can connect to its loopback like us. The inspector changes
//! nothing, but names of tasks and places in the source can be read. Where that matters, the
//! address is given with a word that is part of every path and that they do not know:
//! `127.0.0.1:4141/some-word`. It is not demanded, so that an address which a person knows is
//! enough to look; and it stands in the path, since that is where a page's own requests and
//! bookmarks repeat it. No answer lets the browser tell it to other sites (`Referrer-Policy`).

use std::net::Ipv4Addr;

use super::http::{Refused, Request};

/// What is demanded of a request.
#[derive(Debug)]
pub(super) struct Guard {
    /// The port at which we listen.
    pub(super) port: u16,
    /// The word with which every path begins; empty if there is none.
    pub(super) secret: Box<str>,
}

impl Guard {
    /// Whether the request may be answered; if so, the path below the secret.
    pub(super) fn admit<'r>(&self, request: &'r Request) -> Result<&'r str, Refused> {
        let host = match request.only("host")? {
            Some(host) if self.is_ours(host) => host,
            Some(_) => return Err(Refused::Forbidden),
            None => return Err(Refused::Malformed),
        };
        let origin = request.only("origin")?;
        if origin.is_some_and(|origin| origin.strip_prefix("http://") != Some(host)) {
            return Err(Refused::Forbidden);
        }
        // What the person at the browser asked for has no site; what the page asks for has ours.
        let site = request.only("sec-fetch-site")?;
        if site.is_some_and(|site| site != "same-origin" && site != "none") {
            return Err(Refused::Forbidden);
        }
        if request.method != "GET" && request.method != "HEAD" {
            return Err(Refused::Method);
        }
        if request.has_body()? {
            return Err(Refused::Malformed);
        }
        self.below_the_secret(&request.path).ok_or(Refused::NotFound)
    }

    /// Whether a `Host` is this machine under one of its own names, and our port.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.strip_suffix(']') {
            Some(_) => (host, None),
            None => host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        // A browser leaves out the port only where it is the usual one.
        let is_our_port = match port {
            Some(port) => port == self.port.to_string(),
            None => self.port == 80,
        };
        let is_loopback = || name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
        is_our_port && (name == "localhost" || name == "[::1]" || is_loopback())
    }

    /// What of a path follows the secret, with its slash.
    fn below_the_secret<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.secret.is_empty() {
            return Some(path);
        }
        let (word, rest) = path.strip_prefix('/')?.split_at_checked(self.secret.len())?;
        // Every byte is looked at, so that the time this takes tells nothing about the word.
        let bytes = word.bytes().zip(self.secret.bytes());
        let difference = bytes.fold(0, |difference, (a, b)| difference | (a ^ b));
        (difference == 0 && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
    }
}

#[cfg(test)]
mod tests;
