//! A server that answers in capitals, a limit on how many it serves at once, and its clients.
//!
//! Run with: `cargo run --example capitals`
//!
//! Recorded: its sockets are real.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use boucle::net::{TcpListener, TcpStream};
use boucle::sync::Semaphore;
use boucle::time::{sleep, timeout};
use boucle::{spawn, spawn_blocking};

/// Serves one client: reads a word, thinks, and sends it back.
async fn serve(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    let length = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await??;
    sleep(Duration::from_millis(20)).await;
    let word = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let word = spawn_blocking(move || word.to_uppercase()).await?;
    stream.write_all(word.as_bytes()).await
}

/// Serves all who come, two at a time.
async fn accept(listener: TcpListener) -> io::Result<()> {
    let permits = Rc::new(Semaphore::new(2));
    loop {
        let (stream, _) = listener.accept().await?;
        let permits = Rc::clone(&permits);
        spawn(async move {
            let _permit = permits.acquire().await;
            if let Err(error) = serve(stream).await {
                eprintln!("a client was lost: {error}");
            }
        });
    }
}

/// Sends a word, and returns the answer.
async fn ask(server: SocketAddr, word: &'static str) -> io::Result<String> {
    let stream = TcpStream::connect(server).await?;
    stream.write_all(word.as_bytes()).await?;
    let mut buffer = [0; 64];
    let length = stream.read(&mut buffer).await?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

fn main() -> io::Result<()> {
    boucle::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = listener.local_addr()?;
        let accept = spawn(accept(listener));
        let clients = ["un", "deux", "trois"].map(|word| spawn(ask(server, word)));
        for client in clients {
            println!("{}", client.await??);
        }
        accept.abort();
        Ok(())
    })
}
