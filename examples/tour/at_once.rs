//! At once: what overlaps, what only seems to, and what never starts.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use boucle::time::sleep;
use boucle::{JoinError, TaskGroup, block_on, spawn};

use crate::delay::{ask, ask_blocking};
use crate::experiment::{Experiment, Outcome, Result, Stopwatch, Theirs, Theme, Tour, makespan};

/// The five waits of the tutorial.
const FIVE: [f64; 5] = [0.57, 0.42, 0.22, 0.34, 0.46];

/// The five of its second part. Only the longest is told, the others are ours.
const FIVE_AT_ONCE: [f64; 5] = [0.81, 1.46, 0.37, 1.12, 0.64];

/// How long 19 pages take, in milliseconds: 4.09 s together, as there, and in no order.
const PAGES: [u16; 19] =
    [240, 312, 78, 258, 150, 186, 114, 96, 132, 60, 42, 330, 24, 222, 280, 904, 200, 168, 294];

pub(crate) const EXPERIMENTS: [Experiment; 5] = [
    Experiment {
        id: "X10",
        theme: Theme::AtOnce,
        what: "five tasks, one after the other",
        why: "Each wait is awaited before the next begins. Async code that reads like a list is \
              as slow as a list.",
        theirs: Theirs::Seconds(&[2.05]),
        run: one_by_one,
    },
    Experiment {
        id: "X11",
        theme: Theme::AtOnce,
        what: "five tasks at once",
        why: "A group starts five tasks and awaits them together: the time of the longest.",
        theirs: Theirs::Seconds(&[1.47]),
        run: at_once,
    },
    Experiment {
        id: "X12",
        theme: Theme::AtOnce,
        what: "trap: collect futures, then await",
        why: "Five futures in a Vec look started. They are not: a future does nothing until it \
              is polled, and this loop polls the second only after the first is done.",
        theirs: Theirs::Words("as sequential"),
        run: collected_futures,
    },
    Experiment {
        id: "X13",
        theme: Theme::AtOnce,
        what: "spawn first, then await each",
        why: "The same loop over handles. Spawning started all five, so awaiting one lets the \
              others go on.",
        theirs: Theirs::Words("concurrent"),
        run: spawned_first,
    },
    Experiment {
        id: "X22",
        theme: Theme::AtOnce,
        what: "19 pages: in a row, 3 threads, loop",
        why: "Three threads make three waits overlap, the loop makes all of them overlap. And \
              pages come as they are ready: the quickest first, whatever was asked first.",
        theirs: Theirs::Seconds(&[4.09, 1.71, 0.95]),
        run: pages,
    },
];

fn one_by_one(tour: &Tour) -> Result<Outcome> {
    let waits = tour.scaled_all(FIVE);
    let clock = Stopwatch::start();
    block_on(async {
        for wait in waits {
            sleep(wait).await;
        }
    });
    Ok(Outcome::time(clock.elapsed(), waits.iter().sum(), "the sum"))
}

fn at_once(tour: &Tour) -> Result<Outcome> {
    let waits = tour.scaled_all(FIVE_AT_ONCE);
    let clock = Stopwatch::start();
    block_on(async {
        let mut group = TaskGroup::new();
        for wait in waits {
            group.spawn(sleep(wait));
        }
        group.join_all().await;
    });
    Ok(Outcome::time(clock.elapsed(), longest(&waits), "the longest"))
}

fn collected_futures(tour: &Tour) -> Result<Outcome> {
    let waits = tour.scaled_all(FIVE);
    let clock = Stopwatch::start();
    block_on(async {
        let futures: Vec<_> = waits.iter().map(|wait| work(*wait)).collect();
        for future in futures {
            future.await;
        }
    });
    Ok(Outcome::time(clock.elapsed(), waits.iter().sum(), "the sum"))
}

fn spawned_first(tour: &Tour) -> Result<Outcome> {
    let waits = tour.scaled_all(FIVE);
    let clock = Stopwatch::start();
    block_on(async {
        let handles: Vec<_> = waits.iter().map(|wait| spawn(work(*wait))).collect();
        for handle in handles {
            handle.await?;
        }
        Ok::<_, JoinError>(())
    })?;
    Ok(Outcome::time(clock.elapsed(), longest(&waits), "the longest"))
}

/// A task that waits. Its sleep begins when it is polled for the first time.
async fn work(wait: Duration) {
    sleep(wait).await;
}

fn pages(tour: &Tour) -> Result<Outcome> {
    let delays = PAGES.map(|milliseconds| tour.scaled(f64::from(milliseconds) / 1000.0));
    let server = tour.server;

    tour.progress.stage("one by one");
    let clock = Stopwatch::start();
    block_on(async {
        for delay in delays {
            ask(server, delay).await?;
        }
        Ok::<_, io::Error>(())
    })?;
    let in_a_row = clock.elapsed();

    tour.progress.stage("three threads");
    let clock = Stopwatch::start();
    three_threads(server, &delays)?;
    let threads = clock.elapsed();

    tour.progress.stage("one loop");
    let clock = Stopwatch::start();
    let order = block_on(all_on_one_loop(server, &delays))?;
    let at_once = clock.elapsed();

    let measured = [in_a_row, threads, at_once];
    let expected = [delays.iter().sum(), makespan(&delays, 3), longest(&delays)];
    let ratio = |time: Duration| in_a_row.as_secs_f64() / time.as_secs_f64();
    let done: Vec<_> = order.iter().map(|page| (page + 1).to_string()).collect();
    let detail = format!(
        "speed 1 : {:.1} : {:.1} (theirs 1 : 2.4 : 4.3); done in the order {}",
        ratio(threads),
        ratio(at_once),
        done.join(" "),
    );
    let sorted = quickest_first(&order, &delays);
    Ok(Outcome::times(&measured, &expected, "").and(sorted).detail(detail))
}

/// Three threads take the next page from one queue as soon as they are free.
fn three_threads(server: SocketAddr, delays: &[Duration]) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let worker = || {
        loop {
            let page = next.fetch_add(1, Ordering::Relaxed);
            let Some(delay) = delays.get(page) else {
                return Ok(());
            };
            ask_blocking(server, *delay)?;
        }
    };
    thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker), scope.spawn(worker)];
        workers.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
    })
}

/// Asks for every page at the same time; gives the order in which they came.
async fn all_on_one_loop(server: SocketAddr, delays: &[Duration]) -> Result<Vec<usize>> {
    let mut group = TaskGroup::new();
    for (page, delay) in delays.iter().copied().enumerate() {
        group.spawn(async move { ask(server, delay).await.map(|()| page) });
    }
    let mut order = Vec::new();
    while let Some(page) = group.join_next().await {
        order.push(page??);
    }
    Ok(order)
}

/// Pages that differ by less than 5 ms may overtake each other.
fn quickest_first(order: &[usize], delays: &[Duration]) -> bool {
    let overtaken =
        |pair: &[usize]| delays[pair[0]].saturating_sub(delays[pair[1]]) > Duration::from_millis(5);
    order.len() == delays.len() && !order.windows(2).any(overtaken)
}

fn longest(waits: &[Duration]) -> Duration {
    waits.iter().copied().max().unwrap_or_default()
}
