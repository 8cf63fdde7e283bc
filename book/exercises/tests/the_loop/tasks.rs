//! Tasks: who is polled when, what a panic does, how a loop ends.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;

use my_loop::task::yield_now;
use my_loop::time::sleep;
use my_loop::{JoinError, block_on, spawn};

use super::{Count, OnDrop, ms, new_loop, parked, settle, within_limit};

/// The message of the panic that `run` ends in.
fn panic_of<T>(run: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else { panic!("there was no panic") };
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn block_on_gives_the_output_of_its_future() {
    within_limit(|| {
        let text = String::from("borrowed");
        assert_eq!(block_on(async { text.len() }), 8);
        let event_loop = new_loop();
        for n in 0..3 {
            assert_eq!(event_loop.block_on(async { n }), n);
        }
    });
}

#[test]
fn the_root_is_polled_only_when_it_is_woken() {
    within_limit(|| {
        let (event_loop, polls) = (new_loop(), Count::default());
        drop(event_loop.spawn(async {
            for _ in 0..10 {
                yield_now().await;
            }
        }));
        let counted = polls.clone();
        let mut slept = None;
        event_loop.block_on(poll_fn(move |cx| {
            counted.add();
            let slept = slept.get_or_insert_with(|| Box::pin(sleep(ms(5))));
            slept.as_mut().poll(cx)
        }));
        assert_eq!(polls.get(), 2);
    });
}

#[test]
fn a_task_is_spawned_and_joined() {
    within_limit(|| {
        block_on(async {
            let tasks: Vec<_> = (0..100)
                .map(|n| {
                    spawn(async move {
                        yield_now().await;
                        n
                    })
                })
                .collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), n);
            }
        });
    });
}

#[test]
fn those_who_yield_take_turns_in_the_order_of_their_spawning() {
    within_limit(|| {
        let order: Rc<RefCell<Vec<u32>>> = Rc::default();
        block_on(async {
            let tasks = [1, 2, 3].map(|who| {
                let order = Rc::clone(&order);
                spawn(async move {
                    for _ in 0..50 {
                        order.borrow_mut().push(who);
                        yield_now().await;
                    }
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert!(order.borrow().chunks(3).all(|round| round == [1, 2, 3]));
    });
}

#[test]
fn a_wake_during_a_poll_gives_exactly_one_more() {
    within_limit(|| {
        let (event_loop, polls) = (new_loop(), Count::default());
        let counted = polls.clone();
        drop(event_loop.spawn(poll_fn(move |cx| {
            counted.add();
            if counted.get() == 1 {
                (0..3).for_each(|_| cx.waker().wake_by_ref());
            }
            Poll::<()>::Pending
        })));
        settle(&event_loop);
        assert_eq!(polls.get(), 2);
    });
}

#[test]
fn wakes_from_outside_of_the_loop_and_from_inside_are_one_each_time() {
    within_limit(|| {
        let (event_loop, polls, (to, wakers)) = (new_loop(), Count::default(), mpsc::channel());
        drop(event_loop.spawn(parked(&polls, to)));
        settle(&event_loop);
        let waker = wakers.recv().unwrap();
        (0..3).for_each(|_| waker.wake_by_ref());
        settle(&event_loop);
        assert_eq!(polls.get(), 2);
        event_loop.block_on(async {
            (0..3).for_each(|_| waker.wake_by_ref());
            yield_now().await;
        });
        assert_eq!(polls.get(), 3);
    });
}

#[test]
fn a_wake_after_the_end_is_nothing() {
    within_limit(|| {
        let (event_loop, (to, wakers)) = (new_loop(), mpsc::channel());
        let handle = event_loop.spawn(poll_fn(move |cx| {
            to.send(cx.waker().clone()).unwrap();
            Poll::Ready(1)
        }));
        settle(&event_loop);
        let waker = wakers.recv().unwrap();
        waker.wake_by_ref();
        assert_eq!(settle(&event_loop), 0, "nobody is left to be polled");
        event_loop.block_on(async { waker.wake_by_ref() });
        assert_eq!(event_loop.block_on(handle).unwrap(), 1);
        drop(event_loop);
        waker.wake();
    });
}

#[test]
fn the_waker_of_a_task_never_wakes_the_next_one_in_its_slot() {
    within_limit(|| {
        let event_loop = new_loop();
        let polls = Count::default();
        for round in 1..20 {
            let (to, wakers) = mpsc::channel();
            let handle = event_loop.spawn(parked(&Count::default(), to));
            settle(&event_loop);
            handle.abort();
            drop(handle);
            settle(&event_loop);
            let stale = wakers.recv().unwrap();
            let next = event_loop.spawn(parked(&polls, mpsc::channel().0));
            settle(&event_loop);
            stale.wake_by_ref();
            settle(&event_loop);
            event_loop.block_on(async { stale.wake_by_ref() });
            settle(&event_loop);
            assert_eq!(polls.get(), round);
            next.abort();
            settle(&event_loop);
        }
    });
}

#[test]
fn a_panic_in_a_task_reaches_its_handle_and_nobody_else() {
    within_limit(|| {
        let (event_loop, good) = (new_loop(), Count::default());
        let bad = event_loop.spawn(async { std::panic::panic_any(7_u8) });
        let counted = good.clone();
        let other = event_loop.spawn(async move {
            yield_now().await;
            counted.add();
        });
        event_loop.block_on(async {
            let Err(JoinError::Panicked(payload)) = bad.await else { panic!("it did not") };
            assert_eq!(payload.downcast_ref::<u8>(), Some(&7));
            other.await.unwrap();
        });
        assert_eq!(good.get(), 1);
    });
}

#[test]
fn a_panic_in_the_future_of_block_on_leaves_a_usable_loop() {
    within_limit(|| {
        let event_loop = new_loop();
        let task = event_loop.spawn(async {
            sleep(ms(2)).await;
            5
        });
        let said = panic_of(|| {
            event_loop.block_on(async {
                yield_now().await;
                panic!("the root");
            });
        });
        assert_eq!(said, "the root");
        assert_eq!(event_loop.block_on(task).unwrap(), 5);
    });
}

#[test]
fn an_aborted_task_is_dropped_soon_and_never_inside_the_call() {
    within_limit(|| {
        let dropped = Count::default();
        let counted = dropped.clone();
        block_on(async {
            let task = spawn(async move {
                let _note = OnDrop(move || counted.add());
                pending::<()>().await;
            });
            yield_now().await;
            task.abort();
            assert_eq!(dropped.get(), 0);
            assert!(matches!(task.await, Err(JoinError::Aborted)));
            assert_eq!(dropped.get(), 1);
        });
    });
}

#[test]
fn a_task_without_a_handle_goes_on() {
    within_limit(|| {
        block_on(async {
            let (ran, counted) = (Count::default(), Count::default());
            let theirs = counted.clone();
            drop(spawn(async move {
                sleep(ms(1)).await;
                theirs.add();
            }));
            while counted.get() == 0 {
                ran.add();
                sleep(ms(1)).await;
            }
            assert!(ran.get() > 0);
        });
    });
}

#[test]
fn a_loop_inside_a_task_is_a_clear_panic() {
    within_limit(|| {
        let event_loop = Rc::new(new_loop());
        let inner = Rc::clone(&event_loop);
        event_loop.block_on(async {
            for said in [
                panic_of(|| block_on(async {})),
                panic_of(|| inner.block_on(async {})),
                panic_of(|| inner.turn(None)),
            ] {
                assert!(said.contains("already turns on this thread"), "{said}");
            }
            // The loop around it goes on.
            spawn(async {}).await.unwrap();
        });
        assert!(panic_of(|| drop(spawn(async {}))).contains("no event loop"));
    });
}

#[test]
fn a_loop_that_ends_drops_its_futures_inside_of_it() {
    within_limit(|| {
        let (event_loop, dropped) = (new_loop(), Count::default());
        let (counted, theirs) = (dropped.clone(), dropped.clone());
        let task = event_loop.spawn(async move {
            let _note = OnDrop(move || {
                // A destructor may use the loop; what it spawns never runs.
                let late = spawn(async { unreachable!("the loop is over") });
                assert!(late.is_finished());
                counted.add();
            });
            pending::<()>().await;
        });
        drop(event_loop.spawn(async move {
            let _note = OnDrop(move || theirs.add());
            sleep(ms(60_000)).await;
        }));
        settle(&event_loop);
        drop(event_loop);
        assert_eq!(dropped.get(), 2);
        assert!(matches!(block_on(task), Err(JoinError::Aborted)));
    });
}
