//! Time: sleeping, limits and beats, above the wheel (which has tests of its own).

#![cfg(feature = "os")]

#[path = "support/engine.rs"]
mod support;

use boucle::observe::Event;
use boucle::time::{
    Elapsed, Instant, MissedTickBehavior, interval, interval_at, sleep, sleep_until, timeout,
    timeout_at,
};
use boucle::{EventLoop, block_on, spawn, task};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Context;
use std::thread;
use std::time::Duration;
use support::*;

const fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

/// Case 53. By the system's clock.
#[test]
fn a_sleep_never_ends_early() {
    for (requested, times) in [(us(100), 150), (us(900), 150), (ms(1), 150), (us(3100), 80)] {
        block_on(async {
            for _ in 0..times {
                let start = std::time::Instant::now();
                sleep(requested).await;
                let slept = start.elapsed();
                assert!(slept >= requested, "{slept:?} instead of {requested:?}");
            }
        });
    }
    // A thousand of each at once, begun at different moments of a millisecond.
    block_on(async {
        let mut group = boucle::TaskGroup::new();
        for n in 0..1000_u64 {
            for requested in [us(100), us(900), ms(1), us(3100), us(n * 7)] {
                group.spawn(async move {
                    let start = std::time::Instant::now();
                    sleep(requested).await;
                    assert!(start.elapsed() >= requested);
                });
            }
        }
        assert!(group.join_all().await.iter().all(Result::is_ok));
    });
}

fn waits() -> (EventLoop, Count) {
    counting(|event| matches!(event, Event::WaitBegan { .. }))
}

/// Case 54. Counted in sleeps one after the other, and in one that crosses many slots.
#[test]
fn a_sleep_costs_at_most_three_waits() {
    let (event_loop, waits) = waits();
    for requested in [us(50), ms(1), us(1500), ms(10), ms(70), ms(130)] {
        let before = waits.get();
        event_loop.block_on(sleep(requested));
        let counted = waits.get() - before;
        assert!((1..=3).contains(&counted), "{counted} waits for {requested:?}");
    }
    // While another timer sleeps for long.
    let _long = event_loop.spawn(sleep(Duration::from_secs(3600)));
    let before = waits.get();
    event_loop.block_on(sleep(ms(100)));
    let counted = waits.get() - before;
    assert!(counted <= 6, "{counted} waits");
}

/// Case 54. The `turn` of a GUI's own loop does not spin either.
#[test]
fn a_turn_waits_for_the_next_timer_or_the_callers_limit() {
    let (event_loop, waits) = waits();
    let slept = event_loop.spawn(sleep(ms(30)));
    settle(&event_loop);
    let before = waits.get();
    let start = std::time::Instant::now();
    event_loop.turn(Some(ms(5)));
    assert!(start.elapsed() >= ms(5), "the limit came first");
    assert!(!slept.is_finished());
    while !slept.is_finished() {
        event_loop.turn(Some(ms(26)));
    }
    assert!(start.elapsed() >= ms(30));
    assert!(waits.get() - before <= 5);
}

/// Looking for work before the sleep is a part of the sleep.
#[test]
fn a_spin_before_the_park_makes_no_timer_late() {
    let event_loop = EventLoop::builder().spin_before_park(ms(500)).build().unwrap();
    let slept = || {
        let start = std::time::Instant::now();
        event_loop.block_on(sleep(ms(200)));
        start.elapsed()
    };
    // The machine may make one late, but hardly all.
    let least = (0..5).map(|_| slept()).find(|&slept| slept < ms(350));
    assert!(least.is_some());
}

/// Case 55. In virtual time, where a millisecond too much is seen.
#[test]
fn whole_milliseconds_are_not_rounded_up() {
    let event_loop = EventLoop::simulated(1);
    event_loop.block_on(async {
        for requested in [ms(1), ms(2), ms(64), ms(65), ms(4096), ms(262_144)] {
            let start = Instant::now();
            sleep(requested).await;
            assert_eq!(start.elapsed(), requested);
        }
        let start = Instant::now();
        sleep(us(1)).await;
        assert_eq!(start.elapsed(), ms(1), "a part of one is");
    });
}

/// Case 56.
#[test]
fn for_ever_is_for_ever() {
    let event_loop = new_loop();
    event_loop.block_on(async {
        assert!(timeout(ms(3), sleep(Duration::MAX)).await.is_err());
        assert!(timeout(ms(3), sleep(Duration::from_secs(u64::MAX))).await.is_err());
        assert!(timeout(ms(3), sleep(Duration::from_nanos(u64::MAX))).await.is_err());
        assert!(timeout(ms(3), sleep_until(Instant::now() + Duration::MAX)).await.is_err());
        assert_eq!(timeout(Duration::MAX, async { 1 }).await, Ok(1));
        assert!(timeout(ms(3), timeout(Duration::MAX, pending::<()>())).await.is_err());
        let mut beat = interval(Duration::MAX);
        beat.tick().await;
        assert!(timeout(ms(3), beat.tick()).await.is_err());
        for missed in [MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
            let mut beat = interval_at(Instant::now() - ms(5), Duration::MAX);
            beat.set_missed_tick_behavior(missed);
            beat.tick().await;
            assert!(timeout(ms(3), beat.tick()).await.is_err());
        }
    });
    // Nor does a deadline beyond the 24.8 days of `epoll_wait` come round to soon.
    let (event_loop, waits) = waits();
    let far = [1_u64 << 31, 1 << 32, (1 << 32) + 5, 1 << 36, 1 << 42];
    let far: Vec<_> = far.iter().map(|far| event_loop.spawn(sleep(ms(*far)))).collect();
    event_loop.block_on(sleep(ms(20)));
    assert!(far.iter().all(|task| !task.is_finished()));
    assert!(waits.get() <= 4, "{} waits", waits.get());
    far[1..].iter().for_each(boucle::JoinHandle::abort);
    settle(&event_loop);
    let before = waits.get();
    event_loop.turn(Some(ms(20)));
    assert!(waits.get() - before <= 1);
}

/// Case 56. In virtual time one can wait for it.
#[test]
fn a_simulation_sleeps_for_centuries_and_stalls_at_for_ever() {
    let event_loop = EventLoop::simulated(1);
    let centuries = Duration::from_secs(400 * 365 * 86_400);
    event_loop.block_on(async {
        let start = Instant::now();
        sleep(centuries).await;
        assert_eq!(start.elapsed(), centuries);
    });
    assert!(event_loop.try_block_on(async { sleep(Duration::MAX).await }).is_err());
}

/// Case 57.
#[test]
fn a_deadline_that_has_passed_is_ready_at_the_first_poll() {
    let (event_loop, waits) = waits();
    event_loop.block_on(async {
        let past = Instant::now();
        assert!(poll_now(&mut sleep(Duration::ZERO)).is_ready());
        assert!(poll_now(&mut sleep_until(past)).is_ready());
        assert!(poll_now(&mut sleep_until(past - ms(1000))).is_ready());
        sleep(Duration::ZERO).await;
        let mut slept = sleep(ms(500));
        assert!(poll_now(&mut slept).is_pending());
        slept.reset(past);
        assert!(poll_now(&mut slept).is_ready());
    });
    assert_eq!(waits.get(), 0);
}

/// Case 58. And a loop of sleeps that are always over starves nobody.
#[test]
fn a_zero_sleep_in_a_loop_lets_others_run() {
    let event_loop = new_loop();
    for make in [zero_sleeps as fn() -> Pin<Box<dyn Future<Output = ()>>>, missed_beats] {
        let busy = event_loop.spawn(make());
        let start = std::time::Instant::now();
        event_loop.block_on(async {
            sleep(ms(5)).await;
            assert!(timeout(ms(5), make()).await.is_err());
        });
        assert!(start.elapsed() < Duration::from_secs(2));
        busy.abort();
        settle(&event_loop);
    }
}

fn zero_sleeps() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async {
        loop {
            sleep(Duration::ZERO).await;
        }
    })
}

fn missed_beats() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async {
        let mut beat = interval_at(Instant::now() - Duration::from_secs(100), us(1));
        for _ in 0..100_000_000 {
            beat.tick().await;
        }
    })
}

/// Case 58. What a timer's own task arms is not served before the OS was looked at.
#[test]
fn a_timer_armed_again_by_its_own_task_does_not_hold_the_loop_in_the_timers_phase() {
    let event_loop = new_loop();
    event_loop.spawn(async {
        loop {
            sleep(Duration::from_nanos(1)).await;
        }
    });
    let handle = event_loop.handle();
    let thread = thread::spawn(move || futures_lite::future::block_on(handle.spawn(|| async {})));
    event_loop.block_on(async {
        while !thread.is_finished() {
            sleep(ms(1)).await;
        }
    });
    thread.join().unwrap().unwrap();
}

/// Case 59. Whatever level of the wheel they lay on when they were armed.
#[test]
fn sleeps_of_one_tick_end_in_the_order_in_which_they_were_armed() {
    let event_loop = new_loop();
    let order: Rc<RefCell<Vec<usize>>> = Rc::default();
    event_loop.block_on(async {
        let deadline = Instant::now() + ms(600);
        for n in 0..40 {
            let order = Rc::clone(&order);
            spawn(async move {
                sleep_until(deadline).await;
                order.borrow_mut().push(n);
            });
            // The later ones are armed on lower levels.
            sleep(ms(4)).await;
        }
        sleep_until(deadline + ms(5)).await;
    });
    assert_eq!(*order.borrow(), (0..40).collect::<Vec<_>>());
}

/// Case 63.
#[test]
fn instants_that_are_out_of_order_are_no_panic() {
    let now = Instant::now();
    assert_eq!(now.duration_since(now + ms(5)), Duration::ZERO);
    assert_eq!((now + ms(9)).elapsed(), Duration::ZERO);
    assert_eq!(now - (now + ms(5)), Duration::ZERO);
    let first = now - Duration::MAX;
    assert_eq!(first - ms(1), first);
    let never = now + Duration::MAX;
    assert_eq!(never + ms(1), never);
    assert_eq!(never.checked_add(ms(1)), None);
    assert_eq!(now.checked_add(ms(1)), Some(now + ms(1)));
}

/// Case 64. Before the first poll, while armed (earlier, later, past), after firing, again.
#[test]
fn a_sleep_can_be_reset_at_every_moment() {
    let event_loop = EventLoop::simulated(1);
    event_loop.block_on(async {
        let start = Instant::now();
        let at = |n| start + ms(n);
        let mut slept = sleep(ms(500));
        slept.reset(at(10));
        (&mut slept).await;
        assert_eq!(Instant::now(), at(10));
        slept.reset(at(20));
        assert_eq!(slept.deadline(), at(20));
        (&mut slept).await;
        assert_eq!(Instant::now(), at(20));

        // Armed for 50; earlier, then later, then past.
        for (to, ends) in [(30, 30), (90, 90), (40, 90)] {
            slept.reset(at(200));
            assert!(timeout(Duration::ZERO, &mut slept).await.is_err());
            slept.reset(at(to));
            (&mut slept).await;
            assert_eq!(Instant::now(), at(ends));
        }
        // Later, although it has fired but was not looked at.
        slept.reset(at(100));
        assert!(timeout(Duration::ZERO, &mut slept).await.is_err());
        sleep_until(at(110)).await;
        slept.reset(at(120));
        assert!(timeout(Duration::ZERO, &mut slept).await.is_err());
        (&mut slept).await;
        assert_eq!(Instant::now(), at(120));
        // And to never.
        slept.reset(at(0) + Duration::MAX);
        assert!(timeout(ms(10), &mut slept).await.is_err());
    });
}

/// Case 64. In the wake of its own timer, by a waker that is somebody's own.
#[test]
fn a_sleep_can_be_reset_or_dropped_by_the_wake_of_another_timer() {
    let event_loop = new_loop();
    let sleeps = std::sync::Arc::<std::sync::Mutex<Vec<boucle::time::Sleep>>>::default();
    event_loop.block_on(async {
        let deadline = Instant::now() + ms(3);
        let theirs = std::sync::Arc::clone(&sleeps);
        // All are due in one tick; the first wake takes the others away, or puts them off.
        let waker = OnWake::waker(move || {
            let mut sleeps = theirs.lock().unwrap();
            let kept = sleeps.len() / 2;
            sleeps.truncate(kept);
            for slept in sleeps.iter_mut() {
                let later = slept.deadline() + ms(2);
                slept.reset(later);
            }
        });
        let mut cx = Context::from_waker(&waker);
        for _ in 0..16 {
            let mut slept = sleep_until(deadline);
            assert!(Pin::new(&mut slept).poll(&mut cx).is_pending());
            sleeps.lock().unwrap().push(slept);
        }
        sleep_until(deadline + ms(3)).await;
        let left = sleeps.lock().unwrap().len();
        assert!(left < 8, "{left}");
    });
    assert_eq!(event_loop.block_on(async { 1 }), 1);
}

/// Case 66.
#[test]
fn the_last_task_to_poll_a_sleep_is_woken() {
    block_on(async {
        let slept = Rc::new(RefCell::new(sleep(ms(5))));
        let polls: Vec<Count> = (0..3).map(|_| Count::new()).collect();
        let mut tasks = Vec::new();
        for count in &polls {
            let (slept, count) = (Rc::clone(&slept), count.clone());
            tasks.push(spawn(poll_fn(move |cx| {
                count.add();
                Pin::new(&mut *slept.borrow_mut()).poll(cx)
            })));
        }
        let last = tasks.pop().unwrap();
        timeout(Duration::from_secs(2), last).await.expect("the last is woken").unwrap();
        assert!(polls.iter().map(Count::get).eq([1, 1, 2]));
        tasks.iter().for_each(boucle::JoinHandle::abort);
    });
}

/// Case 66. From one loop to another: armed by one that is gone, or on another thread.
#[test]
fn a_sleep_may_move_to_another_loop() {
    let one = new_loop();
    let mut slept = sleep(ms(20));
    one.block_on(async { assert!(poll_now(&mut slept).is_pending()) });
    let (mut slept, elsewhere) = thread::spawn(move || {
        let start = std::time::Instant::now();
        block_on(&mut slept);
        slept.reset(Instant::now() + ms(5));
        block_on(async { assert!(poll_now(&mut slept).is_pending()) });
        (slept, start.elapsed())
    })
    .join()
    .unwrap();
    assert!(elsewhere < Duration::from_secs(2));
    one.block_on(&mut slept);
    slept.reset(Instant::now() + ms(5));
    one.block_on(async { assert!(poll_now(&mut slept).is_pending()) });
    drop(one);
    block_on(&mut slept);
}

/// Case 67.
#[test]
fn missed_beats_are_made_up_for_or_delayed_or_skipped() {
    let expected = [
        (MissedTickBehavior::Burst, [0, 10, 20, 30, 40, 50], [0, 35, 35, 35, 40, 50]),
        (MissedTickBehavior::Delay, [0, 10, 45, 55, 65, 75], [0, 35, 45, 55, 65, 75]),
        (MissedTickBehavior::Skip, [0, 10, 40, 50, 60, 70], [0, 35, 40, 50, 60, 70]),
    ];
    for (missed, due, noticed) in expected {
        EventLoop::simulated(2).block_on(async {
            let start = Instant::now();
            let mut beat = interval(ms(10));
            beat.set_missed_tick_behavior(missed);
            let mut beats = Vec::new();
            for n in 0..6 {
                let beat = beat.tick().await;
                beats.push((beat - start, start.elapsed()));
                if n == 0 {
                    sleep(ms(35)).await;
                }
            }
            let expected: Vec<_> = due.map(ms).into_iter().zip(noticed.map(ms)).collect();
            assert_eq!(beats, expected, "{missed:?}");
        });
    }
}

/// Case 67.
#[test]
fn a_beat_does_not_drift() {
    EventLoop::simulated(2).block_on(async {
        let start = Instant::now();
        // A period that is no whole number of ticks, and an owner who is late by a changing time.
        let period = us(1_333);
        let mut beat = interval(period);
        for n in 0..100_000_u32 {
            let due = beat.tick().await;
            assert_eq!(due - start, period * n);
            if n % 7 == 0 {
                sleep(us(u64::from(n % 900))).await;
            }
        }
        let late = start.elapsed().saturating_sub(period * 99_999);
        assert!(late < ms(2), "{late:?}");
    });
}

/// Case 67.
#[test]
fn a_beat_without_a_period_is_refused() {
    let said = panic_of(|| interval(Duration::ZERO));
    assert!(said.contains("period above zero") && said.contains("yield_now"), "{said}");
}

#[test]
fn no_beat_is_lost_by_dropping_a_tick() {
    EventLoop::simulated(2).block_on(async {
        let start = Instant::now();
        let mut beat = interval(ms(10));
        beat.tick().await;
        for n in 1..50 {
            while timeout(ms(3), beat.tick()).await.is_err() {}
            assert_eq!(start.elapsed(), ms(n * 10));
        }
    });
}

/// Case 68. In one turn, in either order; and by a task that finishes at the deadline.
#[test]
fn an_output_at_the_deadline_wins() {
    for seed in 0..50 {
        EventLoop::simulated(seed).block_on(async {
            let deadline = Instant::now() + ms(10);
            let inner = async {
                sleep_until(deadline).await;
                1
            };
            assert_eq!(timeout_at(deadline, inner).await, Ok(1));
            let (send, receive) = boucle::sync::oneshot::channel();
            let deadline = Instant::now() + ms(10);
            spawn(async move {
                sleep_until(deadline).await;
                send.send(2).unwrap();
            });
            // The task may be polled just after the deadline was noticed. Then the channel is
            // still ours, and has the value.
            let mut receive = pin!(receive);
            match timeout_at(deadline, receive.as_mut()).await {
                Ok(value) => assert_eq!(value, Ok(2)),
                Err(Elapsed { .. }) => assert_eq!(receive.await, Ok(2)),
            }
        });
    }
    // A loop that was blocked past the deadline.
    block_on(async {
        let blocked = async {
            task::yield_now().await;
            thread::sleep(ms(5));
            3
        };
        assert_eq!(timeout(ms(1), blocked).await, Ok(3));
    });
}

/// Case 69.
#[test]
fn a_limit_of_zero_gives_what_is_ready() {
    let (event_loop, waits) = waits();
    event_loop.block_on(async {
        assert_eq!(timeout(Duration::ZERO, async { 1 }).await, Ok(1));
        assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
        assert!(timeout(Duration::ZERO, task::yield_now()).await.is_err());
        assert_eq!(timeout_at(Instant::now() - ms(5), async { 2 }).await, Ok(2));
    });
    assert_eq!(waits.get(), 0);
}

/// Case 28. A future that is always ready and never done, in one task and in a task beside it.
#[test]
fn a_limit_holds_although_the_future_spends_all_its_budget() {
    block_on(async {
        let (send, mut receive) = boucle::sync::mpsc::channel(4);
        let busy = async {
            loop {
                send.send(1).await.unwrap();
                receive.recv().await.unwrap();
            }
        };
        let start = std::time::Instant::now();
        let ended: Result<(), Elapsed> = timeout(ms(10), busy).await;
        assert!(ended.is_err());
        assert!(start.elapsed() < Duration::from_secs(1));
        let spender = async {
            loop {
                boucle::budget::spend().await;
            }
        };
        let ended: Result<(), Elapsed> = timeout(ms(10), spender).await;
        assert!(ended.is_err());
    });
}

/// Case 73. The deadline is counted from the call, not from the beginning of the turn.
#[test]
fn a_sleep_after_a_long_computation_is_whole() {
    block_on(async {
        sleep(ms(2)).await;
        thread::sleep(ms(30));
        let start = std::time::Instant::now();
        sleep(ms(10)).await;
        let slept = start.elapsed();
        assert!(slept >= ms(10), "early: {slept:?}");
        // And a limit counts from its first poll.
        thread::sleep(ms(30));
        assert!(timeout(ms(20), sleep(ms(2))).await.is_ok());
    });
}

#[test]
fn a_dropped_sleep_is_taken_out_of_the_wheel_from_any_thread() {
    let event_loop = new_loop();
    let (cancelled, counted) = {
        let counted = Count::new();
        let count = counted.clone();
        let observer = Watch(move |_, event: &Event<'_>| {
            if matches!(event, Event::TimerCancelled { .. }) {
                count.add();
            }
        });
        (EventLoop::builder().observer(observer).build().unwrap(), counted)
    };
    drop(event_loop);
    cancelled.block_on(async {
        let mut one = sleep(Duration::from_secs(9));
        let mut two = sleep(Duration::from_secs(9));
        assert!(poll_now(&mut one).is_pending() && poll_now(&mut two).is_pending());
        drop(one);
        assert_eq!(counted.get(), 1);
        thread::spawn(move || drop(two)).join().unwrap();
        // The message is read in the next turn.
        sleep(ms(1)).await;
        assert_eq!(counted.get(), 2);
    });
}

#[test]
fn an_elapsed_limit_is_an_io_error_of_its_kind() {
    let elapsed = block_on(timeout(ms(0), pending::<()>())).unwrap_err();
    let error: std::io::Error = elapsed.into();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert!(error.to_string().contains("time limit"));
}

/// A timer that fires wakes its task once, not all who sleep.
#[test]
fn a_thousand_sleepers_are_polled_twice_each() {
    let (event_loop, polls) = counting(|event| matches!(event, Event::PollBegan { .. }));
    event_loop.block_on(async {
        let mut group = boucle::TaskGroup::new();
        for n in 0..1000 {
            group.spawn(sleep(us(n * 20)));
        }
        group.join_all().await;
    });
    assert!(polls.get() <= 2 * 1000 + 1001, "{} polls", polls.get());
}

/// A future that is ready pays for no timer; one that waits arms a single one.
#[test]
fn a_limit_arms_its_timer_at_the_first_pending() {
    let (event_loop, armed) = counting(|event| matches!(event, Event::TimerArmed { .. }));
    event_loop.block_on(async {
        timeout(ms(500), async {}).await.unwrap();
        assert_eq!(armed.get(), 0);
        let thrice = async {
            task::yield_now().await;
            task::yield_now().await;
            task::yield_now().await;
        };
        timeout(ms(500), thrice).await.unwrap();
        assert_eq!(armed.get(), 1);
    });
}

/// A clock that stands still: `Instant::now` inside a simulation.
#[test]
fn virtual_time_passes_only_while_everybody_waits() {
    EventLoop::simulated(0).block_on(async {
        let start = Instant::now();
        for _ in 0..1000 {
            task::yield_now().await;
        }
        thread::sleep(ms(2));
        assert_eq!(start.elapsed(), Duration::ZERO);
        sleep(ms(7)).await;
        assert_eq!(start.elapsed(), ms(7));
    });
}
