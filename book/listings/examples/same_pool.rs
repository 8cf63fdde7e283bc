//! A short job behind long ones: one pool for two kinds of work, or a pool for each.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example same_pool one`, or `two`

use std::env;
use std::rc::Rc;
use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::task::spawn_named;
use boucle::time::{Instant, block_for, sleep};

const MS: Duration = Duration::from_millis(1);

fn main() {
    let two_pools = env::args().nth(1).is_some_and(|how| how == "two");
    boucle::block_on(async {
        // ANCHOR: pools
        let films = Rc::new(BlockingPool::new(2));
        let passwords = match two_pools {
            true => Rc::new(BlockingPool::new(2)),
            false => Rc::clone(&films),
        };
        // ANCHOR_END: pools

        // Four films to be shrunk, one second each.
        let shrinking: Vec<_> = (0..4).map(|_| films.spawn(|| block_for(1000 * MS))).collect();

        // A guest comes a little later, with a password to be checked, which takes 20 ms.
        let guest = spawn_named("guest", async move {
            sleep(100 * MS).await;
            let asked = Instant::now();
            passwords.spawn(|| block_for(20 * MS)).await.expect("the check does not panic");
            println!("the guest waited {} ms", asked.elapsed().as_millis());
        });

        guest.await.expect("the guest does not panic");
        for film in shrinking {
            film.await.expect("no film panics");
        }
    });
}
