//! Callbacks: an echo server without `async`, in the style of Tornado's `IOLoop` or Node.js.
//!
//! Run with: `cargo run --release --example 09_callbacks [ADDRESS]`
//!
//! It does what `05_echo_server` does. Compare the two to see what `async` is: what a connection
//! has to remember lies here in the closures; there, in the variables of a function.

use std::io::{self, ErrorKind, Read, Write};
use std::ops::ControlFlow::{Break, Continue};
use std::rc::Rc;
use std::time::Duration;

use boucle::callback::{later, on_ready};
use boucle::io::{Direction, Source};
use mio::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    boucle::block_on(async {
        let address = std::env::args().nth(1);
        let at = address.as_deref().unwrap_or("127.0.0.1:0").parse().map_err(io::Error::other)?;
        let listener = Rc::new(Source::new(TcpListener::bind(at)?)?);
        accept(Rc::clone(&listener));
        let at = listener.get_ref().local_addr()?;
        println!("echoing at {at}");

        // As long as this waits the loop turns, and callbacks are called: it is `IOLoop.start()`.
        match address {
            Some(_) => std::future::pending().await,
            None => boucle::spawn_blocking(move || self_test(at)).await.expect("no panic"),
        }
    })
}

/// Calls back whenever there is a connection to accept.
fn accept(listener: Rc<Source<TcpListener>>) {
    let again = Rc::clone(&listener);
    on_ready(listener, Direction::Read, move |listener| match listener.accept() {
        Ok((stream, _)) => {
            match Source::new(stream) {
                Ok(stream) => read(Rc::new(stream)),
                Err(error) => eprintln!("a connection is lost: {error}"),
            }
            Ok(Continue(()))
        }
        // "Not now" is not for us, but for the loop: it waits until the listener is ready again.
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(error),
        // No descriptors, perhaps. This callback ends, and another one begins a little later.
        Err(error) => {
            eprintln!("cannot accept: {error}");
            let again = Rc::clone(&again);
            later(Duration::from_millis(100), || accept(again));
            Ok(Break(()))
        }
    });
}

/// Calls back when a connection has something to say. An error, or its end, ends the callback; with
/// it goes the last `Rc`, and that closes the connection.
fn read(stream: Rc<Source<TcpStream>>) {
    let next = Rc::clone(&stream);
    on_ready(stream, Direction::Read, move |mut io| {
        let mut buffer = [0; 16 * 1024];
        let read = io.read(&mut buffer)?;
        if read > 0 {
            // Nothing more is read before this is written: the reading is over for now.
            write(Rc::clone(&next), buffer[..read].to_vec());
        }
        Ok(Break(()))
    });
}

/// Calls back whenever a connection takes more, until it has taken the rest; then it is read again.
fn write(stream: Rc<Source<TcpStream>>, mut rest: Vec<u8>) {
    let next = Rc::clone(&stream);
    on_ready(stream, Direction::Write, move |mut io| {
        let written = io.write(&rest)?;
        rest.drain(..written);
        if rest.is_empty() {
            read(Rc::clone(&next));
            return Ok(Break(()));
        }
        Ok(Continue(()))
    });
}

/// An ordinary client that blocks, and so has a thread of its own.
fn self_test(address: std::net::SocketAddr) -> io::Result<()> {
    let mut stream = std::net::TcpStream::connect(address)?;
    for round in 0..100 {
        let mut answer = vec![0; 50_000];
        stream.write_all(&[round; 50_000])?;
        stream.read_exact(&mut answer)?;
        assert!(answer.iter().all(|byte| *byte == round));
    }
    println!("100 messages of 50,000 bytes came back");
    Ok(())
}
