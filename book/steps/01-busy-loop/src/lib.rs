//! Step 1, the busy loop: several clients on one thread.
//!
//! **The idea.** A socket can be told not to block: a read that finds nothing then returns
//! `WouldBlock` at once instead of stopping the thread. So one thread can ask one connection after
//! the other, round after round, and answer whoever has sent something.
//!
//! **Its defect.** It never sleeps. Where nobody sends anything, it asks again and again, and takes
//! a whole processor to learn that there is nothing to do. [`Server::empty_rounds`] counts how often.
//!
//! **The next step** asks the operating system which connections have something, and sleeps there
//! until one has.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::Location;

use boucle::observe::{Cause, Event, Outcome, TaskId};
use boucle_watch::{cause, emit, loop_built, set_cause};

/// Sends back to each client what it has sent.
pub struct Server {
    /// Where clients arrive.
    listener: TcpListener,
    /// Those that are there, by the number of their arrival.
    connections: BTreeMap<TaskId, Connection>,
    /// How many have arrived.
    arrived: u32,
    /// How often the server has asked everybody.
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
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        emit(|| loop_built(1));
        let connections = BTreeMap::new();
        Ok(Server { listener, connections, arrived: 0, rounds: 0, empty_rounds: 0 })
    }

    /// Where clients find it.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Turns until so many clients have come and gone.
    pub fn serve(&mut self, clients: u32) -> io::Result<()> {
        while !self.is_over(clients) {
            self.accept()?;
            self.turn();
        }
        emit(|| Event::LoopDropped);
        Ok(())
    }

    /// Whether so many clients have come and gone.
    fn is_over(&self, clients: u32) -> bool {
        self.arrived >= clients && self.connections.is_empty()
    }

    /// Takes in whoever has arrived.
    fn accept(&mut self) -> io::Result<()> {
        while let Some((stream, _)) = unless_it_blocks(self.listener.accept())? {
            stream.set_nonblocking(true)?;
            self.arrived += 1;
            let (task, place) = (TaskId(self.arrived), Location::caller());
            self.connections.insert(task, Connection { stream, unsent: VecDeque::new() });
            emit(|| Event::Spawned { task, by: cause(), place, name: "connection" });
        }
        Ok(())
    }

    /// One round: asks each connection whether it can go on.
    fn turn(&mut self) {
        self.rounds += 1;
        let (turn, polls) = (self.rounds, self.connections.len() as u32);
        let mut moved = 0;
        emit(|| Event::TurnBegan { turn });
        self.connections.retain(|&task, connection| {
            set_cause(Cause::Task(task));
            emit(|| Event::PollBegan { task });
            let outcome = connection.echo(&mut moved);
            let over = !matches!(outcome, Ok(false));
            if over {
                emit(|| Event::PollEnded { task, outcome: Outcome::Ready });
                emit(|| Event::Dropped { task, joined: false });
            } else {
                // It will be asked again in the next round, whether it has something or not.
                emit(|| Event::Woken { task, by: cause() });
                emit(|| Event::PollEnded { task, outcome: Outcome::Pending });
            }
            !over
        });
        set_cause(Cause::Program);
        emit(|| Event::TurnEnded { turn, polls });
        self.empty_rounds += u64::from(moved == 0);
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
