//! The crossover: from which latency on is a loop worth it?
//!
//! "The database is faster than you", one tutorial says: if an operation takes microseconds,
//! there is no waiting to overlap, and a few threads do as well or better. Another one gains a
//! factor of ten on a database. Both are right, at different latencies.

use std::hint::black_box;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use boucle::task::yield_now;
use boucle::{TaskGroup, block_on};

use crate::delay::question;
use crate::experiment::{Experiment, Outcome, Result, Stopwatch, Theirs, Theme, Tour};
use crate::lines::{BlockingClient, Client};

/// A few threads, as a small pool has them.
const THREADS: usize = 4;

/// Operations that a loop keeps in flight without noticing.
const TASKS: usize = 100;

pub(crate) const EXPERIMENT: Experiment = Experiment {
    id: "X25",
    theme: Theme::Price,
    what: "latency x concurrency: the crossover",
    why: "A few threads win while an operation is pure computing, for they use every core and \
          nobody waits. The longer an operation waits, the more the loop gains: it keeps a \
          hundred in flight where four threads keep four.",
    theirs: Theirs::Words("in words"),
    run: crossover,
};

/// One line of the table: operations a second.
struct Row {
    name: &'static str,
    threads: f64,
    few_tasks: f64,
    many_tasks: f64,
}

impl Row {
    /// How many times faster the loop is when it may keep many in flight.
    fn gain(&self) -> f64 {
        self.many_tasks / self.threads
    }
}

fn crossover(tour: &Tour) -> Result<Outcome> {
    let mut rows = vec![in_memory(tour)?];
    for (name, latency) in [("TCP, answered at once", 0), ("TCP, 2 ms", 2), ("TCP, 20 ms", 20)] {
        tour.progress.stage(name);
        rows.push(over_tcp(name, tour.server, Duration::from_millis(latency))?);
    }

    // Where operations wait, the gain must be a multiple of what it is where they do not, and
    // the longest wait must come near a hundred in flight against four.
    let (short, long) = rows.split_at(2);
    let (least, most) = (rows[0].gain(), rows[rows.len() - 1].gain());
    let grows = long.iter().all(|l| short.iter().all(|s| l.gain() > 2.0 * s.gain()));
    let in_flight = TASKS as f64 / THREADS as f64;
    let ok = grows && (0.3 * in_flight..1.2 * in_flight).contains(&most);

    let ours = format!("{least:.2}x to {most:.1}x");
    let mut outcome = Outcome::new(ours, "gain grows, up to 25x", ok).detail(format!(
        "{:26}{:>12}{:>12}{:>12}{:>9}",
        "operations a second", "4 threads", "loop x 4", "loop x 100", "gain"
    ));
    for row in &rows {
        let Row { name, threads, few_tasks, many_tasks } = row;
        outcome = outcome.detail(format!(
            "{name:26}{threads:>12.0}{few_tasks:>12.0}{many_tasks:>12.0}{:>8.2}x",
            row.gain()
        ));
    }
    let behind = rows.iter().take_while(|row| row.gain() <= 1.0).count();
    let crossover = rows.get(behind).map_or("none of these", |row| row.name);
    Ok(outcome.detail(format!("the loop is ahead from here on: {crossover}")))
}

/// An operation of one or two microseconds that needs nobody else.
fn look_up(key: u64) -> u64 {
    (0..1_000).fold(key | 1, |hash, _| black_box(hash ^ (hash << 13) ^ (hash >> 7)))
}

fn in_memory(tour: &Tour) -> io::Result<Row> {
    let name = "in memory, about 1 µs";
    tour.progress.stage(name);
    let thread = |window: Window| {
        let mut done = 0;
        while window.is_open() {
            black_box(look_up(done));
            done += 1;
        }
        Ok(done)
    };
    let task = |window: Window| async move {
        let mut done = 0;
        while window.is_open() {
            black_box(look_up(done));
            done += 1;
            yield_now().await;
        }
        Ok(done)
    };
    Ok(Row {
        name,
        threads: on_threads(THREADS, thread)?,
        few_tasks: on_loop(THREADS, task)?,
        many_tasks: on_loop(TASKS, task)?,
    })
}

fn over_tcp(name: &'static str, server: SocketAddr, latency: Duration) -> io::Result<Row> {
    let question = question(latency);
    let thread = |window: Window| {
        let mut client = BlockingClient::connect(server)?;
        let mut done = 0;
        while window.is_open() {
            client.ask(&question)?;
            done += 1;
        }
        Ok(done)
    };
    let task = |window: Window| {
        let question = question.clone();
        async move {
            let mut client = Client::connect(server).await?;
            let mut done = 0;
            while window.is_open() {
                client.ask(&question).await?;
                done += 1;
            }
            Ok(done)
        }
    };
    Ok(Row {
        name,
        threads: on_threads(THREADS, thread)?,
        few_tasks: on_loop(THREADS, task)?,
        many_tasks: on_loop(TASKS, task)?,
    })
}

/// How many operations a second so many threads do together.
fn on_threads(count: usize, worker: impl Fn(Window) -> io::Result<u64> + Sync) -> io::Result<f64> {
    best_of_three(|window| {
        thread::scope(|scope| {
            let spawn = |_| scope.spawn(|| worker(window));
            let threads: Vec<_> = (0..count).map(spawn).collect();
            threads.into_iter().map(|thread| thread.join().expect("no worker panics")).sum()
        })
    })
}

/// How many operations a second so many tasks on one loop do together.
fn on_loop<F>(count: usize, worker: impl Fn(Window) -> F) -> io::Result<f64>
where
    F: Future<Output = io::Result<u64>> + 'static,
{
    best_of_three(|window| {
        block_on(async {
            let mut group = TaskGroup::new();
            for _ in 0..count {
                group.spawn(worker(window));
            }
            let results = group.join_all().await;
            results.into_iter().map(|result| result.expect("no worker panics")).sum()
        })
    })
}

/// The time in which operations are counted. It does not follow `--scale`: several of the
/// slowest must fit into it.
#[derive(Clone, Copy)]
struct Window(Stopwatch);

impl Window {
    const LENGTH: Duration = Duration::from_millis(150);

    fn is_open(&self) -> bool {
        self.0.elapsed() < Self::LENGTH
    }
}

/// Counts in three windows and gives the best rate: other programs can only make it smaller.
fn best_of_three(count: impl Fn(Window) -> io::Result<u64>) -> io::Result<f64> {
    let mut best: f64 = 0.0;
    for _ in 0..3 {
        let window = Window(Stopwatch::start());
        let done = count(window)?;
        best = best.max(done as f64 / window.0.elapsed().as_secs_f64());
    }
    Ok(best)
}
