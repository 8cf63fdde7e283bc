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

use boucle::blocking::BlockingPool;
use boucle::observe::{Event, Record, SlowPoll};
use boucle::sync::oneshot;
use boucle::task::{spawn_named, yield_now};
use boucle::time::{Instant, block_for, interval, sleep};
use boucle::{Builder, EventLoop, JoinError, JoinHandle, TaskGroup, spawn, spawn_blocking};
use futures_lite::future::or;
use life::{Kind, assert_consistent};
use programs::{World, program};

/// The trace of a random program under a schedule, after its loop was dropped.
fn trace(program_seed: u64, schedule_seed: u64) -> Record {
    let record = Record::new();
    let builder = EventLoop::builder().simulated(schedule_seed).observer(record.clone());
    // Some have no room for all that are ready.
    let builder = if program_seed.is_multiple_of(4) { builder.polls_per_turn(3) } else { builder };
    // And in some a job has to wait for another.
    let builder =
        if program_seed.is_multiple_of(3) { builder.max_blocking_threads(1) } else { builder };
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

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What `tell` makes of the events of a record, with their times.
fn told<T>(record: &Record, tell: impl Fn(Duration, &Event<'_>) -> Option<T>) -> Vec<T> {
    record.events().iter().filter_map(|happened| tell(happened.at, &happened.event())).collect()
}

#[test]
fn code_that_takes_time_moves_the_virtual_clock_on_while_it_is_polled() {
    let record = Record::new();
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let start = Instant::now();
        block_for(ms(250));
        assert_eq!(start.elapsed(), ms(250));
        block_for(Duration::from_micros(1));
        assert_eq!(start.elapsed(), Duration::from_micros(250_001));
    });
    drop(event_loop);
    assert_consistent(&record, Kind::Simulated);
    let polls = told(&record, |at, event| match event {
        Event::PollBegan { .. } | Event::PollEnded { .. } => Some(at),
        _ => None,
    });
    assert_eq!(polls, [ms(0), Duration::from_micros(250_001)]);
}

#[test]
fn timers_that_come_due_during_a_long_poll_fire_after_it_late_and_in_order() {
    for seed in 0..100 {
        let record = Record::new();
        let builder = EventLoop::builder().simulated(seed).observer(record.clone());
        let event_loop = builder.build().unwrap();
        event_loop.block_on(async {
            let mut group = TaskGroup::new();
            // Levels 0 to 2 of the wheel, and one that is due just as the poll ends.
            for wait in [5_000, 3, 100, 4_999, 70, 3] {
                group.spawn(async move {
                    let start = Instant::now();
                    sleep(ms(wait)).await;
                    assert_eq!(start.elapsed(), ms(5_000).max(ms(wait)));
                });
            }
            group.spawn(async {
                sleep(ms(7_000)).await;
            });
            // All of them have armed their timers when this comes back.
            while record_of_timers(&record) < 7 {
                yield_now().await;
            }
            block_for(ms(5_000));
            group.join_all().await;
        });
        drop(event_loop);
        assert_consistent(&record, Kind::Simulated);
        let late = told(&record, |_, event| match *event {
            Event::TimerFired { late, .. } => Some(late),
            _ => None,
        });
        let expected = [4_997, 4_997, 4_930, 4_900, 1, 0, 0].map(ms);
        assert_eq!(late, expected, "seed {seed}");
    }
}

/// How many timers were armed.
fn record_of_timers(record: &Record) -> usize {
    told(record, |_, event| matches!(event, Event::TimerArmed { .. }).then_some(())).len()
}

#[test]
fn a_timer_that_is_armed_after_long_work_in_the_same_poll_is_not_early() {
    EventLoop::simulated(0).block_on(async {
        let (start, mut waited) = (Instant::now(), Duration::ZERO);
        for round in 1..300 {
            block_for(ms(round));
            sleep(ms(round * 7)).await;
            waited += ms(round * 8);
            assert_eq!(start.elapsed(), waited);
        }
    });
}

#[test]
fn a_slow_poll_is_reported_in_a_simulation_too() {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let noted = reports.clone();
    let watch = SlowPoll::with(ms(100), move |slow| noted.borrow_mut().push(slow.clone()));
    let event_loop = EventLoop::builder().simulated(0).observer(watch).build().unwrap();
    event_loop.block_on(async {
        sleep(ms(500)).await;
        spawn_named("greedy", async { block_for(ms(100)) }).await.unwrap();
        spawn_named("modest", async { block_for(ms(99)) }).await.unwrap();
    });
    let reports = reports.borrow();
    let [slow] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((&*slow.name, slow.began, slow.took), ("greedy", ms(500), ms(100)));
}

#[test]
#[cfg(feature = "os")]
fn on_a_real_loop_and_outside_of_any_code_that_takes_time_blocks_the_thread() {
    let real = std::time::Instant::now();
    block_for(ms(3));
    boucle::block_on(async { block_for(ms(4)) });
    assert!(real.elapsed() >= ms(7));
}

#[test]
fn a_simulated_loop_in_order_polls_the_oldest_first() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let event_loop = EventLoop::builder().simulated_in_order().build().unwrap();
    event_loop.block_on(async {
        let mut group = TaskGroup::new();
        for task in 0..100 {
            let order = order.clone();
            group.spawn(async move {
                order.borrow_mut().push(task);
                sleep(ms(1)).await;
                order.borrow_mut().push(100 + task);
            });
        }
        group.join_all().await;
    });
    assert_eq!(order.take(), (0..200).collect::<Vec<_>>());
}

/// A loop in order whose pool has so many workers.
fn with_workers(workers: usize) -> (EventLoop, Record) {
    let record = Record::new();
    let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
    (builder.max_blocking_threads(workers).build().unwrap(), record)
}

/// Who did which job from when to when: job, worker, start and end in milliseconds.
fn shifts(record: &Record) -> Vec<(u32, u32, u128, u128)> {
    let starts = told(record, |_, event| match *event {
        Event::JobStarted { job, worker, at } => Some((job, worker, at)),
        _ => None,
    });
    let mut ends = told(record, |_, event| match *event {
        Event::JobFinished { job, worker, at, .. } => {
            let &(.., start) = starts.iter().find(|s| (s.0, s.1) == (job, worker)).unwrap();
            Some((job.0, worker.0, start.as_millis(), at.as_millis()))
        }
        _ => None,
    });
    ends.sort_unstable();
    ends
}

#[test]
fn four_workers_do_ten_jobs_of_100_ms_in_300_ms() {
    let (event_loop, record) = with_workers(4);
    event_loop.block_on(async {
        let start = Instant::now();
        let jobs: Vec<_> =
            (0..10).map(|job| spawn_blocking(move || (block_for(ms(100)), job))).collect();
        for (expected, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await.unwrap().1, expected);
            assert_eq!(start.elapsed(), ms(100 * (expected as u64 / 4 + 1)));
        }
    });
    drop(event_loop);
    assert_consistent(&record, Kind::SimulatedInOrder);
    let expected: Vec<_> = (0..10)
        .map(|job| (job + 1, job % 4, u128::from(job / 4 * 100), u128::from(job / 4 * 100 + 100)))
        .collect();
    assert_eq!(shifts(&record), expected);
}

#[test]
fn jobs_start_in_the_order_of_submission_on_whoever_is_free_first() {
    // As in the drawing of `blocking/simulated.rs`.
    let (event_loop, record) = with_workers(2);
    event_loop.block_on(async {
        let jobs = [3, 1, 1, 2].map(|takes| spawn_blocking(move || block_for(ms(takes))));
        for job in jobs {
            job.await.unwrap();
        }
    });
    assert_eq!(shifts(&record), [(1, 0, 0, 3), (2, 1, 0, 1), (3, 1, 1, 2), (4, 1, 2, 4)]);
}

#[test]
fn a_worker_who_is_free_is_taken_before_a_new_one() {
    let (event_loop, record) = with_workers(512);
    event_loop.block_on(async {
        for takes in [3, 0, 1] {
            spawn_blocking(move || block_for(ms(takes))).await.unwrap();
            sleep(ms(1)).await;
        }
    });
    assert_eq!(shifts(&record), [(1, 0, 0, 3), (2, 0, 4, 4), (3, 0, 5, 6)]);
}

#[test]
fn a_job_without_work_takes_no_time() {
    EventLoop::simulated(0).block_on(async {
        let start = Instant::now();
        assert_eq!(spawn_blocking(|| 5).await.unwrap(), 5);
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn the_loop_goes_on_while_a_job_takes_its_time() {
    EventLoop::simulated(0).block_on(async {
        let start = Instant::now();
        let job = spawn_blocking(move || {
            block_for(ms(10));
            // To the job it is later than to the loop.
            assert_eq!(start.elapsed(), ms(10));
            block_for(ms(30));
            start.elapsed()
        });
        for beat in 1..=4 {
            assert!(!job.is_finished());
            sleep(ms(9)).await;
            assert_eq!(start.elapsed(), ms(9 * beat));
        }
        assert_eq!(job.await.unwrap(), ms(40));
        assert_eq!(start.elapsed(), ms(40));
    });
}

#[test]
fn workers_do_not_wait_for_a_loop_that_is_kept_busy() {
    let (event_loop, record) = with_workers(1);
    event_loop.block_on(async {
        let start = Instant::now();
        let jobs = [100, 200, 50].map(|takes| spawn_blocking(move || block_for(ms(takes))));
        block_for(ms(1_000));
        for job in jobs {
            job.await.unwrap();
            assert_eq!(start.elapsed(), ms(1_000));
        }
    });
    drop(event_loop);
    assert_consistent(&record, Kind::SimulatedInOrder);
    assert_eq!(shifts(&record), [(1, 0, 0, 100), (2, 0, 100, 300), (3, 0, 300, 350)]);
}

#[test]
fn a_job_shorter_than_a_tick_of_the_wheel_takes_what_it_takes() {
    let (event_loop, record) = with_workers(1);
    event_loop.block_on(async {
        let half = Duration::from_micros(500);
        let jobs = [(); 6].map(|()| spawn_blocking(move || block_for(half)));
        for job in jobs {
            job.await.unwrap();
        }
    });
    let last = shifts(&record)[5];
    assert_eq!((last.2, last.3), (2, 3));
}

#[test]
fn a_job_that_is_aborted_before_its_start_never_starts() {
    let (event_loop, record) = with_workers(1);
    event_loop.block_on(async {
        let start = Instant::now();
        let first = spawn_blocking(|| block_for(ms(10)));
        let second = spawn_blocking(|| panic!("it was aborted"));
        let third = spawn_blocking(|| block_for(ms(10)));
        sleep(ms(5)).await;
        second.abort();
        // One that has begun goes on, as on a thread.
        first.abort();
        assert_eq!(first.await.unwrap(), ());
        let second: Result<(), _> = second.await;
        assert!(matches!(second, Err(JoinError::Aborted)));
        third.await.unwrap();
        assert_eq!(start.elapsed(), ms(20));
    });
    drop(event_loop);
    assert_consistent(&record, Kind::SimulatedInOrder);
    assert_eq!(shifts(&record), [(1, 0, 0, 10), (3, 0, 10, 20)]);
}

#[test]
fn a_panic_in_a_simulated_job_comes_at_its_end_and_harms_nobody() {
    let (event_loop, record) = with_workers(1);
    event_loop.block_on(async {
        let start = Instant::now();
        let panics = spawn_blocking(|| {
            block_for(ms(10));
            std::panic::resume_unwind(Box::new("oh"))
        });
        let next = spawn_blocking(|| 5);
        let panics: Result<(), _> = panics.await;
        assert!(matches!(panics, Err(JoinError::Panicked(_))));
        assert_eq!(start.elapsed(), ms(10));
        assert_eq!(next.await.unwrap(), 5);
    });
    let panicked = told(&record, |_, event| match *event {
        Event::JobFinished { panicked, .. } => Some(panicked),
        _ => None,
    });
    assert_eq!(panicked, [true, false]);
}

#[test]
fn a_loop_that_is_dropped_lets_a_job_end_that_has_begun_and_no_other_begin() {
    let (event_loop, record) = with_workers(1);
    let mut jobs: Vec<JoinHandle<u32>> = Vec::new();
    event_loop.block_on(async {
        for job in 1..=2 {
            jobs.push(spawn_blocking(move || {
                block_for(ms(10));
                job
            }));
        }
        sleep(ms(1)).await;
    });
    drop(event_loop);
    assert_consistent(&record, Kind::SimulatedInOrder);
    let mut outputs = jobs.into_iter().map(futures_lite::future::block_on);
    assert_eq!(outputs.next().unwrap().unwrap(), 1);
    assert!(matches!(outputs.next().unwrap(), Err(JoinError::Aborted)));
}

#[test]
fn a_pool_has_workers_of_its_own_in_each_simulated_loop() {
    let pool = BlockingPool::new(2);
    for _ in 0..2 {
        EventLoop::builder().simulated(0).max_blocking_threads(1).build().unwrap().block_on(
            async {
                let start = Instant::now();
                let job = || block_for(ms(10));
                let jobs = [pool.spawn(job), pool.spawn(job), pool.spawn(job), spawn_blocking(job)];
                for (job, expected) in jobs.into_iter().zip([10, 10, 20, 20]) {
                    job.await.unwrap();
                    assert_eq!(start.elapsed(), ms(expected));
                }
            },
        );
    }
}

#[test]
fn a_job_that_a_job_submits_starts_when_that_has_come_so_far() {
    let pool = std::sync::Arc::new(BlockingPool::new(2));
    EventLoop::simulated(0).block_on(async {
        let start = Instant::now();
        let inner = pool.clone();
        let outer = pool.spawn(move || {
            block_for(ms(10));
            let job = inner.spawn(move || (start.elapsed(), block_for(ms(5))).0);
            block_for(ms(10));
            job
        });
        let inner = outer.await.unwrap();
        assert_eq!(start.elapsed(), ms(20));
        assert_eq!(inner.await.unwrap(), ms(10));
        assert_eq!(start.elapsed(), ms(20));
    });
}

#[test]
fn the_same_seed_gives_the_same_jobs_byte_for_byte() {
    let run = |seed| {
        let record = Record::new();
        let builder = EventLoop::builder().simulated(seed).observer(record.clone());
        let event_loop = builder.max_blocking_threads(3).build().unwrap();
        event_loop.block_on(async {
            let mut group = TaskGroup::new();
            for task in 0..20 {
                group.spawn(async move {
                    sleep(ms(task % 7)).await;
                    block_for(ms(task % 2));
                    spawn_blocking(move || block_for(ms(task * 13 % 11))).await.unwrap();
                });
            }
            group.join_all().await;
        });
        drop(event_loop);
        assert_consistent(&record, Kind::Simulated);
        // No worker does two things at a time.
        let mut shifts = shifts(&record);
        shifts.sort_unstable_by_key(|&(job, worker, start, end)| (worker, start, end, job));
        for pair in shifts.windows(2) {
            assert!(pair[0].1 != pair[1].1 || pair[0].3 <= pair[1].2, "{pair:?}");
        }
        record.to_string()
    };
    for seed in 0..200 {
        assert!(run(seed) == run(seed), "seed {seed}");
    }
    assert!(run(1) != run(2));
}
