//! Chrome's trace format: the rules by which Perfetto and speedscope read it.

#![cfg(feature = "trace")]

#[path = "support/programs.rs"]
mod programs;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{Format, Record};
use programs::{World, program};
use serde_json::Value;

/// A record in the format.
fn written(record: &Record) -> Value {
    let mut text = Vec::new();
    record.write(Format::Json, &mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// What a valid trace holds.
#[derive(Debug, Default)]
struct Counts {
    slices: usize,
    flows: usize,
    jobs: usize,
    threads: BTreeMap<u64, String>,
}

/// Fails unless all rules hold.
#[track_caller]
fn validate(trace: &Value) -> Counts {
    let mut counts = Counts::default();
    let events = trace["traceEvents"].as_array().expect("a list of events");
    assert!(!events.is_empty());
    let (mut last, mut orders) = (0.0, BTreeSet::new());
    let mut stacks: HashMap<u64, Vec<&str>> = HashMap::new();
    let (mut flows, mut jobs) = (HashMap::new(), HashMap::new());
    for event in events {
        let text =
            |field: &str| event[field].as_str().unwrap_or_else(|| panic!("{field}: {event}"));
        // speedscope takes a file for a trace if every event has these.
        let (phase, time) = (text("ph"), event["ts"].as_f64().expect("a time"));
        let thread = event["tid"].as_u64().expect("a thread");
        // To Perfetto, thread 0 is the idle one.
        assert!(thread > 0 && event["pid"] == 1 && !text("name").is_empty(), "{event}");
        if phase == "M" {
            assert_eq!(event["ts"], 0);
            match text("name") {
                "thread_name" => {
                    let name = event["args"]["name"].as_str().unwrap().to_owned();
                    assert!(counts.threads.insert(thread, name).is_none(), "{event}");
                }
                "thread_sort_index" => assert!(orders.insert(event["args"]["sort_index"].as_u64())),
                name => assert_eq!(name, "process_name"),
            }
            continue;
        }
        assert!(time >= last, "not in order: {event}");
        last = time;
        assert!(counts.threads.contains_key(&thread), "a thread without a name: {event}");
        let stack = stacks.entry(thread).or_default();
        let id = event["id"].as_u64();
        match phase {
            "B" => {
                stack.push(text("name"));
                assert_eq!(stack.len(), 1, "a task does one thing at a time: {event}");
                counts.slices += 1;
            }
            "E" => assert_eq!(stack.pop(), Some(text("name")), "{event}"),
            "s" => {
                assert!(!stack.is_empty(), "a flow begins in a slice: {event}");
                assert!(flows.insert(id.unwrap(), time).is_none());
            }
            "f" => {
                assert_eq!((&event["bp"], &**stack), (&"e".into(), &["running"][..]), "{event}");
                let began = flows.remove(&id.unwrap()).expect("a flow begins before it ends");
                assert!(began <= time);
                counts.flows += 1;
            }
            "b" => assert!(jobs.insert(id.unwrap(), text("name")).is_none()),
            "e" => {
                assert_eq!(jobs.remove(&id.unwrap()), Some(text("name")));
                counts.jobs += 1;
            }
            "i" => assert_eq!(text("s"), "t"),
            _ => panic!("{event}"),
        }
    }
    assert!(stacks.values().all(Vec::is_empty), "slices are open: {stacks:?}");
    assert!(flows.is_empty() && jobs.is_empty(), "{flows:?} {jobs:?}");
    assert_eq!(orders.len(), counts.threads.len());
    counts
}

#[test]
fn the_traces_of_random_programs_keep_the_rules() {
    let (mut flows, mut jobs) = (0, 0);
    for seed in 0..150 {
        let record = if seed % 3 == 0 { Record::with_limit(6_000) } else { Record::new() };
        let builder = EventLoop::builder().simulated(seed).observer(record.clone());
        let event_loop = builder.build().unwrap();
        let world = World::new(Duration::from_millis(200), true);
        event_loop.block_on(program(world.clone(), seed));
        // While the loop lives, and when it is gone.
        validate(&written(&record));
        drop(event_loop);
        world.assert_empty();
        let counts = validate(&written(&record));
        (flows, jobs) = (flows + counts.flows, jobs + counts.jobs);
    }
    assert!(flows > 2_500 && jobs > 100, "{flows} {jobs}");
}

#[cfg(feature = "os")]
#[test]
fn the_traces_of_real_loops_keep_the_rules() {
    for seed in 0..12 {
        let record = Record::new();
        let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
        let world = World::new(Duration::from_millis(20), false);
        event_loop.block_on(program(world.clone(), seed));
        drop(event_loop);
        world.assert_empty();
        validate(&written(&record));
    }
}

#[test]
fn each_task_is_a_thread_with_its_name_and_so_is_the_loop() {
    let record = Record::new();
    let event_loop = EventLoop::builder().simulated(0).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let fetch =
            boucle::task::spawn_named("fetch", boucle::time::sleep(Duration::from_millis(3)));
        boucle::spawn(fetch).await.unwrap().unwrap();
    });
    drop(event_loop);
    let trace = written(&record);
    let counts = validate(&trace);
    let names: Vec<&str> = counts.threads.values().map(String::as_str).collect();
    assert_eq!(names, ["the loop", "task 1 `block_on`", "task 2 `fetch`", "task 3"]);
    let slices = |thread: u64| -> Vec<String> {
        let events = trace["traceEvents"].as_array().unwrap().iter();
        let of_thread = events.filter(|it| it["tid"] == thread && it["ph"] == "B");
        of_thread.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(slices(3), ["queued", "running", "sleep 3 ms", "queued", "running"]);
    assert!(slices(1).contains(&"sleeping".into()) && slices(1).contains(&"polling".into()));
    assert!(counts.slices > 12 && counts.flows >= 2);
}
