//! The simulated loop: the same seed gives the same events, time jumps, and whatever the schedule,
//! random programs come to an end in good order.

#[path = "support/life.rs"]
mod life;
#[path = "support/programs.rs"]
mod programs;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::pending;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::time::Duration;

use boucle::observe::Record;
use boucle::sync::oneshot;
use boucle::task::spawn_named;
use boucle::time::{Instant, interval, sleep};
use boucle::{Builder, EventLoop, TaskGroup, spawn};
use futures_lite::future::or;
use life::{Kind, assert_consistent};
use programs::{World, program};

/// The trace of a random program under a schedule, after its loop was dropped.
fn trace(program_seed: u64, schedule_seed: u64) -> Record {
    let record = Record::new();
    let builder = EventLoop::builder().simulated(schedule_seed).observer(record.clone());
    // Some have no room for all that are ready.
    let builder = if program_seed.is_multiple_of(4) { builder.polls_per_turn(3) } else { builder };
    let event_loop = builder.build().unwrap();
    let world = World::new(Duration::from_millis(200), true);
    event_loop.block_on(program(world.clone(), program_seed));
    drop(event_loop);
    world.assert_empty();
    record
}

#[test]
fn random_programs_come_to_an_end_in_good_order() {
    for seed in 0..1_200 {
        let record = trace(seed, seed);
        assert_consistent(&record, Kind::Simulated);
    }
}
#[test]
fn the_same_seed_gives_the_same_events_byte_for_byte() {
    for seed in 0..150 {
        let (first, second) = (trace(seed, seed / 3), trace(seed, seed / 3));
        assert!(first.events() == second.events());
        assert!(first.to_string() == second.to_string(), "seed {seed}");
    }
}

#[test]
fn another_seed_gives_another_order() {
    let order = |seed| {
        let order = Rc::new(RefCell::new(Vec::new()));
        let seen = order.clone();
        EventLoop::simulated(seed).block_on(async move {
            let mut group = TaskGroup::new();
            for task in 0..4 {
                let seen = seen.clone();
                group.spawn(async move { seen.borrow_mut().push(task) });
            }
            group.join_all().await;
        });
        order.take()
    };
    // Four tasks can be polled in 24 orders, and each comes about under some seed.
    let orders: BTreeSet<Vec<i32>> = (0..400).map(order).collect();
    assert_eq!(orders.len(), 24);
    assert!(trace(1, 1).to_string() != trace(1, 2).to_string());
}

#[test]
fn to_watch_a_simulation_does_not_change_it() {
    let run = |builder: Builder| {
        let world = World::new(Duration::from_millis(200), true);
        let event_loop = builder.simulated(11).build().unwrap();
        event_loop.block_on(async {
            program(world, 12).await;
            Instant::now()
        })
    };
    let watched = EventLoop::builder().observer(Record::new());
    let nobody = run(EventLoop::builder());
    assert_eq!(format!("{nobody:?}"), format!("{:?}", run(watched)));
}

#[test]
fn a_virtual_day_passes_at_once() {
    let real = std::time::Instant::now();
    EventLoop::simulated(0).block_on(async {
        let start = Instant::now();
        let mut beat = interval(Duration::from_secs(60));
        while start.elapsed() < Duration::from_secs(86_400) {
            beat.tick().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(86_400));
    });
    assert!(real.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_sleep_for_ever_alone_is_a_stall() {
    let event_loop = EventLoop::simulated(0);
    assert!(event_loop.try_block_on(sleep(Duration::MAX)).is_err());
    assert!(event_loop.try_block_on(async { sleep(Duration::MAX).await }).is_err());
    // With somebody who comes back it is none.
    let both = event_loop.try_block_on(async {
        let first = or(sleep(Duration::MAX), sleep(Duration::from_secs(1_000_000_000)));
        first.await;
    });
    assert!(both.is_ok());
}

#[test]
fn a_stall_names_those_who_wait_and_where_they_were_spawned() {
    let event_loop = EventLoop::simulated(0);
    let lines = (line!() + 2, line!() + 3);
    let stalled = event_loop.try_block_on(async {
        let one = spawn_named("philosopher\n1", pending::<()>());
        let two = spawn(pending::<()>());
        spawn_named("done", async {}).await.unwrap();
        let _kept = spawn_named("output waits", async {});
        let _ = (one.await, two.await);
    });
    let message = stalled.unwrap_err().to_string();
    assert!(message.starts_with("nothing can wake anyone"), "{message}");
    for (task, line) in [("task 2 `philosopher\\n1`", lines.0), ("task 3", lines.1)] {
        assert!(
            message.contains(&format!("  {task}, spawned at {}:{line}:", file!())),
            "{message}"
        );
    }
    assert!(!message.contains("done") && !message.contains("output waits"), "{message}");
}

#[test]
fn a_stall_is_a_panic_of_block_on_that_says_the_same() {
    let panic = catch_unwind(|| EventLoop::simulated(0).block_on(pending::<()>())).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("nothing can wake anyone"), "{message}");
}

#[test]
fn a_loop_goes_on_after_a_stall() {
    let event_loop = EventLoop::simulated(0);
    let (sender, receiver) = oneshot::channel();
    let waits = event_loop.spawn(receiver);
    assert!(event_loop.try_block_on(pending::<()>()).is_err());
    sender.send(5).unwrap();
    assert_eq!(event_loop.block_on(waits).unwrap(), Ok(5));
}

#[test]
fn a_sleep_that_was_made_outside_of_the_loop_counts_on_the_clock_of_the_loop() {
    let event_loop = EventLoop::simulated(0);
    let start = event_loop.block_on(async { Instant::now() });
    let (sleep, mut beat) = (sleep(Duration::from_secs(5)), interval(Duration::from_secs(2)));
    event_loop.block_on(async {
        sleep.await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert_eq!(beat.tick().await, Instant::now());
        beat.tick().await;
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    });
}
