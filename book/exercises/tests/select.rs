//! Judge of `select`: the first of two, a limit, and what is dropped when.

mod support;

use std::future::{Future, pending, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use my_loop::select::{Either, select};
use my_loop::spawn;
use my_loop::task::yield_now;
use my_loop::time::{sleep, timeout};
use support::bench::Bench;
use support::{Count, OnDrop, Wakes, ms};

/// Is ready at its n-th poll; counts its polls and its drop.
struct After {
    left: usize,
    polls: Count,
    _dropped: OnDrop<Box<dyn FnMut()>>,
}

/// The future, its polls, its drops.
fn after(polls: usize) -> (After, Count, Count) {
    let (counted, dropped) = (Count::new(), Count::new());
    let note = dropped.clone();
    let note: Box<dyn FnMut()> = Box::new(move || note.add());
    (After { left: polls, polls: counted.clone(), _dropped: OnDrop(note) }, counted, dropped)
}

impl Future for After {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        assert!(self.left > 0, "polled again after it was ready");
        self.polls.add();
        self.left -= 1;
        if self.left == 0 { Poll::Ready(self.polls.get()) } else { Poll::Pending }
    }
}

#[test]
fn whoever_is_ready_first_wins() {
    let task = Wakes::new();
    let mut first = select(ready(1), pending::<()>());
    assert_eq!(task.poll(&mut first), Poll::Ready(Either::First(1)));
    let mut second = select(pending::<()>(), ready(2));
    assert_eq!(task.poll(&mut second), Poll::Ready(Either::Second(2)));
}

#[test]
fn both_are_polled_until_one_is_ready() {
    let ((first, first_polls, _), (second, second_polls, _)) = (after(9), after(3));
    let (mut both, task) = (select(first, second), Wakes::new());
    assert!(task.poll(&mut both).is_pending());
    assert!(task.poll(&mut both).is_pending());
    assert_eq!((first_polls.get(), second_polls.get()), (2, 2));
    assert_eq!(task.poll(&mut both), Poll::Ready(Either::Second(3)));
}

#[test]
fn of_two_that_are_ready_the_first_wins_and_the_second_is_not_polled() {
    let ((first, ..), (second, polls, _)) = (after(1), after(1));
    let mut both = select(first, second);
    assert_eq!(Wakes::new().poll(&mut both), Poll::Ready(Either::First(1)));
    assert_eq!(polls.get(), 0);
}

#[test]
fn both_are_dropped_before_the_output_is_handed_out() {
    let ((first, _, first_dropped), (second, _, second_dropped)) = (after(1), after(9));
    let mut both = select(first, second);
    assert!(Wakes::new().poll(&mut both).is_ready());
    assert_eq!((first_dropped.get(), second_dropped.get()), (1, 1));
    drop(both);
    assert_eq!((first_dropped.get(), second_dropped.get()), (1, 1));
}

#[test]
fn the_loser_leaves_no_timer_behind() {
    let bench = Bench::new();
    bench.complete(async {
        let quick = async {
            yield_now().await;
            "quick"
        };
        assert_eq!(select(sleep(ms(60_000)), quick).await, Either::Second("quick"));
        assert!(my_loop::context::current().timers.borrow().is_empty());
    });
    assert_eq!(bench.now(), ms(0));
}

#[test]
fn a_task_that_lost_is_not_cancelled_only_nobody_waits_for_it() {
    let (bench, ended) = (Bench::new(), Count::new());
    let counted = ended.clone();
    bench.complete(async move {
        let task = spawn(async move {
            sleep(ms(50)).await;
            counted.add();
        });
        let raced = select(task, sleep(ms(10))).await;
        assert!(matches!(raced, Either::Second(())));
    });
    assert_eq!((ended.get(), bench.now()), (1, ms(50)));
}

#[test]
fn what_ends_in_time_gives_its_output_and_the_limit_no_timer() {
    let bench = Bench::new();
    bench.complete(async {
        let in_time = async {
            sleep(ms(10)).await;
            7
        };
        assert_eq!(timeout(ms(20), in_time).await, Ok(7));
        assert!(my_loop::context::current().timers.borrow().is_empty());
    });
    assert_eq!(bench.now(), ms(10));
}

#[test]
fn what_does_not_end_in_time_is_given_up_at_its_limit() {
    let (bench, dropped) = (Bench::new(), Count::new());
    let counted = dropped.clone();
    bench.complete(async move {
        let note = OnDrop(move || counted.add());
        let slow = async move {
            let _note = note;
            pending::<()>().await;
        };
        assert!(timeout(ms(20), slow).await.is_err());
    });
    assert_eq!((dropped.get(), bench.now()), (1, ms(20)));
}

#[test]
fn a_future_that_is_ready_beats_a_limit_that_is_over() {
    let bench = Bench::new();
    bench.complete(async {
        assert_eq!(timeout(ms(0), ready(1)).await, Ok(1));
        assert!(timeout(ms(0), pending::<()>()).await.is_err());
        // Both at the same tick.
        let at_the_limit = async {
            sleep(ms(5)).await;
            2
        };
        assert_eq!(timeout(ms(5), at_the_limit).await, Ok(2));
    });
}

#[test]
fn a_future_under_a_limit_is_polled_when_it_is_woken() {
    let bench = Bench::new();
    let polls = Count::new();
    let counted = polls.clone();
    bench.complete(async move {
        let restless = poll_fn(move |cx| {
            counted.add();
            cx.waker().wake_by_ref();
            if counted.get() == 4 { Poll::Ready(()) } else { Poll::Pending }
        });
        assert!(timeout(ms(20), restless).await.is_ok());
    });
    assert_eq!(polls.get(), 4);
}
