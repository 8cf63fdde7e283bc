//! A reader that follows a record, against one that reads it whole.

use std::panic::Location;
use std::time::Duration;

use super::super::{Collect, Record, Recorded};
use crate::observe::event::{Cause, Event, Observer, TaskId};

/// Adds the how-manieth event, every third with a name.
#[track_caller]
fn add(record: &mut Record, number: u32) {
    let (task, by, place) = (TaskId(number), Cause::Program, Location::caller());
    let name = format!("task number {number}");
    let event = match number % 3 {
        0 => Event::Spawned { task, by, place, name: &name },
        1 => Event::Dropped { task: TaskId(number - 1), joined: true },
        _ => Event::PollBegan { task },
    };
    record.event(Duration::from_nanos(number.into()), &event);
}

/// Everything from `cursor` on, how much of it is lost, and the next cursor.
fn follow(record: &Record, mut cursor: u64) -> (Vec<Recorded>, u64, u64) {
    let (mut events, mut lost) = (Collect(Vec::new()), 0);
    loop {
        let piece = record.read_from(cursor);
        lost += piece.lost;
        cursor = piece.next;
        if piece.len() == 0 {
            return (events.0, lost, cursor);
        }
        piece.replay(&mut events);
    }
}

#[test]
fn a_reader_that_keeps_up_reads_everything_once() {
    let mut record = Record::with_limit(100_000);
    let (mut read, mut cursor) = (Vec::new(), 0);
    for number in 0..5_000 {
        add(&mut record, number);
        if number % 7 == 0 || number % 113 < 3 {
            let (events, lost, next) = follow(&record, cursor);
            assert_eq!((lost, next), (0, u64::from(number) + 1));
            cursor = next;
            read.extend(events);
        }
    }
    assert!(record.dropped() > 0);
    read.extend(follow(&record, cursor).0);
    assert_eq!(read.len(), 5_000);
    for (event, number) in read.iter().zip(0..) {
        assert_eq!(event.at, Duration::from_nanos(number));
        let name = (number % 3 == 0).then(|| format!("task number {number}"));
        assert_eq!(event.event().name(), name.as_deref());
    }
    assert!(read.ends_with(&record.events()[record.past()..]));
}

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_lost() {
    let mut record = Record::with_limit(20_000);
    (0..10_000).for_each(|number| add(&mut record, number));
    let (events, lost, next) = follow(&record, 17);
    assert_eq!(lost, record.dropped() - 17);
    assert_eq!(events, record.events()[record.past()..]);
    assert_eq!(next, 10_000);
    // Nothing more has come.
    assert_eq!(follow(&record, next), (Vec::new(), 0, next));
}

#[test]
fn a_reader_that_comes_late_begins_with_the_past() {
    let mut record = Record::with_limit(20_000);
    (0..10_000).for_each(|number| add(&mut record, number));
    let begin = record.begin();
    assert_eq!((begin.len(), begin.next), (record.past(), record.dropped()));
    let mut events = Collect(Vec::new());
    begin.replay(&mut events);
    events.0.extend(follow(&record, begin.next).0);
    assert_eq!(events.0, record.events());
}

#[test]
fn a_cursor_beyond_the_end_reads_nothing() {
    let mut record = Record::new();
    add(&mut record, 0);
    assert_eq!(follow(&record, 9), (Vec::new(), 0, 9));
}
