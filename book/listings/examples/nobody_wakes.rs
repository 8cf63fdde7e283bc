//! Two tasks that wait for each other: in virtual time that is found out, and told.
//!
//! Run with: `BOUCLE_SIMULATE=in-order cargo run --example nobody_wakes`

use std::io;

use boucle::EventLoop;
use boucle::sync::oneshot;
use boucle::task::spawn_named;

fn main() -> io::Result<()> {
    let event_loop = EventLoop::new()?;
    let outcome = event_loop.try_block_on(async {
        let (give_fork, fork) = oneshot::channel();
        let (give_knife, knife) = oneshot::channel();

        let plato = spawn_named("plato", async {
            let fork: &str = fork.await.expect("a fork");
            give_knife.send("the knife").expect("somebody takes it");
            println!("plato eats with {fork}");
        });
        let socrates = spawn_named("socrates", async {
            let knife: &str = knife.await.expect("a knife");
            give_fork.send("the fork").expect("somebody takes it");
            println!("socrates eats with {knife}");
        });

        plato.await.expect("he does not panic");
        socrates.await.expect("he does not panic");
    });
    if let Err(stalled) = outcome {
        println!("{stalled}");
    }
    Ok(())
}
