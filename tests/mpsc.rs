//! The bounded queue.

#[path = "support/sync.rs"]
mod support;

use boucle::sync::mpsc::{Receiver, SendError, Sender, TryRecvError, TrySendError, channel};
use futures_lite::StreamExt;
use futures_lite::future::{block_on, poll_once, zip};
use std::cell::Cell;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;
use support::{CountsDrops, Random, Task, is_send_and_sync, yield_now};

/// Polls one `recv` as this task.
fn recv<T>(rx: &mut Receiver<T>, task: &Arc<Task>) -> Poll<Option<T>> {
    task.poll(Box::pin(rx.recv()).as_mut())
}

/// A sender that found the queue full.
macro_rules! blocked {
    ($tx:expr, $value:expr, $task:expr) => {{
        let mut sending = Box::pin($tx.send($value));
        assert!($task.poll(sending.as_mut()).is_pending());
        sending
    }};
}

#[test]
fn values_come_in_the_order_in_which_they_were_sent() {
    let (tx, mut rx) = channel(3);
    for n in 0..3 {
        tx.try_send(n).unwrap();
    }
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    drop(tx);
    let got: Vec<_> = block_on((&mut rx).collect());
    assert_eq!(got, [0, 1, 2]);
    assert_eq!(block_on(rx.recv()), None);
}

#[test]
fn a_receiver_that_waits_is_woken_by_the_first_value_only() {
    let ((tx, mut rx), task) = (channel(2), Task::new());
    assert_eq!(recv(&mut rx, &task), Poll::Pending);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!(task.wakes(), 1);
    assert_eq!(recv(&mut rx, &task), Poll::Ready(Some(1)));
}

#[test]
fn a_receiver_is_woken_when_the_last_sender_goes() {
    let ((tx, mut rx), task) = (channel::<()>(1), Task::new());
    let other = tx.clone();
    assert_eq!(recv(&mut rx, &task), Poll::Pending);
    drop(tx);
    assert_eq!(task.wakes(), 0);
    drop(other);
    assert_eq!(task.wakes(), 1);
    assert_eq!(recv(&mut rx, &task), Poll::Ready(None));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn senders_that_wait_are_called_in_order_and_one_at_a_time() {
    let ((tx, mut rx), a, b, c) = (channel(1), Task::new(), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    let mut first = blocked!(tx, 1, a);
    let mut second = blocked!(tx, 2, b);

    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((a.wakes(), b.wakes()), (1, 0));

    // A place is free, but nobody goes past the line.
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    let mut third = blocked!(tx, 3, c);

    assert_eq!(a.poll(first.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!((b.wakes(), c.wakes()), (1, 0));
    assert_eq!(b.poll(second.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(c.wakes(), 1);
    assert_eq!(c.poll(third.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn a_sender_called_in_vain_is_first_in_the_line_again() {
    let ((tx, mut rx), a, b) = (channel(1), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    let mut first = blocked!(tx, 1, a);
    assert_eq!(rx.try_recv(), Ok(0));
    // Another is faster, and a third stands in line.
    tx.try_send(9).unwrap();
    let mut second = blocked!(tx, 2, b);
    assert!(a.poll(first.as_mut()).is_pending());
    a.wakes();

    assert_eq!(rx.try_recv(), Ok(9));
    assert_eq!((a.wakes(), b.wakes()), (1, 0));
    assert_eq!(a.poll(first.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(b.poll(second.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn a_sender_polled_before_it_is_called_does_not_go_past_the_first() {
    let ((tx, mut rx), a, b) = (channel(1), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    let mut first = blocked!(tx, 1, a);
    let mut second = blocked!(tx, 2, b);
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(b.poll(second.as_mut()).is_pending());
    assert!(a.poll(first.as_mut()).is_ready());
}

#[test]
fn the_receiver_yields_to_those_it_called_before_it_calls_more() {
    let ((tx, mut rx), receives) = (channel(1), Task::new());
    let (a, b, c, d) = (Task::new(), Task::new(), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    let mut first = blocked!(tx, 1, a);
    let _second = blocked!(tx, 2, b);
    let _third = blocked!(tx, 3, c);
    let _fourth = blocked!(tx, 4, d);

    assert_eq!(recv(&mut rx, &receives), Poll::Ready(Some(0)));
    assert_eq!(recv(&mut rx, &receives), Poll::Pending);
    assert_eq!((receives.wakes(), a.wakes(), b.wakes()), (1, 1, 0));
    assert_eq!(recv(&mut rx, &receives), Poll::Pending);
    assert_eq!((receives.wakes(), b.wakes(), c.wakes()), (1, 1, 0));

    // The first comes at last; the one after the value is called, and yielded to again.
    assert!(a.poll(first.as_mut()).is_ready());
    assert_eq!(recv(&mut rx, &receives), Poll::Ready(Some(1)));
    assert_eq!(recv(&mut rx, &receives), Poll::Pending);
    assert_eq!((c.wakes(), d.wakes()), (1, 0));
}

#[test]
fn a_sender_dropped_while_it_waits_leaves_the_line_and_sends_nothing() {
    let ((tx, mut rx), a, b) = (channel(1), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    let first = blocked!(tx, 1, a);
    let mut second = blocked!(tx, 2, b);
    drop(first);
    assert_eq!(a.wakers_kept(), 0);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((a.wakes(), b.wakes()), (0, 1));
    assert_eq!(b.poll(second.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_sender_dropped_after_it_was_called_calls_the_next() {
    let ((tx, mut rx), a, b) = (channel(1), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    let first = blocked!(tx, 1, a);
    let mut second = blocked!(tx, 2, b);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((a.wakes(), b.wakes()), (1, 0));
    drop(first);
    assert_eq!(b.wakes(), 1);
    assert_eq!(b.poll(second.as_mut()), Poll::Ready(Ok(())));
}

/// Case 144.
#[test]
fn senders_that_are_forgotten_in_the_line_do_not_stop_the_others() {
    let ((tx, mut rx), a, b, receives) = (channel(1), Task::new(), Task::new(), Task::new());
    tx.try_send(0).unwrap();
    for _ in 0..3 {
        mem::forget(blocked!(tx, 1, a));
    }
    let mut last = blocked!(tx, 2, b);
    assert_eq!(recv(&mut rx, &receives), Poll::Ready(Some(0)));

    // The receiver comes back by itself, once to wait and then once for each it has to skip.
    let mut polls = 0;
    while b.wakes() == 0 {
        assert_eq!(recv(&mut rx, &receives), Poll::Pending);
        assert!(receives.wakes() > 0, "asleep, with a sender in the line");
        polls += 1;
    }
    assert_eq!(polls, 4);
    assert_eq!(b.poll(last.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(recv(&mut rx, &receives), Poll::Ready(Some(2)));

    // And nothing is left over.
    assert_eq!(recv(&mut rx, &receives), Poll::Pending);
    assert_eq!(receives.wakes(), 1, "of the value that was sent");
    tx.try_send(3).unwrap();
}

/// Case 144.
#[test]
fn a_forgotten_sender_that_was_called_holds_no_place() {
    let ((tx, mut rx), a) = (channel(1), Task::new());
    tx.try_send(0).unwrap();
    mem::forget(blocked!(tx, 1, a));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(a.wakes(), 1);
    tx.try_send(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

/// Case 136.
#[test]
fn a_recv_that_is_dropped_loses_nothing() {
    let ((tx, mut rx), task) = (channel(1), Task::new());
    let mut waiting = Box::pin(rx.recv());
    assert!(task.poll(waiting.as_mut()).is_pending());
    tx.try_send(7).unwrap();
    assert_eq!(task.wakes(), 1);
    drop(waiting);
    assert_eq!(block_on(rx.recv()), Some(7));
}

/// Case 137.
#[test]
fn a_receiver_dropped_while_senders_send_loses_no_value_and_drops_none_twice() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (rounds, task) = (500, Task::new());
    for _ in 0..rounds {
        let ((tx, mut rx), gate) = (channel(1), Barrier::new(3));
        assert!(recv(&mut rx, &task).is_pending());
        thread::scope(|scope| {
            for tx in [tx.clone(), tx] {
                let (gate, drops) = (&gate, &drops);
                scope.spawn(move || {
                    let (one, two) = (CountsDrops(drops.clone()), CountsDrops(drops.clone()));
                    gate.wait();
                    drop(block_on(zip(tx.send(one), tx.send(two))));
                });
            }
            gate.wait();
            drop(rx.try_recv());
            drop(rx);
        });
    }
    assert_eq!(drops.load(SeqCst), 4 * rounds);
    assert_eq!(task.wakers_kept(), 0);
}

/// Case 138.
#[test]
fn whatever_the_order_of_close_send_and_recv_each_value_is_on_one_side() {
    let (rounds, returned, mut received) = (1000, AtomicUsize::new(0), 0);
    for _ in 0..rounds {
        let ((tx, mut rx), gate) = (channel(1), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                gate.wait();
                for n in 0..3 {
                    if block_on(tx.send(n)).is_err() {
                        returned.fetch_add(1, SeqCst);
                    }
                }
            });
            gate.wait();
            received += usize::from(rx.try_recv().is_ok());
            rx.close();
            while block_on(rx.recv()).is_some() {
                received += 1;
            }
        });
    }
    assert_eq!(received + returned.load(SeqCst), 3 * rounds);
}

#[test]
fn after_close_what_is_in_the_queue_is_received_and_who_waits_gets_the_value_back() {
    let ((tx, mut rx), a, b) = (channel(1), Task::new(), Task::new());
    let mut closed = Box::pin(tx.closed());
    assert!(b.poll(closed.as_mut()).is_pending());
    tx.try_send(0).unwrap();
    let mut waiting = blocked!(tx, 1, a);
    rx.close();
    assert_eq!((a.wakes(), b.wakes()), (1, 1));
    assert_eq!(a.poll(waiting.as_mut()), Poll::Ready(Err(SendError(1))));
    assert_eq!(b.poll(closed.as_mut()), Poll::Ready(()));
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(block_on(rx.recv()), Some(0));
    assert_eq!(block_on(rx.recv()), None);
}

#[test]
fn a_closed_future_that_is_dropped_leaves_no_waker() {
    let ((tx, _rx), task) = (channel::<()>(1), Task::new());
    let mut closed = Box::pin(tx.closed());
    assert!(task.poll(closed.as_mut()).is_pending());
    assert_eq!(task.wakers_kept(), 1);
    drop(closed);
    assert_eq!(task.wakers_kept(), 0);
}

/// Case 145.
#[test]
fn a_dropped_receiver_takes_its_waker_and_its_values_along() {
    let ((tx, mut rx), task) = (channel(1), Task::new());
    assert!(recv(&mut rx, &task).is_pending());
    assert_eq!(task.wakers_kept(), 1);
    drop(rx);
    assert_eq!(task.wakers_kept(), 0);

    let drops = Arc::new(AtomicUsize::new(0));
    let (tx2, rx2) = channel(1);
    assert!(tx2.try_send(CountsDrops(Arc::clone(&drops))).is_ok());
    drop(rx2);
    assert_eq!(drops.load(SeqCst), 1);
    assert_eq!(tx.try_send(1), Err(TrySendError::Closed(1)));
}

#[test]
fn a_value_may_hold_a_sender_of_its_own_channel() {
    struct Letter(#[allow(dead_code, reason = "dropped with the letter")] Sender<Letter>);
    let (tx, mut rx) = channel(2);
    tx.try_send(Letter(tx.clone())).unwrap();
    tx.try_send(Letter(tx.clone())).unwrap();
    drop(block_on(rx.recv()));
    // The receiver drops the last letter, which drops a sender, which locks the channel.
    drop(rx);
    assert!(tx.is_closed());
}

/// Case 147.
#[test]
fn a_million_messages_through_one_place_cost_two_polls_each() {
    const MESSAGES: usize = 1_000_000;
    let (tx, mut rx) = channel(1);
    let (polls, sends) = (Cell::new(0), Task::new());
    let mut sending = Box::pin(async move {
        for n in 0..MESSAGES {
            tx.send(n).await.unwrap();
        }
    });
    let receives = Task::new();
    let mut receiving = Box::pin(async move {
        let mut got = 0;
        while let Some(n) = rx.recv().await {
            assert_eq!(n, got);
            got += 1;
        }
        got
    });

    // Two tasks on a loop: each is polled when it was woken.
    let mut sent = false;
    let mut run_sender = || {
        polls.set(polls.get() + 1);
        sent = sent || sends.poll(sending.as_mut()).is_ready();
    };
    run_sender();
    let got = loop {
        polls.set(polls.get() + 1);
        if let Poll::Ready(got) = receives.poll(receiving.as_mut()) {
            break got;
        }
        assert!(sends.wakes() > 0, "both asleep");
        run_sender();
        assert!(receives.wakes() > 0, "both asleep");
    };
    assert_eq!(got, MESSAGES);
    assert!(polls.get() <= 2 * MESSAGES + 2, "{} polls", polls.get());
}

#[test]
fn nothing_is_lost_when_sends_are_cancelled_at_random_on_many_threads() {
    const SENDERS: usize = 4;
    const EACH: usize = 5000;
    let (tx, mut rx) = channel(2);
    let confirmed = AtomicUsize::new(0);
    let received = thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (tx, confirmed) = (tx.clone(), &confirmed);
            scope.spawn(move || {
                let mut random = Random(1 + sender as u64);
                for n in 0..EACH {
                    block_on(async {
                        let sending = tx.send((sender, n));
                        if random.below(3) > 0 {
                            sending.await.unwrap();
                            confirmed.fetch_add(1, SeqCst);
                        } else if poll_once(sending).await.is_some() {
                            confirmed.fetch_add(1, SeqCst);
                        }
                    });
                }
            });
        }
        drop(tx);
        block_on(async {
            let (mut received, mut last, mut random) = (0, [None; SENDERS], Random(99));
            loop {
                // The receiver gives up now and then too.
                let next = match random.below(3) {
                    0 => poll_once(rx.recv()).await,
                    _ => Some(rx.recv().await),
                };
                match next {
                    None => yield_now().await,
                    Some(None) => break received,
                    Some(Some((sender, n))) => {
                        assert!(last[sender] < Some(n), "out of order");
                        last[sender] = Some(n);
                        received += 1;
                    }
                }
            }
        })
    });
    assert_eq!(received, confirmed.load(SeqCst));
}

#[test]
#[should_panic(expected = "use channel(1)")]
fn a_channel_without_a_place_is_refused_with_a_remedy() {
    let _ = channel::<()>(0);
}

#[test]
fn both_halves_are_send_and_sync_when_the_value_is_send() {
    let (tx, rx) = channel::<Cell<u8>>(1);
    is_send_and_sync(&tx);
    is_send_and_sync(&rx);
}
