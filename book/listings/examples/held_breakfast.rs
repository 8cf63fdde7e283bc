//! Breakfast again, but the tea holds the loop in place of waiting for a timer.
//!
//! Run with: `cargo run --example held_breakfast`

use std::time::Duration;

use boucle::spawn_blocking;
use boucle::sync::oneshot;
use boucle::task::spawn_named;
use boucle::time::block_for;

fn main() {
    boucle::block_on(async {
        let (serve, served) = oneshot::channel();

        // Waits for nobody: it holds the thread of the loop, and so all others.
        let tea = spawn_named("tea", async {
            block_for(Duration::from_millis(300));
            println!("the tea is ready");
        });

        // Waits for a thread of the pool, which does what would hold up the loop.
        let toast = spawn_named("toast", async {
            let slices = spawn_blocking(|| {
                block_for(Duration::from_millis(200));
                2
            });
            let slices = slices.await.expect("the toaster works");
            println!("{slices} slices of toast");
            serve.send(slices).expect("the guest is there");
        });

        // Waits for another task.
        let guest = spawn_named("guest", async {
            let slices = served.await.expect("there is toast");
            println!("the guest eats {slices} slices");
        });

        for task in [tea, toast, guest] {
            task.await.expect("nothing goes wrong at breakfast");
        }
    });
}
