//! A future of three steps is polled so many times, and then dropped: what has it done?
//!
//! Run with: `cargo run --example drop_points`

use boucle::task::yield_now;
use futures_lite::future;

/// Says when it is dropped: stands for a lock, a file, a permit.
struct Guard(&'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        print!("{} given back. ", self.0);
    }
}

// ANCHOR: transfer
/// Takes from one account and adds to another. Each `.await` says "not yet" once.
async fn transfer() {
    let _account = Guard("Account");
    yield_now().await;
    print!("Taken. ");
    let _receipt = Guard("Receipt");
    yield_now().await;
    print!("Added. ");
}
// ANCHOR_END: transfer

fn main() {
    boucle::block_on(async {
        for polls in 0..=3 {
            print!("{polls} polls: ");
            let mut transfer = Box::pin(transfer());
            for _ in 0..polls {
                // Polls it once, whatever comes of it.
                future::poll_once(&mut transfer).await;
            }
            print!("Dropped. ");
            drop(transfer);
            println!();
        }
    });
}
