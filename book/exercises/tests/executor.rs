//! Judge of `executor`: tasks from spawn to end.

mod support;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use boucle::observe::{Event, Outcome};
use my_loop::context;
use my_loop::inbox::Message;
use support::bench::Bench;
use support::{Count, OnDrop};

/// A place for a waker.
type Kept = Rc<RefCell<Option<Waker>>>;

/// Counts its polls, keeps its waker, and is never done.
fn parked(polls: &Count, kept: &Kept) -> impl Future<Output = ()> + use<> {
    let (polls, kept) = (polls.clone(), Rc::clone(kept));
    poll_fn(move |cx| {
        polls.add();
        *kept.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    })
}

/// Takes the mail as a turn does.
fn read_mail(bench: &Bench) {
    let mut messages = Vec::new();
    bench.engine.inbox.take(&mut messages);
    for (_, message) in messages {
        if let Message::Wake(task) = message {
            bench.engine.executor.wake_by_message(task);
        }
    }
}

#[test]
fn tasks_are_polled_in_the_order_of_their_spawning() {
    let (bench, order) = (Bench::new(), Rc::new(RefCell::new(Vec::new())));
    for n in 0..5 {
        let order = Rc::clone(&order);
        bench.spawn(async move { order.borrow_mut().push(n) });
    }
    bench.run();
    assert_eq!(*order.borrow(), [0, 1, 2, 3, 4]);
    assert!(bench.engine.executor.tasks.borrow().is_empty(), "a detached task leaves the arena");
}

#[test]
fn a_wake_during_a_poll_queues_the_task_again() {
    let (bench, polls) = (Bench::new(), Count::new());
    let counted = polls.clone();
    bench.spawn(poll_fn(move |cx| {
        counted.add();
        if counted.get() == 1 {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }));
    bench.run();
    assert_eq!(polls.get(), 2);
}

#[test]
fn a_task_is_polled_only_when_it_was_woken() {
    let (bench, polls, kept) = (Bench::new(), Count::new(), Kept::default());
    bench.spawn(parked(&polls, &kept));
    bench.run();
    bench.run();
    assert_eq!(polls.get(), 1);
    bench.inside(|| kept.borrow().as_ref().unwrap().wake_by_ref());
    bench.run();
    assert_eq!(polls.get(), 2);
}

#[test]
fn a_task_may_spawn_while_it_is_polled() {
    let (bench, ran) = (Bench::new(), Count::new());
    let counted = ran.clone();
    bench.spawn(async move {
        context::current().executor.spawn_detached(async move { counted.add() });
    });
    bench.run();
    assert_eq!(ran.get(), 1);
}

#[test]
fn a_panic_ends_its_task_and_no_other() {
    let (bench, ran) = (Bench::new(), Count::new());
    let (before, after) = (ran.clone(), ran.clone());
    bench.spawn(async move { before.add() });
    bench.spawn(async { panic!("as expected") });
    bench.spawn(async move { after.add() });
    bench.run();
    assert_eq!(ran.get(), 2);
    assert!(bench.engine.executor.tasks.borrow().is_empty());
    let panicked =
        bench.record.events().iter().any(|told| {
            matches!(told.event(), Event::PollEnded { outcome: Outcome::Panicked, .. })
        });
    assert!(panicked);
}

/// Is done at once, and calls a closure when it is dropped.
struct Ends<F: FnMut()>(OnDrop<F>);

impl<F: FnMut()> Future for Ends<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn a_panic_in_a_destructor_harms_nobody() {
    let (bench, ran) = (Bench::new(), Count::new());
    bench.spawn(Ends(OnDrop(|| assert!(thread::panicking(), "as expected"))));
    let counted = ran.clone();
    bench.spawn(async move { counted.add() });
    bench.run();
    assert_eq!(ran.get(), 1);
    assert!(bench.engine.executor.tasks.borrow().is_empty());
}

#[test]
fn a_panic_in_the_destructor_of_a_payload_harms_nobody() {
    let (bench, ran) = (Bench::new(), Count::new());
    let payload = || OnDrop(|| assert!(thread::panicking(), "as expected"));
    bench.spawn(async move { std::panic::panic_any(payload()) });
    let counted = ran.clone();
    bench.spawn(async move { counted.add() });
    bench.run();
    assert_eq!(ran.get(), 1);
    assert!(bench.engine.executor.tasks.borrow().is_empty());
}

#[test]
fn a_destructor_may_spawn() {
    let (bench, ran) = (Bench::new(), Count::new());
    let counted = ran.clone();
    bench.spawn(Ends(OnDrop(move || {
        let counted = counted.clone();
        context::current().executor.spawn_detached(async move { counted.add() });
    })));
    bench.run();
    assert_eq!(ran.get(), 1, "nothing is borrowed while a future is dropped");
}

#[test]
fn a_future_is_dropped_when_it_is_done() {
    let (bench, dropped, kept) = (Bench::new(), Count::new(), Kept::default());
    let (counted, keep) = (dropped.clone(), Rc::clone(&kept));
    bench.spawn(async move {
        let _note = OnDrop(move || counted.add());
        poll_fn(|cx| {
            *keep.borrow_mut() = Some(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
    });
    bench.run();
    assert_eq!(dropped.get(), 1, "although somebody keeps its waker");
}

#[test]
fn a_wake_after_the_end_is_nothing() {
    let (bench, kept) = (Bench::new(), Kept::default());
    let keep = Rc::clone(&kept);
    bench.spawn(poll_fn(move |cx| {
        *keep.borrow_mut() = Some(cx.waker().clone());
        Poll::Ready(())
    }));
    bench.run();
    let waker = kept.take().unwrap();
    bench.inside(|| waker.wake_by_ref());
    assert!(bench.engine.ready.is_empty());
    thread::spawn(move || waker.wake()).join().unwrap();
    read_mail(&bench);
    assert!(bench.engine.ready.is_empty());
}

#[test]
fn the_waker_of_a_task_never_wakes_the_next_one_in_its_slot() {
    let (bench, kept) = (Bench::new(), Kept::default());
    let keep = Rc::clone(&kept);
    bench.spawn(poll_fn(move |cx| {
        *keep.borrow_mut() = Some(cx.waker().clone());
        Poll::Ready(())
    }));
    bench.run();
    let stale = kept.take().unwrap();
    let polls = Count::new();
    bench.spawn(parked(&polls, &kept));
    bench.run();
    bench.inside(|| stale.wake_by_ref());
    thread::spawn(move || stale.wake()).join().unwrap();
    read_mail(&bench);
    bench.run();
    assert_eq!(polls.get(), 1);
}

#[test]
fn a_wake_from_another_thread_leads_to_one_poll_each_time() {
    let (bench, polls, kept) = (Bench::new(), Count::new(), Kept::default());
    bench.spawn(parked(&polls, &kept));
    bench.run();
    for round in 2..5 {
        let waker = kept.borrow().clone().unwrap();
        thread::spawn(move || (0..10).for_each(|_| waker.wake_by_ref())).join().unwrap();
        read_mail(&bench);
        bench.run();
        assert_eq!(polls.get(), round);
    }
}

#[test]
fn a_poll_holds_no_borrow_and_its_waker_is_its_own() {
    let bench = Bench::new();
    let wakers: Rc<RefCell<Vec<Waker>>> = Rc::default();
    for _ in 0..2 {
        let wakers = Rc::clone(&wakers);
        bench.spawn(poll_fn(move |cx| {
            let engine = context::current();
            let tasks = engine.executor.tasks.borrow_mut().keys().len();
            assert_eq!(tasks, 2, "a task keeps its slot while it is polled");
            wakers.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        }));
    }
    bench.run();
    let wakers = wakers.take();
    assert!(!wakers[0].will_wake(&wakers[1]));
}

#[test]
fn every_future_is_dropped_with_its_loop() {
    let (bench, dropped) = (Bench::new(), Arc::new(()));
    for _ in 0..3 {
        let held = Arc::clone(&dropped);
        bench.spawn(async move {
            pending::<()>().await;
            drop(held);
        });
    }
    bench.run();
    drop(bench);
    assert_eq!(Arc::strong_count(&dropped), 1);
}
