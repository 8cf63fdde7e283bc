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

/// How many orders lie in the queue, now and at most.
#[derive(Default)]
struct Heap {
    now: Cell<usize>,
    most: Cell<usize>,
}

/// Takes an order every 3 ms; returns how old the oldest was when it came out.
async fn cook(mut orders: Receiver<Instant>, heap: Rc<Heap>) -> Duration {
    let mut oldest = Duration::ZERO;
    while let Some(ordered) = orders.recv().await {
        heap.now.set(heap.now.get() - 1);
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
    let heap = Rc::new(Heap::default());
    let seen = Rc::clone(&heap);
    spawn_named("guests", async move {
        for _ in 0..ORDERS {
            sleep(MS).await;
            order.send(Instant::now()).await.expect("the cook is there");
            seen.now.set(seen.now.get() + 1);
            seen.most.set(seen.most.get().max(seen.now.get()));
        }
    });
    let cook = spawn_named("cook", cook(orders, Rc::clone(&heap)));
    let oldest = cook.await.expect("it does not panic");
    (heap.most.get(), oldest)
}

fn main() {
    let (most, oldest) = museum::event_loop().block_on(evening(Way::asked()));
    println!("{most} orders in the queue at most, the oldest {} ms old", oldest.as_millis());
}
