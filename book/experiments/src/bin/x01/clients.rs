//! The clients: 100 at once, on a loop of their own, until all requests are answered.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use boucle::net::TcpStream;
use boucle::{TaskGroup, block_on};
use experiments::{Result, http};

const CLIENTS: u32 = 100;

/// A connection that stays, as with `ab -k`.
const KEPT: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";

/// A connection for one request, as with `ab`.
const ONE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n";

/// Sends so many requests, over connections that stay or one for each; gives the time that took.
/// Every response is read to its end and compared.
pub fn run(server: SocketAddr, requests: u32, keep: bool) -> Result<Duration> {
    block_on(async {
        let left = Rc::new(Cell::new(requests));
        let clock = Instant::now();
        let mut clients = TaskGroup::new();
        for _ in 0..CLIENTS {
            clients.spawn(client(server, left.clone(), keep));
        }
        for client in clients.join_all().await {
            client??;
        }
        Ok(clock.elapsed())
    })
}

/// Takes the next request as soon as it has had an answer.
async fn client(server: SocketAddr, left: Rc<Cell<u32>>, keep: bool) -> io::Result<()> {
    let mut connection = None;
    while left.get() > 0 {
        left.set(left.get() - 1);
        let stream = match connection.take() {
            Some(stream) => stream,
            None => connect(server).await?,
        };
        ask(&stream, if keep { KEPT } else { ONE }).await?;
        connection = keep.then_some(stream);
    }
    Ok(())
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One request, and its whole response.
async fn ask(stream: &TcpStream, request: &[u8]) -> io::Result<()> {
    stream.write_all(request).await?;
    let mut buffer = [0; 1024];
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += count;
        match http::response(&buffer[..filled])? {
            None => {}
            Some(b"Hello, world!") => return Ok(()),
            Some(other) => {
                let other = String::from_utf8_lossy(other);
                return Err(io::Error::other(format!("the server answers {other:?}")));
            }
        }
    }
}
