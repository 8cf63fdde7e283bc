//! The select that starves: the first of two futures is always ready, so the second is never asked.
//!
//! Believed: a select waits for both.
//!
//! Wrong: it polls them in an order. If the first is ready, it has its answer, and the second is
//! not looked at. Under load the first is always ready.
//!
//! Run with: `cargo run --example starving_select`, or `... -- mended`

use std::time::Duration;

use boucle::sync::{mpsc, oneshot};
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};
use futures_lite::future::or;
use museum::Way;

/// How many orders lie there when the cook begins.
const ORDERS: u32 = 100;

/// What ends a wait.
enum First {
    Order,
    Closed,
}

type Orders = mpsc::Receiver<u32>;
type Closing = oneshot::Receiver<()>;

// ANCHOR: ways
/// Cooks until the house closes; returns how many meals.
async fn cook(mut orders: Orders, mut closed: Closing, way: Way) -> u32 {
    let mut meals = 0;
    loop {
        let order = async {
            orders.recv().await;
            First::Order
        };
        let closing = async {
            let _ = (&mut closed).await;
            First::Closed
        };
        let first = match way {
            Way::Broken => or(order, closing).await,
            Way::Mended => or(closing, order).await,
        };
        match first {
            First::Order => sleep(Duration::from_millis(1)).await,
            First::Closed => return meals,
        }
        meals += 1;
    }
}
// ANCHOR_END: ways

/// The house closes after 20 ms. Returns when the cook has gone, and how many meals he has made.
pub async fn evening(way: Way) -> (Duration, u32) {
    let (order, orders) = mpsc::channel(ORDERS as usize);
    let (close, closed) = oneshot::channel();
    let began = Instant::now();
    for number in 0..ORDERS {
        order.try_send(number).expect("there is a place");
    }
    let cook = spawn_named("cook", cook(orders, closed, way));
    spawn_named("owner", async move {
        sleep(Duration::from_millis(20)).await;
        close.send(()).expect("the cook is there");
        println!("closed after {} ms", began.elapsed().as_millis());
        // The waiter still has the order book.
        sleep(Duration::from_millis(200)).await;
        drop(order);
    });
    let meals = cook.await.expect("it does not panic");
    (began.elapsed(), meals)
}

fn main() {
    let (gone, meals) = museum::event_loop().block_on(evening(Way::asked()));
    println!("the cook leaves after {} ms and {meals} meals", gone.as_millis());
}
