//! Token reuse: an event that is under way finds another connection in the place of its own.
//!
//! Believed: the token is the index of the connection, so it says which one.
//!
//! Wrong: an index is used again. Events come in batches, and the first of a batch may close the
//! connection of the second and give its place away.
//!
//! Recorded: batches are the operating system's.
//!
//! Run with: `cargo run --example token_reuse`, or `cargo run --example token_reuse -- mended`

use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::Location;
use std::task::Poll;
use std::time::Duration;

use boucle::observe::{Awaited, Cause, Event, SourceId, TaskId, WaitReason};
use boucle_watch::{Watch, cause, emit, loop_built};
use mio::{Events, Interest, Token};
use museum::{Way, small};

/// The connections of a house with two seats.
struct Seats {
    poll: mio::Poll,
    places: [Option<Guest>; 2],
    /// Free seats; the one that became free last is taken first.
    free: Vec<usize>,
    /// How many guests there have been.
    count: u32,
    way: Way,
}

/// A guest, who is the how-manieth there.
struct Guest {
    number: u32,
    name: &'static str,
    stream: mio::net::TcpStream,
}

impl Seats {
    /// Registers a connection.
    #[track_caller]
    fn seat(&mut self, name: &'static str, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let place = self.free.pop().expect("there is a free seat");
        self.count += 1;
        let number = self.count;
        let token = self.token(place, number);
        self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
        self.places[place] = Some(Guest { number, name, stream });
        told_of_guest(number, name);
        Ok(())
    }

    // ANCHOR: ways
    /// What the operating system is told.
    fn token(&self, place: usize, number: u32) -> Token {
        match self.way {
            Way::Broken => Token(place),
            Way::Mended => Token((number as usize) << 32 | place),
        }
    }

    /// Whom it means by that.
    fn guest(&self, token: Token) -> Option<&Guest> {
        let guest = self.places[token.0 & 1].as_ref()?;
        (self.token(token.0 & 1, guest.number) == token).then_some(guest)
    }
    // ANCHOR_END: ways

    /// A guest has hung up: he goes.
    fn leave(&mut self, place: usize) {
        if let Some(mut guest) = self.places[place].take() {
            // It fails only where the system has forgotten it.
            let _ = self.poll.registry().deregister(&mut guest.stream);
            self.free.push(place);
            told_of_leave(guest.number);
        }
    }
}

/// Three connections: the guest's end of each, and ours.
pub fn connect() -> io::Result<[(TcpStream, TcpStream); 3]> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let connect = || -> io::Result<(TcpStream, TcpStream)> {
        let outside = TcpStream::connect(listener.local_addr()?)?;
        Ok((outside, listener.accept()?.0))
    };
    Ok([connect()?, connect()?, connect()?])
}

/// Ann and Bob are on the phone with one another, and both hang up at once. Carol, who is waiting
/// outside, is given a seat. Returns who sits there in the end.
pub fn run(way: Way, connections: [(TcpStream, TcpStream); 3]) -> io::Result<Vec<&'static str>> {
    let [(ann, ann_here), (bob, bob_here), (_carol, carol_here)] = connections;
    emit(|| loop_built(1));
    let (poll, free) = (mio::Poll::new()?, vec![1, 0]);
    let mut seats = Seats { poll, places: [None, None], free, count: 0, way };
    drop((ann, bob));
    for hung_up in [&ann_here, &bob_here] {
        // Returns when the news is there.
        hung_up.peek(&mut [0])?;
    }
    seats.seat("ann", ann_here)?;
    seats.seat("bob", bob_here)?;
    emit(|| Event::TurnBegan { turn: 1 });
    _ = small::poll(TaskId(1), || waits(SourceId(1)));
    _ = small::poll(TaskId(2), || waits(SourceId(2)));

    let mut events = Events::with_capacity(8);
    let limit = Some(Duration::from_millis(100));
    emit(|| Event::WaitBegan { timeout: limit, reason: WaitReason::CallerLimit });
    seats.poll.poll(&mut events, limit)?;
    let hung_up = events.iter().filter(|event| event.is_read_closed());
    let batch: Vec<(Token, SourceId)> = hung_up
        .map(|event| {
            let guest = seats.guest(event.token()).expect("he has not gone");
            (event.token(), SourceId(guest.number))
        })
        .collect();
    for &(_, source) in &batch {
        emit(|| Event::SourceReady { source, readable: true, writable: false });
    }
    emit(|| Event::WaitEnded { sources: batch.len() as u32 });
    emit(|| Event::TurnEnded { turn: 1, polls: 2 });

    emit(|| Event::TurnBegan { turn: 2 });
    let (mut carol, mut polls) = (Some(carol_here), 0);
    for (token, source) in batch {
        // The second event of the batch finds nobody here, or Carol.
        let Some(guest) = seats.guest(token) else { continue };
        let task = TaskId(guest.number);
        emit(|| Event::Woken { task, by: Cause::Source(source) });
        let place = token.0 & 1;
        _ = small::poll(task, || {
            seats.leave(place);
            Poll::Ready(())
        });
        polls += 1;
        emit(|| Event::Dropped { task, joined: false });
        if let Some(stream) = carol.take() {
            // The other end of the call goes too, and its seat is the next to be taken.
            seats.leave(1 - place);
            emit(|| Event::Aborted { task: TaskId(3 - task.0) });
            emit(|| Event::Dropped { task: TaskId(3 - task.0), joined: false });
            seats.seat("carol", stream)?;
            _ = small::poll(TaskId(3), || waits(SourceId(3)));
            polls += 1;
        }
    }
    emit(|| Event::TurnEnded { turn: 2, polls });
    let left = seats.places.iter().flatten().map(|guest| guest.name).collect();
    let there = seats.places.iter().flatten().map(|guest| guest.number);
    for number in there {
        emit(|| Event::Aborted { task: TaskId(number) });
        emit(|| Event::Dropped { task: TaskId(number), joined: false });
        told_of_leave(number);
    }
    emit(|| Event::LoopDropped);
    Ok(left)
}

#[track_caller]
fn told_of_guest(number: u32, name: &'static str) {
    let (task, source, place) = (TaskId(number), SourceId(number), Location::caller());
    emit(|| Event::Spawned { task, by: cause(), place, name });
    emit(|| Event::SourceAdded { source, by: cause(), kind: "TcpStream" });
}

fn told_of_leave(number: u32) {
    emit(|| Event::SourceRemoved { source: SourceId(number) });
}

fn waits(source: SourceId) -> Poll<()> {
    emit(|| Event::Awaits { what: Awaited::Read(source), by: cause() });
    Poll::Pending
}

fn main() -> io::Result<()> {
    let connections = connect()?;
    let _watch = Watch::from_environment("token_reuse")?;
    println!("still connected: {:?}", run(Way::asked(), connections)?);
    Ok(())
}
