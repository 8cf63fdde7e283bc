//! The times of events, against the promise that they are true although not each is read.

use std::thread;
use std::time::Duration;

use crate::event_loop::EventLoop;
use crate::observe::{Event, Outcome, Record};
use crate::task::{spawn, yield_now};

/// The times from the end of one poll to the beginning of the next, by how the first ended.
fn gaps(record: &Record, how: Outcome) -> Vec<Duration> {
    let events = record.events();
    let pairs = events.windows(2).filter_map(|pair| match (pair[0].event(), pair[1].event()) {
        (Event::PollEnded { outcome, .. }, Event::PollBegan { .. }) if outcome == how => {
            pair[1].at.checked_sub(pair[0].at)
        }
        _ => None,
    });
    pairs.collect()
}

#[test]
fn a_poll_begins_when_the_one_before_ends_and_its_task_waits_on() {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let other = spawn(yield_now());
        yield_now().await;
        other.await.unwrap();
    });
    let gaps = gaps(&record, Outcome::Pending);
    assert!(gaps.len() >= 2 && gaps.iter().all(Duration::is_zero), "{gaps:?}");
}

#[test]
fn what_a_finished_task_leaves_to_be_dropped_takes_time_of_its_own() {
    struct Slow;
    impl Drop for Slow {
        fn drop(&mut self) {
            thread::sleep(Duration::from_millis(5));
        }
    }
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        drop(spawn(async { Slow }));
        let last = spawn(yield_now());
        last.await.unwrap();
    });
    let polls = record.events();
    let began = polls.iter().filter(|it| matches!(it.event(), Event::PollBegan { .. }));
    let began: Vec<Duration> = began.map(|it| it.at).collect();
    // The root, the task whose output is slow to drop, the last one.
    assert!(began[2] >= began[1] + Duration::from_millis(5), "{began:?}");
}
