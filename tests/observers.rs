//! The stock observers: the story, the record, the slow-poll watch.

#![cfg(feature = "os")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Print, Record, SlowPoll, TaskId};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;

const CHILD: TaskId = TaskId(2);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A place to write to that can be read.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[test]
fn print_tells_a_story() {
    let sink = Sink::default();
    let builder = EventLoop::builder().simulated(3).observer(Print::to(sink.clone()));
    let event_loop = builder.build().unwrap();
    let line = line!() + 1;
    event_loop.block_on(async {
        let fetch = spawn_named("fetch", async {
            sleep(Duration::from_micros(1_500)).await;
        });
        fetch.await.unwrap();
    });
    drop(event_loop);
    let story = format!(
        "       0.000 ms  the loop is built, simulated with seed 3
       0.000 ms  task 1 `block_on` is spawned by the program at tests/observers.rs:{}:16
turn 1
       0.000 ms  task 1 `block_on` is polled: it is new
       0.000 ms    task 2 `fetch` is spawned at tests/observers.rs:{}:21
       0.000 ms    task 2 `fetch` is awaited
       0.000 ms  task 1 `block_on` waits, after 0ns
       0.000 ms  task 2 `fetch` is polled: it is new
       0.000 ms    timer 1 is armed for 1.500 ms (level 0, slot 2)
       0.000 ms  task 2 `fetch` waits, after 0ns
       0.000 ms  the loop sleeps, 2ms at most: then the timer wheel is due
       2.000 ms  the loop slept 2ms: no source is ready
       2.000 ms  timer 1 fires, 0ns after its tick
       2.000 ms  task 2 `fetch` is woken by timer 1
turn 2
       2.000 ms  task 2 `fetch` is polled: woken by timer 1
       2.000 ms  task 2 `fetch` is done, after 0ns
       2.000 ms  task 1 `block_on` is woken by task 2 `fetch`
       2.000 ms  task 1 `block_on` is polled: woken by task 2 `fetch`
       2.000 ms    task 2 `fetch` is gone, its output taken
       2.000 ms  task 1 `block_on` is done, after 0ns
       2.000 ms  task 1 `block_on` is gone, its output taken
       2.000 ms  the loop is dropped
",
        line,
        line + 1
    );
    assert_eq!(sink.text(), story);
}

/// Case 171.
#[test]
fn no_name_can_steer_a_terminal_or_make_a_line_of_its_own() {
    let hostile = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "a\r\n       0.000 ms  task 9 `root` is done",
        "\u{202e}desrever\u{2066}",
        "\u{9b}31m\u{85}\u{2028}\u{0}\u{8}",
        "`end` of the name",
    ];
    let sink = Sink::default();
    let record = Record::new();
    let reports = Sink::default();
    let mut told = reports.clone();
    let watch = SlowPoll::with(Duration::ZERO, move |report| writeln!(told, "{report}").unwrap());
    let builder = EventLoop::builder().observer(Print::to(sink.clone()));
    let event_loop = builder.observer(record.clone()).observer(watch).build().unwrap();
    event_loop.block_on(async {
        for name in hostile {
            spawn_named(name, yield_now()).await.unwrap();
        }
        spawn_named("x".repeat(1_000_000), async {}).await.unwrap();
    });
    drop(event_loop);
    for text in [sink.text(), record.to_string(), reports.text()] {
        assert!(text.contains("\\u{1b}[2J\\u{1b}]0;owned\\u{7}`"));
        assert!(text.contains("`\\`end\\` of the name`"));
        let harmless = |character: char| matches!(character, '\n' | ' '..='~' | 'µ');
        assert_eq!(text.find(|character| !harmless(character)), None);
        assert!(!text.lines().any(|line| line.starts_with("       0.000 ms  task 9")));
        assert!(text.len() < 30_000, "{}", text.len());
    }
}

#[test]
fn a_story_that_cannot_be_written_ends_and_the_loop_goes_on() {
    struct Full(Arc<Mutex<u32>>);
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            *self.0.lock().unwrap() += 1;
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let writes = Arc::new(Mutex::new(0));
    let print = Print::to(Full(writes.clone()));
    EventLoop::builder().observer(print).build().unwrap().block_on(yield_now());
    assert_eq!(*writes.lock().unwrap(), 1);
}

#[test]
fn a_record_holds_what_it_may_and_counts_what_it_dropped() {
    let all = Record::new();
    let some = Record::with_limit(20_000);
    let last = Record::with_limit(0);
    let builder = EventLoop::builder().simulated(0).observer(all.clone()).observer(some.clone());
    let event_loop = builder.observer(last.clone()).build().unwrap();
    event_loop.block_on(async {
        for number in 0..500 {
            spawn_named(format!("task of number {number}"), yield_now()).await.unwrap();
        }
    });
    drop(event_loop);
    for record in [&some, &last] {
        let (all, kept) = (all.events(), record.events());
        let dropped = record.dropped() as usize;
        let (past, kept) = kept.split_at(record.past());
        assert_eq!(kept.len() + dropped, all.len());
        // The names that are left still belong to their events.
        assert_eq!(kept[..], all[dropped..]);
        assert!(past.iter().all(|happened| all[..dropped].contains(happened)));
        let past = past.len();
        let first = format!("({dropped} events were dropped, but for the first {past} here)");
        assert_eq!(record.to_string().lines().next(), Some(&*first));
    }
    assert_eq!(all.dropped(), 0);
    assert!((300..900).contains(&some.events().len()), "{}", some.events().len());
    assert_eq!(last.events().len() - last.past(), 1);
    some.clear();
    assert!(some.events().is_empty() && some.dropped() == 0);
}

#[test]
fn a_record_may_be_read_on_another_thread_while_the_loop_is_stuck() {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    let (ask, asked) = std::sync::mpsc::channel();
    let (answer, answered) = std::sync::mpsc::channel();
    let reader = thread::spawn(move || {
        asked.recv().unwrap();
        answer.send(record.events().last().unwrap().event().to_string()).unwrap();
    });
    event_loop.block_on(async {
        ask.send(()).unwrap();
        assert_eq!(answered.recv().unwrap(), "task 1 is polled");
    });
    reader.join().unwrap();
}

#[test]
fn a_record_tells_another_observer_all_over_again() {
    let (record, again) = (Record::new(), Record::new());
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    event_loop.block_on(async { spawn_named("fetch", yield_now()).await.unwrap() });
    drop(event_loop);
    record.replay(&mut again.clone());
    assert_eq!(record.events(), again.events());
    assert_eq!(record.to_string(), again.to_string());
}

#[test]
fn a_slow_poll_is_reported_with_name_place_and_duration() {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let told = reports.clone();
    let watch = SlowPoll::with(ms(30), move |report| told.lock().unwrap().push(report.clone()));
    let event_loop = EventLoop::builder().observer(watch).build().unwrap();
    let line = line!() + 2;
    event_loop.block_on(async {
        spawn_named("slow", async { thread::sleep(ms(40)) }).await.unwrap();
        spawn_named("quick", sleep(ms(40))).await.unwrap();
    });
    let reports = reports.lock().unwrap();
    let report = reports.iter().find(|report| report.name == "slow").unwrap();
    assert!(!reports.iter().any(|report| report.name == "quick"));
    assert_eq!((report.task, report.place.file(), report.place.line()), (CHILD, file!(), line));
    assert!(report.took >= ms(40) && report.took < ms(4_000));
    let text = report.to_string();
    let begins =
        format!("task 2 `slow`, spawned at tests/observers.rs:{line}:9, kept the loop for ");
    assert!(text.starts_with(&begins), "{text}");
}
