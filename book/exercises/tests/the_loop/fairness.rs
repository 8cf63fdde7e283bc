//! Fairness: nobody waits for ever because others are busy.

use std::future::poll_fn;
use std::task::Poll;
use std::thread;

use my_loop::budget;
use my_loop::task::yield_now;
use my_loop::time::sleep;
use my_loop::{EventLoop, spawn};

use super::{Count, ms, new_loop, within_limit};

#[test]
fn a_turn_polls_sixty_one_tasks_at_most() {
    within_limit(|| {
        let event_loop = new_loop();
        drop(event_loop.spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })));
        assert_eq!([(); 3].map(|()| event_loop.turn(None)), [61, 61, 61]);
        let event_loop = EventLoop::builder().polls_per_turn(5).build().unwrap();
        for _ in 0..8 {
            drop(event_loop.spawn(async {}));
        }
        assert_eq!([(); 3].map(|()| event_loop.turn(Some(ms(0)))), [5, 3, 0]);
    });
}

#[test]
fn timers_and_other_threads_are_heard_beside_tasks_that_never_rest() {
    within_limit(|| {
        let event_loop = new_loop();
        for _ in 0..200 {
            drop(event_loop.spawn(async {
                loop {
                    yield_now().await;
                }
            }));
        }
        let handle = event_loop.handle();
        event_loop.block_on(async {
            sleep(ms(5)).await;
            let (tx, rx) = my_loop::sync::oneshot::channel();
            thread::spawn(move || drop(handle.spawn(move || async move { tx.send(()) })));
            rx.await.unwrap();
        });
    });
}

#[test]
fn an_operation_that_is_always_ready_gives_way() {
    within_limit(|| {
        for budget in [1, 7, 128] {
            let event_loop = EventLoop::builder().budget(budget).build().unwrap();
            let done = Count::default();
            let counted = done.clone();
            drop(event_loop.spawn(async move {
                loop {
                    budget::spend().await;
                    counted.add();
                }
            }));
            event_loop.block_on(async {
                for _ in 0..10 {
                    yield_now().await;
                }
            });
            // Each ran eleven times, the busy one first.
            assert_eq!(done.get(), 11 * budget as usize);
        }
    });
}

#[test]
fn a_chain_of_tasks_that_spawn_tasks_keeps_nobody_waiting() {
    fn chain(links: Count) {
        drop(spawn(async move {
            links.add();
            chain(links);
        }));
    }
    within_limit(|| {
        let (event_loop, links, others) = (new_loop(), Count::default(), Count::default());
        event_loop.block_on(async {
            chain(links.clone());
            for _ in 0..10 {
                let others = others.clone();
                drop(spawn(async move { others.add() }));
            }
            yield_now().await;
            assert_eq!((links.get(), others.get()), (1, 10));
            yield_now().await;
            assert_eq!(links.get(), 2, "one link a round");
        });
    });
}
