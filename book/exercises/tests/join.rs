//! Judge of `join`: how a task's end gets to whoever waits for it.

mod support;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use my_loop::task::yield_now;
use my_loop::{JoinError, spawn};
use support::bench::Bench;
use support::{Count, OnDrop, Wakes};

/// Runs a future as a task of a bench, and says what it says.
fn run<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    let (bench, output) = (Bench::new(), Rc::new(RefCell::new(None)));
    let place = Rc::clone(&output);
    bench.spawn(async move {
        let done = future.await;
        *place.borrow_mut() = Some(done);
    });
    bench.run();
    output.take().expect("the task has panicked, see above, or waits for ever")
}

#[test]
fn the_output_of_a_task_gets_to_whoever_awaits_it() {
    let sum = run(async {
        let (one, two) = (spawn(async { 1 }), spawn(async { 2 }));
        // The second has ended long before it is awaited.
        let one = one.await.unwrap();
        yield_now().await;
        one + two.await.unwrap()
    });
    assert_eq!(sum, 3);
}

#[test]
fn whoever_waits_is_woken_by_the_end() {
    let ended = run(async {
        let task = spawn(async {
            for _ in 0..3 {
                yield_now().await;
            }
            "done"
        });
        assert!(!task.is_finished());
        task.await.unwrap()
    });
    assert_eq!(ended, "done");
}

#[test]
fn a_panic_gets_to_whoever_awaits() {
    let error = run(async { spawn(async { std::panic::panic_any(7_u8) }).await.unwrap_err() });
    let JoinError::Panicked(payload) = error else { panic!("{error:?}") };
    assert_eq!(payload.downcast_ref::<u8>(), Some(&7));
}

#[test]
fn a_task_without_a_handle_goes_on_and_leaves_the_arena() {
    let (bench, ran) = (Bench::new(), Count::new());
    let counted = ran.clone();
    let handle = bench.engine.executor.spawn(async move {
        yield_now().await;
        counted.add();
    });
    drop(handle);
    // One that has ended when its handle goes.
    let ended = bench.engine.executor.spawn(async { 1 });
    bench.run();
    assert_eq!(ran.get(), 1);
    assert!(ended.is_finished());
    drop(ended);
    assert!(bench.engine.executor.tasks.borrow().is_empty());
}

#[test]
fn a_task_that_panics_lets_go_of_those_it_has_started() {
    let bench = Bench::new();
    bench.spawn(async {
        let _started = spawn(async { yield_now().await });
        yield_now().await;
        panic!("as expected");
    });
    bench.run();
    assert!(bench.engine.executor.tasks.borrow().is_empty());
}

#[test]
fn a_task_that_holds_its_own_handle_leaves_the_arena() {
    let bench = Bench::new();
    let own: Rc<RefCell<Option<my_loop::JoinHandle<()>>>> = Rc::default();
    let held = Rc::clone(&own);
    let handle = bench.engine.executor.spawn(async move {
        pending::<()>().await;
        drop(held);
    });
    handle.abort();
    *own.borrow_mut() = Some(handle);
    drop(own);
    bench.run();
    assert!(bench.engine.executor.tasks.borrow().is_empty());
}

#[test]
fn a_handle_that_is_dropped_takes_its_waker_along() {
    let (bench, waits) = (Bench::new(), Wakes::new());
    let mut handle = bench.engine.executor.spawn(yield_now());
    assert!(waits.poll(&mut handle).is_pending());
    drop(handle);
    assert_eq!(std::sync::Arc::strong_count(&waits), 1);
    bench.run();
    assert_eq!(waits.count(), 0);
}

#[test]
fn a_joined_task_leaves_the_arena() {
    let bench = Bench::new();
    bench.complete(async {
        spawn(async {}).await.unwrap();
    });
    assert!(bench.engine.executor.tasks.borrow().is_empty());
}

#[test]
fn an_aborted_task_is_dropped_at_its_turn_and_never_inside_the_call() {
    let (dropped, polls) = (Count::new(), Count::new());
    let (counted, polled) = (dropped.clone(), polls.clone());
    run(async move {
        let task = spawn(async move {
            let _note = OnDrop(move || counted.add());
            polled.add();
            pending::<()>().await;
        });
        yield_now().await;
        assert_eq!(polls.get(), 1);
        task.abort();
        task.abort();
        assert_eq!(dropped.get(), 0, "abort asks, and drops nothing");
        assert!(task.await.unwrap_err().is_aborted());
        assert_eq!((dropped.get(), polls.get()), (1, 1));
    });
}

#[test]
fn a_task_that_is_queued_and_aborted_is_not_polled() {
    let polls = Count::new();
    let polled = polls.clone();
    run(async move {
        let task = spawn(async move { polled.add() });
        task.abort();
        assert!(task.await.unwrap_err().is_aborted());
        assert_eq!(polls.get(), 0);
    });
}

#[test]
fn a_task_may_abort_itself() {
    let bench = Bench::new();
    let own: Rc<RefCell<Option<my_loop::JoinHandle<()>>>> = Rc::default();
    let (theirs, reached) = (Rc::clone(&own), Count::new());
    let counted = reached.clone();
    let handle = bench.engine.executor.spawn(async move {
        theirs.borrow().as_ref().unwrap().abort();
        assert!(my_loop::context::current().ready.is_empty(), "it need not be queued for that");
        counted.add();
        pending::<()>().await;
    });
    *own.borrow_mut() = Some(handle);
    bench.run();
    assert_eq!(reached.get(), 1, "its poll ends as ever");
    assert!(own.borrow().as_ref().unwrap().is_finished());
}

#[test]
fn an_abort_after_the_end_changes_nothing() {
    let output = run(async {
        let task = spawn(async { 5 });
        yield_now().await;
        task.abort();
        task.await.unwrap()
    });
    assert_eq!(output, 5);
}

#[test]
fn the_last_to_poll_a_handle_is_woken() {
    let (first, last) = (Wakes::new(), Wakes::new());
    let bench = Bench::new();
    let mut handle = bench.engine.executor.spawn(async { 1 });
    assert!(first.poll(&mut handle).is_pending());
    assert!(last.poll(&mut handle).is_pending());
    bench.run();
    assert_eq!((first.count(), last.count()), (0, 1));
    assert!(matches!(last.poll(&mut handle), Poll::Ready(Ok(1))));
}

#[test]
fn a_handle_may_outlive_its_loop() {
    let bench = Bench::new();
    let mut handle = bench.engine.executor.spawn(pending::<()>());
    let waits = Wakes::new();
    assert!(waits.poll(&mut handle).is_pending());
    drop(bench);
    assert_eq!(waits.count(), 1, "whoever waits is told");
    let Poll::Ready(Err(error)) = waits.poll(&mut handle) else { panic!("an output") };
    assert!(error.is_aborted());
    drop(handle);
}

#[test]
fn an_output_that_nobody_took_is_dropped_once() {
    let (bench, dropped) = (Bench::new(), Count::new());
    let counted = dropped.clone();
    let handle = bench.engine.executor.spawn(poll_fn(move |_| {
        let counted = counted.clone();
        Poll::Ready(OnDrop(move || counted.add()))
    }));
    bench.run();
    assert_eq!(dropped.get(), 0);
    drop(handle);
    assert_eq!(dropped.get(), 1);
}
