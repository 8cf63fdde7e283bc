//! As much of HTTP/1.1 as the experiments need, read by `httparse`.
//!
//! The same two functions read for every Rust server and client here, whatever loop it runs on, so
//! that a difference between two of them is never one of parsing.

use std::io;
use std::net::SocketAddr;

use boucle::net::TcpStream;
use httparse::{EMPTY_HEADER, Header, Status};

/// The headers of a message of ours are fewer, and Tornado sends five.
const HEADERS: usize = 16;

/// A request that is there as a whole. None of ours has a body.
pub struct Request<'b> {
    /// What is asked for.
    pub path: &'b str,
    /// Whether the connection is over after the response.
    pub close: bool,
    /// How many bytes it is long.
    pub length: usize,
}

/// Reads the request with which `bytes` begin; `None` if there are too few of them.
///
/// # Errors
///
/// If they are no HTTP.
pub fn request(bytes: &[u8]) -> io::Result<Option<Request<'_>>> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes).map_err(io::Error::other)? {
        Status::Partial => Ok(None),
        Status::Complete(length) => {
            let path = request.path.unwrap_or_default();
            let close = header(request.headers, "connection").is_some_and(|value| value == "close");
            Ok(Some(Request { path, close, length }))
        }
    }
}

/// The body of the response with which `bytes` begin; `None` if there are too few of them.
///
/// # Errors
///
/// If they are no HTTP, say nothing of their length, or something else than 200.
pub fn response(bytes: &[u8]) -> io::Result<Option<&[u8]>> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let Status::Complete(head) = response.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    if response.code != Some(200) {
        return Err(io::Error::other(format!("the server says {:?}", response.code)));
    }
    let length: Option<usize> =
        header(response.headers, "content-length").and_then(|length| length.parse().ok());
    let Some(length) = length else {
        return Err(io::Error::other("a response without Content-Length"));
    };
    Ok(bytes.get(head..head + length))
}

fn header<'h>(headers: &[Header<'h>], name: &str) -> Option<&'h str> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    str::from_utf8(header.value).ok()
}

/// Asks for `path` over a connection of its own, and gives the body.
///
/// # Errors
///
/// If the server cannot be reached, or answers with anything but 200.
pub async fn get(server: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    let stream = TcpStream::connect(server).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut received = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(&buffer[..count]);
        if let Some(body) = response(&received)? {
            return Ok(body.to_vec());
        }
    }
}
