//! The table, from events that are made up.

use std::panic::Location;
use std::time::Duration;

use serde_json::{Value, json};

use super::Now;
use crate::observe::event::{Awaited, Cause, Event, Observer, Outcome};
use crate::observe::{JobId, PoolId, SourceId, TaskId, TimerId, WaitReason, WorkerId};

/// A task whose name is hostile.
const NAME: &str = "</script>\u{2028}\"\r\n<img onerror=x>";

const ONE: TaskId = TaskId(1);
const TWO: TaskId = TaskId(2);

/// The table after these events, one each nanosecond.
fn after(events: &[Event<'_>]) -> Value {
    let mut table = Now::default();
    for (event, at) in events.iter().zip(1..) {
        table.event(Duration::from_nanos(at), event);
    }
    let json = table.to_json(1, Some(Duration::from_nanos(100))).to_string();
    assert!(!json.contains(['\r', '\n']), "{json}");
    serde_json::from_str(&json).unwrap()
}

fn spawned(task: TaskId) -> Event<'static> {
    Event::Spawned { task, by: Cause::Program, place: Location::caller(), name: NAME }
}

/// A poll of task 1 in which these things happen.
fn poll<'a>(inside: &[Event<'a>], outcome: Outcome) -> Vec<Event<'a>> {
    let end = Event::PollEnded { task: ONE, outcome };
    [&[spawned(ONE), Event::PollBegan { task: ONE }], inside, &[end]].concat()
}

#[test]
fn a_task_is_queued_running_waiting_and_finished() {
    let events = poll(&[], Outcome::Ready);
    let states = [(1, "queued", 1), (2, "running", 2), (3, "finished", 3)];
    for (length, state, since) in states {
        let table = after(&events[..length]);
        let task = &table["tasks"][0];
        assert_eq!((&task["state"], &task["since"]), (&json!(state), &json!(since)));
        assert_eq!(task["for"], 100 - since);
        assert_eq!(task["name"], NAME);
        assert_eq!(task["by"], "program");
    }
    let gone = [events, vec![Event::Dropped { task: ONE, joined: true }]].concat();
    assert_eq!(after(&gone)["tasks"], json!([]));
    assert_eq!(after(&poll(&[], Outcome::Pending))["tasks"][0]["state"], "waiting");
}

#[test]
fn a_task_that_is_woken_while_it_is_polled_is_queued_after_that() {
    let woken = Event::Woken { task: ONE, by: Cause::Task(ONE) };
    let table = after(&poll(&[woken], Outcome::Pending));
    assert_eq!(table["tasks"][0]["state"], "queued");
    assert_eq!(table["tasks"][0]["woken_by"], json!({ "task": 1 }));
    let table = after(&[poll(&[], Outcome::Pending), vec![woken]].concat());
    assert_eq!(table["tasks"][0]["state"], "queued");
    assert_eq!(table["tasks"][0]["since"], 4);
}

#[test]
fn a_task_waits_for_what_its_last_poll_left_its_waker_with() {
    let by = Cause::Task(ONE);
    let (timer, source, job) = (TimerId(7), SourceId(3), JobId(5));
    let deadline = Duration::from_nanos(900);
    let inside = [
        spawned(TWO),
        Event::Awaits { what: Awaited::Task(TWO), by },
        Event::TimerArmed { timer, by, deadline, level: 0, slot: 1 },
        Event::SourceAdded { source, by, kind: "TcpStream" },
        Event::Awaits { what: Awaited::Read(source), by },
        Event::Awaits { what: Awaited::Write(source), by },
        Event::JobQueued { job, pool: PoolId(0), by, place: Location::caller() },
        Event::Awaits { what: Awaited::Job(job), by },
        Event::Awaits { what: Awaited::Timer(timer), by },
    ];
    let events = poll(&inside, Outcome::Pending);
    let place = |value: &Value| value.as_str().is_some_and(|place| place.contains("tests.rs:"));
    let awaited = &after(&events)["tasks"][0]["waits_for"];
    assert_eq!(awaited[0], json!({ "task": 2, "name": NAME }));
    assert_eq!(awaited[1], json!({ "timer": 7, "deadline": 900 }));
    assert_eq!(awaited[2], json!({ "read": 3, "kind": "TcpStream" }));
    assert_eq!(awaited[3], json!({ "write": 3, "kind": "TcpStream" }));
    assert_eq!(awaited[4]["job"], 5);
    assert!(place(&awaited[4]["place"]));
    assert_eq!((&awaited[4]["pool"], &awaited[4]["worker"]), (&json!(0), &Value::Null));
    assert_eq!(awaited.as_array().unwrap().len(), 5);
    // A worker takes the job.
    let begins = Event::JobStarted { job, worker: WorkerId(2), at: Duration::ZERO };
    let table = after(&[&events[..], &[begins]].concat());
    assert_eq!(table["tasks"][0]["waits_for"][4]["worker"], 2);
    // It is polled again, and leaves the timer as it is. The rest it would have told again.
    let again =
        [Event::PollBegan { task: ONE }, Event::PollEnded { task: ONE, outcome: Outcome::Pending }];
    let awaited = &after(&[&events[..], &again].concat())["tasks"][0]["waits_for"];
    assert_eq!(*awaited, json!([{ "timer": 7, "deadline": 900 }]));
}

#[test]
fn what_the_loop_does_is_told_with_its_time() {
    let polling =
        after(&[spawned(ONE), Event::TurnBegan { turn: 4 }, Event::PollBegan { task: ONE }]);
    let expected = json!({ "kind": "polling", "task": 1, "name": NAME, "since": 3, "for": 97 });
    assert_eq!(polling["doing"], expected);
    assert_eq!(polling["turn"], 4);
    let timeout = Some(Duration::from_nanos(50));
    let sleep = Event::WaitBegan { timeout, reason: WaitReason::TimerDue };
    let expected =
        json!({ "kind": "sleeping", "timeout": 50, "reason": "timer_due", "since": 1, "for": 99 });
    assert_eq!(after(&[sleep])["doing"], expected);
    let outside = json!({ "kind": "outside", "since": 2, "for": 98 });
    assert_eq!(after(&[sleep, Event::TurnEnded { turn: 1, polls: 0 }])["doing"], outside);
    // Where time is virtual nobody knows how long it stands still.
    let table = Now::default().to_json(1, None);
    assert_eq!((&table["now"], &table["doing"]["for"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_table_that_is_too_long_says_what_it_leaves_out() {
    let many: Vec<_> = (1..=10_007).map(|number| spawned(TaskId(number))).collect();
    let table = after(&many);
    assert_eq!(table["tasks"].as_array().unwrap().len(), super::MOST);
    assert_eq!(table["left_out"], 7);
}
