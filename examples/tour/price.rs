//! The price: what a call, a task and a thread cost.

use std::fs;
use std::hint::black_box;
use std::sync::{Arc, RwLock, mpsc};
use std::thread;
use std::time::Duration;

use boucle::sync::Semaphore;
use boucle::task::yield_now;
use boucle::{JoinError, TaskGroup, block_on, spawn};

use crate::crossover;
use crate::experiment::{Experiment, Outcome, Result, Stopwatch, Theirs, Theme, Tour};

pub(crate) const EXPERIMENTS: [Experiment; 3] = [
    Experiment {
        id: "X18",
        theme: Theme::Price,
        what: "10,000 empty calls: plain, tasks",
        why: "What the loop costs when there is nothing to wait for. An await costs next to \
              nothing, since it is a call; a task has to be stored, queued, polled and joined.",
        theirs: Theirs::Words("0.087, 0.452 s"),
        run: empty_calls,
    },
    crossover::EXPERIMENT,
    Experiment {
        id: "X26",
        theme: Theme::Price,
        what: "8,000 alive at once: threads, tasks",
        why: "A hundred threads are nothing to worry about. With thousands of waiters, each with \
              its stack, its entry in the kernel and its start, they are felt; tasks are not.",
        theirs: Theirs::Words("in words"),
        run: many_alive,
    },
];

const CALLS: u32 = 10_000;

fn empty_calls(_tour: &Tour) -> Result<Outcome> {
    let plain = best_of_five(|| (0..CALLS).for_each(|_| call()));
    let awaited = best_of_five(|| {
        block_on(async {
            for _ in 0..CALLS {
                black_box(nothing()).await;
            }
        });
    });
    let tasks = best_of_five(|| {
        block_on(async {
            for _ in 0..CALLS {
                spawn(nothing()).await.expect("nothing cannot panic");
            }
        });
    });

    // Their two figures, for one call: 8.7 and 45.2 µs.
    let theirs = Duration::from_nanos(45_200);
    let ours = format!("{:.1} {:.0} ns a call", nanos(plain), nanos(tasks));
    let ok = plain <= tasks && tasks < theirs * CALLS;
    Ok(Outcome::new(ours, "call < task < 45 µs", ok).detail(format!(
        "a call {:.1} ns, an await {:.1} ns, a task {:.0} ns (theirs: a call 8,700, a task 45,200)",
        nanos(plain),
        nanos(awaited),
        nanos(tasks)
    )))
}

/// Does nothing, when it is called. The optimiser must not notice.
#[inline(never)]
fn call() {
    black_box(());
}

/// Does nothing, when it is polled.
async fn nothing() {}

/// The quickest of five runs: what else the machine does can only add to it.
fn best_of_five(work: impl Fn()) -> Duration {
    let run = |_| {
        let clock = Stopwatch::start();
        work();
        clock.elapsed()
    };
    (0..5).map(run).min().unwrap_or_default()
}

/// Nanoseconds for one of the calls.
fn nanos(all: Duration) -> f64 {
    all.as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// So many, all alive at the same time.
struct Crowd {
    kind: &'static str,
    count: usize,
    /// From the first start to the last end.
    time: Duration,
    /// Resident memory while all of them were waiting, beyond what there was before.
    memory: Option<usize>,
}

fn many_alive(tour: &Tour) -> Result<Outcome> {
    let mut crowds = Vec::new();
    for count in [100, 1_000, 8_000, 100_000] {
        tour.progress.stage(format!("{count} tasks"));
        crowds.push(tasks(count)?);
    }
    for count in [100, 1_000, 8_000] {
        tour.progress.stage(format!("{count} threads"));
        crowds.push(threads(count));
    }

    let [.., task, most_tasks, _, _, thread] = &crowds[..] else { unreachable!("seven crowds") };
    let lighter = match (most_tasks.memory_each(), thread.memory_each()) {
        (Some(task), Some(thread)) => 4.0 * task < thread,
        _ => true,
    };
    let faster = 2.0 * task.time_each() < thread.time_each();
    let ours = format!("{:.1} {:.2} µs each", thread.time_each(), task.time_each());
    let mut outcome = Outcome::new(ours, "tasks 2x quicker, 4x lighter", lighter && faster);
    for crowd in &crowds {
        outcome = outcome.detail(crowd.line());
    }
    if thread.count < 8_000 {
        outcome = outcome.detail(format!("this machine gave {} threads, no more", thread.count));
    }
    Ok(outcome)
}

/// Every task waits at a semaphore until all have arrived.
fn tasks(count: usize) -> Result<Crowd> {
    let before = resident_bytes();
    let clock = Stopwatch::start();
    let memory = block_on(async {
        let gate = Arc::new(Semaphore::new(0));
        let mut group = TaskGroup::new();
        for _ in 0..count {
            let gate = gate.clone();
            group.spawn(async move { drop(gate.acquire().await) });
        }
        // One turn of the ready queue: now all of them wait.
        yield_now().await;
        let memory = growth(before);
        gate.add_permits(count);
        for task in group.join_all().await {
            task?;
        }
        Ok::<_, JoinError>(memory)
    })?;
    Ok(Crowd { kind: "tasks", count, time: clock.elapsed(), memory })
}

/// Every thread waits at a barrier until all have arrived.
fn threads(wanted: usize) -> Crowd {
    let before = resident_bytes();
    let clock = Stopwatch::start();
    let gate = Arc::new(RwLock::new(()));
    let closed = gate.write().expect("nobody panics behind the gate");
    let (arrive, arrivals) = mpsc::channel();
    let mut threads = Vec::new();
    for _ in 0..wanted {
        let (gate, arrive) = (gate.clone(), arrive.clone());
        let thread = thread::Builder::new().spawn(move || {
            let _ = arrive.send(());
            drop(gate.read());
        });
        // A machine that gives no more has answered the question, too.
        let Ok(thread) = thread else { break };
        threads.push(thread);
    }
    let count = threads.len();
    arrivals.iter().take(count).for_each(drop);
    let memory = growth(before);
    drop(closed);
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    Crowd { kind: "threads", count, time: clock.elapsed(), memory }
}

/// Resident memory of this process, where the system tells it in a file.
fn resident_bytes() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// How much more there is now than `before`.
fn growth(before: Option<usize>) -> Option<usize> {
    Some(resident_bytes()?.saturating_sub(before?))
}

impl Crowd {
    /// Microseconds from start to end, for one of them.
    fn time_each(&self) -> f64 {
        self.time.as_secs_f64() * 1e6 / self.count as f64
    }

    /// Bytes for one of them.
    fn memory_each(&self) -> Option<f64> {
        self.memory.map(|bytes| bytes as f64 / self.count as f64)
    }

    fn line(&self) -> String {
        let Crowd { kind, count, time, .. } = self;
        let memory = match (self.memory, self.memory_each()) {
            (Some(all), Some(each)) if all > 500_000 => {
                format!("{:8.1} MB {each:8.0} B each", all as f64 / 1e6)
            }
            (Some(_), _) => "    too little to see".to_owned(),
            _ => "    memory unknown here".to_owned(),
        };
        let (time, each) = (time.as_secs_f64() * 1e3, self.time_each());
        format!("{count:7} {kind:8} {time:8.1} ms {each:6.1} µs each {memory}")
    }
}
