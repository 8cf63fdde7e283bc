//! A server that answers late, and its client, in callbacks.
//!
//! The client sends a number of milliseconds, as one line; the server answers with that line when
//! they have passed. Read what becomes of one conversation here, and then read it in `tests/delay.rs`
//! of step 7, where each side is one function.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use mio::Interest;
use mio::net::{TcpListener, TcpStream};

use crate::{add_handler, call_later, remove_handler};

/// Serves whoever comes.
pub fn serve(mut listener: TcpListener) -> io::Result<()> {
    let registered = Rc::new(RefCell::new(None::<TcpListener>));
    let shared = Rc::clone(&registered);
    add_handler(&mut listener, Interest::READABLE, move |_| {
        // As long as there is somebody: the edge comes once.
        while let Some(Ok((stream, _))) = shared.borrow().as_ref().map(TcpListener::accept) {
            if let Err(error) = converse(stream) {
                eprintln!("a client was lost: {error}");
            }
        }
    })?;
    // The handler needs the listener, and the listener must be registered with its handler: so it
    // gets there afterwards.
    registered.replace(Some(listener));
    Ok(())
}

/// Reads one line, and answers later.
fn converse(stream: TcpStream) -> io::Result<()> {
    // Two callbacks need the stream, and nobody knows which will be the last: both share it.
    let stream = Rc::new(RefCell::new(stream));
    let shared = Rc::clone(&stream);
    let mut line = Vec::new();
    add_handler(&mut *stream.borrow_mut(), Interest::READABLE, move |id| {
        if !read_line(&mut shared.borrow_mut(), &mut line).unwrap_or(true) {
            return;
        }
        // An error has nobody to go to, here and from now on.
        let _ = remove_handler(id, &mut *shared.borrow_mut());
        let millis = String::from_utf8_lossy(&line).trim().parse().unwrap_or_default();
        let (shared, line) = (Rc::clone(&shared), line.clone());
        call_later(Duration::from_millis(millis), move || {
            let _ = shared.borrow_mut().write_all(&line);
        });
    })?;
    Ok(())
}

/// Asks the server for an answer after so many milliseconds, and calls `done` with it.
pub fn fetch(
    server: SocketAddr,
    millis: u64,
    done: impl FnOnce(io::Result<String>) + 'static,
) -> io::Result<()> {
    let stream = Rc::new(RefCell::new(TcpStream::connect(server)?));
    let shared = Rc::clone(&stream);
    // `done` is called once, and its handler often: so it is kept where it can be taken from.
    let (mut done, mut asked, mut line) = (Some(done), false, Vec::new());
    let both = Interest::READABLE | Interest::WRITABLE;
    add_handler(&mut *stream.borrow_mut(), both, move |id| {
        let answer = match ask(&mut shared.borrow_mut(), millis, &mut asked, &mut line) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            answer => answer,
        };
        let _ = remove_handler(id, &mut *shared.borrow_mut());
        if let Some(done) = done.take() {
            done(answer);
        }
    })?;
    Ok(())
}

/// Goes on with a request from where it stopped, and stops again where it would block. What it has
/// done is in `asked` and `line`: a state machine, written by hand.
fn ask(
    stream: &mut TcpStream,
    millis: u64,
    asked: &mut bool,
    line: &mut Vec<u8>,
) -> io::Result<String> {
    if !*asked {
        match stream.peer_addr() {
            // It is not connected yet.
            Err(error) if error.kind() == ErrorKind::NotConnected => {
                return Err(stream.take_error()?.unwrap_or(ErrorKind::WouldBlock.into()));
            }
            _ => stream.write_all(format!("{millis}\n").as_bytes())?,
        }
        *asked = true;
    }
    if !read_line(stream, line)? {
        return Err(ErrorKind::WouldBlock.into());
    }
    Ok(String::from_utf8_lossy(line).trim().to_owned())
}

/// Adds to `line` what has come; says whether that is all of it.
fn read_line(stream: &mut TcpStream, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 64];
    while !line.ends_with(b"\n") {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => line.extend(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
