//! What a record that is too small still knows: held against one that is large enough.

#[path = "support/programs.rs"]
mod programs;

use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Awaited, Cause, Event, Outcome, Record, Recorded, TaskId};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;
use programs::{World, program};

/// What is still of use of some events, when no more than these have happened. This is the
/// definition; the library gets there event by event.
fn of_use(events: &[Recorded]) -> Vec<Recorded> {
    let told: Vec<Event<'_>> = events.iter().map(Recorded::event).collect();
    let later = |index: usize, is: &dyn Fn(&Event<'_>) -> bool| told[index + 1..].iter().any(is);
    let is_of_use = |index: usize| {
        let gone = |task: TaskId| {
            later(index, &|it| matches!(it, Event::Dropped { task: other, .. } if *other == task))
        };
        // Whether a later poll of the task has ended.
        let polled_again = |task: TaskId| {
            let is_poll = |it: &Event<'_>| *it == Event::PollBegan { task };
            let began = told[index + 1..].iter().position(is_poll);
            began.is_some_and(|began| {
                let is_end =
                    |it: &Event<'_>| matches!(it, Event::PollEnded { task: it, .. } if *it == task);
                told[index + 1 + began..].iter().any(is_end)
            })
        };
        match told[index] {
            Event::LoopBuilt { .. } => true,
            Event::TurnBegan { .. } => !later(index, &|it| matches!(it, Event::TurnEnded { .. })),
            Event::WaitBegan { .. } => !later(index, &|it| matches!(it, Event::WaitEnded { .. })),
            Event::Spawned { task, .. } | Event::Aborted { task } => !gone(task),
            Event::PollBegan { task } | Event::PollEnded { task, .. } => {
                !gone(task) && !polled_again(task)
            }
            Event::Awaits { by: Cause::Task(task), .. } => {
                let end = told[index..].iter().find_map(|it| match it {
                    Event::PollEnded { outcome, .. } => Some(*outcome),
                    _ => None,
                });
                let waits = end.is_none_or(|outcome| outcome == Outcome::Pending);
                waits && !gone(task) && !polled_again(task)
            }
            Event::Woken { task, .. } => {
                let is_again =
                    |it: &Event<'_>| matches!(it, Event::Woken { task: it, .. } if *it == task);
                !gone(task) && !polled_again(task) && !later(index, &is_again)
            }
            Event::AbortRequested { task, .. } => {
                let is_again = |it: &Event<'_>| matches!(it, Event::AbortRequested { task: other, .. } if *other == task);
                !gone(task) && !later(index, &is_again)
            }
            Event::TimerArmed { timer, .. } | Event::TimerCascaded { timer, .. } => {
                let moves = matches!(told[index], Event::TimerCascaded { .. });
                !later(index, &|it| match *it {
                    Event::TimerFired { timer: other, .. }
                    | Event::TimerCancelled { timer: other } => other == timer,
                    Event::TimerCascaded { timer: other, .. } => moves && other == timer,
                    _ => false,
                })
            }
            Event::SourceAdded { source, .. } => {
                !later(index, &|it| *it == Event::SourceRemoved { source })
            }
            Event::JobQueued { job, .. } | Event::JobStarted { job, .. } => {
                !later(index, &|it| matches!(it, Event::JobFinished { job: it, .. } if *it == job))
            }
            Event::WorkerStarted { worker, pool, .. } => !later(
                index,
                &|it| matches!(it, Event::WorkerStopped { worker: w, pool: p, .. } if (*w, *p) == (worker, pool)),
            ),
            _ => false,
        }
    };
    (0..events.len()).filter(|&index| is_of_use(index)).map(|index| events[index].clone()).collect()
}

#[test]
fn what_a_small_record_tells_of_the_past_is_what_a_large_one_says_was_there() {
    let (mut most, mut runs) = (0, 0);
    for seed in 0..320 {
        let all = Record::new();
        let small = Record::with_limit(1_500 + 300 * (seed as usize % 50));
        let builder = EventLoop::builder().simulated(seed);
        let event_loop = builder.observer(all.clone()).observer(small.clone()).build().unwrap();
        let world = World::new(Duration::from_millis(200), true);
        event_loop.block_on(program(world.clone(), seed));
        // Before the end, when everything is gone.
        let (all, dropped) = (all.events(), small.dropped() as usize);
        let told = small.events();
        let (past, rest) = told.split_at(small.past());
        assert_eq!(rest, &all[dropped..]);
        let expected = of_use(&all[..dropped]);
        let text = |events: &[Recorded]| -> String {
            events.iter().map(|happened| format!("{happened}\n")).collect()
        };
        assert!(past == expected, "seed {seed}:\n{}is not\n{}", text(past), text(&expected));
        most = most.max(past.len());
        runs += usize::from(dropped > 0);
        drop(event_loop);
        world.assert_empty();
    }
    // That there was something to be tested.
    assert!(most > 40 && runs > 100, "{most} {runs}");
}

#[test]
fn the_past_knows_the_names_of_tasks_and_what_they_wait_for() {
    let record = Record::with_limit(2_000);
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let old = spawn_named("old", sleep(Duration::from_secs(500)));
        for _ in 0..100 {
            sleep(Duration::from_millis(1)).await;
        }
        drop(old);
    });
    let told = record.events();
    let past = &told[..record.past()];
    let text: Vec<String> = past.iter().map(|it| it.event().to_string()).collect();
    let has = |words: &str| text.iter().any(|line| line.starts_with(words));
    assert!(has("task 2 `old` is spawned by task 1 at tests/past.rs:"), "{text:#?}");
    assert!(has("task 2 waits") && has("timer 2 is armed by task 2 for "), "{text:#?}");
    assert!(past.len() < 16, "{text:#?}");
    // Whose timer it is, is told where it always is.
    let owner = past.iter().any(|it| {
        matches!(it.event(), Event::TimerArmed { by: Cause::Task(TaskId(2)), .. })
            || matches!(it.event(), Event::Awaits { what: Awaited::Timer(_), .. })
    });
    assert!(owner);
}

#[test]
fn the_past_does_not_grow_with_time() {
    let record = Record::with_limit(4_000);
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        for _ in 0..2_000 {
            let task = spawn_named("short", async {
                yield_now().await;
                boucle::spawn_blocking(|| ()).await.unwrap();
            });
            sleep(Duration::from_micros(700)).await;
            task.await.unwrap();
        }
    });
    assert!(record.dropped() > 20_000);
    assert!(record.past() < 20, "{record}");
    drop(event_loop);
    record.clear();
    assert_eq!((record.past(), record.dropped()), (0, 0));
}
