//! A TCP proxy: bytes go both ways, as fast as the slower side, and each way ends by itself.
//!
//! Run with: `cargo run --release --example 06_tcp_proxy [LISTEN TARGET]`
//!
//! With addresses, say 127.0.0.1:6432 127.0.0.1:5432, it serves for ever. Without, it proves itself
//! on 200 connections at once, and ends.

use std::cell::Cell;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use boucle::TaskGroup;
use boucle::net::{Address, TcpListener, TcpStream};
use boucle::time::{sleep, timeout};
use futures_lite::{AsyncReadExt, future};
use socket2::SockRef;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    raise_limit();
    boucle::block_on(async {
        match (arguments.next(), arguments.next()) {
            (Some(at), Some(to)) => serve(TcpListener::bind(at).await?, to.into()).await,
            _ => self_test().await,
        }
    })
}

/// Accepts for ever. Nothing that befalls one connection ends the proxy.
async fn serve(listener: TcpListener, target: Address) -> io::Result<()> {
    println!("listening at {}", listener.local_addr()?);
    // At most so many may wait to be accepted. Without this it is 128, and of a thousand who come
    // at once most would be dropped, to try again after a second.
    SockRef::from(listener.source().get_ref()).listen(4096)?;
    loop {
        match listener.accept().await {
            Ok((client, peer)) => {
                let target = target.clone();
                boucle::spawn(async move {
                    if let Err(error) = relay(client, target).await {
                        eprintln!("{peer}: {error}");
                    }
                });
            }
            // `accept` itself waits while there are no descriptors left; the rest is rare.
            Err(error) => {
                eprintln!("cannot accept: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Connects a client with the target, until both have ended.
async fn relay(client: TcpStream, target: Address) -> io::Result<()> {
    prepare(&client)?;
    let server = timeout(Duration::from_secs(10), TcpStream::connect(target)).await??;
    prepare(&server)?;
    // Two directions in one task. When one ends, the other goes on; when one fails, both end.
    let broken = Cell::new(false);
    let down = pump(&server, &client, &broken);
    let up = pump(&client, &server, &broken);
    future::try_zip(down, up).await?;
    if !broken.get() {
        for stream in [&client, &server] {
            SockRef::from(stream.get_ref()).set_linger(None)?;
        }
    }
    Ok(())
}

/// Sets the options of a connection.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    // The peers have chosen the size of their packets: small ones are not to be gathered here.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream.get_ref());
    // A machine that has vanished does not say so: the system is to ask after it.
    socket.set_keepalive(true)?;
    // A stream that broke must not look complete: until all has ended well, closing is a reset.
    socket.set_linger(Some(Duration::ZERO))
}

/// Gives `to` what `from` sends, until its end.
async fn pump(from: &TcpStream, to: &TcpStream, broken: &Cell<bool>) -> io::Result<()> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return if broken.get() { Ok(()) } else { to.shutdown(Shutdown::Write) };
        }
        // Nothing more is read before this is written, so a slow reader slows its writer down.
        if to.write_all(&buffer[..read]).await.is_err() {
            // `to` takes no more, but what it has said before may still be on its way: the other
            // direction passes that on, then comes to the end as well.
            broken.set(true);
            return Ok(());
        }
    }
}

/// Asks for more descriptors: a connection takes two, and many systems give 1,024 in all to those
/// who do not ask.
fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Clients, proxy and target on one loop.
async fn self_test() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let target = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    boucle::spawn(serve(listener, target.local_addr()?.into()));

    // The target answers when it has read all. So an answer comes only if the proxy passes on the
    // end of one direction, and leaves the other open.
    boucle::spawn(async move {
        while let Ok((stream, _)) = target.accept().await {
            boucle::spawn(async move {
                let mut all = Vec::new();
                (&stream).read_to_end(&mut all).await?;
                stream.write_all(&all).await
            });
        }
    });

    let mut clients = TaskGroup::new();
    for number in 0..200 {
        clients.spawn(client(address, number));
    }
    let mut answered = 0;
    for client in clients.join_all().await {
        answered += u32::from(client.expect("no client panics")?);
    }
    println!("of 200 clients 20 gave up half way, {answered} got back their 200,000 bytes");
    assert_eq!(answered, 180);
    Ok(())
}

/// Sends a text of its own and expects it back; each tenth resets its connection half way.
async fn client(address: SocketAddr, number: usize) -> io::Result<bool> {
    let stream = TcpStream::connect(address).await?;
    let text = format!("{number:09}\n").repeat(20_000);
    if number.is_multiple_of(10) {
        stream.write_all(&text.as_bytes()[..100_000]).await?;
        SockRef::from(stream.get_ref()).set_linger(Some(Duration::ZERO))?;
        return Ok(false);
    }
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    (&stream).read_to_string(&mut answer).await?;
    assert!(answer == text, "{} bytes of {}", answer.len(), text.len());
    Ok(true)
}
