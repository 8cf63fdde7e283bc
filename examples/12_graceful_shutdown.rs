//! Graceful shutdown: accept no more, let running work finish within a time, then end.
//!
//! Run with: `cargo run --release --example 12_graceful_shutdown [ADDRESS]`
//!
//! With an address, say 127.0.0.1:7000, it serves until Ctrl-C: `nc 127.0.0.1 7000`, and ask for
//! `50` tenths of a second of work. Without one it has three clients, and presses Ctrl-C itself.

use std::io;
use std::pin::pin;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::net::{TcpListener, TcpStream};
use boucle::sync::mpsc;
use boucle::time::{sleep, timeout};
use futures_lite::{AsyncReadExt, future};

fn main() -> io::Result<()> {
    boucle::block_on(async {
        match std::env::args().nth(1) {
            Some(address) => {
                let listener = TcpListener::bind(address).await?;
                serve(listener, ctrl_c()?, Duration::from_secs(10)).await;
                Ok(())
            }
            None => self_test().await,
        }
    })
}

/// Serves until `stop`, then goes on for at most `grace` with what it has begun.
async fn serve(listener: TcpListener, stop: impl Future<Output = ()>, grace: Duration) {
    let mut stop = pin!(stop);
    let mut clients = TaskGroup::new();
    // Nothing is ever sent here: the senders learn that the receiver is gone.
    let (open, closing) = mpsc::channel(1);
    loop {
        // Whichever comes first. Clients that are done are taken out of the group meanwhile.
        let stopped = async {
            stop.as_mut().await;
            Err(())
        };
        let accepted = async { Ok(listener.accept().await) };
        let reaped = async {
            while clients.join_next().await.is_some() {}
            future::pending().await
        };
        match future::or(stopped, future::or(accepted, reaped)).await {
            Ok(Ok((stream, _))) => clients.spawn(client(stream, open.clone())),
            Ok(Err(error)) => eprintln!("cannot accept: {error}"),
            Err(()) => break,
        }
    }
    // 1. From now on, the system refuses connections.
    drop(listener);
    // 2. Clients that are idle go at once, busy ones as soon as they are not.
    drop(closing);
    println!("stopping, with {} clients", clients.len());
    // 3. Who needs longer is cut off: dropping the group drops what is left of it.
    let finished = timeout(grace, async { while clients.join_next().await.is_some() {} }).await;
    let how = if finished.is_ok() { "all have finished" } else { "the time is over" };
    println!("{how}; {} cut off", clients.len());
}

/// Works as many tenths of a second as a client says, and says when it is done.
async fn client(stream: TcpStream, open: mpsc::Sender<()>) -> io::Result<()> {
    let mut buffer = [0; 16];
    loop {
        // Only here, between two requests, is it asked whether the server stops.
        let closed = async {
            open.closed().await;
            Ok(0)
        };
        let read = future::or(closed, stream.read(&mut buffer)).await?;
        if read == 0 {
            return Ok(());
        }
        let tenths = String::from_utf8_lossy(&buffer[..read]).trim().parse().unwrap_or(0);
        sleep(Duration::from_millis(100) * tenths).await;
        stream.write_all(b"done\n").await?;
    }
}

/// Ready when somebody presses Ctrl-C. A signal handler may do next to nothing; this one writes a
/// byte into a socket, and the other end of the socket is a source like any other.
#[cfg(unix)]
fn ctrl_c() -> io::Result<impl Future<Output = ()>> {
    let (reader, writer) = mio::net::UnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGINT, writer)?;
    let reader = boucle::io::Source::new(reader)?;
    Ok(async move { reader.ready(boucle::io::Direction::Read).await.expect("it is on this loop") })
}

/// Elsewhere the Enter key will do.
#[cfg(not(unix))]
fn ctrl_c() -> io::Result<impl Future<Output = ()>> {
    println!("press Enter to stop");
    let pressed = boucle::spawn_blocking(|| io::stdin().read_line(&mut String::new()));
    Ok(async move { drop(pressed.await) })
}

/// One client is idle, one needs 0.3 seconds, and one would need a minute.
async fn self_test() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = boucle::spawn(serve(listener, ctrl_c()?, Duration::from_secs(1)));
    let mut clients = TaskGroup::new();
    for request in ["", "3", "600"] {
        clients.spawn(async move {
            let stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            (&stream).read_to_string(&mut answer).await?;
            io::Result::Ok(answer)
        });
    }
    sleep(Duration::from_millis(100)).await;
    #[cfg(unix)]
    signal_hook::low_level::raise(signal_hook::consts::SIGINT)?;

    server.await.expect("no panic");
    let mut answers = Vec::new();
    for answer in clients.join_all().await {
        answers.push(answer.expect("no panic")?);
    }
    println!("idle, short work and long work were answered: {answers:?}");
    assert_eq!(answers, ["", "done\n", ""]);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    Ok(())
}
