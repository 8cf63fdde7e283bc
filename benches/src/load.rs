//! The clients: a process of their own on the other core, a bare mio loop and nothing else.
//!
//! Every connection is a closed loop: one message out, the whole reply back and compared, the next
//! message out. When the warm-up is over the process writes `start` to its standard output, takes
//! no reply until it is told to go on, and writes `stop N` after N replies more. At both marks
//! every connection has a message on its way, so the CPU time that the server counts between them
//! is that of N messages exactly. An idle load connects, writes `start`, and holds its connections
//! until its standard input ends.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use serde::{Deserialize, Serialize};

use crate::{http, machine};

/// What the clients do.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Talk {
    /// Send so many bytes, get the same back.
    Echo(usize),
    /// Send a request, get the response.
    Http,
    /// Nothing at all.
    Idle,
}

/// A load, as the measured process asks for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Load {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What to do with it.
    pub talk: Talk,
    /// On so many connections.
    pub connections: usize,
    /// For so long, not counting the warm-up.
    pub milliseconds: u64,
}

/// The time before `start`, if every connection has had a reply by then.
const WARM_UP: Duration = Duration::from_millis(100);

/// Puts the load on its server, to the end.
pub fn run(load: &Load) -> io::Result<()> {
    machine::pin(machine::OTHER_CORE);
    machine::raise_file_limit();
    let (message, reply) = match load.talk {
        Talk::Echo(size) => {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            (bytes.clone(), bytes)
        }
        Talk::Http => (http::REQUEST.to_vec(), http::RESPONSE.to_vec()),
        Talk::Idle => return idle(load),
    };

    // 1. Every connection is open and has its first message on the way.
    let mut clients = Clients {
        poll: Poll::new()?,
        events: Events::with_capacity(1024),
        connected: Vec::with_capacity(load.connections),
        buffer: vec![0; reply.len() * 2],
        message,
        reply,
    };
    for _ in 0..load.connections {
        clients.add(connect(load.address)?)?;
    }

    // 2. Turn until the warm-up is over and every connection has been served.
    let begin = Instant::now();
    while begin.elapsed() < WARM_UP || clients.connected.iter().any(|client| client.replies == 0) {
        clients.turn()?;
    }

    // 3. Turn for the measured time.
    say("start")?;
    io::stdin().read_line(&mut String::new())?;
    let begin = Instant::now();
    let time = Duration::from_millis(load.milliseconds);
    let mut replies = 0;
    while begin.elapsed() < time {
        replies += clients.turn()?;
    }
    say(&format!("stop {replies}"))
}

/// All connections and what is said on each.
struct Clients {
    poll: Poll,
    events: Events,
    /// By token.
    connected: Vec<Client>,
    /// Where replies are read to, larger than one.
    buffer: Vec<u8>,
    /// What every client sends.
    message: Vec<u8>,
    /// What every client expects.
    reply: Vec<u8>,
}

impl Clients {
    /// Takes a connection in and sends its first message.
    fn add(&mut self, mut stream: TcpStream) -> io::Result<()> {
        let token = Token(self.connected.len());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, token, interest)?;
        let mut client = Client { stream, sent: 0, received: 0, replies: 0 };
        client.send(&self.message)?;
        self.connected.push(client);
        Ok(())
    }

    /// Waits once and serves every client that has something; returns the replies completed.
    fn turn(&mut self) -> io::Result<u64> {
        machine::wait(&mut self.poll, &mut self.events)?;
        let mut replies = 0;
        for event in &self.events {
            let client = &mut self.connected[event.token().0];
            // A long message goes out in parts.
            client.send(&self.message)?;
            if event.is_readable() && client.receive(&self.reply, &mut self.buffer)? {
                replies += 1;
                client.send(&self.message)?;
            }
        }
        Ok(replies)
    }
}

/// One connection and where it stands in its message and its reply.
struct Client {
    stream: TcpStream,
    /// Bytes of the message that are on the way.
    sent: usize,
    /// Bytes of the reply that have come back.
    received: usize,
    /// Complete replies so far.
    replies: u64,
}

impl Client {
    /// Sends what is left of the message, as far as the socket takes it.
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        while self.sent < message.len() {
            match self.stream.write(&message[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Receives what is there; true when that completed the reply.
    fn receive(&mut self, reply: &[u8], buffer: &mut [u8]) -> io::Result<bool> {
        while self.received < reply.len() {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(io::Error::other("the server hung up")),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            let expected = reply.get(self.received..self.received + count);
            if expected != Some(&buffer[..count]) {
                return Err(io::Error::other("the server answered something else"));
            }
            self.received += count;
        }
        // The whole reply is here, so the socket is empty: nothing more comes before we ask.
        self.sent = 0;
        self.received = 0;
        self.replies += 1;
        Ok(true)
    }
}

/// Holds connections and does nothing with them.
fn idle(load: &Load) -> io::Result<()> {
    let streams: Vec<_> =
        (0..load.connections).map(|_| connect(load.address)).collect::<io::Result<_>>()?;
    say("start")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    drop(streams);
    Ok(())
}

/// A connection, ready for mio.
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream))
}

/// Tells the measured process something, at once.
fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
