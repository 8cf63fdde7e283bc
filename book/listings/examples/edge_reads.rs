//! Edge reads: one event of the operating system is good for several reads.
//!
//! Recorded: a simulated loop has no sockets.
//!
//! Run with: `cargo run --example edge_reads`

use std::io;
use std::time::Duration;

use boucle::net::{TcpListener, TcpStream};
use boucle::task::spawn_named;
use boucle::time::sleep;

/// Reads into a buffer that is too small for what is sent.
async fn read_all(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => println!("read {length} bytes"),
        }
    }
}

fn main() -> io::Result<()> {
    boucle::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let writer = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        let reader = spawn_named("reader", read_all(stream));

        for _ in 0..2 {
            sleep(Duration::from_millis(5)).await;
            println!("write 10000 bytes");
            writer.write_all(&[b'x'; 10_000]).await?;
        }
        drop(writer);
        reader.await.expect("it does not panic")
    })
}
