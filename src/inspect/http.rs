//! Requests and answers: as much of HTTP as a page for one reader needs.
//!
//! A connection carries one request and its answer, and is closed. So there is nothing to be
//! confused about where a request ends: it has no body, and what comes after its head is not read
//! as anything. `httparse` takes the head apart; here is how much of it is taken from the wire, and
//! what every answer says.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use crate::net::TcpStream;
use crate::time::timeout;

/// The longest head of a request, in bytes. A browser's own take some 500.
const HEAD: usize = 8 << 10;

/// The most headers of a request. A browser's own have some 15.
const HEADERS: usize = 64;

/// How long the head of a request may take, from the connection on.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a whole answer may take, and a reader who takes nothing of a stream be waited for.
const WRITE: Duration = Duration::from_secs(30);

/// How long a connection is kept after the answer, for its reader to close it: closed at once, with
/// something unread, it could lose the answer.
const LINGER: Duration = Duration::from_millis(500);

/// What every answer says beside its length and type. Nothing of it is for other sites, nothing is
/// kept, and the page does what its own scripts do and no more.
const ALWAYS: &str = "\
    Cache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Connection: close\r\n";

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    /// `GET` and its like.
    pub(super) method: String,
    /// The path as it was sent: we decode nothing in it, so nothing can be hidden there.
    pub(super) path: String,
    /// What follows the question mark.
    pub(super) query: Option<String>,
    /// The headers: names in lower case, and values.
    headers: Vec<(String, Vec<u8>)>,
}

/// Why a request gets nothing of what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is no request, or has something twice that may be there once, or a body.
    Malformed,
    /// It does not come from our page.
    Forbidden,
    /// There is no such thing here.
    NotFound,
    /// It wants to do more than look.
    Method,
    /// Its head did not come in time.
    Late,
    /// Its head is too long.
    TooLarge,
    /// There are too many connections.
    Busy,
}

impl Refused {
    /// The status, with its number.
    pub(super) fn status(self) -> &'static str {
        match self {
            Refused::Malformed => "400 Bad Request",
            Refused::Forbidden => "403 Forbidden",
            Refused::NotFound => "404 Not Found",
            Refused::Method => "405 Method Not Allowed",
            Refused::Late => "408 Request Timeout",
            Refused::TooLarge => "431 Request Header Fields Too Large",
            Refused::Busy => "503 Service Unavailable",
        }
    }

    /// What a person reads.
    pub(super) fn told(self) -> &'static str {
        match self {
            Refused::Malformed => "This is not a request that a browser makes.\n",
            Refused::Forbidden => {
                "The inspector answers only its own page, under the address of this machine: open \
                 http://127.0.0.1 or http://localhost with its port.\n"
            }
            Refused::NotFound => "There is nothing here.\n",
            Refused::Method => "The inspector can only be looked at.\n",
            Refused::Late => "The request took too long.\n",
            Refused::TooLarge => "The request is too long.\n",
            Refused::Busy => "Too many are looking already.\n",
        }
    }
}

impl Request {
    /// Reads the head of a request; `None` if the connection is closed before it begins.
    ///
    /// # Errors
    ///
    /// That of the connection: nobody is there who could be answered.
    pub(super) async fn read(stream: &TcpStream) -> io::Result<Option<Result<Request, Refused>>> {
        let mut head = vec![0; HEAD];
        let mut filled = 0;
        let reading = async {
            loop {
                let read = stream.read(&mut head[filled..]).await?;
                if read == 0 {
                    return Ok((filled > 0).then_some(Err(Refused::Malformed)));
                }
                // Only what is new is searched, so that a head in many pieces costs no more.
                let searched = filled.saturating_sub(3);
                filled += read;
                let is_whole = head[searched..filled].windows(4).any(|bytes| bytes == b"\r\n\r\n");
                if is_whole {
                    return Ok(Some(Request::parse(&head[..filled])));
                }
                if filled == HEAD {
                    return Ok(Some(Err(Refused::TooLarge)));
                }
            }
        };
        match timeout(PATIENCE, reading).await {
            Ok(read) => read,
            // A browser may open a connection in case that it is needed.
            Err(_) if filled == 0 => Ok(None),
            Err(_) => Ok(Some(Err(Refused::Late))),
        }
    }

    /// Takes a head apart.
    pub(super) fn parse(head: &[u8]) -> Result<Request, Refused> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head) {
            // It would let a line end where others see none.
            Ok(httparse::Status::Complete(end)) if has_bare_newline(&head[..end]) => {
                return Err(Refused::Malformed);
            }
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => return Err(Refused::TooLarge),
            _ => return Err(Refused::Malformed),
        }
        let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
            return Err(Refused::Malformed);
        };
        // Only a proxy is asked for more than a path.
        if !target.starts_with('/') {
            return Err(Refused::Malformed);
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let headers = parsed.headers.iter();
        let headers = headers.map(|it| (it.name.to_ascii_lowercase(), it.value.to_vec())).collect();
        let (method, path) = (method.to_owned(), path.to_owned());
        Ok(Request { method, path, query, headers })
    }

    /// Whether a body is announced, which we have no use for.
    pub(super) fn has_body(&self) -> Result<bool, Refused> {
        let length = self.only("content-length")?;
        Ok(length.is_some_and(|length| length != "0") || self.only("transfer-encoding")?.is_some())
    }

    /// The value of a header that may be there once.
    pub(super) fn only(&self, name: &str) -> Result<Option<&str>, Refused> {
        let mut values = self.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(Refused::Malformed);
        }
        value.map(|value| std::str::from_utf8(value)).transpose().map_err(|_| Refused::Malformed)
    }
}

/// Whether a line ends in `\n` alone.
fn has_bare_newline(head: &[u8]) -> bool {
    let before = std::iter::once(&b'\n').chain(head);
    before.zip(head).any(|(before, byte)| *byte == b'\n' && *before != b'\r')
}

/// An answer with a body that is known when it begins.
pub(super) struct Answer<'a> {
    /// The status, with its number.
    pub(super) status: &'static str,
    /// What the body is.
    pub(super) kind: &'static str,
    /// Further headers, each with its end of line.
    pub(super) more: String,
    /// The body.
    pub(super) body: &'a [u8],
}

impl Answer<'_> {
    /// An answer of success.
    pub(super) fn ok<'a>(kind: &'static str, body: &'a [u8]) -> Answer<'a> {
        Answer { status: "200 OK", kind, more: String::new(), body }
    }

    /// The answer to a request that gets nothing.
    pub(super) fn refused(why: Refused) -> Answer<'static> {
        let more = if why == Refused::Method { "Allow: GET, HEAD\r\n" } else { "" };
        let (status, body) = (why.status(), why.told().as_bytes());
        Answer { status, kind: "text/plain; charset=utf-8", more: more.to_owned(), body }
    }

    /// Sends the answer, or its head alone.
    pub(super) async fn send(&self, stream: &TcpStream, head_only: bool) -> io::Result<()> {
        let Answer { status, kind, more, body } = self;
        let length = body.len();
        let mut text = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\
             {ALWAYS}\r\n"
        )
        .into_bytes();
        if !head_only {
            text.extend_from_slice(body);
        }
        send(stream, &text).await
    }
}

/// The head of an answer whose end is that of the connection.
pub(super) fn stream_head() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{ALWAYS}\r\n").into_bytes()
}

/// Sends some bytes; a reader who does not take them in time is an error.
pub(super) async fn send(stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    timeout(WRITE, stream.write_all(bytes)).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}

/// Ends a connection: says so, and reads what is still to come until its reader has understood.
pub(super) async fn hang_up(stream: &TcpStream) {
    let draining = async {
        stream.shutdown(Shutdown::Write)?;
        let mut nothing = [0; 1024];
        for _ in 0..64 {
            if stream.read(&mut nothing).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    // Whoever does not hang up has had his time.
    let _ = timeout(LINGER, draining).await;
}

#[cfg(test)]
mod tests;
