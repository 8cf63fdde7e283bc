//! The two servers in Rust: the same requests, the same answer, another loop.

use std::io::{self, Write};
use std::net::SocketAddr;

use experiments::http;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What every server answers; those in Python add headers of their own.
const HELLO: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

/// Serves for ever.
pub fn serve(name: &str) -> io::Result<()> {
    match name {
        "boucle" => boucle::block_on(on_boucle()),
        "tokio" => {
            tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(on_tokio())
        }
        _ => Err(io::Error::other("the servers of this program are boucle and tokio")),
    }
}

async fn on_boucle() -> io::Result<()> {
    let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await?;
    ready(listener.local_addr()?, "")?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        drop(boucle::spawn(boucle_connection(stream)));
    }
}

async fn boucle_connection(stream: boucle::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 1024];
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        while let Some(request) = http::request(&buffer[..filled])? {
            let (close, length) = (request.close, request.length);
            stream.write_all(HELLO).await?;
            if close {
                return Ok(());
            }
            buffer.copy_within(length..filled, 0);
            filled -= length;
        }
    }
}

async fn on_tokio() -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    ready(listener.local_addr()?, "current-thread runtime")?;
    loop {
        let (stream, _peer) = listener.accept().await?;
        drop(tokio::spawn(tokio_connection(stream)));
    }
}

async fn tokio_connection(mut stream: tokio::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 1024];
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        while let Some(request) = http::request(&buffer[..filled])? {
            let (close, length) = (request.close, request.length);
            stream.write_all(HELLO).await?;
            if close {
                return Ok(());
            }
            buffer.copy_within(length..filled, 0);
            filled -= length;
        }
    }
}

/// Says where the server is, and what.
fn ready(address: SocketAddr, about: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{} {about}", address.port())?;
    out.flush()
}
