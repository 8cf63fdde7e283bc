//! The budget by itself, and that the operations of `sync` spend it.

use super::{PATIENCE, begin, end, gave_way, give_way, lift, poll_left, poll_spend, spend};
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
    begin(units, Waker::noop());
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
    begin(1, Waker::noop());
    for _ in 0..5 {
        assert!(rx.poll_recv(&mut cx).is_pending());
    }
    assert!(poll_left(&mut cx).is_ready());
    lift();
}

#[test]
fn what_does_not_spend_goes_on_when_the_budget_is_gone() {
    let mut cx = Context::from_waker(Waker::noop());
    begin(0, Waker::noop());
    assert!(poll_spend(&mut cx).is_pending());
    assert_eq!(pin!(async { 7 }).poll(&mut cx), Poll::Ready(7));
    lift();
}

/// Case 23.
#[test]
fn a_foreign_executor_inside_a_task_does_not_hang() {
    begin(1, Waker::noop());
    block_on(async {
        for _ in 0..3 * PATIENCE {
            spend().await;
        }
    });
    lift();
}

#[test]
fn who_gives_way_leaves_a_note_for_the_executor_and_calls_no_waker() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    begin(1, &waker);
    assert!(!gave_way());
    give_way(&Context::from_waker(&waker));
    assert!(gave_way() && end());
    assert_eq!(count.0.load(SeqCst), 0);
    // In the next poll it is forgotten.
    begin(1, &waker);
    assert!(!gave_way() && !end());
    lift();
}

#[test]
fn a_waker_that_is_not_the_executors_own_is_called() {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let (lent, other) = (Waker::noop().clone(), Waker::from(Arc::clone(&count)));
    begin(1, &lent);
    give_way(&Context::from_waker(&other));
    assert!(gave_way() && !end());
    assert_eq!(count.0.load(SeqCst), 1);
    // Nor is the executor's own taken for it when the poll is over: nobody would read the note.
    let own = Waker::from(Arc::clone(&count));
    begin(1, &own);
    assert!(!end());
    give_way(&Context::from_waker(&own));
    assert_eq!(count.0.load(SeqCst), 2);
    lift();
}
