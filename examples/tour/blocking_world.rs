//! The blocking world: functions that hold their thread, and the threads that are lent to them.

use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::{JoinError, JoinHandle, block_on, spawn_blocking};

use crate::experiment::{
    Experiment, Outcome, Result, Stopwatch, Theirs, Theme, Tour, hold_thread, makespan, seconds,
};

/// Five blocking functions. Only the longest is told, the others are ours.
const FIVE: [f64; 5] = [0.74, 1.23, 0.46, 0.95, 0.31];

pub(crate) const EXPERIMENTS: [Experiment; 4] = [
    Experiment {
        id: "X14",
        theme: Theme::BlockingWorld,
        what: "five blocking functions, offloaded",
        why: "spawn_blocking lends each of them a thread of the pool, and the loop awaits the \
              threads like any other task: the time of the longest.",
        theirs: Theirs::Seconds(&[1.23]),
        run: offloaded,
    },
    Experiment {
        id: "X15",
        theme: Theme::BlockingWorld,
        what: "the same on a pool of 1, 2 .. 5",
        why: "A pool of one thread is a queue: the sum. With every further thread the total \
              falls, down to the longest function, where more threads no longer help.",
        theirs: Theirs::Words("not given"),
        run: pools,
    },
    Experiment {
        id: "X20",
        theme: Theme::BlockingWorld,
        what: "trap: offload and await, ten times",
        why: "Ten jobs of a second, each offloaded correctly, but awaited before the next one \
              is handed over. The loop is free meanwhile, the caller is not: the sum.",
        theirs: Theirs::Seconds(&[10.137]),
        run: awaited_one_by_one,
    },
    Experiment {
        id: "X21",
        theme: Theme::BlockingWorld,
        what: "the ten joined, on 10, 9 .. 5 threads",
        why: "Ten threads need one second. Predict what nine need, before you look: two, as do \
              eight and five, because the tenth job waits for a free thread.",
        theirs: Theirs::Words("not given"),
        run: joined,
    },
];

fn offloaded(tour: &Tour) -> Result<Outcome> {
    let jobs = tour.scaled_all(FIVE);
    let clock = Stopwatch::start();
    block_on(async {
        let handles = jobs.map(|job| spawn_blocking(move || hold_thread(job)));
        for handle in handles {
            handle.await?;
        }
        Ok::<_, JoinError>(())
    })?;
    Ok(Outcome::time(clock.elapsed(), makespan(&jobs, FIVE.len()), "the longest"))
}

fn pools(tour: &Tour) -> Result<Outcome> {
    let jobs = tour.scaled_all(FIVE);
    let (mut ours, mut expected) = (Vec::new(), Vec::new());
    for threads in 1..=FIVE.len() {
        tour.progress.stage(format!("a pool of {threads}"));
        ours.push(on_a_pool(threads, &jobs)?);
        expected.push(makespan(&jobs, threads));
    }
    Ok(several("sum to longest", &ours, &expected))
}

fn awaited_one_by_one(tour: &Tour) -> Result<Outcome> {
    let second = tour.scaled(1.0);
    let clock = Stopwatch::start();
    block_on(async {
        for job in 1..=10 {
            tour.progress.stage(format!("job {job} of 10"));
            spawn_blocking(move || hold_thread(second)).await?;
        }
        Ok::<_, JoinError>(())
    })?;
    Ok(Outcome::time(clock.elapsed(), second * 10, "the sum"))
}

fn joined(tour: &Tour) -> Result<Outcome> {
    let jobs = [tour.scaled(1.0); 10];
    let (mut ours, mut expected) = (Vec::new(), Vec::new());
    for threads in (5..=10).rev() {
        tour.progress.stage(format!("a pool of {threads}"));
        ours.push(on_a_pool(threads, &jobs)?);
        expected.push(makespan(&jobs, threads));
    }
    Ok(several("once, twice", &ours, &expected))
}

/// Hands all `jobs` to a pool of so many `threads`, then awaits them all.
fn on_a_pool(threads: usize, jobs: &[Duration]) -> Result<Duration> {
    let pool = BlockingPool::new(threads);
    let clock = Stopwatch::start();
    block_on(async {
        let offload = |job: &Duration| {
            let job = *job;
            pool.spawn(move || hold_thread(job))
        };
        let handles: Vec<JoinHandle<()>> = jobs.iter().map(offload).collect();
        for handle in handles {
            handle.await?;
        }
        Ok::<_, JoinError>(())
    })?;
    Ok(clock.elapsed())
}

/// First and last in the row, all of them beneath it.
fn several(shape: &str, ours: &[Duration], expected: &[Duration]) -> Outcome {
    let ends = |all: &[Duration]| seconds(&[all[0], all[all.len() - 1]]);
    let (first_and_last, predicted) = (ends(ours), format!("{}, {shape}", ends(expected)));
    Outcome { ours: first_and_last, expected: predicted, ..Outcome::times(ours, expected, shape) }
        .detail(format!("ours      {}", seconds(ours)))
        .detail(format!("expected  {}", seconds(expected)))
}
