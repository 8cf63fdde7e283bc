//! A task that was started and not awaited: what becomes of it when `block_on` ends (C3)?
//!
//! Run with: `cargo run --example left_running`

use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::task::spawn_named;
use boucle::time::sleep;

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        println!("  the task's future is dropped");
    }
}

async fn five_steps() {
    let _guard = Guard;
    for step in 1..=5 {
        sleep(Duration::from_millis(20)).await;
        println!("  step {step}");
    }
}

fn main() -> io::Result<()> {
    let event_loop = EventLoop::new()?;
    event_loop.block_on(async {
        spawn_named("steps", five_steps());
        sleep(Duration::from_millis(50)).await;
    });
    println!("the first block_on has ended");
    event_loop.block_on(sleep(Duration::from_millis(40)));
    println!("the second block_on has ended");
    drop(event_loop);
    println!("the loop is gone");
    Ok(())
}
