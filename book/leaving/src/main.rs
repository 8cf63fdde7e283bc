//! A server that answers in capitals, a limit on how many it serves at once, and its clients.
//!
//! Run with: `cargo run --bin on-tokio`
//!
//! It does the same as `listings/examples/capitals.rs`, on tokio.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{spawn, spawn_blocking};
use tokio::time::{sleep, timeout};

/// Serves one client: reads a word, thinks, and sends it back.
async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    let length = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await??;
    sleep(Duration::from_millis(20)).await;
    let word = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let word = spawn_blocking(move || word.to_uppercase()).await?;
    stream.write_all(word.as_bytes()).await
}

/// Serves all who come, two at a time.
async fn accept(listener: TcpListener) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(2));
    loop {
        let (stream, _) = listener.accept().await?;
        let permits = Arc::clone(&permits);
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
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(word.as_bytes()).await?;
    let mut buffer = [0; 64];
    let length = stream.read(&mut buffer).await?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

fn main() -> io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
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
