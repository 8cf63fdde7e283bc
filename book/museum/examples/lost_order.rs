//! A cancellation that loses data: an order is taken from the queue, and dropped with the future.
//!
//! Believed: after a timeout nothing has happened, so one can try again.
//!
//! Wrong: whatever the future did before the await at which it was dropped, is done. The order has
//! left the queue, and it was in a variable of that future.
//!
//! Run with: `cargo run --example lost_order`, or `cargo run --example lost_order -- mended`

use std::time::Duration;

use boucle::sync::mpsc;
use boucle::task::spawn_named;
use boucle::time::{sleep, timeout};
use museum::Way;

const MS: Duration = Duration::from_millis(1);

/// Writes into the book that an order was taken. The second takes long.
async fn note(order: u32) {
    sleep(if order == 2 { 30 * MS } else { MS }).await;
}

// ANCHOR: broken
/// The next order, if it is there within 20 ms.
async fn next_broken(orders: &mut mpsc::Receiver<u32>) -> Option<u32> {
    let next = async {
        let order = orders.recv().await?;
        note(order).await;
        Some(order)
    };
    timeout(20 * MS, next).await.ok()?
}
// ANCHOR_END: broken

// ANCHOR: mended
/// The limit is for the wait alone. Once taken, an order is kept.
async fn next_mended(orders: &mut mpsc::Receiver<u32>) -> Option<u32> {
    let order = timeout(20 * MS, orders.recv()).await.ok()??;
    note(order).await;
    Some(order)
}
// ANCHOR_END: mended

/// Three orders come; returns those that were cooked.
pub async fn evening(way: Way) -> Vec<u32> {
    let (order, mut orders) = mpsc::channel(3);
    spawn_named("guest", async move {
        for number in 1..=3 {
            order.send(number).await.expect("the cook is there");
            sleep(10 * MS).await;
        }
    });
    let cook = spawn_named("cook", async move {
        let mut cooked = Vec::new();
        // As one does after a timeout: try again.
        for _attempt in 0..4 {
            cooked.extend(match way {
                Way::Broken => next_broken(&mut orders).await,
                Way::Mended => next_mended(&mut orders).await,
            });
        }
        cooked
    });
    cook.await.expect("it does not panic")
}

fn main() {
    println!("cooked: {:?}", museum::event_loop().block_on(evening(Way::asked())));
}
