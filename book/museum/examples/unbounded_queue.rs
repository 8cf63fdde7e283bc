//! An unbounded queue: whoever sends never has to wait, and the queue takes everything.
//!
//! Believed: a queue without a limit never stops anybody, so it cannot deadlock and cannot be slow.
//!
//! Wrong: if more comes than goes, it grows until the memory is full. Before that, what comes out
//! of it is old.
//!
//! Run with: `cargo run --example unbounded_queue`, or `... -- mended`

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use boucle::sync::mpsc::{Receiver, channel};
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};
use museum::Way;

const MS: Duration = Duration::from_millis(1);
const ORDERS: usize = 100;

/// Takes an order every 3 ms; returns how old the oldest was when it came out.
async fn cook(mut orders: Receiver<Instant>) -> Duration {
    let mut oldest = Duration::ZERO;
    while let Some(ordered) = orders.recv().await {
        oldest = oldest.max(ordered.elapsed());
        sleep(3 * MS).await;
    }
    oldest
}

/// An order comes every millisecond. Returns how many lay in the queue at most, and the age of the
/// oldest.
pub async fn evening(way: Way) -> (usize, Duration) {
    // ANCHOR: ways
    let capacity = match way {
        // As good as none: nobody ever has to wait for a place.
        Way::Broken => ORDERS,
        Way::Mended => 4,
    };
    // ANCHOR_END: ways
    let (order, orders) = channel(capacity);
    let most = Rc::new(Cell::new(0));
    let seen = Rc::clone(&most);
    spawn_named("guests", async move {
        for _ in 0..ORDERS {
            sleep(MS).await;
            order.send(Instant::now()).await.expect("the cook is there");
            seen.set(seen.get().max(capacity - order.capacity()));
        }
    });
    let cook = spawn_named("cook", cook(orders));
    let oldest = cook.await.expect("it does not panic");
    (most.get(), oldest)
}

fn main() {
    let (most, oldest) = museum::event_loop().block_on(evening(Way::asked()));
    println!("{most} orders in the queue at most, the oldest {} ms old", oldest.as_millis());
}
