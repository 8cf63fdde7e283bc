//! The window: each event of the glossary, told when and as it should be; and that the events of
//! real runs never contradict each other.

#![cfg(feature = "os")]

#[path = "support/life.rs"]
mod life;
#[path = "support/programs.rs"]
mod programs;

use std::collections::BTreeSet;
use std::future::{pending, poll_fn};
use std::io::{Read, Write};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::mpsc as std_mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::net::{TcpListener, TcpStream};
use boucle::observe::{
    Awaited, Cause, Event, JobId, Observer, Outcome, PoolId, Record, Recorded, SourceId, TaskId,
    ThreadId, TimerId, WaitReason, WorkerId,
};
use boucle::sync::{mpsc, oneshot};
use boucle::task::{spawn_named, yield_now};
use boucle::time::{Instant, sleep, sleep_until};
use boucle::{Builder, EventLoop, Handle, JoinHandle, spawn, spawn_blocking};
use life::{Kind, assert_consistent, contradiction};
use programs::{World, program};

const ROOT: TaskId = TaskId(1);
const CHILD: TaskId = TaskId(2);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What happened in a simulated loop while it ran a future, and when it was dropped.
fn simulated<F: Future>(future: F) -> Vec<Recorded> {
    observed(EventLoop::builder().simulated(0), Kind::Simulated, |event_loop| {
        event_loop.block_on(future);
    })
}

/// What happened in a real loop while it ran a future, and when it was dropped.
fn real<F: Future>(future: F) -> Vec<Recorded> {
    observed(EventLoop::builder(), Kind::Real, |event_loop| {
        event_loop.block_on(future);
    })
}

fn observed(builder: Builder, kind: Kind, run: impl FnOnce(&EventLoop)) -> Vec<Recorded> {
    let record = Record::new();
    let event_loop = builder.observer(record.clone()).build().unwrap();
    run(&event_loop);
    drop(event_loop);
    assert_consistent(&record, kind);
    record.events()
}

/// Where in the trace an event is; fails if it is not.
#[track_caller]
fn place(events: &[Recorded], wanted: Event<'_>) -> usize {
    let found = events.iter().position(|recorded| recorded.event() == wanted);
    found.unwrap_or_else(|| panic!("`{wanted}` is not in\n{}", text(events)))
}

/// Fails unless the events happened in this order.
#[track_caller]
fn assert_in_order(events: &[Recorded], wanted: &[Event<'_>]) {
    let places: Vec<usize> = wanted.iter().map(|&event| place(events, event)).collect();
    assert!(places.is_sorted(), "{places:?} in\n{}", text(events));
}

fn text(events: &[Recorded]) -> String {
    events.iter().map(|recorded| format!("{recorded}\n")).collect()
}

fn count(events: &[Recorded], matches: impl Fn(Event<'_>) -> bool) -> usize {
    events.iter().filter(|recorded| matches(recorded.event())).count()
}

fn woken(task: TaskId, by: Cause) -> Event<'static> {
    Event::Woken { task, by }
}

/// Polls a future once, with a waker that does nothing.
fn poll_now<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits, in a loop that is recorded, until something has happened.
async fn until(record: &Record, happened: impl Fn(Event<'_>) -> bool) {
    while count(&record.events(), &happened) == 0 {
        sleep(ms(1)).await;
    }
}

// The loop.

#[test]
fn a_loop_tells_first_how_it_was_built_and_last_that_it_is_gone() {
    let of_loop = |builder: Builder, kind| {
        let events = observed(builder.polls_per_turn(7).max_blocking_threads(3), kind, |_| ());
        (events.first().unwrap().clone(), events.last().unwrap().clone(), events.len())
    };
    let (polls_per_turn, max_blocking_threads) = (7, 3);
    let (first, last, events) = of_loop(EventLoop::builder(), Kind::Real);
    let built = |simulated, seed| Event::LoopBuilt {
        simulated,
        seed,
        polls_per_turn,
        max_blocking_threads,
    };
    assert_eq!((first.event(), last.event(), events), (built(false, None), Event::LoopDropped, 2));
    let (first, last, events) = of_loop(EventLoop::builder().simulated(5), Kind::Simulated);
    assert_eq!(
        (first.event(), last.event(), events),
        (built(true, Some(5)), Event::LoopDropped, 2)
    );
    let in_order = EventLoop::builder().simulated_in_order();
    let (first, last, events) = of_loop(in_order, Kind::SimulatedInOrder);
    assert_eq!((first.event(), last.event(), events), (built(true, None), Event::LoopDropped, 2));
}

#[test]
fn what_has_no_limit_is_told_as_the_largest_number() {
    let builder = EventLoop::builder().polls_per_turn(usize::MAX).max_blocking_threads(usize::MAX);
    let events = observed(builder, Kind::Real, |_| ());
    let (polls_per_turn, max_blocking_threads) = (u32::MAX, u32::MAX);
    let (simulated, seed) = (false, None);
    place(&events, Event::LoopBuilt { simulated, seed, polls_per_turn, max_blocking_threads });
}

#[test]
fn a_loop_is_gone_after_all_it_held_and_after_the_work_it_waited_for() {
    let (report, reported) = std_mpsc::channel();
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    let mut kept = None;
    event_loop.block_on(async {
        kept = Some(spawn(async { 5 }));
        drop(spawn_blocking(move || {
            report.send("begun").unwrap();
            thread::sleep(ms(20));
            report.send("done").unwrap();
        }));
        yield_now().await;
    });
    assert_eq!(reported.recv().unwrap(), "begun");
    drop(event_loop);
    assert_eq!(reported.try_recv().unwrap(), "done");
    drop(kept);
    assert_consistent(&record, Kind::Real);
}

// Turns.

#[test]
fn a_turn_tells_its_number_and_how_many_tasks_it_polled() {
    let events = simulated(async {
        let child = spawn(yield_now());
        child.await.unwrap();
    });
    assert_eq!(events[2].event(), Event::TurnBegan { turn: 1 });
    let polls = count(&events, |event| matches!(event, Event::PollBegan { .. }));
    assert_eq!(polls, 4);
    // The child yields, so the turn ends before it.
    place(&events, Event::TurnEnded { turn: 1, polls: 2 });
    place(&events, Event::TurnEnded { turn: 2, polls: 2 });
}

#[test]
fn an_aborted_task_counts_as_no_poll() {
    let events = simulated(async {
        let task = spawn(async {});
        task.abort();
        yield_now().await;
    });
    place(&events, Event::TurnEnded { turn: 1, polls: 1 });
}

#[test]
fn mail_is_told_when_it_is_taken_and_its_wakes_are_caused_by_the_thread_that_sent_it() {
    let events = real(async {
        let (sender, receiver) = oneshot::channel();
        let (go, gone) = std_mpsc::channel();
        let thread = thread::spawn(move || {
            gone.recv().unwrap();
            sender.send(5)
        });
        // By then, this task waits.
        let _sends = spawn(async move { go.send(()).unwrap() });
        assert_eq!(receiver.await.unwrap(), 5);
        thread.join().unwrap().unwrap();
    });
    let mail = place(&events, Event::MailTaken { messages: 1 });
    let Event::Woken { task: ROOT, by: Cause::Thread(thread) } = events[mail + 1].event() else {
        panic!("{}", text(&events));
    };
    assert_ne!(thread, ThreadId(0));
}

#[test]
fn threads_are_numbered_in_the_order_of_their_first_message() {
    let events = real(async {
        let spawn_there = || {
            let handle = Handle::current();
            let (go, gone) = (std_mpsc::channel::<()>(), oneshot::channel());
            let (report, reported) = std_mpsc::channel();
            let thread = thread::spawn(move || {
                drop(handle.spawn(|| async {}));
                report.send(()).unwrap();
                go.1.recv().unwrap();
                drop(handle.spawn(|| async {}));
                gone.0.send(()).unwrap();
            });
            reported.recv().unwrap();
            (go.0, gone.1, thread)
        };
        for (go, gone, thread) in [spawn_there(), spawn_there()] {
            go.send(()).unwrap();
            gone.await.unwrap();
            thread.join().unwrap();
            // What it has sent is read in the next turn.
            sleep(ms(1)).await;
        }
    });
    let senders = events.iter().filter_map(|recorded| match recorded.event() {
        Event::Spawned { by: Cause::Thread(thread), .. } => Some(thread),
        _ => None,
    });
    let senders: Vec<ThreadId> = senders.collect();
    let [first, second, ..] = senders[..] else { panic!("{}", text(&events)) };
    assert_eq!(senders, [first, second, first, second]);
    assert!(ThreadId(0) < first && first < second, "{first}, {second}");
}

// The life of a task.

#[test]
fn a_spawn_tells_the_task_its_parent_its_place_and_its_name() {
    let mut lines = (0, 0);
    let events = simulated(async {
        lines.0 = line!() + 1;
        let named = spawn_named("fetch", async { drop(spawn(async {})) });
        named.await.unwrap();
        lines.1 = line!() + 1;
        spawn(async {});
    });
    let born = |number: u32| {
        let birth = events.iter().find_map(|recorded| match recorded.event() {
            Event::Spawned { task, by, place, name } if task == TaskId(number) => {
                Some((by, place.file(), place.line(), name.to_owned()))
            }
            _ => None,
        });
        birth.unwrap()
    };
    let (by, file, _, name) = born(1);
    assert_eq!((by, file, &*name), (Cause::Program, file!(), "block_on"));
    assert_eq!(born(2), (Cause::Task(ROOT), file!(), lines.0, "fetch".to_owned()));
    assert_eq!(born(3).0, Cause::Task(CHILD));
    assert_eq!(born(4), (Cause::Task(ROOT), file!(), lines.1, String::new()));
}

#[test]
fn a_task_that_comes_from_another_thread_is_spawned_by_that_thread() {
    let events = real(async {
        let handle = Handle::current();
        thread::spawn(move || handle.spawn(|| async {})).join().unwrap().await.unwrap();
    });
    let by_message = |event: Event<'_>| {
        matches!(event, Event::Spawned { by: Cause::Thread(ThreadId(1..)), task: CHILD, .. })
    };
    assert_eq!(count(&events, by_message), 1);
}

#[test]
fn a_wake_tells_the_task_that_called_the_waker() {
    let events = simulated(async {
        let (sender, mut receiver) = mpsc::channel(1);
        let _child = spawn(async move { receiver.recv().await });
        sleep(ms(1)).await;
        sender.send(1).await.unwrap();
        yield_now().await;
    });
    place(&events, woken(ROOT, Cause::Task(ROOT)));
    place(&events, woken(CHILD, Cause::Task(ROOT)));
}

#[test]
fn a_task_that_finishes_wakes_whoever_joins_it() {
    let events = simulated(async { spawn(async {}).await });
    let done = Event::PollEnded { task: CHILD, outcome: Outcome::Ready };
    assert_in_order(&events, &[done, woken(ROOT, Cause::Task(CHILD))]);
}

#[test]
fn a_wake_between_turns_comes_as_a_message_of_the_loops_own_thread() {
    let events = observed(EventLoop::builder().simulated(0), Kind::Simulated, |event_loop| {
        let (sender, receiver) = oneshot::channel();
        let task = event_loop.spawn(receiver);
        event_loop.turn(Some(Duration::ZERO));
        sender.send(()).unwrap();
        event_loop.turn(Some(Duration::ZERO));
        assert!(task.is_finished());
    });
    place(&events, woken(TaskId(1), Cause::Thread(ThreadId(0))));
}

#[test]
fn what_is_asked_between_turns_is_caused_by_the_program() {
    let events = observed(EventLoop::builder().simulated(0), Kind::Simulated, |event_loop| {
        let task = event_loop.spawn(pending::<()>());
        event_loop.turn(Some(Duration::ZERO));
        task.abort();
        assert!(event_loop.block_on(task).is_err());
    });
    let by = Cause::Program;
    let asked = Event::AbortRequested { task: TaskId(1), by };
    assert_in_order(&events, &[asked, woken(TaskId(1), by)]);
}

#[test]
fn a_wake_of_a_queued_task_is_told_as_ignored() {
    let events = simulated(async {
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            Poll::Ready(())
        })
        .await;
        yield_now().await;
    });
    let by = Cause::Task(ROOT);
    assert_eq!(count(&events, |event| event == woken(ROOT, by)), 1);
    // The third is that of `yield_now`.
    let ignored = Event::WakeIgnored { task: ROOT, by };
    assert_eq!(count(&events, |event| event == ignored), 2);
    assert_in_order(&events, &[woken(ROOT, by), ignored]);
}

#[test]
fn a_wake_of_a_finished_task_is_told_as_ignored() {
    let mut of_root = None;
    let record = Record::new();
    let builder = EventLoop::builder().simulated(0).observer(record.clone());
    let event_loop = builder.build().unwrap();
    event_loop.block_on(async {
        of_root = Some(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await);
        let child = spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        let unjoined = spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        child.await.unwrap().wake();
        yield_now().await;
        assert!(unjoined.is_finished());
    });
    event_loop.block_on(async { of_root.unwrap().wake() });
    drop(event_loop);
    assert_consistent(&record, Kind::Simulated);
    let events = record.events();
    assert_eq!(count(&events, |event| matches!(event, Event::Woken { task: CHILD, .. })), 0);
    place(&events, Event::WakeIgnored { task: CHILD, by: Cause::Task(ROOT) });
    let second = Cause::Task(TaskId(4));
    assert_eq!(count(&events, |event| event == woken(ROOT, second)), 0);
    place(&events, Event::WakeIgnored { task: ROOT, by: second });
}

#[test]
fn a_wake_of_another_thread_is_told_as_ignored_when_it_arrives() {
    let record = Record::new();
    let builder = EventLoop::builder().polls_per_turn(1).observer(record.clone());
    let event_loop = builder.build().unwrap();
    event_loop.block_on(async {
        let own = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let over = spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone()))).await.unwrap();
        let wakes = || {
            over.wake();
            own.wake_by_ref();
        };
        thread::scope(|scope| scope.spawn(wakes).join().unwrap());
        // When the messages are read, in the next turn, this task is queued already.
        yield_now().await;
    });
    drop(event_loop);
    assert_consistent(&record, Kind::Real);
    let ignored = |of| {
        let is_it = move |event: Event<'_>| matches!(event, Event::WakeIgnored { task, by: Cause::Thread(ThreadId(1..)) } if task == of);
        count(&record.events(), is_it)
    };
    assert_eq!((ignored(ROOT), ignored(CHILD)), (1, 1), "{record}");
}

#[test]
fn a_poll_tells_when_it_begins_and_how_it_ends() {
    let events = simulated(async {
        let child = spawn(async {
            yield_now().await;
            resume_unwind(Box::new("oh"))
        });
        let panicked: Result<(), _> = child.await;
        assert!(panicked.is_err());
    });
    let began = Event::PollBegan { task: CHILD };
    let ended = |outcome| Event::PollEnded { task: CHILD, outcome };
    assert_in_order(&events, &[began, ended(Outcome::Pending), ended(Outcome::Panicked)]);
    place(&events, Event::PollEnded { task: ROOT, outcome: Outcome::Ready });
}

#[test]
fn an_abort_tells_who_asked_and_then_that_the_future_is_dropped() {
    let events = simulated(async {
        let child = spawn(pending::<()>());
        sleep(ms(1)).await;
        child.abort();
        child.abort();
        assert!(child.await.is_err());
    });
    let asked = Event::AbortRequested { task: CHILD, by: Cause::Task(ROOT) };
    let aborted = Event::Aborted { task: CHILD };
    let order = [asked, woken(CHILD, Cause::Task(ROOT)), aborted, woken(ROOT, Cause::Task(CHILD))];
    assert_in_order(&events, &order);
    assert_eq!(count(&events, |event| event == asked), 1);
}

#[test]
fn a_task_that_aborts_itself_is_aborted_after_its_poll() {
    let events = simulated(async {
        let own = std::rc::Rc::new(std::cell::RefCell::new(None::<JoinHandle<()>>));
        let handle = own.clone();
        *own.borrow_mut() = Some(spawn(async move {
            handle.borrow().as_ref().unwrap().abort();
            pending::<()>().await;
        }));
        sleep(ms(1)).await;
        own.take();
    });
    let asked = Event::AbortRequested { task: CHILD, by: Cause::Task(CHILD) };
    let ended = Event::PollEnded { task: CHILD, outcome: Outcome::Pending };
    assert_in_order(&events, &[asked, ended, Event::Aborted { task: CHILD }]);
}

#[test]
fn a_wake_of_a_task_by_its_own_destructor_is_told_as_ignored() {
    struct Wakes(Option<Waker>);
    impl Drop for Wakes {
        fn drop(&mut self) {
            self.0.take().unwrap().wake();
        }
    }
    let waits = || async {
        let _wakes = Wakes(Some(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await));
        pending::<()>().await;
    };
    let events = simulated(async {
        let aborted = spawn(waits());
        sleep(ms(1)).await;
        aborted.abort();
        assert!(aborted.await.is_err());
        let _dropped_with_the_loop = spawn(waits());
        sleep(ms(1)).await;
    });
    let own =
        |event: Event<'_>| matches!(event, Event::Woken { task, by } if by == Cause::Task(task));
    assert_eq!(count(&events, own), 0);
    let told = [
        Event::Aborted { task: CHILD },
        Event::WakeIgnored { task: CHILD, by: Cause::Task(CHILD) },
        Event::Aborted { task: TaskId(3) },
        Event::WakeIgnored { task: TaskId(3), by: Cause::Task(TaskId(3)) },
        Event::LoopDropped,
    ];
    assert_in_order(&events, &told);
}

#[test]
fn a_destructor_of_an_aborted_task_acts_on_its_behalf() {
    let events = simulated(async {
        let (sender, receiver) = oneshot::channel::<()>();
        let child = spawn(async move {
            let _sender = sender;
            sleep(ms(5)).await;
        });
        sleep(ms(1)).await;
        child.abort();
        assert!(receiver.await.is_err());
    });
    let cancelled = Event::TimerCancelled { timer: TimerId(2) };
    let wake = woken(ROOT, Cause::Task(CHILD));
    assert_in_order(&events, &[Event::Aborted { task: CHILD }, cancelled, wake]);
}

#[test]
fn a_task_is_gone_when_its_output_was_taken_or_nobody_wants_it() {
    let events = simulated(async {
        let joined = spawn(async {});
        let detached = spawn(async {});
        drop(detached);
        let unread = spawn(async {});
        sleep(ms(1)).await;
        joined.await.unwrap();
        drop(unread);
    });
    let gone = |number, joined| Event::Dropped { task: TaskId(number), joined };
    let tick = Event::TimerFired { timer: TimerId(1), late: Duration::ZERO };
    assert_in_order(&events, &[gone(3, false), tick, gone(2, true), gone(4, false), gone(1, true)]);
}

#[test]
fn whoever_gets_the_reason_why_there_is_no_output_has_joined_too() {
    let events = simulated(async {
        let aborted = spawn(pending::<()>());
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_aborted());
        let panics = spawn(async { resume_unwind(Box::new("oh")) });
        let panicked: Result<(), _> = panics.await;
        assert!(panicked.unwrap_err().is_panic());
        drop(spawn(pending::<()>()));
    });
    let gone = |number, joined| Event::Dropped { task: TaskId(number), joined };
    assert_in_order(&events, &[gone(2, true), gone(3, true), gone(1, true), gone(4, false)]);
}

#[test]
fn a_task_whose_handle_may_be_anywhere_is_joined_if_there_is_a_handle_when_it_ends() {
    let events = real(async {
        let handle = Handle::current();
        let joined = handle.spawn(|| async { 5 });
        assert_eq!(joined.await.unwrap(), 5);
        let (go, gone) = oneshot::channel::<()>();
        drop(handle.spawn(|| gone));
        yield_now().await;
        go.send(()).unwrap();
        let aborted = handle.spawn(pending::<()>);
        yield_now().await;
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_aborted());
    });
    let gone = |number, joined| Event::Dropped { task: TaskId(number), joined };
    assert_in_order(&events, &[gone(2, true), gone(3, false), gone(4, true)]);
}

// What tasks wait for.

fn awaits(what: Awaited, by: TaskId) -> Event<'static> {
    Event::Awaits { what, by: Cause::Task(by) }
}

#[test]
fn a_timer_is_told_as_awaited_when_it_is_polled_again_before_it_fires() {
    let events = simulated(async {
        let mut sleeps = sleep(ms(5));
        assert!(poll_now(&mut sleeps).is_pending());
        let once = spawn(async {});
        yield_now().await;
        assert!(poll_now(&mut sleeps).is_pending());
        sleeps.await;
        once.await.unwrap();
    });
    let timer = Awaited::Timer(TimerId(1));
    assert_eq!(count(&events, |event| event == awaits(timer, ROOT)), 2);
    let armed = events.iter().position(|it| matches!(it.event(), Event::TimerArmed { .. }));
    assert!(armed.unwrap() < place(&events, awaits(timer, ROOT)));
    let fired = Event::TimerFired { timer: TimerId(1), late: Duration::ZERO };
    assert_in_order(&events, &[awaits(timer, ROOT), fired]);
    // A sleep that is polled once arms its timer, and that says enough.
    let events = simulated(sleep(ms(5)));
    assert_eq!(count(&events, |event| matches!(event, Event::Awaits { .. })), 0);
}

#[test]
fn a_source_that_is_not_ready_is_told_as_awaited() {
    let events = real(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = spawn(async move { TcpStream::connect(address).await.unwrap() });
        let (server, _) = listener.accept().await.unwrap();
        let client = client.await.unwrap();
        let writes = spawn(async move { client.write_all(&vec![0; 50_000_000]).await });
        sleep(ms(5)).await;
        let mut buffer = vec![0; 1 << 20];
        while server.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        writes.await.unwrap().unwrap();
    });
    place(&events, awaits(Awaited::Read(SourceId(1)), ROOT));
    place(&events, awaits(Awaited::Write(SourceId(2)), TaskId(3)));
}

#[test]
fn a_task_that_is_not_done_is_told_as_awaited_by_whoever_joins_it() {
    let events = simulated(async {
        let child = spawn(sleep(ms(2)));
        let joins = spawn(child);
        joins.await.unwrap().unwrap();
    });
    let (first, second) = (TaskId(2), TaskId(3));
    place(&events, awaits(Awaited::Task(second), ROOT));
    let done = Event::PollEnded { task: first, outcome: Outcome::Ready };
    assert_in_order(&events, &[awaits(Awaited::Task(first), second), done]);
    assert_eq!(count(&events, |event| matches!(event, Event::Awaits { .. })), 2);
}

#[test]
fn a_task_that_came_as_a_message_is_told_as_awaited_once_it_is_there() {
    let events = real(async {
        let mut remote = Handle::current().spawn(|| sleep(ms(5)));
        assert!(poll_now(&mut remote).is_pending());
        sleep(ms(1)).await;
        remote.await.unwrap();
    });
    let told = awaits(Awaited::Task(CHILD), ROOT);
    assert_eq!(count(&events, |event| event == told), 1);
    assert_in_order(&events, &[Event::PollBegan { task: CHILD }, told]);
}

#[test]
fn a_job_that_is_not_done_is_told_as_awaited() {
    for (builder, kind) in kinds() {
        let events = observed(builder, kind, |event_loop| {
            event_loop.block_on(async {
                let (go, gone) = std_mpsc::channel();
                let mut job = spawn_blocking(move || gone.recv().unwrap());
                assert!(poll_now(&mut job).is_pending());
                go.send(5).unwrap();
                assert_eq!(job.await.unwrap(), 5);
            });
        });
        let queued = events.iter().position(|it| matches!(it.event(), Event::JobQueued { .. }));
        assert!(queued.unwrap() < place(&events, awaits(Awaited::Job(JobId(1)), ROOT)));
    }
}

#[test]
fn what_belongs_to_another_loop_is_not_told_as_awaited_here() {
    let other = EventLoop::simulated(0);
    let task = other.spawn(async {});
    let events = real(async {
        let mut task = task;
        assert!(poll_now(&mut task).is_pending());
        let pool = BlockingPool::new(1);
        let there = thread::spawn(move || (pool.spawn(|| thread::sleep(ms(5))), pool));
        let (job, _pool) = there.join().unwrap();
        job.await.unwrap();
    });
    assert_eq!(count(&events, |event| matches!(event, Event::Awaits { .. })), 0);
}

#[test]
fn a_loop_that_is_dropped_tells_the_end_of_each_task() {
    struct SpawnsWhenDropped;
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            spawn(async {});
        }
    }
    let mut kept = None;
    let events = simulated(async {
        let _waits = spawn(async {
            let _spawns = SpawnsWhenDropped;
            pending::<()>().await;
        });
        let _queued = spawn(async {});
        kept = Some(spawn(async { 5 }));
        sleep(ms(1)).await;
        let _never_polled = spawn(async {});
    });
    assert!(kept.is_some());
    for number in 1..=6 {
        place(&events, Event::Dropped { task: TaskId(number), joined: number == 1 });
    }
    // The last was born when the loop was dropped, and never ran.
    assert_in_order(
        &events,
        &[
            Event::Aborted { task: TaskId(2) },
            Event::Aborted { task: TaskId(6) },
            Event::Dropped { task: TaskId(6), joined: false },
        ],
    );
    assert_eq!(count(&events, |event| event == Event::PollBegan { task: TaskId(6) }), 0);
}

#[test]
fn a_root_that_is_given_up_counts_as_aborted() {
    let events = observed(EventLoop::builder().simulated(0), Kind::Simulated, |event_loop| {
        event_loop.try_block_on(pending::<()>()).unwrap_err();
    });
    assert_in_order(
        &events,
        &[Event::Aborted { task: ROOT }, Event::Dropped { task: ROOT, joined: false }],
    );
}

// Waits.

#[test]
fn a_wait_tells_that_a_timer_limits_it() {
    let events = simulated(sleep(ms(30)));
    let wait = Event::WaitBegan { timeout: Some(ms(30)), reason: WaitReason::TimerDue };
    assert_in_order(&events, &[wait, Event::WaitEnded { sources: 0 }]);
}

#[test]
fn a_wait_tells_that_the_caller_of_turn_limits_it() {
    let events = observed(EventLoop::builder().simulated(0), Kind::Simulated, |event_loop| {
        event_loop.turn(Some(ms(20)));
    });
    place(&events, Event::WaitBegan { timeout: Some(ms(20)), reason: WaitReason::CallerLimit });
}

#[test]
fn a_wait_tells_that_nothing_limits_it() {
    let events = observed(EventLoop::builder().simulated(0), Kind::Simulated, |event_loop| {
        event_loop.try_block_on(pending::<()>()).unwrap_err();
    });
    place(&events, Event::WaitBegan { timeout: None, reason: WaitReason::Nothing });
}

#[test]
fn a_wait_tells_that_tasks_are_ready() {
    let builder = EventLoop::builder().polls_per_turn(3);
    let events = observed(builder, Kind::Real, |event_loop| {
        event_loop.block_on(async {
            let _listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let others: Vec<_> = (0..5).map(|_| spawn(async {})).collect();
            yield_now().await;
            drop(others);
        });
    });
    let reason = WaitReason::TasksReady(4);
    place(&events, Event::WaitBegan { timeout: Some(Duration::ZERO), reason });
}

#[test]
fn a_wait_tells_that_mail_waits() {
    let events = real(async {
        let _listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Handle::current().spawn(|| async {}).await.unwrap();
    });
    let reason = WaitReason::MailWaits;
    place(&events, Event::WaitBegan { timeout: Some(Duration::ZERO), reason });
}

#[test]
fn a_wait_tells_that_it_spins_before_it_parks() {
    let builder = EventLoop::builder().spin_before_park(ms(2));
    let events = observed(builder, Kind::Real, |event_loop| event_loop.block_on(sleep(ms(30))));
    let spin = Event::WaitBegan { timeout: Some(ms(2)), reason: WaitReason::Spin };
    let parks =
        |event: Event<'_>| matches!(event, Event::WaitBegan { reason: WaitReason::TimerDue, .. });
    place(&events, spin);
    assert!(count(&events, parks) > 0);
}

// Sources.

#[test]
fn a_source_tells_who_registered_it_when_it_is_ready_and_when_it_leaves() {
    let events = real(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = spawn(async move { TcpStream::connect(address).await.unwrap() });
        let (server, _) = listener.accept().await.unwrap();
        let client = client.await.unwrap();
        drop(listener);
        let reads = spawn(async move { client.read(&mut [0; 8]).await.unwrap() });
        yield_now().await;
        server.write_all(b"hello").await.unwrap();
        assert_eq!(reads.await.unwrap(), 5);
    });
    let listener = SourceId(1);
    let added = Event::SourceAdded { source: listener, by: Cause::Task(ROOT), kind: "TcpListener" };
    let ready = Event::SourceReady { source: listener, readable: true, writable: false };
    let wake = woken(ROOT, Cause::Source(listener));
    let removed = Event::SourceRemoved { source: listener };
    assert_in_order(&events, &[added, ready, wake, removed]);
    let of_client = |event: Event<'_>| {
        matches!(event, Event::SourceReady { source: SourceId(2), readable: true, .. })
    };
    assert!(count(&events, of_client) > 0, "{}", text(&events));
}

// Timers.

#[test]
fn a_timer_tells_where_it_was_put_and_when_it_moves_and_fires() {
    let events = simulated(async {
        let start = Instant::now();
        let (short, long) = (spawn(sleep_until(start + ms(4_992))), sleep_until(start + ms(5_000)));
        long.await;
        short.await.unwrap();
    });
    let (long, short) = (TimerId(1), TimerId(2));
    let (root, child) = (Cause::Task(ROOT), Cause::Task(CHILD));
    let place_of = |timer| {
        let armed = events.iter().find_map(|recorded| match recorded.event() {
            Event::TimerArmed { timer: armed, by, deadline, level, slot } if armed == timer => {
                Some((by, deadline, level, slot))
            }
            _ => None,
        });
        armed.unwrap()
    };
    assert_eq!(place_of(long), (root, ms(5_000), 2, 1));
    assert_eq!(place_of(short), (child, ms(4_992), 2, 1));
    let cascades = [
        Event::TimerCascaded { timer: long, level: 1, slot: 14 },
        Event::TimerCascaded { timer: short, level: 1, slot: 14 },
    ];
    let late = Duration::ZERO;
    let fires = [
        Event::TimerFired { timer: short, late },
        woken(CHILD, Cause::Timer(short)),
        Event::TimerFired { timer: long, late },
        woken(ROOT, Cause::Timer(long)),
    ];
    assert_in_order(&events, &[cascades[0], cascades[1], fires[0], fires[1], fires[2], fires[3]]);
}

#[test]
fn a_timer_tells_how_late_it_is() {
    let events = real(async {
        let sleeps = spawn(sleep(ms(2)));
        yield_now().await;
        thread::sleep(ms(20));
        sleeps.await.unwrap();
    });
    let late = events.iter().find_map(|recorded| match recorded.event() {
        Event::TimerFired { late, .. } => Some(late),
        _ => None,
    });
    assert!(late.unwrap() > ms(10));
}

#[test]
fn a_timer_that_is_not_awaited_to_its_end_is_cancelled() {
    let events = simulated(boucle::time::timeout(ms(50), sleep(ms(5))));
    place(&events, Event::TimerCancelled { timer: TimerId(2) });
    assert_eq!(count(&events, |event| matches!(event, Event::TimerCancelled { .. })), 1);
}

// Jobs.

/// A real loop and a simulated one.
fn kinds() -> [(Builder, Kind); 2] {
    let simulated = EventLoop::builder().simulated(0);
    [(EventLoop::builder(), Kind::Real), (simulated, Kind::Simulated)]
}

#[test]
fn a_job_tells_who_gave_it_and_when_it_ran_on_which_thread() {
    for (builder, kind) in kinds() {
        let events = observed(builder.max_blocking_threads(1), kind, |event_loop| {
            event_loop.block_on(async {
                spawn_blocking(|| 5).await.unwrap();
                let panics = spawn_blocking(|| resume_unwind(Box::new("oh")));
                let panicked: Result<(), _> = panics.await;
                assert!(panicked.unwrap_err().is_panic());
            });
        });
        let mut seen = Vec::new();
        let mut since = Duration::ZERO;
        for recorded in &events {
            match recorded.event() {
                Event::JobQueued { job, pool, by, place } => {
                    assert_eq!((by, place.file()), (Cause::Task(ROOT), file!()));
                    assert_eq!(pool, PoolId(0));
                    seen.push((job, "queued"));
                }
                Event::JobStarted { job, worker, at } => {
                    assert!(worker == WorkerId(0) && since <= at && at <= recorded.at);
                    since = at;
                    seen.push((job, "started"));
                }
                Event::JobFinished { job, worker, at, panicked } => {
                    assert!(worker == WorkerId(0) && since <= at && at <= recorded.at);
                    since = at;
                    seen.push((job, if panicked { "panicked" } else { "done" }));
                }
                _ => {}
            }
        }
        // The end of the first may be told when the second is queued already.
        seen.sort_by_key(|&(job, _)| job);
        let (first, second) = (JobId(1), JobId(2));
        let story = [(first, "queued"), (first, "started"), (first, "done")];
        assert_eq!(seen[..3], story);
        assert_eq!(seen[3..], [(second, "queued"), (second, "started"), (second, "panicked")]);
    }
}

#[test]
fn the_end_of_a_job_whose_output_was_taken_is_told_although_the_loop_reads_no_more_mail() {
    let events = real(async {
        let job = spawn_blocking(|| 5);
        while !job.is_finished() {
            thread::yield_now();
        }
        assert_eq!(job.await.unwrap(), 5);
    });
    assert_eq!(count(&events, |event| matches!(event, Event::MailTaken { .. })), 0);
    let story = events.iter().filter_map(|recorded| match recorded.event() {
        Event::WorkerStarted { .. } => Some("a worker begins"),
        Event::JobStarted { job: JobId(1), .. } => Some("it has the job"),
        Event::JobFinished { job: JobId(1), panicked: false, .. } => Some("it is done"),
        Event::LoopDropped => Some("the loop is gone"),
        _ => None,
    });
    let story: Vec<&str> = story.collect();
    assert_eq!(story, ["a worker begins", "it has the job", "it is done", "the loop is gone"]);
}

#[test]
fn a_job_that_outlives_its_loop_has_begun_and_one_behind_it_never_does() {
    let (go, gone) = std_mpsc::channel();
    let builder = EventLoop::builder().max_blocking_threads(1).shutdown_timeout(ms(1));
    let events = observed(builder, Kind::Real, |event_loop| {
        event_loop.block_on(async {
            let (begins, begun) = std_mpsc::channel();
            let _hangs = spawn_blocking(move || {
                begins.send(()).unwrap();
                gone.recv().unwrap();
            });
            let _waits = spawn_blocking(|| {});
            // The loop stands still, and reads of the beginning only when it ends.
            begun.recv().unwrap();
        });
    });
    go.send(()).unwrap();
    let told = events.iter().filter_map(|recorded| match recorded.event() {
        Event::JobStarted { job, .. } => Some((job, "has begun")),
        Event::JobFinished { job, .. } => Some((job, "is done")),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(JobId(1), "has begun")]);
}

#[test]
fn jobs_of_several_pools_begin_after_they_are_queued_and_end_after_they_began() {
    let events = real(async {
        let pools = [BlockingPool::new(1), BlockingPool::new(3)];
        for _ in 0..20 {
            let mut jobs: Vec<JoinHandle<()>> = Vec::new();
            for pool in &pools {
                jobs.extend((0..6).map(|_| pool.spawn(|| {})));
                jobs.extend((0..6).map(|_| spawn_blocking(thread::yield_now)));
            }
            // Most have ended before the loop reads that they began.
            thread::sleep(Duration::from_micros(200));
            for job in jobs {
                job.await.unwrap();
            }
        }
    });
    // Their order is what `assert_consistent` has looked at.
    assert_eq!(count(&events, |event| matches!(event, Event::JobStarted { .. })), 480);
    assert_eq!(count(&events, |event| matches!(event, Event::JobFinished { .. })), 480);
}

/// The workers that are told of, by pool, with the thread that each one is.
fn workers(events: &[Recorded]) -> Vec<(PoolId, WorkerId, ThreadId, u32)> {
    let started = events.iter().filter_map(|recorded| match recorded.event() {
        Event::WorkerStarted { worker, pool, thread, max_workers, at } => {
            assert!(at <= recorded.at);
            Some((pool, worker, thread, max_workers))
        }
        _ => None,
    });
    started.collect()
}

#[test]
fn a_worker_is_told_when_it_begins_before_its_first_job_and_when_it_ends() {
    let record = Record::new();
    let builder = EventLoop::builder().max_blocking_threads(1).blocking_keep_alive(ms(2));
    let event_loop = builder.observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let (go, gone) = std_mpsc::channel();
        let job = spawn_blocking(move || gone.recv().unwrap());
        // By then, this task waits.
        let _sends = spawn(async move { go.send(()).unwrap() });
        job.await.unwrap();
        until(&record, |event| matches!(event, Event::WorkerStopped { .. })).await;
        spawn_blocking(|| {}).await.unwrap();
    });
    drop(event_loop);
    assert_consistent(&record, Kind::Real);
    let events = record.events();
    let [(_, _, first, _), (_, _, second, _)] = workers(&events)[..] else {
        panic!("{}", text(&events));
    };
    let own = PoolId(0);
    assert_eq!(workers(&events), [(own, WorkerId(0), first, 1), (own, WorkerId(1), second, 1)],);
    assert!(ThreadId(0) < first && first < second);
    // The same thread wakes the task that awaits the job.
    place(&events, woken(ROOT, Cause::Thread(first)));
    let story = events.iter().filter_map(|recorded| match recorded.event() {
        Event::WorkerStarted { worker, .. } => Some((worker, "begins")),
        Event::JobStarted { worker, .. } => Some((worker, "has a job")),
        Event::JobFinished { worker, .. } => Some((worker, "has done it")),
        Event::WorkerStopped { worker, pool, at } => {
            assert!(pool == own && at <= recorded.at);
            Some((worker, "ends"))
        }
        _ => None,
    });
    let life = ["begins", "has a job", "has done it", "ends"].map(|word| (WorkerId(0), word));
    let story: Vec<_> = story.collect();
    assert_eq!(story[..4], life);
    assert_eq!(story[4], (WorkerId(1), "begins"));
}

#[test]
fn a_pool_of_the_programs_own_has_a_number_and_tells_the_loop_in_which_it_was_built() {
    let built_outside = BlockingPool::new(4);
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let built_here = BlockingPool::new(2);
        built_outside.spawn(|| {}).await.unwrap();
        built_here.spawn(|| {}).await.unwrap();
        drop(built_here);
        until(&record, |event| matches!(event, Event::WorkerStopped { .. })).await;
    });
    drop(event_loop);
    assert_consistent(&record, Kind::Real);
    let events = record.events();
    let pools = events.iter().filter_map(|recorded| match recorded.event() {
        Event::JobQueued { pool, .. } => Some(pool),
        _ => None,
    });
    let [outside, here] = pools.collect::<Vec<PoolId>>()[..] else { panic!("{}", text(&events)) };
    assert!(PoolId(0) < outside && outside < here);
    let workers = workers(&events);
    let [(pool, worker, _, max_workers)] = workers[..] else { panic!("{workers:?}") };
    assert_eq!((pool, worker, max_workers), (here, WorkerId(0), 2));
    let stopped = |event: Event<'_>| matches!(event, Event::WorkerStopped { worker: WorkerId(0), pool, .. } if pool == here);
    assert_eq!(count(&events, stopped), 1);
}

#[test]
fn threads_of_a_pool_mean_nothing_to_a_simulated_loop() {
    let mut pool = None;
    let events = simulated(async { pool = Some(BlockingPool::new(1)) });
    let pool = pool.unwrap();
    let record = Record::new();
    let builder = EventLoop::builder().simulated(0).observer(record.clone());
    let event_loop = builder.build().unwrap();
    let pool = event_loop.block_on(async {
        let built_here = BlockingPool::new(1);
        // From elsewhere, the job runs on a thread.
        let there = thread::spawn(move || (built_here.spawn(|| {}), built_here));
        let (job, built_here) = there.join().unwrap();
        while !job.is_finished() {
            yield_now().await;
        }
        (pool, built_here)
    });
    drop((event_loop, pool));
    assert_consistent(&record, Kind::Simulated);
    assert!(workers(&events).is_empty() && workers(&record.events()).is_empty());
}

// The seam.

/// Calls a closure for each event.
struct With<F>(F);

impl<F: FnMut(Duration, &Event<'_>)> Observer for With<F> {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        (self.0)(at, event);
    }
}

#[test]
fn an_observer_that_panics_is_not_called_again_and_harms_neither_loop_nor_others() {
    let record = Record::new();
    let calls = std::rc::Rc::new(std::cell::Cell::new(0));
    for alone in [true, false] {
        calls.set(0);
        let counted = calls.clone();
        let panics = With(move |_, _: &Event<'_>| {
            counted.set(counted.get() + 1);
            resume_unwind(Box::new("oh"));
        });
        let builder = EventLoop::builder().observer(panics);
        let builder = if alone { builder } else { builder.observer(record.clone()) };
        builder.build().unwrap().block_on(async { spawn(async {}).await.unwrap() });
        assert_eq!(calls.get(), 1);
    }
    assert_consistent(&record, Kind::Real);
    assert!(record.events().len() > 10);
}

#[test]
fn an_observer_may_wake_and_send_but_does_not_see_it() {
    let (sender, mut receiver) = mpsc::channel(1_000);
    let record = Record::new();
    let sends = With(move |_, event: &Event<'_>| {
        let _ = sender.try_send(event.to_string());
    });
    let builder = EventLoop::builder().observer(sends).observer(record.clone());
    let event_loop = builder.build().unwrap();
    let reads = event_loop.spawn(async move { receiver.recv().await });
    event_loop.block_on(async {
        let handle = Handle::current();
        let thread = thread::spawn(move || handle.spawn(|| sleep(ms(2))));
        thread.join().unwrap().await.unwrap();
        let first = reads.await.unwrap().unwrap();
        assert_eq!(first, "the loop is built");
    });
    let sent = |event: Event<'_>| matches!(event, Event::Woken { task: TaskId(1), .. });
    assert_eq!(count(&record.events(), sent), 0);
}

// The whole glossary.

/// The names of the variants of an enum in the glossary, read off its source.
fn glossary(name: &str) -> BTreeSet<String> {
    let source = include_str!("../src/observe/event.rs");
    let (_, body) = source.split_once(&format!("\npub enum {name}")).expect("such an enum");
    let (body, _) = body.split_once("\n}").unwrap();
    let names = body.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        name.starts_with(char::is_uppercase).then(|| name.split(['(', ' ', ',']).next().unwrap())
    });
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 2, "{names:?}");
    names
}

/// The first word of something's debug text: the name of its variant.
fn name(something: impl std::fmt::Debug) -> String {
    let text = format!("{something:?}");
    text.split(['(', ' ', ',']).next().unwrap().to_owned()
}

/// Everybody who ever was the cause of something in these events.
fn causes(events: &[Recorded]) -> impl Iterator<Item = Cause> {
    events.iter().filter_map(|recorded| match recorded.event() {
        Event::Spawned { by, .. }
        | Event::Woken { by, .. }
        | Event::WakeIgnored { by, .. }
        | Event::Awaits { by, .. }
        | Event::AbortRequested { by, .. }
        | Event::SourceAdded { by, .. }
        | Event::TimerArmed { by, .. }
        | Event::JobQueued { by, .. } => Some(by),
        _ => None,
    })
}

/// A loop in which everything happens that can happen in one.
fn everything() -> Vec<Recorded> {
    let record = Record::new();
    let builder = EventLoop::builder().polls_per_turn(3).spin_before_park(ms(1));
    let builder = builder.blocking_keep_alive(ms(1)).observer(record.clone());
    let event_loop = builder.build().unwrap();
    event_loop.block_on(async {
        // Tasks: joined, left alone, aborted, panicking; woken in vain; more than a turn may poll.
        drop(spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            Poll::Ready(())
        })));
        let panics: Result<(), _> = spawn(async { resume_unwind(Box::new("oh")) }).await;
        assert!(panics.is_err());
        let aborted = spawn(sleep(Duration::from_secs(3_600)));
        let mut others: Vec<_> = (0..9).map(|_| spawn(yield_now())).collect();
        others.pop().unwrap().await.unwrap();
        aborted.abort();
        assert!(aborted.await.is_err());
        // Timers: one that cascades, is asked after, and fires.
        let mut sleeps = sleep(ms(150));
        assert!(poll_now(&mut sleeps).is_pending());
        assert!(poll_now(&mut sleeps).is_pending());
        sleeps.await;
        // Sources, both ways; and a wait while tasks are ready.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let crowd: Vec<_> = (0..5).map(|_| spawn(async {})).collect();
        yield_now().await;
        drop(crowd);
        let address = listener.local_addr().unwrap();
        let client = spawn(async move { TcpStream::connect(address).await.unwrap() });
        let (server, _) = listener.accept().await.unwrap();
        let client = client.await.unwrap();
        let writes = spawn(async move { client.write_all(&vec![0; 50_000_000]).await });
        sleep(ms(5)).await;
        let mut buffer = vec![0; 1 << 20];
        while server.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        writes.await.unwrap().unwrap();
        // Jobs and their threads; a task that came as a message, and is there at once.
        let mut job = spawn_blocking(|| thread::sleep(ms(5)));
        assert!(poll_now(&mut job).is_pending());
        job.await.unwrap();
        Handle::current().spawn(|| async {}).await.unwrap();
        until(&record, |event| matches!(event, Event::WorkerStopped { .. })).await;
    });
    let waits = event_loop.spawn(pending::<()>());
    event_loop.turn(Some(Duration::ZERO));
    waits.abort();
    let waited = |wanted| {
        let is_it =
            |event: Event<'_>| matches!(event, Event::WaitBegan { reason, .. } if reason == wanted);
        count(&record.events(), is_it) > 0
    };
    while !waited(WaitReason::CallerLimit) {
        event_loop.turn(Some(ms(5)));
    }
    // Nothing but another thread ends this wait.
    let (handle, (stop, stopped)) = (event_loop.handle(), std_mpsc::channel::<()>());
    let thread = thread::spawn(move || {
        while stopped.recv_timeout(ms(10)) == Err(std_mpsc::RecvTimeoutError::Timeout) {
            drop(handle.spawn(|| async {}));
        }
    });
    while !waited(WaitReason::Nothing) {
        event_loop.turn(None);
    }
    drop(stop);
    thread.join().unwrap();
    drop(event_loop);
    assert_consistent(&record, Kind::Real);
    record.events()
}

#[test]
fn everything_in_the_glossary_happens() {
    let events = everything();
    let told = |names: &mut dyn Iterator<Item = String>| names.collect::<BTreeSet<String>>();
    let each = || events.iter().map(Recorded::event);
    assert_eq!(told(&mut each().map(name)), glossary("Event"));
    assert_eq!(told(&mut causes(&events).map(name)), glossary("Cause"));
    let awaited = each().filter_map(|event| match event {
        Event::Awaits { what, .. } => Some(name(what)),
        _ => None,
    });
    assert_eq!(told(&mut awaited.into_iter()), glossary("Awaited"));
    let outcomes = each().filter_map(|event| match event {
        Event::PollEnded { outcome, .. } => Some(name(outcome)),
        _ => None,
    });
    assert_eq!(told(&mut outcomes.into_iter()), glossary("Outcome"));
    let reasons = each().filter_map(|event| match event {
        Event::WaitBegan { reason, .. } => Some(name(reason)),
        _ => None,
    });
    assert_eq!(told(&mut reasons.into_iter()), glossary("WaitReason"));
}

#[test]
fn everything_in_the_glossary_is_asserted_in_this_file() {
    let (tests, _) = include_str!("observe.rs").split_once("// The whole glossary.").unwrap();
    for (kind, names) in
        ["Event", "Cause", "Awaited", "Outcome", "WaitReason"].map(|kind| (kind, glossary(kind)))
    {
        for name in names {
            let word = format!("{kind}::{name}");
            let is_said = tests.match_indices(&word).any(|(at, _)| {
                !tests[at + word.len()..].starts_with(|next: char| next.is_alphanumeric())
            });
            assert!(is_said, "no test speaks of {word}");
        }
    }
}

// No contradictions.

#[test]
fn the_state_machine_finds_what_is_missing_or_comes_twice() {
    let events = everything();
    // What may be left out without being missed: nothing has to follow from it.
    let unmissed = [
        "Awaits",
        "WakeIgnored",
        "TimerCascaded",
        "AbortRequested",
        "JobFinished",
        "WorkerStopped",
    ];
    let mut seen = BTreeSet::new();
    for (at, recorded) in events.iter().enumerate() {
        let name = name(recorded.event());
        let again = matches!(recorded.event(), Event::Awaits { .. } | Event::WakeIgnored { .. });
        if !seen.insert(name.clone()) {
            continue;
        }
        if !unmissed.contains(&&*name) {
            let without = [&events[..at], &events[at + 1..]].concat();
            assert!(contradiction(&without, Kind::Real).is_some(), "without {recorded}");
        }
        if !again {
            let twice = [&events[..=at], &events[at..]].concat();
            assert!(contradiction(&twice, Kind::Real).is_some(), "twice {recorded}");
        }
    }
}

#[test]
fn the_events_of_random_programs_on_a_real_loop_do_not_contradict_each_other() {
    for seed in 0..60 {
        let spin = if seed % 3 == 0 { Duration::from_micros(100) } else { Duration::ZERO };
        let builder = EventLoop::builder().polls_per_turn(1 + seed as usize % 7);
        let world = World::new(ms(4), false);
        observed(builder.spin_before_park(spin), Kind::Real, |event_loop| {
            event_loop.block_on(program(world.clone(), seed));
        });
        world.assert_empty();
    }
}

#[test]
fn the_events_of_a_server_under_load_do_not_contradict_each_other() {
    let events = real(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..4).map(|_| thread::spawn(move || talk(address))).collect();
        let mut served = boucle::TaskGroup::new();
        for _ in 0..40 {
            let (stream, _) = listener.accept().await.unwrap();
            served.spawn(async move {
                let mut buffer = [0; 64];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    stream.write_all(&buffer[..read]).await.unwrap();
                }
            });
        }
        assert!(served.join_all().await.iter().all(Result::is_ok));
        let join = spawn_blocking(move || clients.into_iter().all(|client| client.join().is_ok()));
        assert!(join.await.unwrap());
    });
    assert_eq!(count(&events, |event| matches!(event, Event::SourceAdded { .. })), 41);
}

fn talk(address: std::net::SocketAddr) {
    for _ in 0..10 {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        for _ in 0..5 {
            stream.write_all(b"hello").unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
        }
    }
}
