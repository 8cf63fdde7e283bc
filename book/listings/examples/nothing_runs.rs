//! Nothing runs: to call an async function does none of its work (X16).
//!
//! Run with: `cargo run --example nothing_runs`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::sleep;

/// Saves a file, on a slow disk far away.
async fn save(name: &str) {
    println!("saving {name}");
    sleep(Duration::from_millis(10)).await;
    println!("{name} is saved");
}

fn main() {
    boucle::block_on(async {
        let first = save("first");
        let second = save("second");
        let _third = save("third");
        println!("three calls");

        let task = spawn_named("second", second);
        sleep(Duration::from_millis(30)).await;
        println!("30 ms later");

        first.await;
        task.await.expect("it does not panic");
    });
}
