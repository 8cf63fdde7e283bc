//! The smallest useful protocol: one line is asked, one line is answered.
//!
//! The delay server speaks it, and so do the small web servers of the first theme. There is a
//! client that awaits and one that blocks its thread, as the drivers of real databases come in
//! both kinds.

use std::io::{self, BufRead, Write};
use std::net::SocketAddr;

use boucle::net::{TcpListener, TcpStream};
use boucle::spawn;
use futures_lite::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use futures_lite::stream::StreamExt;

use crate::experiment::Result;

/// Answers every line of every connection with what `handler` makes of it, for ever.
pub(crate) async fn serve<H, F>(listener: TcpListener, handler: H) -> io::Result<()>
where
    H: Fn(String) -> F + Clone + 'static,
    F: Future<Output = Result<String>> + 'static,
{
    loop {
        let (stream, _peer) = listener.accept().await?;
        // One task a connection. Nobody awaits it: its handle is dropped, and it runs on.
        drop(spawn(converse(stream, handler.clone())));
    }
}

/// One connection: a line, its answer, until the client leaves.
async fn converse<H, F>(stream: TcpStream, handler: H) -> Result<()>
where
    H: Fn(String) -> F,
    F: Future<Output = Result<String>>,
{
    let mut lines = BufReader::new(&stream).lines();
    while let Some(line) = lines.next().await {
        let answer = handler(line?).await?;
        // One write a line, so that it leaves in one packet.
        stream.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

/// A client that awaits.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(server: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: BufReader::new(TcpStream::connect(server).await?) })
    }

    pub(crate) async fn ask(&mut self, line: &str) -> io::Result<String> {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).await?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer).await?;
        complete(&answer)
    }
}

/// A client that holds its thread until the answer is there.
pub(crate) struct BlockingClient {
    stream: io::BufReader<std::net::TcpStream>,
}

impl BlockingClient {
    pub(crate) fn connect(server: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: io::BufReader::new(std::net::TcpStream::connect(server)?) })
    }

    pub(crate) fn ask(&mut self, line: &str) -> io::Result<String> {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes())?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer)?;
        complete(&answer)
    }
}

/// An answer without its end means that the server has gone.
fn complete(answer: &str) -> io::Result<String> {
    match answer.strip_suffix('\n') {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
