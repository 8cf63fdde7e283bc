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
use std::net::TcpStream;

use boucle_watch::Watch;
use mio::Token;
use museum::Way;
use museum::sockets::{Guest, Sockets, connect};

/// The guests of a house with two seats.
struct House {
    sockets: Sockets,
    seats: [Option<Guest>; 2],
    /// Those that are free; the one that became free last is taken first.
    free: Vec<usize>,
    way: Way,
}

impl House {
    #[track_caller]
    fn enter(&mut self, name: &'static str, stream: TcpStream) -> io::Result<()> {
        let (way, seat) = (self.way, self.free.pop().expect("there is a free seat"));
        let guest = self.sockets.enter(name, stream, |number| token(seat, number, way))?;
        self.seats[seat] = Some(guest);
        Ok(())
    }

    // ANCHOR: guest
    /// Who is meant by a token: the number of his seat, and whether he is still there.
    fn guest(&self, meant: Token) -> Option<(u32, usize)> {
        let seat = meant.0 % 2;
        let guest = self.seats[seat].as_ref()?;
        let is_he = token(seat, guest.number, self.way) == meant;
        is_he.then_some((guest.number, seat))
    }
    // ANCHOR_END: guest

    fn leave(&mut self, seat: usize) {
        if let Some(guest) = self.seats[seat].take() {
            self.sockets.leave(guest);
            self.free.push(seat);
        }
    }
}

// ANCHOR: token
/// What the operating system is told.
fn token(seat: usize, number: u32, way: Way) -> Token {
    match way {
        Way::Broken => Token(seat),
        Way::Mended => Token(number as usize * 2 + seat),
    }
}
// ANCHOR_END: token

/// Ann and Bob are on the phone with one another, and both hang up at once. Carol, who is waiting
/// outside, is given a seat. Returns who sits there in the end.
pub fn run(way: Way, connections: [(TcpStream, TcpStream); 3]) -> io::Result<Vec<&'static str>> {
    let [(ann, ann_here), (bob, bob_here), (_carol, carol_here)] = connections;
    drop((ann, bob));
    for hung_up in [&ann_here, &bob_here] {
        // Returns when the news is there, so that both are in one batch.
        hung_up.peek(&mut [0])?;
    }
    let (seats, free) = ([None, None], vec![1, 0]);
    let mut house = House { sockets: Sockets::new()?, seats, free, way };
    house.enter("ann", ann_here)?;
    house.enter("bob", bob_here)?;
    let mut outside = Some(carol_here);
    for (token, source) in house.sockets.wait()? {
        let Some((number, seat)) = house.guest(token) else { continue };
        house.sockets.poll_begins(number, source);
        house.leave(seat);
        // The other end of the call goes too. That seat is the next to be taken.
        house.leave(1 - seat);
        if let Some(carol) = outside.take() {
            house.enter("carol", carol)?;
        }
        house.sockets.poll_ended(number, true);
    }
    let there = house.seats.iter().flatten().map(|guest| guest.name).collect();
    house.sockets.close(house.seats.into_iter().flatten());
    Ok(there)
}

fn main() -> io::Result<()> {
    let connections = [connect()?, connect()?, connect()?];
    let _watch = Watch::from_environment()?;
    println!("still connected: {:?}", run(Way::asked(), connections)?);
    Ok(())
}
