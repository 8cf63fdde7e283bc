//! A small loop of sockets: each guest is a connection and a task. Whoever watches is told.
//!
//! ```text
//!     .--> 1. wait for edges --> 2. for each: the guest's task is polled, by the exhibit --.
//!     |                                                                                   |
//!     '-----------------------------------------------------------------------------------'
//! ```
//!
//! It knows nothing of what is read, and not whom a token means: that is what exhibits do wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::Location;
use std::time::Duration;

use boucle::observe::{Awaited, Cause, Event, Outcome, SourceId, TaskId, WaitReason};
use boucle_watch::{cause, emit, loop_built, set_cause};
use mio::{Events, Interest, Poll, Token};

/// How long the loop waits for an edge.
const LIMIT: Duration = Duration::from_millis(50);

/// A connection that is watched.
pub struct Guest {
    /// The how-manieth this is.
    pub number: u32,
    /// What it is called.
    pub name: &'static str,
    /// Our end of it.
    pub stream: mio::net::TcpStream,
}

/// The loop.
pub struct Sockets {
    poll: Poll,
    /// How many guests there have been.
    count: u32,
    /// Whose tasks were not polled yet.
    new: Vec<u32>,
    /// Whose tasks are not finished.
    living: BTreeSet<u32>,
    /// Who has which token now.
    tokens: BTreeMap<Token, u32>,
    turn: u64,
    polls: u32,
    /// The last thing that happened was a wait.
    has_waited: bool,
}

/// The two ends of a connection: the client's, and ours.
pub fn connect() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    Ok((client, listener.accept()?.0))
}

impl Sockets {
    /// A loop without guests.
    pub fn new() -> io::Result<Sockets> {
        let poll = Poll::new()?;
        emit(|| loop_built(1));
        Ok(Sockets {
            poll,
            count: 0,
            new: Vec::new(),
            living: BTreeSet::new(),
            tokens: BTreeMap::new(),
            turn: 0,
            polls: 0,
            has_waited: false,
        })
    }

    /// Registers a connection; `token` has its number.
    #[track_caller]
    pub fn enter(
        &mut self,
        name: &'static str,
        stream: TcpStream,
        token: impl FnOnce(u32) -> Token,
    ) -> io::Result<Guest> {
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let number = self.count + 1;
        let token = token(number);
        self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
        self.count = number;
        self.new.push(number);
        self.living.insert(number);
        self.tokens.insert(token, number);
        let (task, source, place) = (TaskId(number), SourceId(number), Location::caller());
        emit(|| Event::Spawned { task, by: cause(), place, name });
        emit(|| Event::SourceAdded { source, by: cause(), kind: "TcpStream" });
        Ok(Guest { number, name, stream })
    }

    /// Waits for edges; returns the token of each, and the source that it is from.
    pub fn wait(&mut self) -> io::Result<Vec<(Token, SourceId)>> {
        if self.turn == 0 {
            self.begin_turn();
        }
        self.poll_new();
        emit(|| Event::WaitBegan { timeout: Some(LIMIT), reason: WaitReason::CallerLimit });
        let mut events = Events::with_capacity(8);
        self.poll.poll(&mut events, Some(LIMIT))?;
        let edges = events.iter().map(mio::event::Event::token);
        let edges: Vec<_> = edges.map(|token| (token, SourceId(self.tokens[&token]))).collect();
        for &(_, source) in &edges {
            emit(|| Event::SourceReady { source, readable: true, writable: false });
        }
        emit(|| Event::WaitEnded { sources: edges.len() as u32 });
        self.has_waited = true;
        Ok(edges)
    }

    /// A guest's task is woken by a source, and its poll begins.
    pub fn poll_begins(&mut self, number: u32, source: SourceId) {
        let task = TaskId(number);
        emit(|| Event::Woken { task, by: Cause::Source(source) });
        if self.has_waited {
            self.end_turn();
            self.begin_turn();
        }
        set_cause(Cause::Task(task));
        emit(|| Event::PollBegan { task });
    }

    /// The poll has ended, and so has the task, or it waits for the next edge.
    pub fn poll_ended(&mut self, number: u32, is_done: bool) {
        let task = TaskId(number);
        if !is_done {
            emit(|| Event::Awaits { what: Awaited::Read(SourceId(number)), by: cause() });
        }
        let outcome = if is_done { Outcome::Ready } else { Outcome::Pending };
        emit(|| Event::PollEnded { task, outcome });
        set_cause(Cause::Program);
        self.polls += 1;
        if is_done {
            self.living.remove(&number);
            emit(|| Event::Dropped { task, joined: false });
        }
        self.poll_new();
    }

    /// A guest goes. If it is not his own poll that ends, his task is dropped.
    pub fn leave(&mut self, mut guest: Guest) {
        let task = TaskId(guest.number);
        // It fails only where the system has forgotten it.
        let _ = self.poll.registry().deregister(&mut guest.stream);
        emit(|| Event::SourceRemoved { source: SourceId(guest.number) });
        if cause() != Cause::Task(task) && self.living.remove(&guest.number) {
            emit(|| Event::Aborted { task });
            emit(|| Event::Dropped { task, joined: false });
        }
    }

    /// The loop ends, with those who are left.
    pub fn close(mut self, left: impl IntoIterator<Item = Guest>) {
        self.end_turn();
        for guest in left {
            self.leave(guest);
        }
        emit(|| Event::LoopDropped);
    }

    /// The first poll of a guest's task: it waits for the first edge.
    fn poll_new(&mut self) {
        for number in std::mem::take(&mut self.new) {
            set_cause(Cause::Task(TaskId(number)));
            emit(|| Event::PollBegan { task: TaskId(number) });
            self.poll_ended(number, false);
        }
    }

    fn begin_turn(&mut self) {
        self.turn += 1;
        (self.polls, self.has_waited) = (0, false);
        emit(|| Event::TurnBegan { turn: self.turn });
    }

    fn end_turn(&mut self) {
        emit(|| Event::TurnEnded { turn: self.turn, polls: self.polls });
    }
}
