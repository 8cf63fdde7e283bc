//! A browser of the poorest kind: requests as they are written, answers as they come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer takes that comes at all.
const LIMIT: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header, of which there may be only one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Connects.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Sends exactly these bytes and reads until the connection is closed.
pub fn send(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Asks as a browser does that was told to open this path.
pub fn get(address: SocketAddr, path: &str) -> Answer {
    send(address, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
}

/// Where a URL leads, and by which path.
pub fn parse_url(url: &str) -> (SocketAddr, String) {
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    (address.parse().unwrap(), format!("/{path}"))
}

/// A message of a stream of server-sent events.
#[derive(Debug)]
pub struct Message {
    /// What kind it is; empty if it is of no special kind.
    pub kind: String,
    pub data: Value,
}

/// Somebody who reads a stream.
pub struct Viewer {
    stream: BufReader<TcpStream>,
    /// How many heartbeats there were.
    pub heartbeats: usize,
}

impl Viewer {
    /// Asks for a stream, and reads nothing yet.
    pub fn ask(address: SocketAddr, path: &str) -> Viewer {
        let mut stream = connect(address);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        Viewer { stream: BufReader::new(stream), heartbeats: 0 }
    }

    /// Asks for a stream, and reads the head of the answer.
    pub fn open(address: SocketAddr, path: &str) -> Viewer {
        let mut viewer = Viewer::ask(address, path);
        viewer.read_head();
        viewer
    }

    /// Reads the head of the answer.
    pub fn read_head(&mut self) {
        assert_eq!(self.line().unwrap(), "HTTP/1.1 200 OK\r\n");
        let mut is_stream = false;
        loop {
            let line = self.line().unwrap();
            is_stream |= line == "Content-Type: text/event-stream\r\n";
            if line == "\r\n" {
                break;
            }
        }
        assert!(is_stream);
    }

    /// A line with its end; `None` at the end of the stream.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).unwrap();
        (length > 0).then_some(line)
    }

    /// The next message, as a browser understands it; `None` when the stream has ended.
    pub fn next(&mut self) -> Option<Message> {
        let (mut kind, mut data) = (String::new(), String::new());
        loop {
            let line = self.line()?;
            let line = line.strip_suffix('\n').expect("a stream that breaks off");
            match line.split_once(": ").unwrap_or((line, "")) {
                ("", "") if data.is_empty() => {}
                ("", "") => {
                    return Some(Message { kind, data: serde_json::from_str(&data).unwrap() });
                }
                (":", "") => self.heartbeats += 1,
                ("event", value) => value.clone_into(&mut kind),
                ("data", value) => {
                    assert!(data.is_empty(), "data in two lines");
                    value.clone_into(&mut data);
                }
                ("retry", value) => assert_eq!(value, "1000"),
                _ => panic!("a line of no known kind: {line}"),
            }
        }
    }

    /// Reads messages until one is of interest.
    pub fn find(&mut self, mut is_it: impl FnMut(&Message) -> bool) -> Message {
        loop {
            let message = self.next().expect("the stream has ended");
            if is_it(&message) {
                return message;
            }
        }
    }

    /// Reads until this event.
    pub fn event(&mut self, event: &str) -> Value {
        self.find(|message| message.data["event"] == event).data
    }
}
