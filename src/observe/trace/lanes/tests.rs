//! Lanes of small programs.

use std::time::Duration;

use super::{End, Kind, Lane, Lanes, On, Segment};
use crate::EventLoop;
use crate::observe::Record;
use crate::task::{spawn, spawn_named, yield_now};
use crate::time::{block_for, sleep, timeout};

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

#[test]
fn a_timer_that_comes_late_is_told_with_what_it_was_to_be() {
    let lanes = lanes_of(async {
        let request = spawn(sleep(ms(300)));
        sleep(ms(1)).await;
        block_for(ms(1099));
        request.await.unwrap();
    });
    let wait = &lanes.tasks[1].segments[2];
    assert_eq!(wait.late(), Some(ms(300)));
    assert_eq!((&*wait.label, wait.told()), ("sleep 300 ms", "sleep 300 ms, 800 ms late".into()));
    // All others were in time.
    let all = lanes.tasks.iter().flat_map(|task| &task.segments);
    assert_eq!(all.filter(|it| it.late().is_some()).count(), 1);
}

#[test]
fn lateness_that_nobody_could_see_is_not_told() {
    let wait = |due, to| {
        let (from, to) = ((Duration::ZERO, 1), (ms(to), 2));
        let (kind, label) = (Kind::Waiting(On::Timer), "".into());
        Segment { from, to, kind, label, due: Some(ms(due)) }.late()
    };
    assert_eq!(wait(100, 104), None, "less than 5 ms");
    assert_eq!(wait(100, 106), Some(ms(100)));
    assert_eq!(wait(1000, 1010), None, "less than 2 % of the wait");
}

#[test]
fn the_queue_of_a_full_pool_is_a_lane() {
    let lanes_with = |workers| {
        let record = Record::new();
        let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
        let event_loop = builder.max_blocking_threads(workers).build().unwrap();
        event_loop.block_on(async {
            let jobs = [30, 50, 20].map(|it| crate::spawn_blocking(move || block_for(ms(it))));
            for job in jobs {
                job.await.unwrap();
            }
        });
        drop(event_loop);
        Lanes::of(&record.snapshot())
    };
    let queues = lanes_with(1).queues;
    assert_eq!(queues.len(), 1);
    assert_eq!(queues[0].steps, [(ms(0), ms(30), 2), (ms(30), ms(80), 1)]);
    assert_eq!(lanes_with(2).queues[0].steps, [(ms(0), ms(30), 1)]);
    assert!(lanes_with(3).queues.is_empty(), "nobody waited");
}

#[test]
fn a_job_that_was_aborted_in_the_queue_has_left_it_when_a_later_one_begins() {
    let record = Record::new();
    let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
    let event_loop = builder.max_blocking_threads(1).build().unwrap();
    event_loop.block_on(async {
        let jobs = [30, 50, 20].map(|it| crate::spawn_blocking(move || block_for(ms(it))));
        jobs[1].abort();
        let [first, _, last] = jobs;
        first.await.unwrap();
        last.await.unwrap();
    });
    drop(event_loop);
    let lanes = Lanes::of(&record.snapshot());
    assert_eq!(lanes.queues[0].steps, [(ms(0), ms(30), 2)]);
    assert_eq!(
        told(&lanes.workers[0].segments),
        [(Kind::Job, "job 1", 30), (Kind::Job, "job 3", 20)]
    );
}

#[test]
fn a_job_that_has_not_ended_is_on_its_worker_and_the_others_wait() {
    let record = Record::new();
    let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
    let event_loop = builder.max_blocking_threads(1).build().unwrap();
    event_loop.block_on(async {
        let _jobs = [(); 3].map(|()| crate::spawn_blocking(|| block_for(ms(500))));
        sleep(ms(70)).await;
    });
    let lanes = Lanes::of(&record.snapshot());
    assert_eq!(told(&lanes.workers[0].segments), [(Kind::Job, "job 1", 70)]);
    assert_eq!(lanes.queues[0].steps, [(ms(0), ms(70), 2)]);
}
