//! An echo server: one task for each connection.
//!
//! Run with: `cargo run --release --example 05_echo_server [ADDRESS]`
//!
//! With an address, say 127.0.0.1:7000, it serves for ever: try `nc 127.0.0.1 7000`. Without one it
//! serves a hundred clients of its own, looks at what they get, and ends.

use std::io;
use std::net::{Shutdown, SocketAddr};

use boucle::TaskGroup;
use boucle::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    boucle::block_on(async {
        match std::env::args().nth(1) {
            Some(address) => serve(TcpListener::bind(address).await?).await,
            None => self_test().await,
        }
    })
}

/// Accepts for ever. Each connection becomes a task, so that a slow one holds up nobody.
async fn serve(listener: TcpListener) -> io::Result<()> {
    println!("echoing at {}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        boucle::spawn(async move {
            // What goes wrong with one connection is the end of that connection, no more.
            if let Err(error) = echo(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

/// Sends back what comes in, until the peer has no more to say.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        // As long as the peer does not take its bytes, this waits and nothing more is read. So the
        // peer's own writes will wait too, and no memory fills up.
        stream.write_all(&buffer[..read]).await?;
    }
}

/// A hundred clients at once, on the same loop as the server.
async fn self_test() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = boucle::spawn(serve(listener));

    let mut clients = TaskGroup::new();
    for number in 0..100 {
        clients.spawn(client(address, format!("client {number}\n").repeat(1000)));
    }
    for client in clients.join_all().await {
        client.expect("no client panics")?;
    }

    // The server never ends by itself.
    server.abort();
    println!("100 clients got back what they sent");
    Ok(())
}

/// Sends a text and expects to get the same.
async fn client(address: SocketAddr, text: String) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    futures_lite::AsyncReadExt::read_to_string(&mut &stream, &mut answer).await?;
    assert_eq!(answer, text);
    Ok(())
}
