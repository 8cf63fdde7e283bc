//! The HTTP of the `http` workload: one request, one response, one parser for every server.

use std::io;

/// What a client sends, over and over, on a connection that stays open.
pub const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: boucle-benches\r\nAccept: */*\r\n\r\n";

/// What a server answers.
pub const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

/// The requests on one connection: bytes go in, complete requests are counted.
pub struct Requests {
    /// Bytes received and not yet part of a complete request, from the start.
    buffer: [u8; 1024],
    /// How many of them there are.
    filled: usize,
}

impl Requests {
    /// Nothing received yet.
    pub fn new() -> Self {
        Requests { buffer: [0; 1024], filled: 0 }
    }

    /// Where the next bytes are to be read to.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// Takes note of `count` bytes read to [`space`](Self::space); returns the requests that are
    /// now complete, each to be answered with [`RESPONSE`].
    pub fn received(&mut self, count: usize) -> io::Result<usize> {
        self.filled += count;
        let mut complete = 0;
        let mut parsed = 0;
        while parsed < self.filled {
            let mut headers = [httparse::EMPTY_HEADER; 16];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&self.buffer[parsed..self.filled]).map_err(io::Error::other)? {
                httparse::Status::Complete(length) => {
                    parsed += length;
                    complete += 1;
                }
                httparse::Status::Partial => break,
            }
        }
        // The rest moves to the front; nearly always there is none.
        self.buffer.copy_within(parsed..self.filled, 0);
        self.filled -= parsed;
        Ok(complete)
    }
}
