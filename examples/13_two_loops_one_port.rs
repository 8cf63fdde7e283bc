//! Two loops, one port: a loop is one thread, so a server that needs two cores has two loops.
//!
//! Run with: `cargo run --release --example 13_two_loops_one_port [ADDRESS]`
//!
//! With an address, say 127.0.0.1:7000, it serves for ever: try `nc 127.0.0.1 7000` several times.
//! Without one it has 200 clients, counts which loop has served how many, and ends.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use boucle::net::{TcpListener, TcpStream};
use boucle::{EventLoop, Handle};
use futures_lite::AsyncReadExt;
use socket2::{Domain, Socket, Type};

fn main() -> io::Result<()> {
    let Some(address) = std::env::args().nth(1) else { return self_test() };
    let address = address.parse().map_err(io::Error::other)?;
    let address = share_port(address).or_else(|_| hand_over(address))?;
    println!("serving at {address}");
    loop {
        thread::park();
    }
}

/// What each loop does for a connection: it says which loop it is.
async fn greet(name: &str, stream: TcpStream) -> io::Result<()> {
    stream.write_all(name.as_bytes()).await
}

/// The best way, where the system has it: each loop has a listener of its own at the same port,
/// and the system gives every connection to one of them. The loops know nothing of each other.
fn share_port(address: SocketAddr) -> io::Result<SocketAddr> {
    let first = listener(address)?;
    // If the port was 0, the second listener needs to know what it has become.
    let address = first.local_addr()?;
    let second = listener(address)?;
    for (name, listener) in [("left", first), ("right", second)] {
        thread::spawn(move || -> io::Result<()> {
            boucle::block_on(async {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    let (stream, _) = listener.accept().await?;
                    boucle::spawn(greet(name, stream));
                }
            })
        });
    }
    Ok(address)
}

/// A listener whose port others may listen at too. They must all say so before they bind.
fn listener(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    set_reuse_port(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

#[cfg(target_os = "linux")]
fn set_reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

/// Other systems lack the option, or have one that gives every connection to the same listener.
#[cfg(not(target_os = "linux"))]
fn set_reuse_port(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The way that works everywhere: one thread accepts, and hands connections to the loops in turn.
fn hand_over(address: SocketAddr) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let loops = [("left", start_loop()?), ("right", start_loop()?)];
    thread::spawn(move || {
        for &(name, ref handle) in loops.iter().cycle() {
            match listener.accept() {
                // The closure travels, not the future: a socket belongs to the loop it is made in.
                Ok((stream, _)) => {
                    handle.spawn(
                        move || async move { greet(name, TcpStream::from_std(stream)?).await },
                    );
                }
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    });
    Ok(address)
}

/// Starts a loop on a thread of its own, and gives back the way to it.
fn start_loop() -> io::Result<Handle> {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let event_loop = EventLoop::new();
        let _ = sender.send(event_loop.as_ref().map(EventLoop::handle).map_err(io::Error::kind));
        event_loop.map(|event_loop| event_loop.block_on(std::future::pending::<()>()))
    });
    Ok(receiver.recv().expect("the thread has sent something")?)
}

fn self_test() -> io::Result<()> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    for (how, address) in [("sharing a port", share_port(any)), ("handing over", hand_over(any))] {
        let Ok(address) = address else {
            println!("{how} is not to be had here");
            continue;
        };
        let mut left = 0;
        boucle::block_on(async {
            for _ in 0..200 {
                let mut name = String::new();
                TcpStream::connect(address).await?.read_to_string(&mut name).await?;
                left += u32::from(name == "left");
            }
            io::Result::Ok(())
        })?;
        println!("{how}: the left loop served {left} of 200, the right one {}", 200 - left);
        assert!((1..200).contains(&left), "both loops have served");
    }
    Ok(())
}
