//! Idle clients: many connections are open, and one of them talks.
//!
//! Recorded: a simulated loop has no sockets.
//!
//! Run with: `cargo run --example idle_clients` or `cargo run --example idle_clients 12`

use std::io;
use std::time::Duration;

use boucle::net::{TcpListener, TcpStream};
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};

/// Sends back whatever comes.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 512];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}

/// The server: a task for each connection.
async fn serve(listener: TcpListener) -> io::Result<()> {
    for guest in 1.. {
        let (stream, _) = listener.accept().await?;
        spawn_named(format!("guest_{guest}"), echo(stream));
    }
    Ok(())
}

/// Asks, waits for the answer, thinks, asks again. Returns the quickest round trip.
async fn talk(stream: &TcpStream, times: u32) -> io::Result<Duration> {
    let mut quickest = Duration::MAX;
    for _ in 0..times {
        let asked = Instant::now();
        stream.write_all(b"hello").await?;
        stream.read(&mut [0; 5]).await?;
        quickest = quickest.min(asked.elapsed());
        sleep(Duration::from_millis(1)).await;
    }
    Ok(quickest)
}

fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).map_or(2000, |count| count.parse().expect("a number"));
    // A connection takes two descriptors here, for both of its ends are ours.
    rlimit::increase_nofile_limit(2 * count + 100)?;
    boucle::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        spawn_named("server", serve(listener));

        let before = resident_bytes();
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(TcpStream::connect(address).await?);
        }
        talk(clients.last().expect("there is one"), 1).await?;
        println!("{count} connections are open");
        // Few connections take less than what the process has at hand anyway.
        if let (Some(before), Some(now), 1000..) = (before, resident_bytes(), count) {
            println!("memory: {} bytes each", now.saturating_sub(before) / count);
        }

        let quickest = talk(&clients[0], 10).await?;
        println!("the quickest of 10 round trips: {} us", quickest.as_micros());
        Ok(())
    })
}

/// Memory of this process, where the system tells it in a file.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
