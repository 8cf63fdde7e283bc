//! Tea for two, by an `async fn` and then by hand: in the trace they are the same.
//!
//! Recorded: other threads count the time.
//!
//! Run with: `cargo run -p step-04-block-on`

use std::io;

use boucle_watch::Watch;
use step_04_block_on::machine::{make_tea, make_tea_by_hand};
use step_04_block_on::{block_on, spinning};

fn main() -> io::Result<()> {
    let watch = Watch::from_environment()?;
    block_on(async {
        println!("{}", make_tea(2).await);
        println!("{}, by hand", make_tea_by_hand(3).await);
    });
    drop(watch);
    let (tea, polls) = spinning::block_on(make_tea(4));
    println!("{tea}, asked for {polls} times");
    Ok(())
}
