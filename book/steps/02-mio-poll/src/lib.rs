//! Step 2, mio: the operating system says who is ready.
//!
//! **The idea.** Each socket is registered once, under a number, its token. The loop then sleeps in
//! the operating system until some are ready, and gets their tokens. It asks those and no others.
//!
//! ```text
//!      ready: 3, 1           1. handle     the connections of tokens 3 and 1
//!         ^                       |
//!         |                       v
//!         '----------------- 2. wait       in the operating system: the only sleep
//! ```
//!
//! The events are *edges*: a token comes when its socket becomes ready, and does not come again
//! while it stays so. So whoever is handled must be *drained*: read until the read would block. What
//! is left behind would wait for the client's next word, which may never come.
//!
//! **Its defect.** The loop is an echo server and nothing else: whatever a program does with its
//! sockets has to be written into `turn`. And it knows no time.
//!
//! **The next step** takes the server out of the loop: programs register callbacks.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::Location;

use boucle::observe::{Awaited, Cause, Event, Outcome, SourceId, TaskId, WaitReason};
use boucle_watch::{cause, emit, loop_built, set_cause};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

/// The token of the listener; the connections have the numbers after it.
const LISTENER: Token = Token(1);

/// Sends back to each client what it has sent.
pub struct Server {
    /// The sockets that the operating system watches for us.
    poll: Poll,
    /// What the last wait has brought.
    events: Events,
    /// Those that are ready and have not been handled, oldest first.
    ready: VecDeque<Token>,
    /// Where clients arrive.
    listener: TcpListener,
    /// Those that are there, by the number of their arrival.
    connections: BTreeMap<Token, Connection>,
    /// How many have arrived.
    arrived: u32,
    /// How often the server has asked everybody who was ready.
    pub rounds: u64,
    /// How often nobody had anything.
    pub empty_rounds: u64,
}

/// One client.
struct Connection {
    /// Its socket, which never blocks.
    stream: TcpStream,
    /// What was read and is not yet sent back.
    unsent: VecDeque<u8>,
}

impl Server {
    /// A server on a port of its own.
    pub fn bind() -> io::Result<Server> {
        let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let (task, place) = (task(LISTENER), Location::caller());
        emit(|| loop_built(1));
        emit(|| Event::Spawned { task, by: cause(), place, name: "listener" });
        emit(|| Event::SourceAdded { source: source(LISTENER), by: cause(), kind: "TcpListener" });
        Ok(Server {
            poll,
            events: Events::with_capacity(1024),
            ready: VecDeque::from([LISTENER]),
            listener,
            connections: BTreeMap::new(),
            arrived: 0,
            rounds: 0,
            empty_rounds: 0,
        })
    }

    /// Where clients find it.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Turns until so many clients have come and gone.
    pub fn serve(&mut self, clients: u32) -> io::Result<()> {
        while !self.is_over(clients) {
            self.turn(clients)?;
        }
        emit(|| Event::Aborted { task: task(LISTENER) });
        emit(|| Event::Dropped { task: task(LISTENER), joined: false });
        emit(|| Event::SourceRemoved { source: source(LISTENER) });
        emit(|| Event::LoopDropped);
        Ok(())
    }

    /// Whether so many clients have come and gone.
    fn is_over(&self, clients: u32) -> bool {
        self.arrived >= clients && self.connections.is_empty()
    }

    /// Takes in whoever has arrived.
    fn accept(&mut self) -> io::Result<()> {
        while let Some((mut stream, _)) = unless_it_blocks(self.listener.accept())? {
            self.arrived += 1;
            let token = Token(LISTENER.0 + self.arrived as usize);
            let both = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, token, both)?;
            let (task, place) = (task(token), Location::caller());
            self.connections.insert(token, Connection { stream, unsent: VecDeque::new() });
            // It may have spoken before anybody watched it.
            self.ready.push_back(token);
            emit(|| Event::Spawned { task, by: cause(), place, name: "connection" });
            emit(|| Event::SourceAdded { source: source(token), by: cause(), kind: "TcpStream" });
        }
        Ok(())
    }

    /// One round: asks each connection that is ready, and sleeps until one is.
    fn turn(&mut self, clients: u32) -> io::Result<()> {
        self.rounds += 1;
        let (turn, mut polls) = (self.rounds, 0);
        let mut moved = 0;
        emit(|| Event::TurnBegan { turn });
        // 1. Handle those that are ready.
        while let Some(token) = self.ready.pop_front() {
            polls += 1;
            self.handle(token, &mut moved)?;
        }
        set_cause(Cause::Program);
        // 2. Sleep until one is ready, unless all have come and gone.
        if !self.is_over(clients) {
            self.wait()?;
        }
        emit(|| Event::TurnEnded { turn, polls });
        self.empty_rounds += u64::from(moved == 0);
        Ok(())
    }

    /// Lets the listener or a connection go on as far as it can.
    fn handle(&mut self, token: Token, moved: &mut usize) -> io::Result<()> {
        let task = task(token);
        set_cause(Cause::Task(task));
        emit(|| Event::PollBegan { task });
        let over = match self.connections.get_mut(&token) {
            Some(connection) => !matches!(connection.echo(moved), Ok(false)),
            None => self.accept().map(|()| false)?,
        };
        if over {
            emit(|| Event::PollEnded { task, outcome: Outcome::Ready });
            emit(|| Event::Dropped { task, joined: false });
            emit(|| Event::SourceRemoved { source: source(token) });
            // The operating system forgets a socket that is closed.
            self.connections.remove(&token);
        } else {
            emit(|| Event::Awaits { what: Awaited::Read(source(token)), by: cause() });
            emit(|| Event::PollEnded { task, outcome: Outcome::Pending });
        }
        Ok(())
    }

    /// Sleeps until somebody is ready. This is the only place where the thread sleeps.
    fn wait(&mut self) -> io::Result<()> {
        emit(|| Event::WaitBegan { timeout: None, reason: WaitReason::Nothing });
        match self.poll.poll(&mut self.events, None) {
            // A signal has come; the next round waits again.
            Err(error) if error.kind() == ErrorKind::Interrupted => self.events.clear(),
            waited => waited?,
        }
        for event in &self.events {
            let (source, readable) = (source(event.token()), event.is_readable());
            self.ready.push_back(event.token());
            emit(|| Event::SourceReady { source, readable, writable: event.is_writable() });
        }
        emit(|| Event::WaitEnded { sources: self.ready.len() as u32 });
        for &token in &self.ready {
            set_cause(Cause::Source(source(token)));
            emit(|| Event::Woken { task: task(token), by: cause() });
        }
        set_cause(Cause::Program);
        Ok(())
    }
}

impl Connection {
    /// Reads and sends back until one of the two would block, and adds to `moved` how many bytes
    /// that were; says whether the client has finished.
    fn echo(&mut self, moved: &mut usize) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        loop {
            // Whatever was read goes out before more is read: a client that does not listen is not
            // listened to.
            while !self.unsent.is_empty() {
                let written = self.stream.write(self.unsent.make_contiguous());
                let Some(length) = unless_it_blocks(written)? else { return Ok(false) };
                self.unsent.drain(..length);
                *moved += length;
            }
            let Some(length) = unless_it_blocks(self.stream.read(&mut buffer))? else {
                return Ok(false);
            };
            if length == 0 {
                return Ok(true);
            }
            self.unsent.extend(&buffer[..length]);
            *moved += length;
        }
    }
}

/// The result of an operation, or `None` if it would block: try again later.
fn unless_it_blocks<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// The listener or connection of this token, as events name it.
fn task(token: Token) -> TaskId {
    TaskId(token.0 as u32)
}

/// The socket of this token, as events name it.
fn source(token: Token) -> SourceId {
    SourceId(token.0 as u32)
}
