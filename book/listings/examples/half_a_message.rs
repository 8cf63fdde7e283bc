//! Messages of four bytes come in halves, and between two halves the clock strikes.
//!
//! Run with: `cargo run --example half_a_message -- naive`, or `kept`

use std::io;
use std::time::Duration;

use boucle::io::{DuplexStream, duplex};
use boucle::task::spawn_named;
use boucle::time::{Instant, interval_at, sleep};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};

/// What ends a wait: a message, the end of all messages, or the clock.
enum First {
    Message([u8; 4]),
    End,
    Strike,
}

// ANCHOR: naive
/// Reads a message into a local variable. Dropped half way, it takes that half along.
async fn read_message(stream: &mut DuplexStream) -> First {
    let mut message = [0; 4];
    match stream.read_exact(&mut message).await {
        Ok(()) => First::Message(message),
        Err(_) => First::End,
    }
}
// ANCHOR_END: naive

// ANCHOR: kept
/// Reads a message into a buffer that the caller keeps. Dropped while it waits, it loses
/// nothing: a `read` either takes bytes and is ready, or takes none.
async fn read_on(stream: &mut DuplexStream, kept: &mut Vec<u8>) -> First {
    let mut bytes = [0; 4];
    loop {
        if let Some((message, rest)) = kept.split_first_chunk() {
            let message = *message;
            *kept = rest.to_vec();
            return First::Message(message);
        }
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => return First::End,
            Ok(read) => kept.extend(&bytes[..read]),
        }
    }
}
// ANCHOR_END: kept

fn main() -> io::Result<()> {
    boucle::block_on(async {
        let (mut writer, mut reader) = duplex(64);
        spawn_named("writer", async move {
            for half in [b"un", b"e ", b"de", b"ux", b"tr", b"oi"] {
                writer.write_all(half).await?;
                sleep(Duration::from_millis(20)).await;
            }
            io::Result::Ok(())
        });

        let period = Duration::from_millis(50);
        let mut clock = interval_at(Instant::now() + period, period);
        let mut kept = Vec::new();
        let way = std::env::args().nth(1);
        loop {
            let strike = async {
                clock.tick().await;
                First::Strike
            };
            let first = match way.as_deref() {
                Some("naive") => future::or(read_message(&mut reader), strike).await,
                Some("kept") => future::or(read_on(&mut reader, &mut kept), strike).await,
                _ => panic!("which way? Say naive or kept"),
            };
            match first {
                First::Message(message) => println!("{:?}", String::from_utf8_lossy(&message)),
                First::Strike => println!("ding"),
                First::End => return Ok(()),
            }
        }
    })
}
