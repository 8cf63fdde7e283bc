//! Scenes of tasks: how they run, end, and share the loop.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use boucle::observe::Record;
use my_loop::task::yield_now;
use my_loop::time::sleep;
use my_loop::timers::Timers;
use my_loop::{JoinHandle, spawn};

use crate::bench::Bench;

/// One task yields, one wakes itself twice, one waits for the next, and one panics.
pub fn executor() -> Record {
    quietly(|| {
        let bench = Bench::new();
        let kept: Rc<RefCell<Option<Waker>>> = Rc::default();
        bench.spawn(async {
            for _ in 0..3 {
                yield_now().await;
            }
        });
        let mut polls = 0;
        bench.spawn(poll_fn(move |cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
        }));
        let keep = Rc::clone(&kept);
        let mut waits = true;
        bench.spawn(poll_fn(move |cx| {
            *keep.borrow_mut() = Some(cx.waker().clone());
            if std::mem::take(&mut waits) { Poll::Pending } else { Poll::Ready(()) }
        }));
        bench.spawn(async move {
            yield_now().await;
            kept.borrow().as_ref().unwrap().wake_by_ref();
        });
        bench.spawn(async { panic!("as expected") });
        bench.run();
        finished(bench)
    })
}

/// A task joins others: one that has ended, one that will, one that panics, one that is aborted.
/// One aborts
/// itself, and one has no handle.
pub fn join() -> Record {
    quietly(|| {
        let bench = Bench::new();
        bench.spawn(async {
            let (ended, panics) = (spawn(async { 1 }), spawn(async { panic!("as expected") }));
            let goes_on = spawn(async {
                yield_now().await;
                yield_now().await;
                2
            });
            let (asleep, unborn) = (spawn(pending::<()>()), spawn(async {}));
            unborn.abort();
            drop(spawn(yield_now()));
            let own: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
            let handle = Rc::clone(&own);
            let ends_itself = spawn(async move {
                handle.borrow().as_ref().inspect(|own| own.abort());
                pending::<()>().await;
            });
            *own.borrow_mut() = Some(ends_itself);
            yield_now().await;
            asleep.abort();
            let (_, _, _) = (goes_on.await, ended.await, panics.await);
            let (_, _) = (asleep.await, unborn.await);
        });
        bench.run();
        finished(bench)
    })
}

/// Two tasks that never rest for long, one that sleeps, and three places in a turn.
pub fn fairness() -> Record {
    let bench = Bench::with(Timers::heap(), 3);
    for rounds in [9, 4] {
        bench.spawn(async move {
            for _ in 0..rounds {
                yield_now().await;
            }
        });
    }
    bench.spawn(async {
        for _ in 0..400 {
            my_loop::budget::spend().await;
        }
    });
    bench.spawn(async { sleep(Duration::from_millis(2)).await });
    bench.run_in_shares();
    finished(bench)
}

/// What a bench has recorded, its end included.
pub fn finished(bench: Bench) -> Record {
    let record = bench.record.clone();
    drop(bench);
    record
}

/// Runs a scene in which a task panics as it should, and says nothing of that.
fn quietly(scene: impl FnOnce() -> Record) -> Record {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"as expected") {
            before(panic);
        }
    }));
    scene()
}
