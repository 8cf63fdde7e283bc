//! A day in no time: a clock that jumps to the next deadline when nobody can go on.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example a_day`

use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};

const HOUR: Duration = Duration::from_secs(3600);

/// Strikes the hours from one to four.
async fn bell() {
    for hour in 1..=4 {
        sleep(HOUR).await;
        println!("{hour} o'clock");
    }
}

fn main() {
    boucle::block_on(async {
        let night = Instant::now();
        let bell = spawn_named("bell", bell());
        let guard = spawn_named("guard", async {
            sleep(HOUR * 2 + HOUR / 2).await;
            println!("half past two, and all is well");
        });
        bell.await.expect("the bell does not panic");
        guard.await.expect("the guard does not panic");
        println!("{} minutes have passed", night.elapsed().as_secs() / 60);
    });
}
