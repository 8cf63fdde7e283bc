//! Where two runs of a program part: records, and traces that were read.

#![cfg(feature = "trace")]

use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Difference, History, Record, Trace};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Sleeps one after the other, or at the same time.
async fn sleeps(joined: bool, millis: [u64; 2]) {
    let [one, other] = [("one", millis[0]), ("other", millis[1])]
        .map(|(name, millis)| move || spawn_named(name, sleep(ms(millis))));
    if joined {
        let (one, other) = (one(), other());
        one.await.unwrap();
        other.await.unwrap();
    } else {
        one().await.unwrap();
        other().await.unwrap();
    }
}

/// What happens in a simulated loop.
fn simulated<F: Future>(record: &Record, future: F) -> History {
    let builder = EventLoop::builder().simulated(0).observer(record.clone());
    builder.build().unwrap().block_on(future);
    History::of(record)
}

fn run<F: Future>(future: F) -> History {
    simulated(&Record::new(), future)
}

/// The difference in words, without the places.
fn told(difference: Option<&Difference>) -> String {
    let text = difference.map_or("none".to_owned(), Difference::to_string);
    let lines = text.lines().map(|line| line.split(" at tests/").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_run_does_not_differ() {
    let one = run(sleeps(false, [3, 5]));
    let other = run(sleeps(false, [3, 5]));
    assert_eq!(told(one.first_difference(&other).as_ref()), "none");
    let nothing = History::of(&Record::new());
    assert_eq!(told(nothing.first_difference(&nothing).as_ref()), "none");
}

#[test]
fn the_first_turn_that_differs_is_told_with_both_sentences() {
    let one = run(sleeps(false, [3, 5]));
    let other = run(sleeps(true, [3, 5]));
    let expected = "turn 1 differs:
    one:   task 2 `one` is awaited by task 1 `block_on`
    other: task 3 `other` is spawned by task 1 `block_on`";
    assert_eq!(told(one.first_difference(&other).as_ref()), expected);
    let difference = one.first_difference(&other).unwrap();
    let (Some((at, sentence)), Some(_)) = (&difference.one, &difference.other) else { panic!() };
    assert_eq!((difference.turn, &one.sentence(*at)), (1, sentence));
}

#[test]
fn the_end_of_one_is_a_difference() {
    let record = Record::new();
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {});
    let before = History::of(&record);
    drop(event_loop);
    let difference = History::of(&record).first_difference(&before);
    assert_eq!(
        told(difference.as_ref()),
        "turn 1 differs:\n    one:   the loop is dropped\n    other: the end"
    );
}

#[test]
fn simulated_runs_are_compared_in_time() {
    let one = run(sleeps(false, [3, 5]));
    let other = run(sleeps(false, [3, 6]));
    let expected = "turn 2 differs:
    one:   timer 2 is armed by task 3 `other` for 8.000 ms (level 0, slot 8)
    other: timer 2 is armed by task 3 `other` for 9.000 ms (level 0, slot 9)";
    assert_eq!(told(one.first_difference(&other).as_ref()), expected);
}

/// A trace of what happens in a loop, as text.
fn traced<F: Future>(name: &str, seed: Option<u64>, future: F) -> (String, History) {
    let path =
        std::env::temp_dir().join(format!("boucle-compare-{name}-{}.jsonl", std::process::id()));
    let record = Record::new();
    let builder = EventLoop::builder().observer(record.clone());
    let builder = builder.observer(Trace::to_file(&path).unwrap());
    let builder = seed.into_iter().fold(builder, boucle::Builder::simulated);
    builder.build().unwrap().block_on(future);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (text, History::of(&record))
}

#[test]
fn a_record_is_compared_with_a_trace_that_was_read() {
    let (text, recorded) = traced("read", Some(0), async {
        spawn_named("`odd`\n", yield_now()).await.unwrap();
        boucle::spawn_blocking(|| 5).await.unwrap();
        sleep(ms(70)).await;
    });
    let read = History::read(text.as_bytes()).unwrap();
    assert_eq!(told(recorded.first_difference(&read).as_ref()), "none");
    assert_eq!(read.len(), recorded.len());
    (0..read.len()).for_each(|index| assert_eq!(read.sentence(index), recorded.sentence(index)));
    // Half a line at the end is what a program leaves that is killed.
    let cut = History::read(&text.as_bytes()[..text.len() - 9]).unwrap();
    assert_eq!(cut.len(), read.len() - 1);
    assert_eq!(
        told(cut.first_difference(&read).as_ref()).lines().nth(1),
        Some("    one:   the end")
    );
}

#[cfg(feature = "os")]
#[test]
fn real_runs_are_compared_but_for_their_times() {
    let program = || async {
        for _ in 0..3 {
            spawn_named("task", async { yield_now().await }).await.unwrap();
        }
    };
    let [(_, one), (text, other)] = ["one", "other"].map(|name| traced(name, None, program()));
    let read = History::read(text.as_bytes()).unwrap();
    assert_eq!(told(one.first_difference(&other).as_ref()), "none");
    assert_eq!(told(one.first_difference(&read).as_ref()), "none");
}

#[test]
fn runs_whose_beginning_was_dropped_are_compared_where_both_go_on() {
    let program = |last: u32| async move {
        for turn in 0..400 {
            if turn == last {
                spawn_named("odd one out", async {}).await.unwrap();
            }
            sleep(ms(1)).await;
        }
    };
    let small = || Record::with_limit(20_000);
    let whole = run(program(1_000));
    let (record, again) = (small(), small());
    let part = simulated(&record, program(1_000));
    assert!(record.dropped() > 0);
    assert_eq!(told(part.first_difference(&whole).as_ref()), "none");
    assert_eq!(told(whole.first_difference(&part).as_ref()), "none");
    let odd = simulated(&again, program(395));
    let difference = whole.first_difference(&odd).unwrap();
    assert!(difference.turn > 390, "{difference}");
    assert!(difference.other.unwrap().1.contains("`odd one out` is spawned"));
}

/// Case 170.
#[test]
fn a_trace_that_cannot_be_right_is_an_error_that_names_the_line() {
    const HEADER: &str = r#"{"boucle":"trace","version":1,"events":9,"dropped":0,"past":0}"#;
    let read = |text: &str| match History::read(text.as_bytes()) {
        Ok(history) => format!("{} events", history.len()),
        Err(error) => error.to_string(),
    };
    let event = |line: &str| read(&format!("{HEADER}\n{line}\n"));
    for (text, expected) in [
        ("", "this is no trace: there is nothing in it"),
        ("{}", "line 1 of the trace: this is no trace: its first line is not a header of boucle's"),
        ("[]", "line 1 of the trace: not an object"),
        ("\u{0}\u{1}", "line 1 of the trace: not JSON: expected value at line 1 column 1"),
        (
            r#"{"boucle":"trace","version":2}"#,
            "line 1 of the trace: the trace has version 2, and this program reads 1",
        ),
    ] {
        assert_eq!(read(text), expected);
    }
    let deep = format!("{{\"at\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (line, expected) in [
        (r#"{"at":1}"#, "`event` is missing"),
        (
            r#"{"at":-1,"event":"turn_began","turn":1}"#,
            "`at` should be a whole number in its range",
        ),
        (
            r#"{"at":1e99,"event":"turn_began","turn":1}"#,
            "`at` should be a whole number in its range",
        ),
        (r#"{"at":1,"event":"poll_began","task":4294967296}"#, "`task` should be a whole number"),
        (r#"{"at":1,"event":"poll_began","task":"1"}"#, "`task` should be a whole number"),
        (r#"{"at":1,"event":"woken","task":1,"by":{"moon":1}}"#, "`by` should be a cause"),
        (
            r#"{"at":1,"event":"woken","task":1,"by":{"task":1,"timer":1}}"#,
            "`by` should be a cause",
        ),
        (
            r#"{"at":1,"event":"spawned","task":1,"by":"program","place":1,"name":""}"#,
            "`place` should",
        ),
        (
            r#"{"at":1,"event":"wait_began","timeout":1,"reason":"fun"}"#,
            "`reason` should be a reason",
        ),
        (&*deep, "not JSON: recursion limit exceeded"),
    ] {
        let told = event(line);
        assert!(told.starts_with(&format!("line 2 of the trace: {expected}")), "{told}");
    }
    // What is not known is passed over.
    assert_eq!(event(r#"{"at":1,"event":"moon_rose","moon":{"is":"full"}}"#), "0 events");
    assert_eq!(event(r#"{"at":1,"event":"awaits","what":{"moon":1},"by":{"task":1}}"#), "0 events");
    assert_eq!(event(r#"{"at":1,"event":"turn_began","turn":1,"moon":"full"}"#), "1 events");
    // A number takes no memory, whatever it says.
    assert_eq!(
        event(
            r#"{"at":18446744073709551615,"event":"job_queued","job":4294967295,"pool":4294967295,"by":"program","place":"x"}"#
        ),
        "1 events"
    );
    let endless = std::io::repeat(b'x');
    let error = History::read(std::io::BufReader::new(endless)).unwrap_err();
    assert_eq!(error.to_string(), "line 1 of the trace: it is too long");
}
