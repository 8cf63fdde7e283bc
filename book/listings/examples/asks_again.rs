//! A socket without a reactor: the task asks again and again.
//!
//! Recorded: a simulated loop has no sockets.
//!
//! Run with: `cargo run --example asks_again`

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;

// ANCHOR: read
/// Reads what is there. While nothing is, it lets the others run, and asks again.
async fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => yield_now().await,
            done => return done,
        }
    }
}
// ANCHOR_END: read

fn main() -> io::Result<()> {
    boucle::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut writer = TcpStream::connect(listener.local_addr()?)?;
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;

        let reader = spawn_named("reader", async move {
            let mut buffer = [0; 16];
            read(&stream, &mut buffer).await
        });
        sleep(Duration::from_millis(1)).await;
        writer.write_all(b"hello")?;
        println!("{} bytes", reader.await.expect("it does not panic")?);
        Ok(())
    })
}
