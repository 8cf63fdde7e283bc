//! The record's inlet, against the promise that a reader misses nothing.

use std::panic::Location;
use std::thread;
use std::time::Duration;

use super::Record;
use crate::observe::event::{Cause, Event, Observer, Outcome, TaskId};

/// The how-manieth event: most are of polls; some are not, or have a name.
fn event(number: u32) -> Event<'static> {
    let task = TaskId(number);
    match number % 100 {
        7 => Event::TurnBegan { turn: number.into() },
        8 => Event::Spawned { task, by: Cause::Program, place: Location::caller(), name: "eight" },
        9 => Event::Woken { task, by: Cause::Task(TaskId(1)) },
        even if even % 2 == 0 => Event::PollBegan { task },
        _ => Event::PollEnded { task, outcome: Outcome::Pending },
    }
}

/// Tells a record so many events, a microsecond apart.
fn tell(record: &mut Record, count: u32) {
    for number in 0..count {
        record.event(Duration::from_micros(number.into()), &event(number));
    }
}

/// Checks that a record holds the first events, all of them and in order; says how many.
fn check(record: &Record) -> usize {
    let held = record.events();
    for (number, happened) in (0..).zip(&held) {
        assert_eq!(happened.at, Duration::from_micros(number.into()));
        let expected = match event(number) {
            // Its place is in this file too.
            Event::Spawned { task, by, name, .. } => {
                let Event::Spawned { place, .. } = happened.event() else { panic!("{happened}") };
                Event::Spawned { task, by, place, name }
            }
            event => event,
        };
        assert_eq!(happened.event(), expected);
    }
    held.len()
}

#[test]
fn all_events_come_in_order_however_many_and_whoever_reads_meanwhile() {
    const COUNT: u32 = 20_000;
    let record = Record::new();
    let reader = record.clone();
    let reading = thread::spawn(move || while check(&reader) < COUNT as usize {});
    tell(&mut record.clone(), COUNT);
    reading.join().unwrap();
    assert_eq!(check(&record), COUNT as usize);
}

#[test]
fn what_was_told_is_there_at_once_and_when_the_teller_is_gone() {
    let record = Record::new();
    for count in [1, 2, 7, 8, 255, 256, 257, 300, 600] {
        record.clear();
        let mut told = record.clone();
        tell(&mut told, count);
        assert_eq!(check(&record), count as usize);
        assert_eq!(check(&told), count as usize);
        drop(told);
        assert_eq!(check(&record), count as usize);
    }
    assert_eq!(record.ring().outlets.len(), 0, "nobody tells it anything any more");
}
