//! Future sizes: a future is as large as what has to live across its waits.
//!
//! Run with: `cargo run --example future_sizes`

use std::time::Duration;

use boucle::time::sleep;

const MS: Duration = Duration::from_millis(1);

/// Nothing lives across its wait but the wait itself.
async fn waits() {
    sleep(MS).await;
}

/// It waits ten times, one after the other: one place to wait in is enough.
async fn waits_ten_times() {
    for _ in 0..10 {
        sleep(MS).await;
    }
}

/// The buffer is used before the wait, and not after.
async fn buffer_before() {
    {
        let buffer = [1_u8; 1024];
        println!("{}", buffer.len());
    }
    sleep(MS).await;
}

/// The buffer is used after the wait: it has to be kept.
async fn buffer_across() {
    let buffer = [1_u8; 1024];
    sleep(MS).await;
    println!("{}", buffer.len());
}

/// The future of a function that is called lies inside of its caller's.
async fn calls_it() {
    buffer_across().await;
}

fn main() {
    let sizes = [
        ("waits", size_of_val(&waits())),
        ("waits_ten_times", size_of_val(&waits_ten_times())),
        ("buffer_before", size_of_val(&buffer_before())),
        ("buffer_across", size_of_val(&buffer_across())),
        ("calls_it", size_of_val(&calls_it())),
        ("Box::pin(calls_it())", size_of_val(&Box::pin(calls_it()))),
    ];
    for (future, bytes) in sizes {
        println!("{future:20} {bytes:5} bytes");
    }
}
