//! Three cooks in one kitchen: each works for a moment and lets the others have the stove. One drops
//! the cake, and the others are served.
//!
//! Run with: `cargo run -p step-05-executor`

use std::io;
use std::time::Duration;

use boucle_watch::{Watch, block_for};
use step_05_executor::{block_on, spawn, yield_now};

/// Cooks in small steps, each of which takes the thread for itself.
async fn cook(dish: &'static str, steps: u32) -> &'static str {
    for step in 1..=steps {
        block_for(Duration::from_millis(2));
        println!("{dish}: step {step} of {steps}");
        yield_now().await;
    }
    dish
}

fn main() -> io::Result<()> {
    let _watch = Watch::from_environment()?;
    block_on(async {
        let soup = spawn(cook("soup", 3));
        // A task may spawn, and wait for what it has spawned.
        let salad = spawn(async { spawn(cook("salad", 1)).await.expect("it is simple") });
        let cake = spawn(async {
            cook("cake", 2).await;
            panic!("it fell on the floor")
        });
        println!("{} is served", soup.await.expect("it is simple"));
        println!("{} is served", salad.await.expect("it is simple"));
        let failed: Result<(), _> = cake.await;
        println!("no cake: {:?}", failed.unwrap_err().downcast_ref::<&str>());
    });
    Ok(())
}
