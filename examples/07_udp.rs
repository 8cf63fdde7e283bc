//! UDP: datagrams get lost, so a request needs a time limit and another try.
//!
//! Run with: `cargo run --release --example 07_udp [ADDRESS]`
//!
//! With an address, say 127.0.0.1:7000, it answers for ever: try `nc -u 127.0.0.1 7000`. Without
//! one it asks itself ten questions, and ends.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use boucle::net::UdpSocket;
use boucle::time::timeout;

fn main() -> io::Result<()> {
    boucle::block_on(async {
        match std::env::args().nth(1) {
            Some(address) => serve(UdpSocket::bind(address).await?, u32::MAX).await,
            None => self_test().await,
        }
    })
}

/// Answers every datagram in capital letters, save that each `forgets`-th gets no answer.
///
/// There are no connections: one socket talks with everybody, and no task is needed for a peer.
async fn serve(socket: UdpSocket, forgets: u32) -> io::Result<()> {
    println!("answering at {}", socket.local_addr()?);
    let mut buffer = [0; 1500];
    for number in 1_u32.. {
        // A datagram comes whole. What does not fit into the buffer would be lost.
        let (read, peer) = socket.recv_from(&mut buffer).await?;
        if number % forgets != 0 {
            buffer[..read].make_ascii_uppercase();
            // A peer to which there is no way is no reason to stop answering the others.
            if let Err(error) = socket.send_to(&buffer[..read], peer).await {
                eprintln!("{peer}: {error}");
            }
        }
    }
    Ok(())
}

/// Asks a server that forgets every third datagram.
async fn self_test() -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let address = socket.local_addr()?;
    let server = boucle::spawn(serve(socket, 3));

    let mut tries = 0;
    for number in 0..10 {
        let (answer, took) = ask(address, &format!("question {number}")).await?;
        assert_eq!(answer, format!("QUESTION {number}"));
        println!("{answer}, at try {took}");
        tries += took;
    }
    server.abort();
    println!("10 questions took {tries} tries");
    assert!(tries >= 14, "four of the first fourteen were forgotten");
    Ok(())
}

/// Sends a question until it is answered; says at which try it was.
async fn ask(address: SocketAddr, question: &str) -> io::Result<(String, u32)> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    // Now it receives from this peer only, and is told when nobody listens there.
    socket.connect(address).await?;
    let mut buffer = [0; 1500];
    for number in 1..=20 {
        socket.send(question.as_bytes()).await?;
        // When the time is over the receiving future is dropped, which loses no datagram: an
        // answer that comes late is there for the next try.
        if let Ok(read) = timeout(Duration::from_millis(100), socket.recv(&mut buffer)).await {
            return Ok((String::from_utf8_lossy(&buffer[..read?]).into_owned(), number));
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}
