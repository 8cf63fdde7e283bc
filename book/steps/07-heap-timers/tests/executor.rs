//! What an executor and its wakers do.
//!
//! Where no other thread is needed, time is virtual: a wake that is lost makes a real loop sleep for
//! ever, and a simulated one panic.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::thread;

use boucle_watch::{Watch, assert_consistent};
use step_07_heap_timers::{block_on, spawn, yield_now};

#[test]
fn tasks_are_polled_in_the_order_in_which_they_were_spawned() {
    let (_watch, _) = Watch::simulated();
    let order = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&order);
    block_on(async move {
        let tasks: Vec<_> = (0..3)
            .map(|number| {
                let order = Rc::clone(&order);
                spawn(async move { order.borrow_mut().push(number) })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*noted.borrow(), [0, 1, 2]);
}

#[test]
fn a_task_that_yields_lets_all_others_have_their_turn() {
    let (_watch, _) = Watch::simulated();
    let order = Rc::new(RefCell::new(String::new()));
    let noted = Rc::clone(&order);
    block_on(async move {
        let tasks: Vec<_> = ["a", "b"]
            .map(|name| {
                let order = Rc::clone(&order);
                spawn(async move {
                    for _ in 0..3 {
                        order.borrow_mut().push_str(name);
                        yield_now().await;
                    }
                })
            })
            .into();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*noted.borrow(), "ababab");
}

#[test]
fn a_wake_during_the_poll_queues_the_task_again() {
    let (_watch, _) = Watch::simulated();
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    block_on(poll_fn(move |cx| {
        polls.set(polls.get() + 1);
        if polls.get() == 5 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    assert_eq!(counted.get(), 5);
}

#[test]
fn a_task_that_is_woken_many_times_is_polled_once() {
    let (_watch, _) = Watch::simulated();
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    block_on(async move {
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let shared = Rc::clone(&waker);
        let task = spawn(poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            match shared.replace(Some(cx.waker().clone())) {
                Some(_) => Poll::Ready(()),
                None => Poll::Pending,
            }
        }));
        yield_now().await;
        let waker = waker.borrow().clone().unwrap();
        for _ in 0..10 {
            waker.wake_by_ref();
        }
        task.await.unwrap();
    });
    assert_eq!(counted.get(), 2);
}

#[test]
fn a_waker_may_be_called_when_its_task_and_its_loop_are_gone() {
    let waker = block_on(async {
        let task = spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        let waker = task.await.unwrap();
        waker.wake_by_ref();
        waker
    });
    waker.wake_by_ref();
    block_on(async { yield_now().await });
    waker.wake();
}

/// Panics.
async fn fail() {
    panic!("oh");
}

#[test]
fn a_panic_ends_its_own_task_and_reaches_its_handle() {
    let (_watch, _) = Watch::simulated();
    block_on(async {
        let bad = spawn(fail());
        let good = spawn(async { 7 });
        let panic = bad.await.unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"oh"));
        assert_eq!(good.await.unwrap(), 7);
    });
}

#[test]
fn a_panic_of_the_first_future_comes_out_of_block_on() {
    let panic = catch_unwind(|| block_on(fail())).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"oh"));
    assert_eq!(block_on(async { 7 }), 7);
}

#[test]
fn a_task_whose_handle_is_dropped_goes_on() {
    let (_watch, _) = Watch::simulated();
    let done = Rc::new(Cell::new(false));
    let seen = Rc::clone(&done);
    block_on(async move {
        drop(spawn(async move {
            yield_now().await;
            done.set(true);
        }));
        for _ in 0..3 {
            yield_now().await;
        }
    });
    assert!(seen.get());
}

#[test]
fn a_task_may_spawn_tasks() {
    let (_watch, _) = Watch::simulated();
    let number = block_on(async {
        let outer =
            spawn(async { spawn(async { spawn(async { 7 }).await.unwrap() }).await.unwrap() });
        outer.await.unwrap()
    });
    assert_eq!(number, 7);
}

/// Spawns a task when it is dropped, which must not run.
struct SpawnsInDrop(Rc<Cell<bool>>);

impl Drop for SpawnsInDrop {
    fn drop(&mut self) {
        let ran = Rc::clone(&self.0);
        spawn(async move { ran.set(true) });
    }
}

#[test]
fn tasks_that_are_left_are_dropped_and_what_they_spawn_then_never_runs() {
    let ran = Rc::new(Cell::new(false));
    let bomb = SpawnsInDrop(Rc::clone(&ran));
    let (watch, record) = Watch::recording();
    block_on(async move {
        spawn(async move {
            let _bomb = bomb;
            pending::<()>().await;
        });
        yield_now().await;
    });
    drop(watch);
    assert!(!ran.get());
    assert_eq!(Rc::strong_count(&ran), 1, "something was not dropped");
    assert_consistent(&record);
}

#[test]
fn no_wake_of_another_thread_is_lost() {
    let (watch, record) = Watch::recording();
    block_on(async {
        for _ in 0..500 {
            let flag = Arc::new(AtomicBool::new(false));
            let mut thread = None;
            poll_fn(|cx| {
                if flag.load(Ordering::Relaxed) {
                    return Poll::Ready(());
                }
                let (waker, flag) = (cx.waker().clone(), Arc::clone(&flag));
                thread.get_or_insert_with(|| {
                    thread::spawn(move || {
                        flag.store(true, Ordering::Relaxed);
                        waker.wake();
                    })
                });
                Poll::Pending
            })
            .await;
            thread.unwrap().join().unwrap();
        }
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn block_on_inside_of_block_on_says_what_to_do() {
    let nested = || block_on(async { block_on(async {}) });
    let panic = catch_unwind(AssertUnwindSafe(nested)).unwrap_err();
    assert!(panic.downcast_ref::<&str>().unwrap().contains("await the future"));
}

#[test]
fn what_it_tells_is_free_of_contradictions() {
    let (watch, record) = Watch::simulated();
    block_on(async {
        let yielding = spawn(async {
            yield_now().await;
            spawn(async { 7 }).await.unwrap()
        });
        let panicking = spawn(fail());
        drop(spawn(pending::<()>()));
        assert_eq!(yielding.await.unwrap(), 7);
        panicking.await.unwrap_err();
    });
    drop(watch);
    assert_consistent(&record);
}
