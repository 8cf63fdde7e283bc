//! Three clients talk to the busy loop, each with pauses, and it says how often it asked in vain.
//!
//! Recorded: its clients are threads, and what they wait for takes time.
//!
//! Run with: `cargo run -p step-01-busy-loop`

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use boucle_watch::Watch;
use step_01_busy_loop::Server;

fn main() -> io::Result<()> {
    let _watch = Watch::from_environment()?;
    let mut server = Server::bind()?;
    let address = server.local_addr()?;
    let clients: Vec<_> = [1, 2, 3]
        .map(|pause| thread::spawn(move || talk(address, Duration::from_millis(pause))))
        .into();
    server.serve(3)?;
    for client in clients {
        println!("a client heard: {}", client.join().expect("the client did not panic")?);
    }
    let (rounds, empty) = (server.rounds, server.empty_rounds);
    println!("{rounds} rounds, {empty} of them in vain");
    Ok(())
}

/// Says two words, and thinks before each.
fn talk(server: SocketAddr, pause: Duration) -> io::Result<String> {
    let mut stream = TcpStream::connect(server)?;
    let mut heard = String::new();
    for word in ["one ", "two "] {
        thread::sleep(pause);
        stream.write_all(word.as_bytes())?;
        let mut reply = [0; 4];
        stream.read_exact(&mut reply)?;
        heard += &String::from_utf8_lossy(&reply);
    }
    Ok(heard)
}
