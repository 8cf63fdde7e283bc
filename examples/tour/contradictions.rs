//! Contradictions: where two tutorials say opposite things, and what settles it.
//!
//! Each experiment here runs both sides of a claim. None of them depends on how fast the machine
//! is, so each verdict is exact. There is no `C5`: whether a database call is worth a loop is a
//! matter of its latency, and `X25` measures at which.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use boucle::observe::Record;
use boucle::sync::{Semaphore, oneshot};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;
use boucle::{EventLoop, TaskGroup, block_on, spawn};

use crate::experiment::{Experiment, Outcome, Result, Theirs, Theme, Tour};
use crate::fairness::polls_of;

pub(crate) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        id: "C1",
        theme: Theme::Contradictions,
        what: "an await is not yet a yield",
        why: "\"await hands over to the others\": only if what is awaited has to wait. One task \
              awaits things that are ready, the record counts how often another task, which \
              wants the thread all the time, gets it meanwhile.",
        theirs: Theirs::Words("it hands over"),
        run: awaiting_what_is_ready,
    },
    #[cfg(target_os = "linux")]
    crate::regular_file::EXPERIMENT,
    Experiment {
        id: "C3",
        theme: Theme::Contradictions,
        what: "tasks that run when main has ended",
        why: "\"run waits for the tasks that were started\": asyncio's cancels them, and so does \
              block_on, which drops its loop. On a loop that is kept they stay where they are, \
              and go on in the next block_on. Who wants to wait awaits the handle.",
        theirs: Theirs::Words("it waits"),
        run: tasks_left_behind,
    },
    Experiment {
        id: "C4",
        theme: Theme::Contradictions,
        what: "a hundred runs, one order",
        why: "\"The order is not deterministic\": it was that of a set inside of wait(). The ready \
              queue is first in, first out, and so is every run. Who wants disorder, to find out \
              what relies on the order, draws it from a seed and gets it back from the seed.",
        theirs: Theirs::Words("any order"),
        run: order_of_tasks,
    },
    Experiment {
        id: "C6",
        theme: Theme::Contradictions,
        what: "a race without a data race",
        why: "\"One thread, so shared memory needs no care\": nothing can interrupt a task between \
              two awaits, and anything can happen at one. Ten tasks read a counter, await, and \
              write back what they read plus one.",
        theirs: Theirs::Words("no care needed"),
        run: race_across_an_await,
    },
];

fn awaiting_what_is_ready(_tour: &Tour) -> Result<Outcome> {
    let permits = Semaphore::new(1);
    let (sender, message) = oneshot::channel();
    sender.send(()).expect("its receiver is here");

    let counted = [
        ("a value", polls_meanwhile(ready(()))?),
        ("an async fn that awaits nothing", polls_meanwhile(nothing())?),
        ("a sleep that is over", polls_meanwhile(sleep(Duration::ZERO))?),
        (
            "a message that is there",
            polls_meanwhile(async { message.await.expect("it was sent") })?,
        ),
        ("a permit that is free", polls_meanwhile(async { drop(permits.acquire().await) })?),
    ];
    let yielded = polls_meanwhile(yield_now())?;
    let many = polls_meanwhile(async {
        for _ in 0..1_000 {
            drop(permits.acquire().await);
        }
    })?;

    let in_between: usize = counted.iter().map(|(_, polls)| polls).sum();
    let ours = format!("{in_between} polls, then {yielded}");
    let ok = in_between == 0 && yielded == 1 && many > 0;
    let mut outcome = Outcome::new(ours, "no poll, one by yield_now()", ok).exact();
    for (awaited, polls) in counted {
        outcome =
            outcome.detail(format!("{polls} polls of the other task while awaiting {awaited}"));
    }
    Ok(outcome.detail(format!(
        "{many} polls of it while taking a free permit 1,000 times: a budget ends such a row"
    )))
}

async fn nothing() {}

/// How often the loop polls another task, which never stops yielding, while one is awaited.
fn polls_meanwhile(awaited: impl Future<Output = ()>) -> Result<usize> {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build()?;
    event_loop.block_on(async {
        let other = spawn_named("other", async {
            loop {
                yield_now().await;
            }
        });
        // The other one has had its first turn, and its next is due.
        yield_now().await;
        let before = polls_of("other", &record);
        awaited.await;
        let after = polls_of("other", &record);
        other.abort();
        Ok(after - before)
    })
}

fn tasks_left_behind(_tour: &Tour) -> Result<Outcome> {
    let (first, second) = (Fate::default(), Fate::default());

    // 1. The function: its loop is gone when it returns.
    let task = first.clone();
    block_on(async move {
        spawn(task.work());
        yield_now().await;
    });
    let by_function = first.told();

    // 2. A loop that is kept, left in the middle of the task, and asked to go on.
    let event_loop = EventLoop::new()?;
    let handle = event_loop.spawn(second.clone().work());
    event_loop.block_on(yield_now());
    let by_loop = second.told();
    event_loop.block_on(handle)?;
    let awaited = second.told();

    let ours = format!("{by_function}; {by_loop}, {awaited}");
    let ok = (by_function, by_loop, awaited) == ("dropped", "waits", "done");
    Ok(Outcome::new(ours, "dropped; waits, done", ok)
        .exact()
        .detail(format!("after boucle::block_on: {by_function}"))
        .detail(format!("after EventLoop::block_on: {by_loop}; awaited in its next: {awaited}")))
}

/// What has become of a task.
#[derive(Clone, Default)]
struct Fate(Rc<Cell<Stage>>);

#[derive(Clone, Copy, Default, PartialEq)]
enum Stage {
    #[default]
    NotBegun,
    Waits,
    Done,
    Dropped,
}

impl Fate {
    /// Begins, waits for a moment, and is done, unless it is dropped before.
    async fn work(self) {
        self.0.set(Stage::Waits);
        let guard = Guard(self);
        sleep(Duration::from_millis(20)).await;
        guard.0.0.set(Stage::Done);
    }

    fn told(&self) -> &'static str {
        match self.0.get() {
            Stage::NotBegun => "not begun",
            Stage::Waits => "waits",
            Stage::Done => "done",
            Stage::Dropped => "dropped",
        }
    }
}

/// Lives in the task, and is dropped with it.
struct Guard(Fate);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.0.get() == Stage::Waits {
            self.0.0.set(Stage::Dropped);
        }
    }
}

/// C4: how often each is tried.
const RUNS: u64 = 100;

fn order_of_tasks(_tour: &Tour) -> Result<Outcome> {
    let mut queue = BTreeSet::new();
    let mut set = BTreeSet::new();
    for _ in 0..RUNS {
        queue.insert(order(&EventLoop::new()?, LETTERS));
        // What their wait() did: a set decides who is started first.
        set.insert(order(&EventLoop::new()?, HashSet::from(LETTERS)));
    }
    let seeded = |seed| order(&EventLoop::simulated(seed), LETTERS);
    let shuffled: BTreeSet<String> = (0..RUNS).map(seeded).collect();
    let again = (0..RUNS).all(|seed| seeded(seed) == seeded(seed));

    let ours = format!("{}; seeds {}", queue.len(), shuffled.len());
    let ok = queue.len() == 1 && again && shuffled.len() > 1 && set.len() > 1;
    let repeats = if again { "the same order both times" } else { "not the same order twice" };
    Ok(Outcome::new(ours, "1 order; many, each repeats", ok)
        .exact()
        .detail(format!("the ready queue: {} in {RUNS} runs", plural(queue.len())))
        .detail(format!("started from a set: {} in {RUNS} runs", plural(set.len())))
        .detail(format!(
            "seeds 0 to {}: {}; each seed twice: {repeats}",
            RUNS - 1,
            plural(shuffled.len())
        ))
        .detail(format!("seed 1: {}, seed 2: {}", seeded(1), seeded(2))))
}

/// C4: the tasks, by their letters.
const LETTERS: [char; 6] = ['a', 'b', 'c', 'd', 'e', 'f'];

/// Starts a task for each letter, which writes it twice; gives what they wrote.
fn order(event_loop: &EventLoop, letters: impl IntoIterator<Item = char>) -> String {
    let text = Rc::new(RefCell::new(String::new()));
    event_loop.block_on(async {
        let mut tasks = TaskGroup::new();
        for letter in letters {
            let written = text.clone();
            tasks.spawn(async move {
                written.borrow_mut().push(letter);
                yield_now().await;
                written.borrow_mut().push(letter);
            });
        }
        tasks.join_all().await;
    });
    text.take()
}

fn plural(orders: usize) -> String {
    format!("{orders} {}", if orders == 1 { "order" } else { "orders" })
}

/// C6: who increments, and how often.
const TASKS: u32 = 10;
const INCREMENTS: u32 = 100;

fn race_across_an_await(_tour: &Tour) -> Result<Outcome> {
    let across = counted(|counter| async move {
        let read = counter.get();
        yield_now().await;
        counter.set(read + 1);
    });
    let lock = Rc::new(Semaphore::new(1));
    let locked = counted(move |counter| {
        let lock = lock.clone();
        async move {
            let _held = lock.acquire().await;
            let read = counter.get();
            yield_now().await;
            counter.set(read + 1);
        }
    });
    let unbroken = counted(|counter| async move {
        yield_now().await;
        counter.set(counter.get() + 1);
    });

    let all = TASKS * INCREMENTS;
    let ours = format!("{across}, {locked}, {unbroken}");
    let ok = across < all && locked == all && unbroken == all;
    Ok(Outcome::new(ours, format!("fewer, {all}, {all}"), ok)
        .exact()
        .detail(format!("lost of {all} increments, read, await, write: {}", all - across))
        .detail(format!("with a permit held across the await: {}", all - locked))
        .detail(format!("with no await between read and write: {}", all - unbroken)))
}

/// What a counter shows after ten tasks have done `increment` a hundred times each.
fn counted<F>(increment: impl Fn(Rc<Cell<u32>>) -> F + Clone + 'static) -> u32
where
    F: Future<Output = ()> + 'static,
{
    let counter = Rc::new(Cell::new(0));
    block_on(async {
        let mut tasks = TaskGroup::new();
        for _ in 0..TASKS {
            let (counter, increment) = (counter.clone(), increment.clone());
            tasks.spawn(async move {
                for _ in 0..INCREMENTS {
                    increment(counter.clone()).await;
                }
            });
        }
        tasks.join_all().await;
    });
    counter.get()
}
