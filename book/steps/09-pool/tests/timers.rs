//! What timers do, by themselves and in the loop.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use boucle::observe::{Cause, TimerId};
use boucle_watch::{Watch, assert_consistent, block_for, now};
use step_09_pool::time::{Elapsed, sleep, timeout};
use step_09_pool::timers::Timers;
use step_09_pool::{block_on, spawn, yield_now};

/// So many milliseconds.
fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The timers that fire when time goes on to this tick.
fn fired(timers: &mut Timers, to: u64) -> Vec<TimerId> {
    let mut due = Vec::new();
    timers.advance(to, &mut due);
    due.into_iter()
        .map(|(by, _)| match by {
            Cause::Timer(timer) => timer,
            other => panic!("{other} is no timer"),
        })
        .collect()
}

#[test]
fn timers_fire_in_the_order_of_their_deadlines_whenever_they_were_armed() {
    let mut timers = Timers::default();
    // Numbers that jump about, over three levels of a wheel.
    let ticks: Vec<u64> = (1..=500_u64).map(|n| n * 7_919 % 20_000 + 1).collect();
    let mut expected: Vec<_> =
        ticks.iter().map(|&tick| (tick, timers.insert(tick, Waker::noop().clone()))).collect();
    expected.sort_unstable();
    let mut seen = Vec::new();
    while let Some(tick) = timers.next_tick() {
        seen.extend(fired(&mut timers, tick).into_iter().map(|timer| (tick, timer)));
    }
    assert_eq!(seen, expected);
}

#[test]
fn timers_of_one_tick_fire_in_the_order_in_which_they_were_armed() {
    let mut timers = Timers::default();
    let first = timers.insert(5_000, Waker::noop().clone());
    assert_eq!(fired(&mut timers, 4_990), []);
    let second = timers.insert(5_000, Waker::noop().clone());
    assert_eq!(fired(&mut timers, 5_000), [first, second]);
}

#[test]
fn no_timer_fires_early() {
    let mut timers = Timers::default();
    timers.insert(100, Waker::noop().clone());
    assert_eq!(fired(&mut timers, 99), []);
    assert_eq!(fired(&mut timers, 100).len(), 1);
}

#[test]
fn a_deadline_that_has_passed_fires_at_once() {
    let mut timers = Timers::default();
    assert_eq!(fired(&mut timers, 1_000), []);
    timers.insert(10, Waker::noop().clone());
    assert_eq!(fired(&mut timers, 1_000).len(), 1);
}

#[test]
fn a_timer_that_is_removed_never_fires_and_wakes_nobody_for_nothing() {
    let mut timers = Timers::default();
    let timer = timers.insert(100, Waker::noop().clone());
    assert!(timers.remove(timer).is_some());
    assert!(timers.remove(timer).is_none());
    assert_eq!(timers.next_tick(), None);
    assert_eq!(fired(&mut timers, 1_000), []);
}

#[test]
fn of_timers_that_were_cancelled_nothing_is_left() {
    let mut timers = Timers::default();
    timers.insert(10, Waker::noop().clone());
    for _ in 0..1_000 {
        let timer = timers.insert(30_000, Waker::noop().clone());
        timers.remove(timer);
    }
    assert_eq!(timers.kept(), 1);
}

#[test]
fn a_timer_that_is_alone_is_waited_for_once() {
    let mut timers = Timers::default();
    timers.insert(800_000, Waker::noop().clone());
    assert_eq!(timers.next_tick(), Some(800_000));
    // With another in its slot, the two have to be told apart first.
    timers.insert(800_001, Waker::noop().clone());
    assert!(timers.next_tick() < Some(800_000));
}

#[test]
fn a_timer_for_the_last_tick_of_all_can_be_armed() {
    let mut timers = Timers::default();
    timers.insert(u64::MAX, Waker::noop().clone());
    assert_eq!(fired(&mut timers, u64::MAX - 1), []);
    assert_eq!(fired(&mut timers, u64::MAX).len(), 1);
}

#[test]
fn sleepers_wake_when_their_time_has_come_and_not_later() {
    let (watch, record) = Watch::simulated();
    let order = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&order);
    block_on(async move {
        let tasks: Vec<_> = [300, 5, 70_000, 64]
            .map(|time| {
                let order = Rc::clone(&order);
                spawn(async move {
                    sleep(millis(time)).await;
                    assert_eq!(now(), millis(time));
                    order.borrow_mut().push(time);
                })
            })
            .into();
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(watch);
    assert_eq!(*noted.borrow(), [5, 64, 300, 70_000]);
    assert_consistent(&record);
}

#[test]
fn a_sleep_in_real_time_is_not_early_and_takes_no_polls() {
    let (watch, record) = Watch::recording();
    let began = Instant::now();
    block_on(sleep(millis(50)));
    assert!(began.elapsed() >= millis(50));
    drop(watch);
    let polls = record.events().iter().filter(|it| it.to_string().contains("is polled")).count();
    assert_eq!(polls, 2);
    assert_consistent(&record);
}

#[test]
fn a_sleep_of_less_than_a_tick_is_not_early() {
    let (_watch, _) = Watch::simulated();
    block_on(sleep(Duration::from_micros(500)));
    assert_eq!(now(), millis(1));
}

#[test]
fn a_task_that_takes_the_thread_makes_others_late() {
    let (watch, record) = Watch::simulated();
    block_on(async {
        let late = spawn(async {
            sleep(millis(10)).await;
            now()
        });
        yield_now().await;
        block_for(millis(40));
        assert_eq!(late.await.unwrap(), millis(40));
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn a_timeout_ends_what_takes_too_long_and_only_that() {
    let (watch, record) = Watch::simulated();
    block_on(async {
        assert_eq!(timeout(millis(20), pending::<()>()).await, Err(Elapsed));
        assert_eq!(now(), millis(20));
        let quick = async {
            sleep(millis(5)).await;
            7
        };
        assert_eq!(timeout(millis(20), quick).await, Ok(7));
        assert_eq!(now(), millis(25));
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn a_sleep_that_has_moved_to_another_task_wakes_that_one() {
    let (_watch, _) = Watch::simulated();
    block_on(async {
        let mut nap = sleep(millis(20));
        poll_fn(|cx| {
            assert!(Pin::new(&mut nap).poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        spawn(nap).await.unwrap();
        assert_eq!(now(), millis(20));
    });
}

#[test]
fn a_sleep_for_ever_can_be_asked_for() {
    let (_watch, _) = Watch::simulated();
    let never = timeout(millis(1), sleep(Duration::MAX));
    assert_eq!(block_on(never), Err(Elapsed));
}
