//! Two waits after one another, and two at the same time, in callbacks.
//!
//! Recorded: its clients and its server are sockets.
//!
//! Run with: `cargo run -p step-03-callbacks`

use std::io;
use std::net::Ipv4Addr;

use boucle_watch::{Watch, now};
use mio::net::TcpListener;
use step_03_callbacks::delay::{fetch, serve};
use step_03_callbacks::{run, stop};

fn main() -> io::Result<()> {
    let _watch = Watch::from_environment()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let server = listener.local_addr()?;
    run(move || {
        serve(listener).expect("the listener can be registered");
        // One after the other: each step is inside the one before.
        let first = fetch(server, 30, move |answer| {
            println!("{:?} after {} ms", answer, now().as_millis());
            let second = fetch(server, 20, |answer| {
                println!("{:?} after {} ms", answer, now().as_millis());
                stop();
            });
            second.expect("the socket can be registered");
        });
        first.expect("the socket can be registered");
        // At the same time: easy.
        let other = fetch(server, 40, |answer| {
            println!("{:?} after {} ms", answer, now().as_millis());
        });
        other.expect("the socket can be registered");
    })
}
