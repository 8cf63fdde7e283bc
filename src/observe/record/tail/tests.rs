//! A reader that follows a record, against one that reads it whole.

use std::panic::Location;
use std::time::Duration;

use super::super::{Collect, Record, Recorded};
use super::Tail;
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

/// All that the tail has taken.
fn read(tail: &mut Tail) -> Vec<Recorded> {
    let mut events = Collect(Vec::new());
    while let Some(piece) = tail.next() {
        assert!(piece.len() > 0);
        piece.replay(&mut events);
    }
    events.0
}

#[test]
fn a_reader_that_keeps_up_reads_everything_once() {
    let mut record = Record::with_limit(100_000);
    let mut tail = record.follow();
    let begin = tail.look().unwrap();
    assert_eq!((begin.lost, begin.dropped, begin.past.len(), begin.held), (0, 0, 0, 0));
    let mut events = Vec::new();
    for number in 0..5_000 {
        add(&mut record, number);
        if number % 7 == 0 || number % 113 < 3 {
            assert!(tail.look().is_none());
            // Not read at every look.
            if number % 2 == 0 {
                events.extend(read(&mut tail));
                assert_eq!(events.len() as u32, number + 1);
            }
        }
    }
    assert!(record.dropped() > 0);
    assert!(tail.look().is_none());
    events.extend(read(&mut tail));
    assert_eq!(events.len(), 5_000);
    for (event, number) in events.iter().zip(0..) {
        assert_eq!(event.at, Duration::from_nanos(number));
        let name = (number % 3 == 0).then(|| format!("task number {number}"));
        assert_eq!(event.event().name(), name.as_deref());
    }
    assert!(events.ends_with(&record.events()[record.past()..]));
    // Nothing more has come.
    assert!(tail.look().is_none() && tail.next().is_none());
}

#[test]
fn a_reader_that_comes_late_begins_with_the_past() {
    let mut record = Record::with_limit(20_000);
    (0..10_000).for_each(|number| add(&mut record, number));
    let mut tail = record.follow();
    let begin = tail.look().unwrap();
    assert_eq!((begin.lost, begin.dropped), (0, record.dropped()));
    assert_eq!(
        (begin.past.len(), begin.past.len() + begin.held),
        (record.past(), record.events().len())
    );
    let mut events = Collect(Vec::new());
    begin.past.replay(&mut events);
    events.0.extend(read(&mut tail));
    assert_eq!(events.0, record.events());
}

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_lost_and_begins_anew() {
    let mut record = Record::with_limit(20_000);
    let mut tail = record.follow();
    (0..17).for_each(|number| add(&mut record, number));
    assert_eq!(tail.look().unwrap().lost, 0);
    (17..10_000).for_each(|number| add(&mut record, number));
    // What was taken stays, though the ring has dropped it.
    assert_eq!(read(&mut tail).len(), 17);
    let begin = tail.look().unwrap();
    assert_eq!((begin.lost, begin.dropped), (record.dropped() - 17, record.dropped()));
    assert_eq!(read(&mut tail), record.events()[record.past()..]);
}
