//! The simulated loop: the same seed gives the same events, time jumps, and whatever the schedule,
//! random programs come to an end in good order.

#[path = "support/life.rs"]
mod life;
#[path = "support/programs.rs"]
mod programs;

use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::Record;
use boucle::time::{Instant, interval, sleep};
use life::{Kind, assert_consistent};
use programs::{World, program};

/// The trace of a random program under a schedule, after its loop was dropped.
fn trace(program_seed: u64, schedule_seed: u64) -> Record {
    let record = Record::new();
    let builder = EventLoop::builder().simulated(schedule_seed).observer(record.clone());
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
fn zz_stats() {
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for seed in 0..1200 {
        for e in trace(seed, seed).events() {
            let d = format!("{:?}", e.event());
            let mut k: String = d.split([' ', '{']).next().unwrap().into();
            if let boucle::observe::Event::Woken { by, .. } = e.event() {
                k += &format!(" {}", format!("{by:?}").split([' ', '(']).next().unwrap());
            }
            if let boucle::observe::Event::PollEnded { outcome, .. } = e.event() {
                k += &format!(" {outcome:?}");
            }
            if let boucle::observe::Event::WaitBegan { reason, .. } = e.event() {
                k += &format!(" {reason:?}").split('(').next().unwrap();
            }
            *counts.entry(k).or_default() += 1;
        }
    }
    println!("{counts:#?}");
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
