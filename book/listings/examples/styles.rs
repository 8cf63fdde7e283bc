//! One program in two styles: three orders, a cook who does one at a time, and the bill.
//!
//! Run with: `cargo run --example styles -- callbacks`, or `channels`

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use boucle::callback;
use boucle::sync::{mpsc, oneshot};
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};

const ORDERS: [u32; 3] = [12, 9, 15];
const PAUSE: Duration = Duration::from_millis(10);
const COOKING: Duration = Duration::from_millis(25);

// ANCHOR: callbacks
/// What the callbacks must not forget between two calls.
struct Kitchen {
    waiting: VecDeque<u32>,
    cook_is_busy: bool,
    expected: usize,
    bill: u32,
    done: Option<oneshot::Sender<u32>>,
}

type Shared = Rc<RefCell<Kitchen>>;

fn take_orders(kitchen: Shared, mut orders: VecDeque<u32>) {
    callback::later(PAUSE, move || {
        let Some(price) = orders.pop_front() else { return };
        kitchen.borrow_mut().waiting.push_back(price);
        cook_next(kitchen.clone());
        take_orders(kitchen, orders);
    });
}

fn cook_next(kitchen: Shared) {
    let mut state = kitchen.borrow_mut();
    if state.cook_is_busy {
        return;
    }
    let Some(price) = state.waiting.pop_front() else { return };
    state.cook_is_busy = true;
    drop(state);
    callback::later(COOKING, move || {
        kitchen.borrow_mut().cook_is_busy = false;
        serve(&kitchen, price);
        cook_next(kitchen);
    });
}

fn serve(kitchen: &Shared, price: u32) {
    let mut state = kitchen.borrow_mut();
    state.bill += price;
    state.expected -= 1;
    if state.expected == 0
        && let Some(done) = state.done.take()
    {
        done.send(state.bill).expect("somebody waits for the bill");
    }
}
// ANCHOR_END: callbacks

// ANCHOR: channels
async fn waiter(orders: mpsc::Sender<u32>) {
    for price in ORDERS {
        sleep(PAUSE).await;
        orders.send(price).await.expect("the cook is there");
    }
}

async fn cook(mut orders: mpsc::Receiver<u32>, dishes: mpsc::Sender<u32>) {
    while let Some(price) = orders.recv().await {
        sleep(COOKING).await;
        dishes.send(price).await.expect("the till is there");
    }
}

async fn till(mut dishes: mpsc::Receiver<u32>) -> u32 {
    let mut bill = 0;
    while let Some(price) = dishes.recv().await {
        bill += price;
    }
    bill
}
// ANCHOR_END: channels

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let bill = match std::env::args().nth(1).as_deref() {
            Some("callbacks") => {
                let (done, bill) = oneshot::channel();
                let kitchen = Kitchen {
                    waiting: VecDeque::new(),
                    cook_is_busy: false,
                    expected: ORDERS.len(),
                    bill: 0,
                    done: Some(done),
                };
                take_orders(Rc::new(RefCell::new(kitchen)), ORDERS.into());
                bill.await.expect("all is served")
            }
            Some("channels") => {
                let (to_cook, orders) = mpsc::channel(1);
                let (to_till, dishes) = mpsc::channel(1);
                spawn_named("waiter", waiter(to_cook));
                spawn_named("cook", cook(orders, to_till));
                till(dishes).await
            }
            _ => panic!("in which style? Say callbacks or channels"),
        };
        println!("the bill is {bill}, after {} ms", began.elapsed().as_millis());
    });
}
