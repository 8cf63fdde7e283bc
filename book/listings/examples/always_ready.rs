//! A channel with a thousand messages: its reader awaits often and never waits.
//!
//! Run with: `cargo run --example always_ready -- budget`, or `no-budget`

use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::sync::mpsc;
use boucle::task::spawn_named;
use boucle::time::{Instant, block_for};

fn main() -> io::Result<()> {
    let event_loop = match std::env::args().nth(1).as_deref() {
        Some("budget") => EventLoop::new()?,
        Some("no-budget") => EventLoop::builder().budget(u32::MAX).build()?,
        _ => panic!("with what? Say budget or no-budget"),
    };
    event_loop.block_on(async {
        let (tx, mut rx) = mpsc::channel(1000);
        for number in 0..1000 {
            tx.try_send(number).expect("there is a place");
        }
        drop(tx);
        let reader = spawn_named("reader", async move {
            while rx.recv().await.is_some() {
                block_for(Duration::from_micros(100));
            }
        });
        let began = Instant::now();
        let guest = spawn_named("guest", async move {
            println!("the guest had its turn after {:.1?}", began.elapsed());
        });
        reader.await.expect("no panic");
        guest.await.expect("no panic");
        println!("all was read after {:.1?}", began.elapsed());
    });
    Ok(())
}
