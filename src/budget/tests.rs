//! The budget by itself, and that the operations of `sync` spend it.

use super::{PATIENCE, lift, poll_left, poll_spend, set, spend};
use crate::sync::{Notify, Semaphore, mpsc, oneshot};
use futures_lite::future::block_on;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

/// Counts its wakes.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Polls with this many units; tells whether the future yielded, having woken its own task.
fn yields_with(units: u32, future: impl Future) -> bool {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    set(units);
    let poll = pin!(future).poll(&mut Context::from_waker(&waker));
    lift();
    poll.is_pending() && count.0.load(SeqCst) == 1
}

/// Case 27.
#[test]
fn a_task_on_a_channel_that_is_always_ready_yields() {
    let (tx, mut rx) = mpsc::channel(1);
    let forever = async {
        loop {
            tx.send(7).await.unwrap();
            rx.recv().await.unwrap();
        }
    };
    assert!(yields_with(100, forever));
}

/// Case 27.
#[test]
fn every_operation_that_completes_spends_one_unit() {
    async fn two_of_each(left: &AtomicUsize) {
        let (semaphore, notify) = (Semaphore::new(2), Notify::new());
        for _ in 0..2 {
            let (mut tx, rx) = oneshot::channel::<()>();
            drop(rx);
            tx.closed().await;
            left.fetch_sub(1, SeqCst);
            let (tx, rx) = oneshot::channel();
            tx.send(7).unwrap();
            assert_eq!(rx.await, Ok(7));
            left.fetch_sub(1, SeqCst);
            let (tx, mut rx) = mpsc::channel(1);
            tx.send(7).await.unwrap();
            left.fetch_sub(1, SeqCst);
            assert_eq!(rx.recv().await, Some(7));
            left.fetch_sub(1, SeqCst);
            semaphore.acquire().await.unwrap().forget();
            left.fetch_sub(1, SeqCst);
            notify.notify_one();
            notify.notified().await;
            left.fetch_sub(1, SeqCst);
            spend().await;
            left.fetch_sub(1, SeqCst);
        }
    }
    for units in 0..14 {
        let left = AtomicUsize::new(units);
        assert!(yields_with(units.try_into().unwrap(), two_of_each(&left)));
        assert_eq!(left.load(SeqCst), 0);
    }
    assert!(!yields_with(14, two_of_each(&AtomicUsize::new(14))));
}

#[test]
fn an_operation_that_has_to_wait_is_not_charged() {
    let (_tx, mut rx) = mpsc::channel::<()>(1);
    let mut cx = Context::from_waker(Waker::noop());
    set(1);
    for _ in 0..5 {
        assert!(rx.poll_recv(&mut cx).is_pending());
    }
    assert!(poll_left(&mut cx).is_ready());
    lift();
}

#[test]
fn what_does_not_spend_goes_on_when_the_budget_is_gone() {
    let mut cx = Context::from_waker(Waker::noop());
    set(0);
    assert!(poll_spend(&mut cx).is_pending());
    assert_eq!(pin!(async { 7 }).poll(&mut cx), Poll::Ready(7));
    lift();
}

/// Case 23.
#[test]
fn a_foreign_executor_inside_a_task_does_not_hang() {
    set(1);
    block_on(async {
        for _ in 0..3 * PATIENCE {
            spend().await;
        }
    });
    lift();
}
