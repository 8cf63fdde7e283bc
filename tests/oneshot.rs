//! The channel for one value.

#[path = "support/sync.rs"]
mod support;

use boucle::sync::oneshot::{Receiver, RecvError, Sender, TryRecvError, channel};
use futures_lite::future::block_on;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use support::{CountsDrops, OnWake, Task, is_send_and_sync};

#[test]
fn a_value_sent_first_is_received_without_waiting() {
    let (tx, mut rx) = channel();
    tx.send(7).unwrap();
    assert_eq!(Task::new().poll_unpin(&mut rx), Poll::Ready(Ok(7)));
}

#[test]
fn a_value_sent_later_wakes_the_receiver_once() {
    let ((tx, mut rx), task) = (channel(), Task::new());
    assert_eq!(task.poll_unpin(&mut rx), Poll::Pending);
    tx.send(7).unwrap();
    assert_eq!(task.wakes(), 1);
    assert_eq!(task.poll_unpin(&mut rx), Poll::Ready(Ok(7)));
}

#[test]
fn a_dropped_sender_wakes_the_receiver_with_an_error() {
    let ((tx, mut rx), task) = (channel::<()>(), Task::new());
    assert_eq!(task.poll_unpin(&mut rx), Poll::Pending);
    drop(tx);
    assert_eq!(task.wakes(), 1);
    assert_eq!(task.poll_unpin(&mut rx), Poll::Ready(Err(RecvError)));
}

#[test]
fn a_receiver_polled_after_its_value_gives_an_error() {
    let ((tx, mut rx), task) = (channel(), Task::new());
    tx.send(7).unwrap();
    assert_eq!(task.poll_unpin(&mut rx), Poll::Ready(Ok(7)));
    assert_eq!(task.poll_unpin(&mut rx), Poll::Ready(Err(RecvError)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_dropped_receiver_gives_the_value_back() {
    let (tx, rx) = channel();
    drop(rx);
    assert!(tx.is_closed());
    assert_eq!(tx.send(7), Err(7));
}

#[test]
fn a_dropped_receiver_drops_the_value_that_was_sent() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (tx, rx) = channel();
    assert!(tx.send(CountsDrops(Arc::clone(&drops))).is_ok());
    drop(rx);
    assert_eq!(drops.load(SeqCst), 1);
}

#[test]
fn the_sender_is_woken_when_the_receiver_closes_or_goes() {
    for close in [true, false] {
        let ((mut tx, mut rx), task) = (channel::<()>(), Task::new());
        let mut closed = Box::pin(tx.closed());
        assert_eq!(task.poll(closed.as_mut()), Poll::Pending);
        if close {
            rx.close();
        } else {
            drop(rx);
        }
        assert_eq!(task.wakes(), 1);
        assert_eq!(task.poll(closed.as_mut()), Poll::Ready(()));
    }
}

#[test]
fn a_value_sent_before_close_can_still_be_received() {
    let (tx, mut rx) = channel();
    tx.send(7).unwrap();
    rx.close();
    assert_eq!(rx.try_recv(), Ok(7));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn try_recv_tells_empty_from_closed() {
    let (tx, mut rx) = channel::<()>();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let ((tx, mut rx), first, last) = (channel(), Task::new(), Task::new());
    assert_eq!(first.poll_unpin(&mut rx), Poll::Pending);
    assert_eq!(last.poll_unpin(&mut rx), Poll::Pending);
    assert_eq!((first.wakers_kept(), last.wakers_kept()), (0, 1));
    tx.send(7).unwrap();
    assert_eq!((first.wakes(), last.wakes()), (0, 1));
}

/// Case 136.
#[test]
fn a_value_that_came_while_a_select_gave_up_is_still_there() {
    let ((tx, mut rx), task) = (channel(), Task::new());
    let mut waiting = Box::pin(async { (&mut rx).await });
    assert_eq!(task.poll(waiting.as_mut()), Poll::Pending);
    tx.send(7).unwrap();
    assert_eq!(task.wakes(), 1);
    drop(waiting);
    assert_eq!(block_on(rx), Ok(7));
}

/// Case 137.
#[test]
fn a_receiver_dropped_while_the_sender_sends_loses_no_value_and_drops_none_twice() {
    let (drops, task) = (Arc::new(AtomicUsize::new(0)), Task::new());
    let rounds = 2000;
    race(rounds, |tx: Sender<CountsDrops>, mut rx: Receiver<CountsDrops>, gate: &Barrier| {
        assert!(task.poll_unpin(&mut rx).is_pending());
        thread::scope(|scope| {
            scope.spawn(|| {
                let value = CountsDrops(Arc::clone(&drops));
                gate.wait();
                drop(tx.send(value));
            });
            gate.wait();
            drop(rx);
        });
    });
    assert_eq!(drops.load(SeqCst), rounds);
    assert_eq!(task.wakers_kept(), 0);
}

/// Case 138.
#[test]
fn whatever_the_order_of_close_send_and_try_recv_the_value_is_on_one_side() {
    let (sent, returned) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let rounds = 2000;
    race(rounds, |tx, mut rx, gate| {
        thread::scope(|scope| {
            scope.spawn(|| {
                gate.wait();
                if tx.send(7).is_err() {
                    returned.fetch_add(1, SeqCst);
                }
            });
            gate.wait();
            let early = rx.try_recv();
            rx.close();
            if early.or_else(|_| rx.try_recv()).is_ok() {
                sent.fetch_add(1, SeqCst);
            }
        });
    });
    assert_eq!(sent.load(SeqCst) + returned.load(SeqCst), rounds);
}

/// Runs a round many times, with a barrier that two threads can meet at.
fn race<T>(rounds: usize, round: impl Fn(Sender<T>, Receiver<T>, &Barrier)) {
    for _ in 0..rounds {
        let (tx, rx) = channel();
        round(tx, rx, &Barrier::new(2));
    }
}

/// Case 145.
#[test]
fn a_half_that_is_dropped_takes_its_waker_along() {
    let ((mut tx, mut rx), sends, receives) = (channel::<()>(), Task::new(), Task::new());
    let mut cx_waker = |task: &Arc<Task>| {
        let waker = Waker::from(Arc::clone(task));
        assert!(tx.poll_closed(&mut Context::from_waker(&waker)).is_pending());
    };
    cx_waker(&sends);
    assert_eq!(receives.poll_unpin(&mut rx), Poll::Pending);
    assert_eq!((sends.wakers_kept(), receives.wakers_kept()), (1, 1));
    drop(tx);
    assert_eq!((sends.wakers_kept(), receives.wakers_kept()), (0, 0));

    let ((_tx, mut rx), receives) = (channel::<()>(), Task::new());
    assert_eq!(receives.poll_unpin(&mut rx), Poll::Pending);
    drop(rx);
    assert_eq!(receives.wakers_kept(), 0);
}

#[test]
fn a_waker_may_use_the_channel() {
    let (tx, rx) = channel();
    let rx = Arc::new(Mutex::new(rx));
    let got = Arc::new(Mutex::new(None));
    let waker = Waker::from(Arc::new(OnWake({
        let (rx, got) = (Arc::clone(&rx), Arc::clone(&got));
        move || *got.lock().unwrap() = rx.lock().unwrap().try_recv().ok()
    })));
    let mut cx = Context::from_waker(&waker);
    assert!(Future::poll(std::pin::Pin::new(&mut *rx.lock().unwrap()), &mut cx).is_pending());
    tx.send(7).unwrap();
    assert_eq!(*got.lock().unwrap(), Some(7));
}

#[test]
fn a_value_crosses_threads() {
    let (tx, rx) = channel();
    let other = thread::spawn(move || block_on(rx));
    tx.send(String::from("hello")).unwrap();
    assert_eq!(other.join().unwrap().as_deref(), Ok("hello"));
}

#[test]
fn both_halves_are_send_and_sync_when_the_value_is_send() {
    let (tx, rx) = channel::<Cell<u8>>();
    is_send_and_sync(&tx);
    is_send_and_sync(&rx);
}
