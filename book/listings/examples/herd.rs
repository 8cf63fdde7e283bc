//! Twenty futures in one task: who is polled when one of them is woken?
//!
//! Run with: `cargo run --example herd -- naive`, or `own-wakers`, or `tasks`

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::time::{block_for, sleep};
use futures_lite::StreamExt;
use futures_util::stream::FuturesUnordered;

const CHILDREN: u64 = 20;

/// Waits 10 ms longer than the child before it. Each look at it takes 200 µs, and is counted.
async fn child(number: u64, looks: Rc<Cell<u32>>) {
    let mut answer = pin!(sleep(Duration::from_millis(10 * number)));
    poll_fn(|cx| {
        looks.set(looks.get() + 1);
        block_for(Duration::from_micros(200));
        answer.as_mut().poll(cx)
    })
    .await;
}

// ANCHOR: naive
/// Ready when all are. It cannot tell whose wake it was, so it asks each that is left.
async fn join_all(mut children: Vec<Pin<Box<dyn Future<Output = ()>>>>) {
    poll_fn(|cx| {
        children.retain_mut(|child| child.as_mut().poll(cx).is_pending());
        if children.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
// ANCHOR_END: naive

// ANCHOR: own-wakers
/// Each child has a waker of its own, which queues it: only those are polled.
async fn join_with_own_wakers(children: Vec<Pin<Box<dyn Future<Output = ()>>>>) {
    let mut left: FuturesUnordered<_> = children.into_iter().collect();
    while left.next().await.is_some() {}
}
// ANCHOR_END: own-wakers

fn main() {
    let looks = Rc::new(Cell::new(0));
    let children = (1..=CHILDREN).map(|number| Box::pin(child(number, looks.clone())) as _);
    let children: Vec<Pin<Box<dyn Future<Output = ()>>>> = children.collect();
    boucle::block_on(async {
        match std::env::args().nth(1).as_deref() {
            Some("naive") => join_all(children).await,
            Some("own-wakers") => join_with_own_wakers(children).await,
            Some("tasks") => {
                let mut group = TaskGroup::new();
                for (number, child) in (1..).zip(children) {
                    group.spawn_named(format!("child {number}"), child);
                }
                while group.join_next().await.is_some() {}
            }
            _ => panic!("which way? Say naive, own-wakers or tasks"),
        }
    });
    println!("{CHILDREN} children, looked at {} times", looks.get());
}
