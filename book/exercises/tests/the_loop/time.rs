//! Time: never early, in order, and no turn for nothing.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::{Duration, Instant};

use my_loop::time::{sleep, timeout};
use my_loop::{EventLoop, block_on, spawn};

use super::{ms, new_loop, within_limit};

#[test]
fn a_sleep_is_never_early_and_not_very_late() {
    within_limit(|| {
        block_on(async {
            for micros in [1, 999, 1_000, 1_001, 2_500, 20_000] {
                let began = Instant::now();
                sleep(Duration::from_micros(micros)).await;
                let slept = began.elapsed();
                assert!(slept >= Duration::from_micros(micros), "{slept:?} of {micros} us");
                assert!(slept < ms(2_000), "{slept:?} of {micros} us");
            }
        });
    });
}

#[test]
fn sleeps_end_in_the_order_of_their_deadlines() {
    within_limit(|| {
        let order: Rc<RefCell<Vec<u64>>> = Rc::default();
        block_on(async {
            let tasks = [40, 10, 30, 20, 70].map(|millis| {
                let order = Rc::clone(&order);
                spawn(async move {
                    sleep(ms(millis)).await;
                    order.borrow_mut().push(millis);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(*order.borrow(), [10, 20, 30, 40, 70]);
    });
}

#[test]
fn sleeps_at_the_same_time_take_no_longer_than_one() {
    within_limit(|| {
        let began = Instant::now();
        block_on(async {
            let tasks: Vec<_> = (0..100).map(|_| spawn(sleep(ms(50)))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert!((ms(50)..ms(2_000)).contains(&began.elapsed()), "{:?}", began.elapsed());
    });
}

#[test]
fn a_loop_that_sleeps_does_not_turn_meanwhile() {
    within_limit(|| {
        let event_loop = new_loop();
        let slept = event_loop.spawn(async { sleep(ms(60)).await });
        let began = Instant::now();
        let mut turns = 0;
        while !slept.is_finished() {
            event_loop.turn(Some(ms(100)));
            turns += 1;
        }
        assert!(began.elapsed() >= ms(60));
        assert!(turns <= 5, "{turns} turns for one sleep");
    });
}

#[test]
fn a_turn_sleeps_no_longer_than_its_caller_allows() {
    within_limit(|| {
        let event_loop = new_loop();
        drop(event_loop.spawn(async { sleep(ms(60_000)).await }));
        let began = Instant::now();
        event_loop.turn(Some(ms(20)));
        event_loop.turn(Some(ms(20)));
        let took = began.elapsed();
        assert!((ms(20)..ms(5_000)).contains(&took), "{took:?}");
    });
}

#[test]
fn a_limit_ends_what_takes_too_long_and_nothing_else() {
    within_limit(|| {
        block_on(async {
            assert!(timeout(ms(10), pending::<()>()).await.is_err());
            let quick = async {
                sleep(ms(1)).await;
                7
            };
            assert_eq!(timeout(ms(5_000), quick).await, Ok(7));
            assert_eq!(timeout(Duration::ZERO, async { 8 }).await, Ok(8));
        });
    });
}

#[test]
fn under_a_virtual_clock_a_year_is_over_at_once() {
    within_limit(|| {
        let event_loop = EventLoop::builder().simulated_in_order().build().unwrap();
        let order: Rc<RefCell<Vec<u64>>> = Rc::default();
        event_loop.block_on(async {
            for days in [365, 1, 30] {
                let order = Rc::clone(&order);
                drop(spawn(async move {
                    sleep(Duration::from_secs(days * 86_400)).await;
                    order.borrow_mut().push(days);
                }));
            }
            sleep(Duration::from_secs(366 * 86_400)).await;
        });
        assert_eq!(*order.borrow(), [1, 30, 365]);
    });
}

#[test]
#[should_panic(expected = "nothing can wake anyone")]
fn a_simulated_loop_says_when_nothing_can_wake_anyone() {
    within_limit(|| {
        let event_loop = EventLoop::builder().simulated_in_order().build().unwrap();
        event_loop.block_on(pending::<()>());
    });
}
