//! "Why?" from code, and that the replay page answers the same.
//!
//! In `tests/page/why/` there is, for each of several runs, a trace (`.jsonl`) and the answer for
//! every event of it (`.txt`); and where each two of some runs part (`differences.txt`). The tests
//! here hold these against `History`, and those of `why_matches.test.mjs` against `why.js` and
//! `compare.js`. The simulated runs are run again; the others are read. What has changed is written
//! by `BLESS=1 cargo test --test why -- --test-threads 1`.

#![cfg(all(feature = "os", feature = "trace"))]

#[path = "support/reasons.rs"]
mod reasons;

use std::fmt::Write;
use std::fs;
use std::io::BufReader;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use boucle::observe::{History, Record, TaskId, Trace};
use boucle::sync::oneshot;
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;
use boucle::{EventLoop, spawn_blocking};
use reasons::{CUT, REAL, SENDERS, SIMULATED};

/// A file among the fixtures.
fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/page/why").join(name)
}

/// Whether the fixtures are to be written.
fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|bless| bless == "1")
}

/// Runs a program, and returns its trace: some of it, if `limit` bytes cannot hold it all. The name
/// of the program is always the same.
fn traced(name: &str, seed: Option<u64>, limit: usize, run: fn(&EventLoop)) -> (String, History) {
    let path = std::env::temp_dir().join(format!("boucle-why-{name}-{}.jsonl", std::process::id()));
    let record = Record::with_limit(limit);
    let builder = EventLoop::builder().observer(record.clone());
    let builder = builder.observer(Trace::to_file(&path).unwrap().limit(limit));
    let builder = seed.into_iter().fold(builder, boucle::Builder::simulated);
    let event_loop = builder.build().unwrap();
    run(&event_loop);
    drop(event_loop);
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let (header, events) = text.split_once('\n').unwrap();
    let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
    header["program"] = name.into();
    (format!("{header}\n{events}"), History::of(&record))
}

/// Reads a trace.
fn read(text: &str) -> History {
    History::read(BufReader::new(text.as_bytes())).unwrap()
}

/// The answers for all events.
fn answers(history: &History) -> String {
    let mut text = String::new();
    for index in 0..history.len() {
        writeln!(text, "{index}: {}", history.sentence(index)).unwrap();
        for because in history.why(index).steps() {
            let event = because.event.map_or("-".to_owned(), |event| event.to_string());
            writeln!(text, "    {event:>4}  {}", because.text).unwrap();
        }
    }
    text
}

/// Fails unless the fixture has this text, or writes it.
#[track_caller]
fn assert_is(name: &str, text: &str) {
    let path = fixture(name);
    if bless() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(text.lines()).position(|(one, other)| one != other);
    let line = differs.unwrap_or_else(|| expected.lines().count().min(text.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("the end").to_owned();
    let (one, other) = (at(&expected), at(text));
    assert!(expected == text, "{name}, line {}, has\n{one}\nand should have\n{other}", line + 1);
}

#[test]
fn the_answers_for_simulated_runs_are_those_of_the_fixtures() {
    for (name, run) in SIMULATED.into_iter().chain([SENDERS]) {
        let (trace, history) = traced(name, Some(3), Record::LIMIT, run);
        assert_is(&format!("{name}.jsonl"), &trace);
        let told = answers(&history);
        assert_is(&format!("{name}.txt"), &told);
        // What was read answers as what was recorded.
        assert_eq!(answers(&read(&trace)), told);
    }
}

#[test]
fn the_answers_for_real_runs_are_those_of_the_fixtures() {
    for (name, run) in REAL {
        let path = fixture(&format!("{name}.jsonl"));
        if bless() && !path.exists() {
            fs::write(&path, traced(name, None, Record::LIMIT, run).0).unwrap();
        }
        let history = read(&fs::read_to_string(&path).unwrap());
        assert_is(&format!("{name}.txt"), &answers(&history));
    }
}

#[test]
fn the_answers_for_a_record_that_was_too_small_are_those_of_the_fixture() {
    let (name, run) = CUT;
    let (trace, history) = traced(name, Some(3), 4_000, run);
    assert_eq!(answers(&read(&trace)), answers(&history));
    let path = fixture("ring.jsonl");
    if bless() && !path.exists() {
        fs::write(&path, trace).unwrap();
    }
    let history = read(&fs::read_to_string(&path).unwrap());
    assert_is("ring.txt", &answers(&history));
}

#[test]
fn the_answers_for_the_rest_of_a_run_say_where_it_begins() {
    for name in ["timers", "channels", "aborts", "sockets", "threads"] {
        let trace = fs::read_to_string(fixture(&format!("{name}.jsonl"))).unwrap();
        let (header, events) = trace.split_once('\n').unwrap();
        let events: Vec<&str> = events.lines().collect();
        let rest = format!("{header}\n{}\n", events[events.len() / 2..].join("\n"));
        let told = answers(&read(&rest));
        assert!(told.contains("before this trace begins"), "{told}");
        assert_is(&format!("{name}-rest.jsonl"), &rest);
        assert_is(&format!("{name}-rest.txt"), &told);
    }
}

#[test]
fn the_first_differences_are_those_of_the_fixtures() {
    let names = ["timers", "timers-rest", "handles", "channels", "jobs", "sockets", "threads"];
    let histories = names
        .map(|name| (name, read(&fs::read_to_string(fixture(&format!("{name}.jsonl"))).unwrap())));
    let mut text = String::new();
    for (one, first) in &histories {
        for (other, second) in &histories {
            let difference = first.first_difference(second);
            let told = difference.map_or("no difference".to_owned(), |it| it.to_string());
            writeln!(text, "{one}, {other}: {told}").unwrap();
        }
    }
    assert_is("differences.txt", &text);
}

/// Why a task was polled for the last time, without places: what happens in a loop of this seed, or
/// in a real one.
fn last_poll<F: Future>(task: TaskId, seed: Option<u64>, future: F) -> Vec<String> {
    let record = Record::new();
    let builder = EventLoop::builder().observer(record.clone());
    let builder = seed.into_iter().fold(builder, boucle::Builder::simulated);
    builder.build().unwrap().block_on(future);
    let history = History::of(&record);
    let why = history.why(*history.polls(task).last().unwrap());
    let steps = why.steps().iter().map(|step| step.text.split(" at tests/").next().unwrap());
    steps.map(str::to_owned).collect()
}

const ROOT: TaskId = TaskId(1);
const CHILD: TaskId = TaskId(2);
const ROOT_IS_NEW: &str = "task 1 `block_on` was spawned by the program";

#[test]
fn a_poll_after_a_timer_goes_back_to_who_armed_it() {
    let why = last_poll(CHILD, Some(0), async {
        spawn_named("fetch", sleep(Duration::from_millis(50))).await.unwrap();
    });
    let expected = [
        "task 2 `fetch` was polled in turn 2, because timer 1 fired, 0ns after its tick",
        "timer 1 was armed in turn 1 by task 2 `fetch`, for 50ms",
        "task 2 `fetch` was spawned in turn 1 by task 1 `block_on`",
        ROOT_IS_NEW,
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_poll_after_a_join_goes_back_to_what_woke_the_other_task() {
    let why = last_poll(ROOT, Some(0), async {
        spawn_named("fetch", sleep(Duration::from_millis(50))).await.unwrap();
    });
    let expected = [
        "task 1 `block_on` was polled in turn 2, because task 2 `fetch` had ended",
        "task 2 `fetch` was polled in turn 2, because timer 1 fired, 0ns after its tick",
        "timer 1 was armed in turn 1 by task 2 `fetch`, for 50ms",
        "task 2 `fetch` was spawned in turn 1 by task 1 `block_on`",
        ROOT_IS_NEW,
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_task_that_wakes_itself_is_told_of_once() {
    let why = last_poll(ROOT, Some(0), async {
        for _ in 0..100 {
            yield_now().await;
        }
    });
    let expected = [
        "task 1 `block_on` was polled in turn 101, because it woke itself",
        "it had woken itself 100 times in a row, since turn 1",
        "task 1 `block_on` was polled in turn 1, because it was new",
        ROOT_IS_NEW,
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_poll_after_an_abort_goes_back_to_who_asked() {
    let why = last_poll(ROOT, Some(0), async {
        let task = spawn_named("sleeper", std::future::pending::<()>());
        yield_now().await;
        task.abort();
        task.await.unwrap_err();
    });
    let expected = [
        "task 1 `block_on` was polled in turn 2, because task 2 `sleeper` had ended",
        "task 2 `sleeper` was aborted in turn 2: its future was dropped",
        "task 1 `block_on` asked for that in turn 2",
        "task 1 `block_on` was polled in turn 2, because it woke itself",
        "task 1 `block_on` was polled in turn 1, because it was new",
        ROOT_IS_NEW,
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_poll_after_a_job_goes_back_to_who_gave_it_to_the_pool() {
    let why = last_poll(ROOT, None, async {
        spawn_blocking(|| thread::sleep(Duration::from_millis(5))).await.unwrap();
    });
    assert!(why[0].ends_with("because job 1 was done on worker 0"), "{why:?}");
    assert!(why[1].starts_with("job 1 ran for ") && why[1].ends_with(" in the queue"), "{why:?}");
    let expected = ["job 1 was given to pool 0 in turn 1 by task 1 `block_on`", ROOT_IS_NEW];
    assert_eq!(why[2..], expected);
}

#[test]
fn a_poll_after_a_message_goes_back_to_another_thread() {
    let why = last_poll(ROOT, None, async {
        let (send, receive) = oneshot::channel();
        let sender = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            send.send(()).unwrap();
        });
        receive.await.unwrap();
        sender.join().unwrap();
    });
    // How many threads of this process have sent messages before depends on the other tests.
    let thread = why[1].strip_suffix(" is outside of the loop").unwrap();
    let first = format!("task 1 `block_on` was polled in turn 2, because {thread} sent a message");
    assert_eq!(why[0], first);
}

#[test]
fn a_poll_after_a_report_of_a_source_goes_back_to_who_registered_it() {
    let why = last_poll(ROOT, None, async {
        let listener = boucle::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            std::net::TcpStream::connect(address).unwrap();
        });
        listener.accept().await.unwrap();
        client.join().unwrap();
    });
    let expected = [
        "task 1 `block_on` was polled in turn 2, because source 1 (TcpListener) became readable",
        "the operating system reported source 1 (TcpListener) readable in turn 1",
        "source 1 (TcpListener) was registered in turn 1 by task 1 `block_on`",
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_sleep_tells_what_could_have_ended_it_and_what_did() {
    let record = Record::new();
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let late = spawn_named("late", sleep(Duration::from_millis(80)));
        sleep(Duration::from_millis(50)).await;
        late.await.unwrap();
    });
    let history = History::of(&record);
    let expected = "the loop slept 50ms: no task was ready
the next deadline was timer 1, armed in turn 1 by task 1 `block_on` for 50ms
no source was registered
it ended because timer 1 was due";
    assert_eq!(history.why(history.sleeps()[0]).to_string(), expected);
}
