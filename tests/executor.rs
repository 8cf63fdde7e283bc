//! Tasks: who is polled when, what a panic does, how a loop ends.

#![cfg(feature = "os")]

#[path = "support/engine.rs"]
mod support;

use boucle::observe::Event;
use boucle::time::{Instant, sleep, timeout};
use boucle::{EventLoop, Handle, JoinError, TaskGroup, block_on, spawn, task};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::panic::{catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;
use support::*;

/// Case 1.
#[test]
fn a_wake_during_the_own_poll_gives_exactly_one_more() {
    let (event_loop, polls) = (new_loop(), Count::new());
    let counted = polls.clone();
    event_loop.spawn(poll_fn(move |cx| {
        counted.add();
        if counted.get() == 1 {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            let clone = cx.waker().clone();
            clone.wake();
        }
        Poll::<()>::Pending
    }));
    settle(&event_loop);
    assert_eq!(polls.get(), 2);
}

/// Case 2.
#[test]
fn two_wakes_before_the_poll_are_one() {
    let (event_loop, polls, parked) = (new_loop(), Count::new(), Parked::new());
    event_loop.spawn(parked.pending(&polls));
    settle(&event_loop);
    parked.waker().wake();
    parked.waker().wake_by_ref();
    settle(&event_loop);
    assert_eq!(polls.get(), 2);
    // The same from inside the loop, where wakes go another way.
    let waker = parked.waker();
    event_loop.block_on(async {
        waker.wake_by_ref();
        waker.wake();
        task::yield_now().await;
    });
    assert_eq!(polls.get(), 3);
}

/// Case 3. A wake from both sides, before and after.
#[test]
fn a_wake_after_the_end_is_nothing() {
    let event_loop = new_loop();
    let kept: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let keep = Rc::clone(&kept);
    let handle = event_loop.spawn(poll_fn(move |cx| {
        keep.borrow_mut().extend([cx.waker().clone(), cx.waker().clone(), cx.waker().clone()]);
        Poll::Ready(1)
    }));
    settle(&event_loop);
    let mut wakers = kept.take();
    wakers[0].wake_by_ref();
    wakers.pop().unwrap().wake();
    assert_eq!(settle(&event_loop), 0, "nobody is left to be polled");
    event_loop.block_on(async { wakers.pop().unwrap().wake() });
    assert_eq!(output(handle).unwrap(), 1);
    wakers.pop().unwrap().wake();
    assert_eq!(settle(&event_loop), 0);
}

/// Case 4.
#[test]
fn the_waker_of_a_task_never_wakes_the_next_one_in_its_slot() {
    let (event_loop, parked) = (new_loop(), Parked::new());
    let polls = Count::new();
    for round in 0..100 {
        let handle = event_loop.spawn(parked.pending(&Count::new()));
        settle(&event_loop);
        let stale = parked.waker();
        handle.abort();
        settle(&event_loop);
        assert!(output(handle).unwrap_err().is_aborted());
        let next = event_loop.spawn(Parked::new().pending(&polls));
        settle(&event_loop);
        assert_eq!(polls.get(), round + 1);
        // From outside, from inside, and from another thread.
        stale.wake_by_ref();
        settle(&event_loop);
        event_loop.block_on(async { stale.wake_by_ref() });
        thread::scope(|scope| {
            scope.spawn(|| stale.wake_by_ref());
        });
        settle(&event_loop);
        assert_eq!(polls.get(), round + 1, "the new task was not woken");
        next.abort();
        settle(&event_loop);
    }
}

/// Case 5.
#[test]
fn a_waker_may_outlive_its_loop() {
    let (event_loop, parked) = (new_loop(), Parked::new());
    event_loop.spawn(parked.pending(&Count::new()));
    settle(&event_loop);
    let waker = parked.waker();
    waker.wake_by_ref();
    drop(event_loop);
    let clone = waker.clone();
    assert!(clone.will_wake(&waker));
    waker.wake_by_ref();
    thread::spawn(move || clone.wake()).join().unwrap();
    waker.wake();
}

/// Cases 7 and 9. The last waker of a task goes on another thread, while its handle, a sleep and
/// a wake from there are under way.
#[test]
fn a_future_is_dropped_on_its_loops_thread_whoever_drops_the_last_waker() {
    let home = thread::current().id();
    let dropped = Rc::new(Cell::new(None));
    let (to_thread, wakers) = mpsc::channel::<Waker>();
    let thread = thread::spawn(move || {
        for waker in wakers {
            waker.wake_by_ref();
            let clone = waker.clone();
            drop(waker);
            clone.wake();
        }
    });
    {
        let event_loop = new_loop();
        for _ in 0..200 {
            let note = OnDrop::new({
                let dropped = Rc::clone(&dropped);
                move || dropped.set(Some(thread::current().id()))
            });
            let to_thread = to_thread.clone();
            let handle = event_loop.spawn(async move {
                let _note = note;
                let mut slept = sleep(ms(1));
                poll_fn(|cx| {
                    to_thread.send(cx.waker().clone()).unwrap();
                    std::pin::Pin::new(&mut slept).poll(cx)
                })
                .await;
            });
            event_loop.block_on(async {
                task::yield_now().await;
                drop(handle);
                task::yield_now().await;
            });
        }
        event_loop.block_on(sleep(ms(5)));
        assert_eq!(dropped.get(), Some(home));
    }
    drop(to_thread);
    thread.join().unwrap();
}

/// Case 11. If `wake` ran the task at once, the lock would be taken twice.
#[test]
fn wake_runs_nobody_inline() {
    let event_loop = new_loop();
    let shared: Arc<Mutex<Option<Waker>>> = Arc::default();
    let (theirs, runs) = (Arc::clone(&shared), Count::new());
    let counted = runs.clone();
    event_loop.spawn(poll_fn(move |cx| {
        counted.add();
        *theirs.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    settle(&event_loop);
    event_loop.block_on(async {
        let _held = OnDrop::new(|| {
            let waker = shared.lock().unwrap();
            waker.as_ref().unwrap().wake_by_ref();
        });
    });
    settle(&event_loop);
    assert_eq!(runs.get(), 2);
}

/// Case 13.
#[test]
fn a_destructor_may_wake_another_task_while_the_loop_ends() {
    let (event_loop, parked) = (new_loop(), Parked::new());
    let dropped = Count::new();
    let polls = Count::new();
    for _ in 0..2 {
        let (noted, theirs) = (dropped.on_drop(), parked.clone());
        event_loop.spawn(async move {
            let _noted = noted;
            let _wakes = OnDrop::new(move || theirs.waker().wake());
            pending::<()>().await;
        });
        let (future, noted) = (parked.pending(&polls), dropped.on_drop());
        event_loop.spawn(async move {
            let _noted = noted;
            future.await;
        });
    }
    settle(&event_loop);
    let before = polls.get();
    drop(event_loop);
    assert_eq!(dropped.get(), 4);
    assert_eq!(polls.get(), before, "nothing runs while the loop ends");
}

/// Case 14. Each destructor spawns a task, whose destructor spawns the next.
#[test]
fn a_task_spawned_while_the_loop_ends_is_dropped_unrun() {
    fn spawns(depth: usize, ran: &Count, dropped: &Count) -> impl Future<Output = ()> + use<> {
        let (ran, dropped) = (ran.clone(), dropped.clone());
        let note = OnDrop::new({
            let (ran, dropped) = (ran.clone(), dropped.clone());
            move || {
                dropped.add();
                if depth > 0 {
                    let next: std::pin::Pin<Box<dyn Future<Output = ()>>> =
                        Box::pin(spawns(depth - 1, &ran, &dropped));
                    let handle = spawn(next);
                    assert!(handle.is_finished());
                    // Whether its handle is kept makes no difference.
                    if depth.is_multiple_of(2) {
                        std::mem::forget(handle);
                    }
                }
            }
        });
        async move {
            let _note = note;
            ran.add();
            pending::<()>().await;
        }
    }
    let (ran, dropped) = (Count::new(), Count::new());
    let event_loop = new_loop();
    for _ in 0..10 {
        event_loop.spawn(spawns(5, &ran, &dropped));
    }
    settle(&event_loop);
    drop(event_loop);
    assert_eq!(ran.get(), 10);
    assert_eq!(dropped.get(), 60);
}

/// Case 15. One destructor panics in every way there is.
#[test]
fn a_destructor_that_panics_while_the_loop_ends_harms_nobody() {
    struct PanicsTwice;
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            // The payload of the first panic panics in turn when it is dropped.
            panic_any(OnDrop::new(|| panic!("in the payload")));
        }
    }
    let dropped = Count::new();
    let event_loop = new_loop();
    for n in 0..9 {
        let noted = dropped.on_drop();
        event_loop.spawn(async move {
            let _noted = noted;
            let _panics = (n % 3 == 0).then(|| PanicsTwice);
            let _simply = (n % 3 == 1).then(|| OnDrop::new(|| panic!("in a destructor")));
            pending::<()>().await;
        });
    }
    // An output that nobody fetched panics too.
    let unfetched = event_loop.spawn(async { PanicsTwice });
    settle(&event_loop);
    drop(event_loop);
    assert_eq!(dropped.get(), 9);
    assert!(output(unfetched).err().unwrap().is_aborted());
    assert_eq!(block_on(async { 1 }), 1, "the thread can have another loop");
}

/// Case 15.
#[test]
fn a_captured_value_that_panics_in_a_message_or_a_job_harms_not_the_end_of_the_loop() {
    let event_loop = EventLoop::builder()
        .max_blocking_threads(1)
        .shutdown_timeout(Duration::ZERO)
        .build()
        .unwrap();
    let bad = || OnDrop::new(|| panic!("in a destructor"));
    let (begun, began) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut handles = Vec::new();
    event_loop.block_on(async {
        handles.push(boucle::spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = held.recv();
        }));
        for _ in 0..3 {
            let (value, dropped) = (bad(), Arc::clone(&dropped));
            handles.push(boucle::spawn_blocking(move || {
                let _value = value;
                unreachable!("{dropped:?}");
            }));
        }
        began.recv().unwrap();
    });
    let value = bad();
    let remote = event_loop.handle().spawn(move || async move { drop(value) });
    let handle = event_loop.handle();
    drop(event_loop);
    assert!(handle.is_closed());
    assert!(output(remote).unwrap_err().is_aborted());
    for handle in handles.drain(1..) {
        assert!(output(handle).unwrap_err().is_aborted());
    }
    drop(release);
}

/// Case 19.
#[test]
fn a_panic_in_a_task_reaches_its_handle_and_nobody_else() {
    let event_loop = new_loop();
    let (bad, good) = (event_loop.spawn(async { panic!("number {}", 7) }), Count::new());
    let counted = good.clone();
    let other = event_loop.spawn(async move {
        for _ in 0..3 {
            task::yield_now().await;
            counted.add();
        }
    });
    event_loop.block_on(async {
        match bad.await {
            Err(JoinError::Panicked(payload)) => assert_eq!(message(&*payload), "number 7"),
            other => panic!("{other:?}"),
        }
        other.await.unwrap();
        // The thread-locals of the loop are what they were.
        spawn(async {}).await.unwrap();
    });
    assert_eq!(good.get(), 3);
    assert!(panic_of(|| drop(spawn(async {}))).contains("no event loop"));
}

/// Case 20.
#[test]
fn a_panic_in_the_future_of_block_on_leaves_a_usable_loop() {
    let event_loop = new_loop();
    let (dropped, parked) = (Count::new(), Parked::new());
    let noted = dropped.on_drop();
    let task = event_loop.spawn(async move {
        let _noted = noted;
        sleep(ms(2)).await;
        5
    });
    let local = dropped.on_drop();
    let future = parked.pending(&Count::new());
    let said = panic_of(|| {
        event_loop.block_on(async move {
            let _local = local;
            let mut future = Box::pin(future);
            assert!(poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await.is_pending());
            task::yield_now().await;
            panic!("the root");
        })
    });
    assert_eq!((said.as_str(), dropped.get()), ("the root", 1));
    // A waker of the root that is gone wakes nobody.
    parked.waker().wake();
    assert_eq!(event_loop.block_on(task).unwrap(), 5);
    assert_eq!(dropped.get(), 2);
    // Outside of the loop there is none.
    assert!(panic_of(|| Handle::current()).contains("no event loop"));
}

/// Case 23.
#[test]
fn a_loop_inside_a_task_is_a_clear_panic() {
    let event_loop = Rc::new(new_loop());
    let inner = Rc::clone(&event_loop);
    event_loop.block_on(async {
        for said in [
            panic_of(|| block_on(async {})),
            panic_of(|| inner.block_on(async {})),
            panic_of(|| inner.turn(None)),
        ] {
            assert!(said.contains("already turns on this thread"), "{said}");
            assert!(said.contains("`await`"), "{said}");
        }
        // The loop around it goes on.
        spawn(async {}).await.unwrap();
        sleep(ms(1)).await;
        // Another loop may be built, and may be dropped, with tasks in it.
        let (other, dropped) = (new_loop(), Count::new());
        let noted = dropped.on_drop();
        let task = other.spawn(async move { drop(noted) });
        drop(other);
        assert_eq!(dropped.get(), 1);
        assert!(task.await.unwrap_err().is_aborted());
        spawn(async {}).await.unwrap();
    });
    assert_eq!(event_loop.block_on(async { 3 }), 3);
}

/// Case 23. An executor that knows nothing of loops, inside a task.
#[test]
fn a_plain_executor_inside_a_task_has_wakers_of_its_own() {
    block_on(async {
        let outer = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let inner = futures_lite::future::block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        assert!(!outer.will_wake(&inner));
        let polls = Count::new();
        let counted = polls.clone();
        let outer = spawn(poll_fn(move |cx| {
            counted.add();
            if counted.get() == 2 {
                return Poll::Ready(());
            }
            // The inner executor wakes itself; that must not wake this task.
            futures_lite::future::block_on(futures_lite::future::yield_now());
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        outer.await.unwrap();
        assert_eq!(polls.get(), 2);
    });
}

/// Case 24.
#[test]
fn the_root_is_polled_only_when_woken_and_not_after_its_end() {
    let event_loop = new_loop();
    let (polls, counted) = (Count::new(), Count::new());
    event_loop.spawn(async {
        for _ in 0..200 {
            task::yield_now().await;
        }
    });
    let mut slept = Box::pin(sleep(ms(5)));
    let seen = polls.clone();
    event_loop.block_on(poll_fn(|cx| {
        seen.add();
        slept.as_mut().poll(cx)
    }));
    assert_eq!(polls.get(), 2);
    // A root that wakes itself in its last poll is not polled again.
    event_loop.block_on(poll_fn(|cx| {
        counted.add();
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }));
    settle(&event_loop);
    assert_eq!(counted.get(), 1);
}

/// Case 33.
#[test]
fn will_wake_is_true_for_one_task_and_false_for_two() {
    block_on(async {
        let waker = || poll_fn(|cx| Poll::Ready(cx.waker().clone()));
        let (mine, again) = (waker().await, waker().await);
        assert!(mine.will_wake(&again));
        let others = spawn(waker()).await.unwrap();
        assert!(!mine.will_wake(&others));
        let third = spawn(waker()).await.unwrap();
        assert!(!others.will_wake(&third), "a node with a living waker is not used again");
    });
}

/// Case 36.
#[test]
fn a_task_awaited_after_its_loop_gives_an_error() {
    let event_loop = new_loop();
    let idle = event_loop.spawn(pending::<()>());
    let done = event_loop.spawn(async { 1 });
    let remote = event_loop.handle().spawn(pending::<()>);
    let remote_done = event_loop.handle().spawn(|| ready(2));
    settle(&event_loop);
    let late = event_loop.handle();
    drop(event_loop);
    assert!(idle.is_finished() && done.is_finished() && remote.is_finished());
    let late = late.spawn(|| async { unreachable!() });
    block_on(async {
        assert!(idle.await.unwrap_err().is_aborted());
        assert!(done.await.unwrap_err().is_aborted(), "its output went with the loop");
        assert!(remote.await.unwrap_err().is_aborted());
        assert_eq!(remote_done.await.unwrap(), 2, "what was sent has arrived");
        let late: Result<(), _> = late.await;
        assert!(late.unwrap_err().is_aborted());
    });
}

/// Case 36.
#[test]
fn the_joiner_of_a_task_is_woken_when_the_loop_ends() {
    let (event_loop, other) = (new_loop(), new_loop());
    let handle = event_loop.spawn(pending::<()>());
    let joiner = other.spawn(handle);
    settle(&other);
    drop(event_loop);
    assert!(other.block_on(joiner).unwrap().unwrap_err().is_aborted());
}

/// Case 37.
#[test]
fn a_forgotten_loop_leaks_and_is_sound() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&dropped);
    let (handle, waker) = thread::spawn(move || {
        let (event_loop, parked) = (new_loop(), Parked::new());
        let (future, note) = (
            parked.pending(&Count::new()),
            OnDrop::new(move || {
                noted.fetch_add(1, SeqCst);
            }),
        );
        event_loop.spawn(async move {
            let _note = note;
            future.await;
        });
        settle(&event_loop);
        let handle = event_loop.handle();
        std::mem::forget(event_loop);
        (handle, parked.waker())
    })
    .join()
    .unwrap();
    waker.wake();
    drop(handle.spawn(|| async {}));
    assert!(!handle.is_closed());
    assert_eq!(dropped.load(SeqCst), 0);
}

/// Case 38. In whichever order the thread's variables go.
#[test]
fn a_loop_may_live_in_a_thread_local() {
    type Guard = OnDrop<Box<dyn FnOnce()>>;
    thread_local! {
        static LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
        static FIRST: RefCell<Option<Guard>> = const { RefCell::new(None) };
    }
    for loop_is_first in [true, false] {
        let dropped = Arc::new(AtomicUsize::new(0));
        let noted = Arc::clone(&dropped);
        let kept = thread::spawn(move || {
            let set_first = |waker: Waker| {
                FIRST.set(Some(OnDrop::new(Box::new(move || waker.wake()))));
            };
            if !loop_is_first {
                set_first(Waker::noop().clone());
            }
            LOOP.set(Some(new_loop()));
            let parked = Parked::new();
            LOOP.with_borrow(|event_loop| {
                let event_loop = event_loop.as_ref().unwrap();
                let future = parked.pending(&Count::new());
                let handle = event_loop.handle();
                event_loop.spawn(async move {
                    let _note = OnDrop::new(move || {
                        noted.fetch_add(1, SeqCst);
                        // A destructor that uses the loop as far as there still is one.
                        drop(handle.spawn(|| async {}));
                        let _ = catch_unwind(|| spawn(async {}).abort());
                    });
                    let _sleep = Box::pin(timeout(Duration::from_secs(99), pending::<()>()));
                    let _sleep = spawn(sleep(Duration::from_secs(99)));
                    future.await;
                });
                settle(event_loop);
            });
            // Wakes the task of the loop while the thread's variables go.
            set_first(parked.waker());
            parked.waker()
        })
        .join()
        .unwrap();
        kept.wake();
        assert_eq!(dropped.load(SeqCst), 1, "loop first: {loop_is_first}");
    }
}

/// Case 39.
#[test]
#[allow(clippy::let_underscore_future, reason = "the panic comes before there is one")]
fn without_a_loop_the_message_names_the_remedy() {
    let said = [
        panic_of(|| spawn(async {})),
        panic_of(|| task::spawn_named("x", async {})),
        panic_of(|| boucle::spawn_blocking(|| {})),
        panic_of(Handle::current),
        panic_of(|| TaskGroup::new().spawn(async {})),
        panic_of(|| poll_now(&mut sleep(ms(1)))),
    ];
    for said in said {
        assert!(said.contains("no event loop"), "{said}");
        assert!(said.contains("block_on") && said.contains("Handle::spawn"), "{said}");
    }
}

/// Case 42.
#[test]
fn a_panic_between_spawns_leaves_the_loop_usable() {
    let event_loop = new_loop();
    let ran = Count::new();
    let said = panic_of(|| {
        event_loop.block_on(async {
            let handles = (0..10).map(|n| {
                assert_ne!(n, 5, "in the iterator");
                let ran = ran.clone();
                spawn(async move { ran.add() })
            });
            drop(handles.collect::<Vec<_>>());
        });
    });
    assert!(said.contains("in the iterator"), "{said}");
    event_loop.block_on(task::yield_now());
    assert_eq!(ran.get(), 5);
}

/// Case 43. An observer wakes a task at the very moment at which the loop turns to the OS.
#[test]
fn a_wake_from_the_observer_before_the_wait_is_not_slept_through() {
    for is_simulated in [false, true] {
        let parked: Arc<Mutex<Option<Waker>>> = Arc::default();
        let theirs = Arc::clone(&parked);
        let observer = Watch(move |_, event: &Event<'_>| {
            if matches!(event, Event::WaitBegan { .. })
                && let Some(waker) = theirs.lock().unwrap().take()
            {
                waker.wake();
            }
        });
        let builder = EventLoop::builder().observer(observer);
        let builder = if is_simulated { builder.simulated(1) } else { builder };
        let event_loop = builder.build().unwrap();
        let mut polls = 0;
        let woken = poll_fn(|cx| {
            polls += 1;
            *parked.lock().unwrap() = Some(cx.waker().clone());
            if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
        });
        event_loop.block_on(async {
            let start = Instant::now();
            let _timer = spawn(sleep(Duration::from_secs(2)));
            woken.await;
            assert!(start.elapsed() < Duration::from_secs(1), "the wake was slept through");
        });
    }
}

/// Case 31.
#[test]
fn a_spawn_from_another_thread_is_seen_under_load() {
    let event_loop = new_loop();
    for _ in 0..100 {
        event_loop.spawn(async {
            loop {
                task::yield_now().await;
            }
        });
    }
    let handle = event_loop.handle();
    let thread = thread::spawn(move || {
        let mut tasks = Vec::new();
        for n in 0..100 {
            tasks.push(handle.spawn(move || async move { n }));
        }
        tasks
    });
    event_loop.block_on(async {
        while !thread.is_finished() {
            task::yield_now().await;
        }
        for (n, task) in thread.join().unwrap().into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), n);
        }
    });
}

/// `Handle::spawn` from many threads at once: the future may be `!Send`, each runs once.
#[test]
fn every_spawn_from_every_thread_runs_once() {
    const THREADS: usize = 8;
    const EACH: usize = 250;
    let event_loop = new_loop();
    let home = thread::current().id();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let handle = event_loop.handle();
            thread::spawn(move || {
                let spawned = (0..EACH).map(|n| {
                    handle.spawn(move || async move {
                        let not_send = Rc::new(n);
                        task::yield_now().await;
                        (*not_send, thread::current().id())
                    })
                });
                let spawned: Vec<_> = spawned.collect();
                let outputs = spawned.into_iter().map(futures_lite::future::block_on);
                outputs
                    .map(Result::unwrap)
                    .map(|(n, id)| {
                        assert_eq!(id, home);
                        n
                    })
                    .sum::<usize>()
            })
        })
        .collect();
    event_loop.block_on(async {
        while threads.iter().any(|thread| !thread.is_finished()) {
            sleep(ms(1)).await;
        }
    });
    let sum: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(sum, THREADS * EACH * (EACH - 1) / 2);
}

#[test]
fn tasks_are_polled_in_the_order_in_which_they_became_ready() {
    let event_loop = new_loop();
    let order: Rc<RefCell<Vec<u32>>> = Rc::default();
    for n in 0..200 {
        let order = Rc::clone(&order);
        event_loop.spawn(async move {
            order.borrow_mut().push(n);
            task::yield_now().await;
            order.borrow_mut().push(1000 + n);
        });
    }
    settle(&event_loop);
    let expected: Vec<u32> = (0..200).chain(1000..1200).collect();
    assert_eq!(*order.borrow(), expected);
}

/// Case 29. `zip` and `or` poll all their branches at every wake.
#[test]
fn a_join_of_many_branches_starves_none() {
    let done = block_on(async {
        let busy = async {
            for _ in 0..1000 {
                task::yield_now().await;
            }
            1
        };
        futures_lite::future::zip(busy, async {
            sleep(ms(1)).await;
            2
        })
        .await
    });
    assert_eq!(done, (1, 2));
}

#[test]
fn a_waker_that_panics_harms_only_the_call() {
    let event_loop = new_loop();
    // As the joiner of a task.
    let mut handle = event_loop.spawn(async { 1 });
    let bad = OnWake::waker(|| panic!("in a waker"));
    let mut cx = std::task::Context::from_waker(&bad);
    assert!(std::pin::Pin::new(&mut handle).poll(&mut cx).is_pending());
    // As one of several timers of the same moment.
    let mut slept = sleep(ms(2));
    let good = event_loop.spawn(sleep(ms(2)));
    event_loop.block_on(async {
        assert!(std::pin::Pin::new(&mut slept).poll(&mut cx).is_pending());
    });
    event_loop.block_on(good).unwrap();
    assert_eq!(output(handle).unwrap(), 1);
}

#[test]
fn turn_counts_the_polls_that_it_made() {
    let event_loop = new_loop();
    let handle = event_loop.spawn(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }));
    // The second entry in the queue is of a task that has finished: no poll.
    assert_eq!(settle(&event_loop), 1);
    drop(handle);
}
