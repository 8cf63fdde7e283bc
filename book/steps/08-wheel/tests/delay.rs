//! The conversation of `delay.rs` in step 3, where it was in callbacks: each side is one function.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use step_08_wheel::net::{TcpListener, TcpStream};
use step_08_wheel::time::sleep;
use step_08_wheel::{block_on, spawn};

/// Serves whoever comes.
async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        spawn(converse(stream));
    }
}

/// Reads one line, and answers later.
async fn converse(stream: TcpStream) -> io::Result<()> {
    let line = read_line(&stream).await?;
    sleep(Duration::from_millis(line.parse().unwrap_or_default())).await;
    stream.write_all(format!("{line}\n").as_bytes()).await
}

/// Asks the server for an answer after so many milliseconds.
async fn fetch(server: SocketAddr, millis: u64) -> io::Result<String> {
    let stream = TcpStream::connect(server).await?;
    stream.write_all(format!("{millis}\n").as_bytes()).await?;
    read_line(&stream).await
}

/// Reads to the end of a line.
async fn read_line(stream: &TcpStream) -> io::Result<String> {
    let (mut line, mut buffer) = (Vec::new(), [0; 64]);
    while !line.ends_with(b"\n") {
        match stream.read(&mut buffer).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => line.extend(&buffer[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&line).trim().to_owned())
}

#[test]
fn clients_wait_at_the_same_time() {
    let began = Instant::now();
    block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let server = listener.local_addr().unwrap();
        spawn(serve(listener));
        let clients = [150, 50, 100].map(|millis| spawn(fetch(server, millis)));
        let mut answers = Vec::new();
        for client in clients {
            answers.push(client.await.unwrap().unwrap());
        }
        assert_eq!(answers, ["150", "50", "100"]);
    });
    assert!(began.elapsed() < Duration::from_millis(290), "they waited one after the other");
}
