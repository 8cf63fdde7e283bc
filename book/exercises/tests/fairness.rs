//! Judge of `fairness`: the turn's share, and the task's.

mod support;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use my_loop::budget;
use my_loop::task::yield_now;
use my_loop::time::sleep;
use my_loop::timers::Timers;
use support::bench::Bench;
use support::{Count, Wakes, ms, within_limit};

/// Says `Pending` once, having woken its task by hand: it is ready again, and does not give way.
async fn again() {
    let mut first = true;
    poll_fn(move |cx| {
        if !std::mem::take(&mut first) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls one turn's share, and says how many tasks that were.
fn share(bench: &Bench) -> usize {
    bench.inside(|| bench.engine.poll_tasks(None))
}

fn bench(polls_per_turn: usize) -> Bench {
    Bench::with(Timers::heap(), polls_per_turn)
}

#[test]
fn a_turn_polls_no_more_than_its_share_and_the_rest_keeps_its_order() {
    let (bench, order) = (bench(3), Rc::new(RefCell::new(Vec::new())));
    for n in 0..8 {
        let order = Rc::clone(&order);
        bench.spawn(async move { order.borrow_mut().push(n) });
    }
    assert_eq!([(); 4].map(|()| share(&bench)), [3, 3, 2, 0]);
    assert_eq!(*order.borrow(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_turn_ends_although_its_tasks_never_do() {
    within_limit(|| {
        let bench = bench(61);
        bench.spawn(async {
            loop {
                again().await;
            }
        });
        assert_eq!([share(&bench), share(&bench)], [61, 61]);
    });
}

#[test]
fn a_place_counts_although_its_task_is_not_polled() {
    let (bench, ran) = (bench(3), Count::new());
    for _ in 0..5 {
        bench.engine.executor.spawn(pending::<()>()).abort();
    }
    let counted = ran.clone();
    bench.spawn(async move { counted.add() });
    assert_eq!([share(&bench), share(&bench)], [0, 1]);
    assert_eq!(ran.get(), 1);
}

#[test]
fn tasks_that_become_ready_meanwhile_are_of_this_turn() {
    let (bench, polls) = (bench(61), Count::new());
    let counted = polls.clone();
    bench.spawn(async move {
        for _ in 0..5 {
            counted.add();
            again().await;
        }
    });
    assert_eq!(share(&bench), 6);
    assert_eq!(polls.get(), 5);
}

#[test]
fn a_task_that_gave_way_is_polled_once_a_turn() {
    let bench = bench(61);
    bench.spawn(async {
        for _ in 0..2 {
            yield_now().await;
        }
    });
    assert_eq!([(); 4].map(|()| share(&bench)), [1, 1, 1, 0]);
}

#[test]
fn a_turn_goes_on_for_those_that_stand_before_the_task_that_gave_way() {
    let (bench, order) = (bench(61), Rc::new(RefCell::new(Vec::new())));
    for who in 1..=4 {
        let order = Rc::clone(&order);
        bench.spawn(async move {
            for _ in 0..3 {
                order.borrow_mut().push(who);
                // Only one of them gives way; the others just wake themselves.
                if who == 2 { yield_now().await } else { again().await }
            }
        });
    }
    // 1 and 2 are polled, then those before 2: 3, 4, and 1 once more.
    assert_eq!(share(&bench), 5);
    assert_eq!(*order.borrow(), [1, 2, 3, 4, 1]);
    assert_eq!(share(&bench), 4);
    assert_eq!(order.borrow()[5..], [2, 3, 4, 1]);
}

#[test]
fn what_gave_way_in_an_earlier_turn_does_not_shorten_a_later_one() {
    let bench = bench(3);
    bench.spawn(yield_now());
    assert_eq!(share(&bench), 1);
    for _ in 0..2 {
        bench.engine.executor.spawn(pending::<()>()).abort();
        bench.spawn(async {});
    }
    // The rest of the first task, one that was aborted (a place, no poll), and one that runs.
    assert_eq!([share(&bench), share(&bench)], [2, 1]);
}

#[test]
fn two_that_are_always_ready_take_turns() {
    let (bench, order) = (bench(7), Rc::new(RefCell::new(Vec::new())));
    for who in [1, 2] {
        let order = Rc::clone(&order);
        bench.spawn(async move {
            for _ in 0..50 {
                order.borrow_mut().push(who);
                yield_now().await;
            }
        });
    }
    while share(&bench) > 0 {}
    assert!(order.borrow().chunks(2).all(|pair| pair == [1, 2]));
}

#[test]
fn a_place_whose_task_is_gone_costs_a_place_and_is_no_poll() {
    let bench = bench(4);
    let task = bench.inside(|| my_loop::spawn(pending::<()>()));
    task.abort();
    bench.spawn(async {});
    assert_eq!(share(&bench), 1, "the aborted one was dropped, not polled");
}

#[test]
fn a_turn_is_over_when_the_root_has_ended() {
    let (bench, others) = (bench(61), Count::new());
    bench.inside(|| {
        let future = std::pin::pin!(async {});
        let executor = &bench.engine.executor;
        let mut root = executor.root(future, std::panic::Location::caller());
        for _ in 0..3 {
            let others = others.clone();
            executor.spawn_detached(async move { others.add() });
        }
        assert_eq!(bench.engine.poll_tasks(Some(&mut root)), 1);
        assert!(root.outcome.is_some());
        executor.remove_root(&root);
    });
    assert_eq!(others.get(), 0, "they have their turn when somebody turns again");
    assert_eq!(share(&bench), 3);
}

#[test]
fn a_sleeper_is_woken_beside_tasks_that_never_rest() {
    within_limit(|| {
        let (bench, slept) = (bench(61), Count::new());
        let (counted, seen) = (slept.clone(), slept.clone());
        bench.spawn(async move {
            sleep(ms(5)).await;
            counted.add();
        });
        bench.spawn(async move {
            while seen.get() == 0 {
                // Code that takes time: the clock goes on although nobody sleeps.
                my_loop::context::current().clock.advance_by(ms(1));
                yield_now().await;
            }
        });
        for _ in 0..10 {
            share(&bench);
            let mut due = Vec::new();
            bench.engine.fire_timers(&mut due);
            bench.inside(|| due.into_iter().for_each(|(_, waker)| waker.wake()));
        }
        assert_eq!(slept.get(), 1);
    });
}

/// Spends one unit by hand.
fn spend(cx: &mut Context<'_>) -> Poll<()> {
    let left = budget::poll_left(cx);
    if left.is_ready() {
        budget::charge();
    }
    left
}

#[test]
fn after_its_budget_a_task_is_refused_once_and_woken() {
    let task = Wakes::new();
    let waker = task.waker();
    let mut cx = Context::from_waker(&waker);
    budget::begin(3, Waker::noop());
    for _ in 0..3 {
        assert!(spend(&mut cx).is_ready());
    }
    assert_eq!(task.count(), 0);
    assert!(spend(&mut cx).is_pending());
    assert_eq!(task.count(), 1, "who is refused comes again");
    budget::begin(1, Waker::noop());
    assert!(spend(&mut cx).is_ready());
    budget::lift();
}

#[test]
fn an_operation_that_has_to_wait_costs_nothing_and_outside_of_a_loop_all_is_free() {
    let mut cx = Context::from_waker(Waker::noop());
    budget::begin(1, Waker::noop());
    for _ in 0..5 {
        assert!(budget::poll_left(&mut cx).is_ready(), "looking is free");
    }
    budget::lift();
    for _ in 0..100_000 {
        assert!(spend(&mut cx).is_ready());
    }
    // And it is not the end of the counter.
    budget::charge();
    assert!(budget::poll_left(&mut cx).is_ready());
}

#[test]
fn a_task_whose_operations_are_always_ready_gives_way() {
    within_limit(|| {
        let bench = bench(61);
        let (done, other) = (Count::new(), Count::new());
        let counted = done.clone();
        bench.spawn(async move {
            loop {
                budget::spend().await;
                counted.add();
            }
        });
        let counted = other.clone();
        bench.spawn(poll_fn(move |cx| {
            counted.add();
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        for _ in 0..30 {
            assert_eq!(share(&bench), 2, "it gives way: to the other, and to sockets and timers");
        }
        assert_eq!(other.get(), 30, "every other poll is its own");
        assert_eq!(done.get(), 30 * 128);
    });
}
