//! A short job behind long ones: one pool for two kinds of work.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example same_pool`

use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::task::spawn_named;
use boucle::time::{Instant, block_for, sleep};

const MS: Duration = Duration::from_millis(1);

fn main() {
    boucle::block_on(async {
        let pool = BlockingPool::new(2);

        // Four films to be shrunk, one second each.
        let films: Vec<_> = (0..4).map(|_| pool.spawn(|| block_for(1000 * MS))).collect();

        // A guest who comes a little later and needs his password checked, which takes 20 ms.
        let guest = spawn_named("guest", async move {
            sleep(100 * MS).await;
            let asked = Instant::now();
            pool.spawn(|| block_for(20 * MS)).await.expect("the check does not panic");
            println!("the guest waited {} ms", asked.elapsed().as_millis());
        });

        guest.await.expect("the guest does not panic");
        for film in films {
            film.await.expect("no film panics");
        }
    });
}
