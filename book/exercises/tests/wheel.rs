//! Judge of `wheel`, from outside: in the loop it does what the heap does. The engine's own tests
//! judge it too (`cargo test --lib wheel::tests`).

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use my_loop::time::sleep;
use my_loop::timers::Timers;
use support::bench::Bench;
use support::ms;

/// When each of these sleeps ends, in the order of their ends.
fn ends(timers: Timers, sleeps: &[u64]) -> Vec<(u64, Duration)> {
    let (bench, ends) = (Bench::with(timers, 61), Rc::new(RefCell::new(Vec::new())));
    for &millis in sleeps {
        let ends = Rc::clone(&ends);
        bench.spawn(async move {
            sleep(ms(millis)).await;
            let now = my_loop::context::current().clock.now();
            ends.borrow_mut().push((millis, now));
        });
    }
    bench.run();
    drop(bench);
    ends.take()
}

#[test]
fn sleeps_on_the_wheel_end_when_those_on_the_heap_do() {
    let sleeps = [63, 64, 65, 1, 4_095, 4_096, 4_097, 70, 5_000, 300_000, 1, 86_400_000, 4_096];
    let on_the_wheel = ends(Timers::wheel(), &sleeps);
    assert_eq!(on_the_wheel, ends(Timers::heap(), &sleeps));
    assert!(on_the_wheel.iter().all(|&(millis, end)| end == ms(millis)));
}

#[test]
fn a_sleep_of_a_year_wakes_the_loop_once() {
    let bench = Bench::with(Timers::wheel(), 61);
    bench.spawn(async { sleep(Duration::from_secs(365 * 86_400)).await });
    bench.run();
    let waits = format!("{:?}", bench.record.events()).matches("WaitBegan").count();
    assert_eq!(waits, 1);
}
