//! Fairness and debugging: whose turn is it, and who does not give it back?

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use boucle::observe::{Event, Record, SlowPoll, SlowReport};
use boucle::task::{spawn_named, yield_now};
use boucle::time::{MissedTickBehavior, interval, sleep};
use boucle::{EventLoop, TaskGroup, block_on, spawn, spawn_blocking};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::delay::ask;
use crate::experiment::{
    Experiment, Outcome, Result, Stopwatch, Theirs, Theme, Tour, close, hold_thread,
};

pub(crate) const EXPERIMENTS: [Experiment; 4] = [
    Experiment {
        id: "X16",
        theme: Theme::Fairness,
        what: "calling an async fn runs nothing",
        why: "The call returns a future and leaves its body untouched. The record of the loop \
              tells whom it polled: nobody, until someone spawns the future.",
        theirs: Theirs::Words("an object"),
        run: a_call_runs_nothing,
    },
    Experiment {
        id: "X17",
        theme: Theme::Fairness,
        what: "a yield gives the others a turn",
        why: "Three tasks write their letter twice. Without an await between, each writes both \
              at once; with a yield it goes to the end of the ready queue: one more round.",
        theirs: Theirs::Words("in words"),
        run: yielding,
    },
    Experiment {
        id: "X23",
        theme: Theme::Fairness,
        what: "3 s of zip: on the loop, on the pool",
        why: "A request starts every 10 ms, and answers are pending. Compressing on the loop \
              stops all that until it is done; on the pool nobody notices.",
        theirs: Theirs::Words("nothing starts"),
        run: zipping,
    },
    Experiment {
        id: "X24",
        theme: Theme::Fairness,
        what: "who held the loop over 100 ms?",
        why: "A loop that stands still shows as everybody's lateness, not as its cause. The \
              slow-poll watch names the task and the place where it was spawned.",
        theirs: Theirs::Words("100 ms, settable"),
        run: slow_polls,
    },
];

fn a_call_runs_nothing(_tour: &Tour) -> Result<Outcome> {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build()?;
    let greetings = Rc::new(Cell::new(0));

    let greeting = greet(greetings.clone());
    // Whatever the loop wanted to do with it, now it could.
    event_loop.block_on(yield_now());
    let called = (greetings.get(), polls_of("greeting", &record));

    event_loop.block_on(async { spawn_named("greeting", greeting).await })?;
    let spawned = (greetings.get(), polls_of("greeting", &record));

    let ours = format!("{} polls, then {}", called.1, spawned.1);
    let ok = called == (0, 0) && spawned == (1, 1);
    Ok(Outcome::new(ours, "no poll, then one", ok).exact())
}

/// Counts how often its body ran.
async fn greet(greetings: Rc<Cell<u32>>) {
    greetings.set(greetings.get() + 1);
}

/// How often the loop polled the task of that name.
pub(crate) fn polls_of(wanted: &str, record: &Record) -> usize {
    let events = record.events();
    let task = events.iter().find_map(|recorded| match recorded.event() {
        Event::Spawned { task, name, .. } if name == wanted => Some(task),
        _ => None,
    });
    let is_poll =
        |event| matches!(event, Event::PollBegan { task: polled } if Some(polled) == task);
    events.iter().filter(|recorded| is_poll(recorded.event())).count()
}

/// X23: how often a request starts.
const EVERY: Duration = Duration::from_millis(10);

fn yielding(_tour: &Tour) -> Result<Outcome> {
    let without = letters(|| std::future::ready(()));
    let yielded = letters(yield_now);
    let slept = letters(|| sleep(Duration::ZERO));
    let ok = without == "aabbcc" && yielded == "abcabc";
    // asyncio's idiom is `sleep(0)`. Here a sleep that is over already does not wait.
    let detail = format!("with sleep(Duration::ZERO) in place of yield_now(): {slept}");
    Ok(Outcome::new(format!("{without}, {yielded}"), "aabbcc, abcabc", ok).exact().detail(detail))
}

/// What three tasks write, when each awaits `between` after a letter.
fn letters<F: Future<Output = ()> + 'static>(between: fn() -> F) -> String {
    let written = Rc::new(RefCell::new(String::new()));
    block_on(async {
        let mut tasks = TaskGroup::new();
        for letter in ['a', 'b', 'c'] {
            let written = written.clone();
            tasks.spawn(async move {
                for _ in 0..2 {
                    written.borrow_mut().push(letter);
                    between().await;
                }
            });
        }
        tasks.join_all().await;
    });
    written.take()
}

fn zipping(tour: &Tour) -> Result<Outcome> {
    let length = tour.scaled(3.0);

    tour.progress.stage("on the loop");
    let on_loop = requests_during(tour, async { Ok(zip(length)?) })?;
    tour.progress.stage("on the pool");
    let on_pool = requests_during(tour, async { Ok(spawn_blocking(move || zip(length)).await??) })?;

    // A busy machine starts some of them late, but not half of them.
    let possible = length.div_duration_f64(EVERY).floor() as usize;
    let ok = on_loop.started == 0
        && close(on_loop.gap, length)
        && on_pool.started > possible / 2
        && on_pool.gap < on_loop.gap;
    let ours = format!("{}, {} started", on_loop.started, on_pool.started);
    let gaps = format!("{:.3} s, {:.3} s", on_loop.gap.as_secs_f64(), on_pool.gap.as_secs_f64());
    Ok(Outcome::new(ours, format!("none, then up to {possible}"), ok)
        .detail(format!("the longest time during which no request started: {gaps}")))
}

/// What happened to the requests while something else was at work.
struct Requests {
    /// How many started meanwhile.
    started: usize,
    /// The longest time in which none did.
    gap: Duration,
}

/// Starts a request every 10 ms before, during and after `work`.
fn requests_during<F>(tour: &Tour, work: F) -> Result<Requests>
where
    F: Future<Output = Result<()>>,
{
    let server = tour.server;
    block_on(async {
        let clock = Stopwatch::start();
        let starts = Rc::new(RefCell::new(Vec::new()));
        let noted = starts.clone();
        let requests = spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                noted.borrow_mut().push(clock.elapsed());
                drop(spawn(ask(server, 2 * EVERY)));
            }
        });

        sleep(3 * EVERY).await;
        let began = clock.elapsed();
        work.await?;
        let ended = clock.elapsed();
        sleep(3 * EVERY).await;
        requests.abort();

        let starts = starts.take();
        let meanwhile = starts.iter().filter(|start| (began..ended).contains(*start));
        let gaps = starts.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        Ok(Requests { started: meanwhile.count(), gap: gaps.max().unwrap_or_default() })
    })
}

/// Compresses for so long: pure computing, as zipping a large file is.
fn zip(length: Duration) -> io::Result<()> {
    let page: Vec<u8> = (0..=255_u8).cycle().step_by(7).take(64 * 1024).collect();
    let mut archive = DeflateEncoder::new(io::sink(), Compression::default());
    let clock = Stopwatch::start();
    while clock.elapsed() < length {
        archive.write_all(&page)?;
    }
    archive.finish().map(drop)
}

fn slow_polls(_tour: &Tour) -> Result<Outcome> {
    let usual = reports(SlowPoll::THRESHOLD)?;
    let strict = reports(Duration::from_millis(10))?;

    // The usual threshold finds the one task that holds the loop long, and where it comes from.
    let [zip] = &usual[..] else {
        let names: Vec<_> = usual.iter().map(|report| report.name.as_str()).collect();
        return Ok(Outcome::new(format!("{names:?}"), "one report, of `zip`", false));
    };
    let known = zip.name == "zip" && zip.place.file() == file!() && zip.took >= LONG;
    // A stricter one finds the other, too.
    let also = strict.iter().any(|report| report.name == "hash" && report.took >= SHORT);

    let ours = format!("{} {} ms", zip.name, zip.took.as_millis());
    let text = zip.to_string();
    let text = text.split(';').next().unwrap_or_default();
    Ok(Outcome::new(ours, "zip, hash from 10 ms on", known && also).detail(text))
}

/// X24: holds the loop for too long by any measure.
const LONG: Duration = Duration::from_millis(150);

/// X24: holds the loop for too long by a strict measure.
const SHORT: Duration = Duration::from_millis(20);

/// Runs three tasks under a watch; gives what it reported.
fn reports(threshold: Duration) -> Result<Vec<SlowReport>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let noted = reports.clone();
    let watch = SlowPoll::with(threshold, move |report| noted.borrow_mut().push(report.clone()));
    let event_loop = EventLoop::builder().observer(watch).build()?;

    event_loop.block_on(async {
        let mut tasks = TaskGroup::new();
        tasks.spawn_named("wait", sleep(LONG));
        tasks.spawn_named("zip", async { hold_thread(LONG) });
        tasks.spawn_named("hash", async { hold_thread(SHORT) });
        tasks.join_all().await;
    });
    Ok(reports.take())
}
