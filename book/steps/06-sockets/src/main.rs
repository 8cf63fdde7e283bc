//! An echo server and three clients, all on one loop: compare the server with that of step 2.
//!
//! Recorded: its sockets are real.
//!
//! Run with: `cargo run -p step-06-sockets`

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use boucle_watch::Watch;
use step_06_sockets::net::{TcpListener, TcpStream};
use step_06_sockets::{block_on, spawn};

/// Sends back what comes, until the client has finished.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}

/// Says a word and hears it again.
async fn talk(server: SocketAddr, word: &str) -> io::Result<String> {
    let stream = TcpStream::connect(server).await?;
    stream.write_all(word.as_bytes()).await?;
    let mut heard = vec![0; word.len()];
    let length = stream.read(&mut heard).await?;
    Ok(String::from_utf8_lossy(&heard[..length]).into_owned())
}

fn main() -> io::Result<()> {
    let _watch = Watch::from_environment()?;
    block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let server = listener.local_addr()?;
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn(echo(stream));
            }
        });
        let clients = ["un", "deux", "trois"].map(|word| spawn(talk(server, word)));
        for client in clients {
            println!("a client heard: {}", client.await.expect("no client panics")?);
        }
        Ok(())
    })
}
