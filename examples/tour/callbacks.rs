//! X04's handler in callback style: what a server looked like before coroutines.
//!
//! Nothing here is `async`. Each step is asked for and returns at once, and says in a closure how
//! to go on. Whatever a later step needs, its closure carries; whatever fails is handed on by
//! hand. The same handler as a coroutine is X05, four lines long.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::ops::ControlFlow::Break;
use std::rc::Rc;
use std::time::Duration;

use boucle::callback;
use boucle::io::{Direction, Source};
use mio::net::TcpStream;

use crate::delay::question;

/// Asks the database, then the service, then calls `respond`.
pub(crate) fn handler<F>(server: SocketAddr, wait: Duration, respond: F)
where
    F: FnOnce(io::Result<String>) + 'static,
{
    ask(server, wait, move |rows| match rows {
        Err(error) => respond(Err(error)),
        Ok(()) => ask(server, wait, move |page| match page {
            Err(error) => respond(Err(error)),
            Ok(()) => respond(Ok("rows and page".to_owned())),
        }),
    });
}

/// Connects and asks, and calls `then` when the answer is there.
fn ask(server: SocketAddr, delay: Duration, then: impl FnOnce(io::Result<()>) + 'static) {
    let stream = match TcpStream::connect(server).and_then(Source::new) {
        Err(error) => return then(Err(error)),
        Ok(stream) => Rc::new(stream),
    };
    let reader = Rc::clone(&stream);
    let line = format!("{}\n", question(delay));
    // A socket that connects is writable when it has connected. So short a line fits at once.
    let write = move |mut stream: &TcpStream| stream.write(line.as_bytes());
    when_done(stream, Direction::Write, write, move |written| match written {
        Err(error) => then(Err(error)),
        Ok(_) => read_line(reader, then),
    });
}

/// Reads one line, and calls `then` when it is complete.
fn read_line(stream: Rc<Source<TcpStream>>, then: impl FnOnce(io::Result<()>) + 'static) {
    let mut line = Vec::new();
    let read = move |mut stream: &TcpStream| {
        while !line.ends_with(b"\n") {
            let mut buffer = [0; 64];
            match stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => line.extend_from_slice(&buffer[..count]),
            }
        }
        Ok(())
    };
    when_done(stream, Direction::Read, read, then);
}

/// Tries `step` whenever `stream` is ready until it is done or fails, then calls `then`.
fn when_done<T: 'static>(
    stream: Rc<Source<TcpStream>>,
    direction: Direction,
    mut step: impl FnMut(&TcpStream) -> io::Result<T> + 'static,
    then: impl FnOnce(io::Result<T>) + 'static,
) {
    let mut then = Some(then);
    callback::on_ready(stream, direction, move |stream| match step(stream) {
        // Not yet: the loop will call again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
        result => {
            if let Some(then) = then.take() {
                then(result);
            }
            Ok(Break(()))
        }
    });
}
