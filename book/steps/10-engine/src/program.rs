//! A program that needs all of a loop: tasks, sockets, time and threads.
//!
//! A server is sent words, and answers each with what a slow function makes of it. Step 9 runs the
//! same program on its own loop.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use boucle::net::{TcpListener, TcpStream};
use boucle::time::timeout;
use boucle::{spawn, spawn_blocking};

/// Serves four clients at the same time, one of which is in a hurry; returns what they heard.
pub async fn program() -> io::Result<Vec<String>> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let server = listener.local_addr()?;
    spawn(serve(listener));
    let clients = [("un", 5_000), ("deux", 5_000), ("trois", 10), ("quatre", 5_000)]
        .map(|(word, patience)| spawn(ask(server, word, Duration::from_millis(patience))));
    let mut heard = Vec::new();
    for client in clients {
        heard.push(client.await.expect("no client panics")?);
    }
    Ok(heard)
}

/// Serves whoever comes.
async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        spawn(answer(stream));
    }
}

/// Answers one word. The slow part is done by a thread, so that others are served meanwhile.
async fn answer(stream: TcpStream) -> io::Result<()> {
    let mut word = vec![0; 64];
    let length = stream.read(&mut word).await?;
    word.truncate(length);
    let shouted = spawn_blocking(move || shout(&word)).await;
    stream.write_all(&shouted.map_err(|_| io::Error::from(ErrorKind::Other))?).await
}

/// Takes its time, and the thread with it.
fn shout(word: &[u8]) -> Vec<u8> {
    thread::sleep(Duration::from_millis(40));
    word.to_ascii_uppercase()
}

/// Asks the server, and waits no longer than so.
async fn ask(server: SocketAddr, word: &str, patience: Duration) -> io::Result<String> {
    let stream = TcpStream::connect(server).await?;
    stream.write_all(word.as_bytes()).await?;
    let mut heard = [0; 64];
    match timeout(patience, stream.read(&mut heard)).await {
        Ok(length) => Ok(String::from_utf8_lossy(&heard[..length?]).into_owned()),
        Err(_) => Ok(format!("nothing about {word}")),
    }
}
