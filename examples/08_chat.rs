//! A chat: many clients, each with a queue of its own, so that a slow one holds up nobody.
//!
//! Run with: `cargo run --release --example 08_chat [ADDRESS]`
//!
//! With an address, say 127.0.0.1:7000, it serves for ever: try `nc 127.0.0.1 7000` in two windows.
//! Without one, a hundred clients of its own talk and listen, and it ends.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::net::{TcpListener, TcpStream};
use boucle::sync::mpsc;
use boucle::time::timeout;
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, future};

/// Who is here, and the queue of what each is still to be sent. All tasks run on one thread, so
/// this needs no lock; it must only not be borrowed across an `.await`.
type Room = Rc<RefCell<HashMap<SocketAddr, mpsc::Sender<Rc<str>>>>>;

fn main() -> io::Result<()> {
    boucle::block_on(async {
        match std::env::args().nth(1) {
            Some(address) => serve(TcpListener::bind(address).await?).await,
            None => self_test().await,
        }
    })
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    println!("chatting at {}", listener.local_addr()?);
    let room = Room::default();
    loop {
        let (stream, peer) = listener.accept().await?;
        let room = Rc::clone(&room);
        boucle::spawn(async move {
            let (sender, queue) = mpsc::channel(1000);
            room.borrow_mut().insert(peer, sender);
            say(&room, &format!("* {peer} has come\n"));
            // Whichever ends first, for good or ill, ends the other: `or` drops it.
            let ended = future::or(listen(&stream, peer, &room), send(&stream, queue)).await;
            room.borrow_mut().remove(&peer);
            say(&room, &format!("* {peer} has gone\n"));
            ended
        });
    }
}

/// Says to the room what a client says, line by line. A line is 1,000 bytes at most: who sends
/// more without an end of line gets it in pieces, and fills no memory.
async fn listen(stream: &TcpStream, peer: SocketAddr, room: &Room) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while (&mut reader).take(1000).read_until(b'\n', &mut line).await? > 0 {
        say(room, &format!("{peer}: {}\n", String::from_utf8_lossy(&line).trim_end()));
        line.clear();
        // A packet may hold hundreds of lines: the queues are to be emptied in between.
        boucle::task::yield_now().await;
    }
    Ok(())
}

/// Sends a client what is in its queue, until it is taken out of the room or takes nothing more.
async fn send(stream: &TcpStream, mut queue: mpsc::Receiver<Rc<str>>) -> io::Result<()> {
    while let Some(line) = queue.recv().await {
        timeout(Duration::from_secs(10), stream.write_all(line.as_bytes())).await??;
    }
    Ok(())
}

/// Puts a line into every queue, without waiting: a client whose queue is full has stopped reading
/// long ago, and leaves the room. Waiting for it would make it slow for everybody.
fn say(room: &Room, line: &str) {
    let line: Rc<str> = line.into();
    room.borrow_mut().retain(|_, queue| queue.try_send(Rc::clone(&line)).is_ok());
}

async fn self_test() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    boucle::spawn(serve(listener));

    // All come first. The first line that each hears is that it has come itself.
    let mut readers = Vec::new();
    for _ in 0..100 {
        let mut reader = BufReader::new(TcpStream::connect(address).await?);
        reader.read_line(&mut String::new()).await?;
        readers.push(reader);
    }
    // Then they talk at once, and each listens until it has heard them all, itself included.
    let mut clients = TaskGroup::new();
    for mut reader in readers {
        clients.spawn(async move {
            reader.get_ref().write_all(b"hello\n").await?;
            let (mut heard, mut line) = (0, String::new());
            while heard < 100 && reader.read_line(&mut line).await? > 0 {
                heard += u32::from(line.ends_with(": hello\n"));
                line.clear();
            }
            io::Result::Ok(heard)
        });
    }
    for heard in clients.join_all().await {
        assert_eq!(heard.expect("no client panics")?, 100);
    }
    println!("100 clients heard 100 greetings each");
    Ok(())
}
