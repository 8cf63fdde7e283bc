//! The spans and events by which tokio-console shows our tasks, as its subscriber expects them.
#![cfg(all(feature = "tracing", feature = "os"))]

use std::fmt;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use boucle::sync::oneshot;
use boucle::task::{spawn, spawn_named, yield_now};
use boucle::{EventLoop, observe};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// Adds a line.
    fn line(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// All lines.
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The fields of a span or an event, as `name=value` one after the other.
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut lines = self.0.lock().unwrap();
        let id = 100 + lines.iter().filter(|line| line.starts_with("new")).count() as u64;
        let mut fields = Fields(String::new());
        span.record(&mut fields);
        let (target, name) = (span.metadata().target(), span.metadata().name());
        let root = if span.is_root() { "root " } else { "" };
        lines.push(format!("new {root}{target} {name} {id}:{}", fields.0));
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.line(format!("{}{}", event.metadata().target(), fields.0));
    }

    fn enter(&self, id: &Id) {
        self.line(format!("enter {}", id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        self.line(format!("exit {}", id.into_u64()));
    }

    fn try_close(&self, id: Id) -> bool {
        self.line(format!("close {}", id.into_u64()));
        true
    }
}

/// What a subscriber is told of a program on a loop.
fn told(program: impl Future<Output = ()>) -> Vec<String> {
    let told = Told::default();
    subscriber::with_default(told.clone(), || {
        let event_loop = EventLoop::builder().simulated(0).observer(observe::Spans::new());
        event_loop.build().unwrap().block_on(program);
    });
    told.lines()
}

#[test]
fn a_task_is_a_span_from_its_spawn_to_its_end_entered_while_it_is_polled() {
    let line = line!() + 2;
    let lines = told(async {
        spawn_named("a \"name\"", async {
            tracing::info!("in the task");
            yield_now().await;
        })
        .await
        .unwrap();
    });
    let file = file!();
    let born = |id, number, kind, name, line, column| {
        format!(
            "new root boucle::task runtime.spawn {id}: kind=\"{kind}\" task.id={number} \
             task.name={name:?} loc.file={file:?} loc.line={line} loc.col={column}"
        )
    };
    let waker = |op, id| format!("runtime::waker op=\"waker.{op}\" task.id={id}");
    let expected = [
        born(101, 2, "task", "a \"name\"", line, 9),
        "exit 100".into(),
        waker("clone", 100),
        "enter 101".into(),
        "spans message=in the task".into(),
        waker("wake_by_ref", 101),
        "exit 101".into(),
        waker("clone", 101),
        waker("drop", 101),
        "enter 101".into(),
        "exit 101".into(),
        "close 101".into(),
        waker("wake_by_ref", 100),
        waker("drop", 100),
        "enter 100".into(),
        "exit 100".into(),
        "close 100".into(),
    ];
    assert!(
        lines[0].contains("kind=\"block_on\" task.id=1 task.name=\"block_on\""),
        "{}",
        lines[0]
    );
    assert_eq!(lines[1], "enter 100");
    assert_eq!(lines[2..], expected, "{lines:#?}");
}

#[test]
fn a_task_without_a_name_has_none() {
    let lines = told(async { spawn(async {}).await.unwrap() });
    let born = lines.iter().find(|line| line.contains("task.id=2")).unwrap();
    assert!(!born.contains("task.name"), "{born}");
}

#[test]
fn an_abort_and_a_panic_close_the_span_too_and_so_does_the_end_of_the_loop() {
    let (sender, receiver) = oneshot::channel::<()>();
    let lines = told(async {
        let aborted = spawn(std::future::pending::<()>());
        let panicked = spawn(async { panic!("as it should") });
        drop(spawn(receiver));
        yield_now().await;
        aborted.abort();
        assert!(aborted.await.is_err() && panicked.await.is_err());
    });
    drop(sender);
    for id in 100..104 {
        let of = |what: &str| lines.iter().filter(|it| **it == format!("{what} {id}")).count();
        assert_eq!(of("enter"), of("exit"), "task {id}: {lines:#?}");
        assert_eq!(of("close"), 1, "task {id}: {lines:#?}");
    }
}
