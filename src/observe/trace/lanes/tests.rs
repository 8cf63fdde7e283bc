//! Lanes of small programs.

use std::time::Duration;

use super::{End, Kind, Lane, Lanes, On, Segment};
use crate::EventLoop;
use crate::observe::Record;
use crate::task::{spawn, spawn_named, yield_now};
use crate::time::{sleep, timeout};

/// What a simulated loop did while it ran a future, and until it was dropped.
fn lanes_of<F: Future>(future: F) -> Lanes {
    let record = Record::new();
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(future);
    drop(event_loop);
    Lanes::of(&record.snapshot())
}

/// Segments in short: what, for what, for how many milliseconds.
fn told(segments: &[Segment]) -> Vec<(Kind, &str, u128)> {
    segments.iter().map(|it| (it.kind, &*it.label, it.span().as_millis())).collect()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_task_is_queued_runs_and_waits() {
    let lanes = lanes_of(async { spawn_named("fetch", sleep(ms(300))).await.unwrap() });
    let fetch = &lanes.tasks[1];
    assert_eq!(fetch.title(), "task 2 `fetch`");
    let expected = [
        (Kind::Queued, "", 0),
        (Kind::Running, "", 0),
        (Kind::Waiting(On::Timer), "sleep 300 ms", 300),
        (Kind::Queued, "", 0),
        (Kind::Running, "", 0),
    ];
    assert_eq!(told(&fetch.segments), expected);
    assert_eq!(fetch.end, Some(End::Done));
    assert_eq!((lanes.from, lanes.to), (Duration::ZERO, ms(300)));
}

#[test]
fn the_loop_polls_and_sleeps() {
    let lanes = lanes_of(sleep(ms(70)));
    let slept: Vec<_> = lanes
        .the_loop
        .iter()
        .filter(|it| it.kind == Kind::Sleeping && it.to.0 > it.from.0)
        .collect();
    let whole: Duration = slept.iter().map(|it| it.span()).sum();
    assert_eq!(whole, ms(70));
    assert!(lanes.the_loop.iter().any(|it| it.kind == Kind::Dispatching));
    assert_eq!(lanes.polls, 2);
}

#[test]
fn what_a_task_awaits_is_told_with_its_neighbours() {
    let lanes = lanes_of(async {
        let job = crate::spawn_blocking(|| ());
        timeout(ms(5), sleep(ms(2))).await.unwrap();
        job.await.unwrap();
        timeout(ms(1), std::future::pending::<()>()).await.unwrap_err();
    });
    let labels: Vec<_> = told(&lanes.tasks[0].segments)
        .into_iter()
        .filter(|(kind, ..)| matches!(kind, Kind::Waiting(_)))
        .map(|(_, label, _)| label)
        .collect();
    let both = ["sleep 2 ms or sleep 5 ms", "sleep 5 ms or sleep 2 ms"];
    assert!(both.contains(&labels[0]), "{labels:?}");
    assert_eq!(*labels.last().unwrap(), "sleep 1 ms");
}

#[test]
fn a_wake_leads_from_whoever_called_to_the_task() {
    let lanes = lanes_of(async {
        let first = spawn(async { yield_now().await });
        first.await.unwrap();
        sleep(ms(1)).await;
    });
    // Itself, by which it is queued again; the root, when it is done; and the root by a timer.
    let told: Vec<_> = lanes.wakes.iter().map(|it| (it.from, it.task)).collect();
    assert_eq!(told, [(Lane::Task(1), 1), (Lane::Task(1), 0), (Lane::TheLoop, 0)]);
    assert!(lanes.wakes.iter().all(|it| it.poll.is_some()));
}

#[test]
fn panics_and_aborts_end_a_lane() {
    let lanes = lanes_of(async {
        let panics = spawn(async { std::panic::resume_unwind(Box::new(())) });
        let aborted = spawn(sleep(ms(9)));
        assert!(panics.await.is_err());
        aborted.abort();
        assert!(aborted.await.is_err());
        spawn(std::future::pending::<()>());
        yield_now().await;
    });
    let ends: Vec<_> = lanes.tasks.iter().map(|it| it.end).collect();
    assert_eq!(ends, [End::Done, End::Panicked, End::Aborted, End::Aborted].map(Some));
    assert_eq!(told(&lanes.tasks[3].segments).last().unwrap().1, "a wake");
}
