//! What `block_on` and its wakers do.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use boucle_watch::{Watch, assert_consistent};
use step_04_block_on::delay::Delay;
use step_04_block_on::machine::{MakeTea, make_tea, make_tea_by_hand};
use step_04_block_on::{block_on, spinning};

/// Counts how often a future is polled.
async fn counted<F: Future>(future: F, polls: &Cell<u32>) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        polls.set(polls.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

#[test]
fn a_future_that_is_ready_is_polled_once() {
    let polls = Cell::new(0);
    assert_eq!(block_on(counted(async { 7 }, &polls)), 7);
    assert_eq!(polls.get(), 1);
}

#[test]
fn a_future_is_polled_again_when_its_waker_was_called_and_not_before() {
    let polls = Cell::new(0);
    block_on(counted(Delay::new(Duration::from_millis(50)), &polls));
    assert_eq!(polls.get(), 2);
}

#[test]
fn without_a_waker_it_is_polled_all_the_time() {
    let ((), polls) = spinning::block_on(Delay::new(Duration::from_millis(50)));
    assert!(polls > 1_000, "only {polls}");
}

#[test]
fn a_waker_that_is_called_during_the_poll_is_not_forgotten() {
    let mut first = true;
    block_on(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) }
    }));
}

#[test]
fn no_wake_of_another_thread_is_lost() {
    for _ in 0..2_000 {
        let mut thread = None;
        block_on(poll_fn(|cx| {
            if thread.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread = Some(thread::spawn(move || waker.wake()));
            Poll::Pending
        }));
        thread.unwrap().join().unwrap();
    }
}

#[test]
fn the_machine_by_hand_stops_where_the_async_fn_stops() {
    let (compiled, by_hand) = (Cell::new(0), Cell::new(0));
    assert_eq!(block_on(counted(make_tea(2), &compiled)), "tea for 2");
    assert_eq!(block_on(counted(make_tea_by_hand(2), &by_hand)), "tea for 2");
    assert_eq!((compiled.get(), by_hand.get()), (3, 3));
}

#[test]
fn a_call_of_an_async_fn_does_nothing() {
    assert!(matches!(make_tea_by_hand(1), MakeTea::Begin { guests: 1 }));
    let tea = make_tea(1);
    thread::sleep(Duration::from_millis(60));
    let mut tea = pin!(tea);
    assert!(tea.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// A waker that counts how often it is called.
#[derive(Default)]
struct Calls(AtomicU32);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_delay_that_has_moved_calls_the_waker_of_its_last_poll() {
    let (first, last) = (Arc::new(Calls::default()), Arc::new(Calls::default()));
    let mut delay = Delay::new(Duration::from_millis(20));
    for calls in [&first, &last] {
        let waker = Waker::from(Arc::clone(calls));
        assert!(Pin::new(&mut delay).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    while last.0.load(Ordering::SeqCst) == 0 {
        thread::yield_now();
    }
    assert_eq!(first.0.load(Ordering::SeqCst), 0);
}

#[test]
fn what_it_tells_is_free_of_contradictions() {
    let (watch, record) = Watch::recording();
    block_on(make_tea(1));
    drop(watch);
    assert_consistent(&record);
}
