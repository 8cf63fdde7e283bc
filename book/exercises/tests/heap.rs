//! Judge of `heap`: timers on a heap, and the future that waits for one.

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use my_loop::arena::Key;
use my_loop::heap::Heap;
use my_loop::spawn;
use my_loop::time::sleep;
use my_loop::wheel::Step;
use support::bench::Bench;
use support::{Count, Wakes, ms};

/// Advances, and returns the payloads and deadlines of what fired.
fn fired(heap: &mut Heap<u64>, now: u64) -> Vec<(u64, u64)> {
    let mut fired = Vec::new();
    heap.advance(now, |step| match step {
        Step::Fired { deadline, payload, .. } => fired.push((payload, deadline)),
        Step::Cascaded { .. } => panic!("there are no dials"),
    });
    fired
}

#[test]
fn timers_fire_by_deadline_and_those_of_one_tick_in_the_order_of_insertion() {
    let mut heap = Heap::new();
    for (number, deadline) in [30, 10, 20, 10, 30, 10].into_iter().enumerate() {
        heap.insert(deadline, number as u64);
    }
    assert_eq!(heap.next_wakeup(), Some(10));
    assert_eq!(fired(&mut heap, 9), []);
    assert_eq!(fired(&mut heap, 10), [(1, 10), (3, 10), (5, 10)]);
    assert_eq!(heap.next_wakeup(), Some(20));
    assert_eq!(fired(&mut heap, 1_000), [(2, 20), (0, 30), (4, 30)]);
    assert_eq!((heap.next_wakeup(), heap.is_empty()), (None, true));
}

#[test]
fn a_deadline_that_has_passed_counts_as_the_present() {
    let mut heap = Heap::new();
    fired(&mut heap, 1_000);
    heap.insert(1_000, 1);
    heap.insert(3, 2);
    heap.insert(0, 3);
    assert_eq!(heap.next_wakeup(), Some(1_000), "now, not in the past");
    assert_eq!(fired(&mut heap, 1_000), [(1, 1_000), (2, 3), (3, 0)]);
    // Time that runs backwards changes nothing.
    heap.insert(1_500, 4);
    assert_eq!(fired(&mut heap, 7), []);
    heap.insert(8, 5);
    assert_eq!(heap.next_wakeup(), Some(1_000));
    assert_eq!(fired(&mut heap, 1_000), [(5, 8)]);
}

#[test]
fn nobody_is_woken_for_a_timer_that_was_cancelled() {
    let mut heap = Heap::new();
    let keys: Vec<Key> = [10, 20, 30, 40].into_iter().map(|tick| heap.insert(tick, tick)).collect();
    assert_eq!(heap.remove(keys[1]), Some(20), "one in the middle");
    assert_eq!(heap.remove(keys[0]), Some(10), "the first");
    assert_eq!(heap.next_wakeup(), Some(30));
    assert_eq!(fired(&mut heap, 30), [(30, 30)]);
    assert_eq!(heap.remove(keys[3]), Some(40), "the last");
    assert_eq!(heap.next_wakeup(), None);
    for key in keys {
        assert_eq!((heap.remove(key), heap.get_mut(key).is_some()), (None, false));
    }
}

#[test]
fn the_heap_agrees_with_a_sorted_map() {
    let mut random = 7_u64;
    let mut below = |limit: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % limit
    };
    let (mut heap, mut model, mut now) = (Heap::new(), BTreeMap::new(), 0);
    for number in 0..20_000 {
        match below(6) {
            0..=2 => {
                let deadline = (now + below(100)).saturating_sub(10);
                let key = heap.insert(deadline, number);
                model.insert((deadline.max(now), number), (key, deadline));
            }
            3 if !model.is_empty() => {
                let nth = below(model.len() as u64) as usize;
                let (&place, &(key, _)) = model.iter().nth(nth).unwrap();
                model.remove(&place);
                assert_eq!(heap.remove(key), Some(place.1));
            }
            _ => {
                now += below(20);
                let later = model.split_off(&(now + 1, 0));
                let due = std::mem::replace(&mut model, later);
                let due: Vec<_> = due.into_iter().map(|((_, n), (_, at))| (n, at)).collect();
                assert_eq!(fired(&mut heap, now), due);
            }
        }
        let first = model.keys().next().map(|&(tick, _)| tick.max(now));
        assert_eq!(heap.next_wakeup(), first);
        assert_eq!(heap.is_empty(), model.is_empty());
    }
}

#[test]
fn timers_that_were_cancelled_do_not_pile_up() {
    let mut heap = Heap::new();
    heap.insert(1, 0);
    for number in 0..100_000 {
        let key = heap.insert(60_000 + number, number);
        heap.remove(key);
        assert!(heap.entries() <= 2 + 64, "{} entries for one timer", heap.entries());
    }
    assert_eq!(fired(&mut heap, 100), [(0, 1)]);
}

#[test]
fn timers_that_were_cancelled_do_not_stay_when_the_others_fire() {
    let mut heap = Heap::new();
    for tick in 1..=101 {
        heap.insert(tick, tick);
    }
    let cancelled: Vec<Key> = (0..160).map(|tick| heap.insert(1_000 + tick, tick)).collect();
    for key in cancelled {
        heap.remove(key);
    }
    assert_eq!(fired(&mut heap, 100).len(), 100);
    assert!(heap.entries() <= 2 + 64, "{} entries for one timer", heap.entries());
    assert_eq!(fired(&mut heap, 2_000), [(101, 101)]);
}

#[test]
fn sleeps_end_at_their_deadlines_and_in_their_order() {
    let (bench, ends) = (Bench::new(), Rc::new(RefCell::new(Vec::new())));
    for millis in [30, 10, 20, 10] {
        let ends = Rc::clone(&ends);
        bench.spawn(async move {
            sleep(ms(millis)).await;
            let now = my_loop::context::current().clock.now();
            ends.borrow_mut().push((millis, now));
        });
    }
    bench.run();
    let expected = [10, 10, 20, 30].map(|millis| (millis, ms(millis)));
    assert_eq!(*ends.borrow(), expected);
}

#[test]
fn a_sleep_of_part_of_a_millisecond_is_not_early() {
    let bench = Bench::new();
    bench.complete(async { sleep(Duration::from_micros(1_001)).await });
    assert!(bench.now() >= Duration::from_micros(1_001), "{:?}", bench.now());
}

#[test]
fn a_sleep_arms_one_timer_at_its_first_poll_and_none_before() {
    let bench = Bench::new();
    bench.inside(|| {
        let (mut slept, task) = (pin!(sleep(ms(5))), Wakes::new());
        assert!(bench.engine.timers.borrow().is_empty());
        for _ in 0..3 {
            assert!(task.poll(&mut slept).is_pending());
        }
        let armed = format!("{:?}", bench.record.events()).matches("TimerArmed").count();
        assert_eq!(armed, 1);
    });
}

#[test]
fn a_sleep_that_is_dropped_takes_its_timer_along() {
    let bench = Bench::new();
    bench.inside(|| {
        let mut slept = sleep(Duration::from_secs(3_600));
        assert!(Wakes::new().poll(&mut slept).is_pending());
        assert!(!bench.engine.timers.borrow().is_empty());
        drop(slept);
        assert!(bench.engine.timers.borrow().is_empty());
    });
    bench.run();
    assert_eq!(bench.now(), Duration::ZERO, "nothing is left to wait for");
}

#[test]
fn a_task_that_panics_takes_its_timers_along() {
    let bench = Bench::new();
    bench.spawn(async {
        let mut slept = sleep(Duration::from_secs(3_600));
        assert!(Wakes::new().poll(&mut slept).is_pending());
        panic!("as expected");
    });
    bench.run();
    assert_eq!(bench.now(), Duration::ZERO, "nothing is left to wait for");
}

#[test]
fn the_task_that_polled_a_sleep_last_is_woken() {
    let bench = Bench::new();
    let (first, last) = (Wakes::new(), Wakes::new());
    let mut slept = bench.inside(|| sleep(ms(5)));
    bench.inside(|| {
        assert!(first.poll(&mut slept).is_pending());
        assert!(last.poll(&mut slept).is_pending());
    });
    bench.run();
    assert_eq!((first.count(), last.count()), (0, 1));
    bench.inside(|| assert!(last.poll(&mut slept).is_ready()));
}

#[test]
fn a_sleep_of_no_time_is_over_and_one_may_outlive_its_loop() {
    let (bench, reached) = (Bench::new(), Count::new());
    let counted = reached.clone();
    bench.complete(async move {
        sleep(Duration::ZERO).await;
        spawn(async {}).await.unwrap();
        counted.add();
    });
    assert_eq!((reached.get(), bench.now()), (1, Duration::ZERO));
    let mut slept = bench.inside(|| sleep(ms(5)));
    bench.inside(|| assert!(Wakes::new().poll(&mut slept).is_pending()));
    drop(bench);
    drop(slept);
}
