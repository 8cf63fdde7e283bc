//! Join handles: what reaches them, and when the parts of a task are dropped.

#[path = "support/engine.rs"]
mod support;

use boucle::time::{sleep, timeout};
use boucle::{EventLoop, JoinError, JoinHandle, TaskGroup, block_on, spawn, task};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::thread;
use support::*;

/// Where the product test's task panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panics {
    Never,
    InFirstPoll,
    InLastPoll,
    InFuturesDrop,
    InOutputsDrop,
}

/// When something is done to the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Never,
    BeforeFirstPoll,
    InFirstPoll,
    BetweenPolls,
    InLastPoll,
    AfterTheEnd,
}

/// Who the task is spawned and aborted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Local,
    Remote,
    AbortedFromAnotherThread,
}

const MOMENTS: [Moment; 6] = [
    Moment::Never,
    Moment::BeforeFirstPoll,
    Moment::InFirstPoll,
    Moment::BetweenPolls,
    Moment::InLastPoll,
    Moment::AfterTheEnd,
];

/// What is counted: by atomics, as an output of `Handle::spawn` has to be `Send`.
#[derive(Clone, Default)]
struct Counts {
    polls: Arc<AtomicUsize>,
    futures: Arc<AtomicUsize>,
    outputs: Arc<AtomicUsize>,
}

/// Counts its drop, and panics in it if it is to.
struct Note(Arc<AtomicUsize>, bool);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        assert!(!self.1, "in a destructor");
    }
}

/// The handle of the task while it exists, which the task itself can reach too.
type Slot = Arc<std::sync::Mutex<Option<JoinHandle<Note>>>>;

fn act(moment: Moment, now: Moment, slot: &Slot, run: impl FnOnce(&mut Option<JoinHandle<Note>>)) {
    if moment == now {
        run(&mut slot.lock().unwrap());
    }
}

/// A task that is polled twice and is aborted and loses its handle at the given moments.
struct Subject {
    panics: Panics,
    abort: Moment,
    drop: Moment,
    slot: Slot,
    counts: Counts,
    _future: Note,
}

impl Subject {
    fn act(&self, now: Moment) {
        act(self.abort, now, &self.slot, |handle| {
            if let Some(handle) = handle {
                handle.abort();
            }
        });
        // Taken out first: the drop may run code of the task, which locks the slot too.
        let mut taken = None;
        act(self.drop, now, &self.slot, |handle| taken = handle.take());
        drop(taken);
    }
}

impl Future for Subject {
    type Output = Note;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Note> {
        let poll = self.counts.polls.fetch_add(1, SeqCst);
        if poll == 0 {
            self.act(Moment::InFirstPoll);
            assert_ne!(self.panics, Panics::InFirstPoll, "in a poll");
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.act(Moment::InLastPoll);
        assert_ne!(self.panics, Panics::InLastPoll, "in a poll");
        let is_bad = self.panics == Panics::InOutputsDrop;
        Poll::Ready(Note(Arc::clone(&self.counts.outputs), is_bad))
    }
}

/// Case 17. And cases 15, 18 and 35 in all their combinations.
#[test]
fn every_product_of_panic_abort_and_dropped_handle_ends_well() {
    use Panics::*;
    let mut products = 0;
    for panics in [Never, InFirstPoll, InLastPoll, InFuturesDrop, InOutputsDrop] {
        for abort in MOMENTS {
            for drop in MOMENTS {
                for way in [Way::Local, Way::Remote, Way::AbortedFromAnotherThread] {
                    let name = format!("{panics:?}, abort {abort:?}, drop {drop:?}, {way:?}");
                    let run = AssertUnwindSafe(|| product(panics, abort, drop, way));
                    if let Err(panic) = catch_unwind(run) {
                        panic!("{name}: {}", message(&*panic));
                    }
                    products += 1;
                }
            }
        }
    }
    assert_eq!(products, 540);
}

fn product(panics: Panics, abort: Moment, drop_at: Moment, way: Way) {
    let event_loop = EventLoop::builder().polls_per_turn(1).build().unwrap();
    let (slot, counts) = (Slot::default(), Counts::default());
    let subject = {
        let (slot, counts) = (Arc::clone(&slot), counts.clone());
        move || Subject {
            panics,
            abort,
            drop: drop_at,
            slot,
            _future: Note(Arc::clone(&counts.futures), panics == Panics::InFuturesDrop),
            counts,
        }
    };
    let handle = match way {
        Way::Remote => event_loop.handle().spawn(subject),
        _ => event_loop.spawn(subject()),
    };
    *slot.lock().unwrap() = Some(handle);
    // What is done between polls is done by the program, or by another thread.
    let act_between = |now| {
        act(abort, now, &slot, |handle| match (handle, way) {
            (Some(handle), Way::AbortedFromAnotherThread) => thread::scope(|scope| {
                let handle: &JoinHandle<Note> = handle;
                scope.spawn(|| handle.abort());
            }),
            (Some(handle), _) => handle.abort(),
            (None, _) => {}
        });
        let mut taken = None;
        act(drop_at, now, &slot, |handle| taken = handle.take());
        drop(taken);
    };
    act_between(Moment::BeforeFirstPoll);
    event_loop.turn(Some(ms(0)));
    act_between(Moment::BetweenPolls);
    for _ in 0..3 {
        event_loop.turn(Some(ms(0)));
    }
    act_between(Moment::AfterTheEnd);
    event_loop.turn(Some(ms(0)));

    // What must have happened: an abort counts from the poll after it, if it came to that, and
    // was never asked for if the handle was gone by then.
    let order = |moment| MOMENTS.iter().position(|known| *known == moment).unwrap();
    let is_dropped_first = drop_at != Moment::Never && order(drop_at) < order(abort);
    let polls_allowed = match abort {
        Moment::BeforeFirstPoll if !is_dropped_first => 0,
        Moment::InFirstPoll | Moment::BetweenPolls if !is_dropped_first => 1,
        _ => 2,
    };
    let polls = match panics {
        Panics::InFirstPoll => polls_allowed.min(1),
        _ => polls_allowed,
    };
    assert_eq!(counts.polls.load(SeqCst), polls, "polls");
    let has_future = polls > 0 || way != Way::Remote;
    assert_eq!(counts.futures.load(SeqCst), usize::from(has_future), "futures dropped");
    let finishes = polls == 2 && !matches!(panics, Panics::InLastPoll | Panics::InFirstPoll);

    let handle = slot.lock().unwrap().take();
    let never_reached = (drop_at == Moment::InFirstPoll && polls < 1)
        || (drop_at == Moment::InLastPoll && polls < 2);
    assert_eq!(handle.is_some(), drop_at == Moment::Never || never_reached);
    if let Some(handle) = handle {
        assert!(handle.is_finished());
        let joined = output(handle);
        let polled_panic = match panics {
            Panics::InFirstPoll => polls == 1,
            Panics::InLastPoll => polls == 2,
            Panics::InFuturesDrop => has_future,
            _ => false,
        };
        match joined {
            Err(JoinError::Panicked(_)) => assert!(polled_panic, "a panic from nowhere"),
            Err(JoinError::Aborted) => assert!(!polled_panic && !finishes, "not aborted"),
            Ok(note) => {
                assert!(finishes && !polled_panic, "an output from nowhere");
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(note)));
                assert_eq!(dropped.is_err(), panics == Panics::InOutputsDrop);
            }
        }
    }
    // A value that is being returned from an `async` block while a local's destructor panics is
    // forgotten by the compiler (rust-lang/rust#47949).
    let is_forgotten = panics == Panics::InFuturesDrop && way == Way::Remote;
    let outputs = usize::from(finishes && !is_forgotten);
    assert_eq!(counts.outputs.load(SeqCst), outputs, "outputs dropped");
    drop(event_loop);
    assert_eq!(counts.futures.load(SeqCst), usize::from(has_future), "dropped twice");
    assert_eq!(counts.outputs.load(SeqCst), outputs, "dropped twice");
}

/// Case 8.
#[test]
fn an_abort_from_another_thread_wakes_a_sleeping_loop_and_drops_the_future_there() {
    let home = thread::current().id();
    let event_loop = new_loop();
    let (sent, dropped) = std::sync::mpsc::channel();
    // One task of the loop's own thread, and one of a handle.
    for is_remote in [false, true] {
        let sent = sent.clone();
        let make = move || {
            let note = OnDrop::new(move || sent.send(thread::current().id()).unwrap());
            async move {
                let _note = note;
                let _not_send = Rc::new(());
                pending::<()>().await;
            }
        };
        let handle = match is_remote {
            false => event_loop.spawn(make()),
            true => event_loop.handle().spawn(make),
        };
        settle(&event_loop);
        let (aborter, sender) = (Arc::new(handle), event_loop.handle());
        let theirs = Arc::clone(&aborter);
        let thread = thread::spawn(move || {
            // The loop is asleep by then, with nothing else to wake it.
            thread::sleep(ms(20));
            theirs.abort();
            thread::sleep(ms(20));
            drop(sender.spawn(|| async {}));
        });
        let ends = dropped.try_recv();
        assert!(ends.is_err());
        while dropped.try_recv().map(|id| assert_eq!(id, home)).is_err() {
            event_loop.turn(Some(ms(2000)));
        }
        thread.join().unwrap();
        settle(&event_loop);
        assert!(output(Arc::into_inner(aborter).unwrap()).unwrap_err().is_aborted());
    }
}

/// Case 18. For a task and for work of another thread, in an unwinding thread too.
#[test]
fn the_drop_of_a_handle_never_panics() {
    let bad = || OnDrop::new(|| panic!("in an output"));
    let event_loop = new_loop();
    let local = event_loop.spawn(async move { bad() });
    let remote = event_loop.handle().spawn(move || async move { bad() });
    let pool = boucle::blocking::BlockingPool::new(1);
    let work = pool.spawn(bad);
    let again = event_loop.handle().spawn(move || async move { bad() });
    settle(&event_loop);
    while !work.is_finished() {
        thread::yield_now();
    }
    // The flag is a moment ahead of the output.
    thread::sleep(ms(5));
    drop(local);
    drop(remote);
    drop(work);
    // And while another panic is under way, where a second one would end the process.
    let said = panic_of(move || {
        let _held = again;
        panic!("the first");
    });
    assert_eq!(said, "the first");
}

/// Case 35.
#[test]
fn a_task_may_abort_itself() {
    let event_loop = new_loop();
    let slot: Rc<RefCell<Option<JoinHandle<u8>>>> = Rc::default();
    let (mine, polls, dropped) = (Rc::clone(&slot), Count::new(), Count::new());
    let (counted, noted) = (polls.clone(), dropped.on_drop());
    *slot.borrow_mut() = Some(event_loop.spawn(async move {
        let _noted = noted;
        counted.add();
        mine.borrow().as_ref().unwrap().abort();
        // An abort takes effect at the next `.await` that waits, not here.
        counted.add();
        task::yield_now().await;
        unreachable!();
    }));
    settle(&event_loop);
    assert_eq!((polls.get(), dropped.get()), (2, 1));
    assert!(output(slot.take().unwrap()).unwrap_err().is_aborted());
}

/// Case 35.
#[test]
fn a_task_that_aborts_itself_in_its_last_poll_has_finished() {
    let event_loop = new_loop();
    let slot: Rc<RefCell<Option<JoinHandle<u8>>>> = Rc::default();
    let mine = Rc::clone(&slot);
    *slot.borrow_mut() = Some(event_loop.spawn(async move {
        mine.borrow().as_ref().unwrap().abort();
        7
    }));
    settle(&event_loop);
    assert_eq!(output(slot.take().unwrap()).unwrap(), 7);
}

/// Case 35.
#[test]
fn a_task_may_drop_its_own_handle() {
    let event_loop = new_loop();
    let slot: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let (mine, ran) = (Rc::clone(&slot), Count::new());
    let counted = ran.clone();
    *slot.borrow_mut() = Some(event_loop.spawn(async move {
        drop(mine.take());
        task::yield_now().await;
        counted.add();
    }));
    settle(&event_loop);
    assert_eq!(ran.get(), 1);
}

/// Case 35. Documented to wait for ever; a simulation says so.
#[test]
fn a_task_that_awaits_its_own_handle_is_found_by_a_simulation() {
    let event_loop = EventLoop::simulated(3);
    let slot: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let mine = Rc::clone(&slot);
    let stalled = event_loop.try_block_on(async move {
        *slot.borrow_mut() = Some(task::spawn_named("snake", async move {
            let own = mine.take().unwrap();
            let _ = own.await;
        }));
        pending::<()>().await;
    });
    assert!(stalled.unwrap_err().to_string().contains("`snake`"));
}

#[test]
fn abort_never_drops_the_future_inside_the_call() {
    let event_loop = new_loop();
    let lock = Rc::new(RefCell::new(()));
    let held = Rc::clone(&lock);
    let handle = event_loop.spawn(async move {
        let _note = OnDrop::new(move || drop(held.borrow_mut()));
        pending::<()>().await;
    });
    settle(&event_loop);
    event_loop.block_on(async {
        let _borrowed = lock.borrow_mut();
        handle.abort();
        handle.abort();
        assert!(!handle.is_finished());
    });
    settle(&event_loop);
    assert!(handle.is_finished());
}

#[test]
fn a_handle_is_polled_once_too_often() {
    let event_loop = new_loop();
    let mut handle = event_loop.spawn(async {});
    settle(&event_loop);
    assert!(poll_now(&mut handle).is_ready());
    handle.abort();
    assert!(handle.is_finished());
    assert!(panic_of(|| poll_now(&mut handle)).contains("polled again"));
}

#[test]
fn a_handle_awaited_on_another_thread_says_what_to_do() {
    let event_loop = new_loop();
    let handle = event_loop.spawn(async { 1 });
    let said = thread::scope(|scope| scope.spawn(|| panic_of(|| block_on(handle))).join().unwrap());
    assert!(said.contains("Handle::spawn"), "{said}");
}

#[test]
fn a_handle_may_be_awaited_in_another_loop_of_the_same_thread() {
    let (one, two) = (new_loop(), new_loop());
    let handle = one.spawn(async {
        sleep(ms(1)).await;
        4
    });
    let joined = two.spawn(handle);
    settle(&two);
    one.block_on(sleep(ms(3)));
    assert_eq!(two.block_on(joined).unwrap().unwrap(), 4);
}

#[test]
fn the_last_task_to_poll_a_handle_is_woken() {
    block_on(async {
        let (release, held) = boucle::sync::oneshot::channel::<()>();
        let mut handle = spawn(held);
        let first = Count::new();
        let counted = first.clone();
        // A task polls the handle and passes it on.
        let (pass, passed) = boucle::sync::oneshot::channel();
        let passes = spawn(async move {
            let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut handle).poll(cx))).await;
            assert!(polled.is_pending());
            assert!(pass.send(handle).is_ok());
            poll_fn(|_| {
                counted.add();
                Poll::<()>::Pending
            })
            .await;
        });
        drop(passes);
        let second = spawn(async move { passed.await.unwrap().await });
        task::yield_now().await;
        task::yield_now().await;
        release.send(()).unwrap();
        second.await.unwrap().unwrap().unwrap();
        assert_eq!(first.get(), 1, "the first was not woken for the second's sake");
    });
}

#[test]
fn a_group_gives_its_children_as_they_finish_and_all_in_order() {
    let event_loop = EventLoop::simulated(5);
    event_loop.block_on(async {
        let mut group = TaskGroup::new();
        for n in [5_u64, 1, 4, 2, 3] {
            group.spawn(async move {
                sleep(ms(n)).await;
                n
            });
        }
        assert_eq!(group.join_next().await.unwrap().unwrap(), 1);
        assert_eq!(group.join_next().await.unwrap().unwrap(), 2);
        assert_eq!(group.len(), 3);
        let rest: Vec<u64> = group.join_all().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(rest, [5, 4, 3]);
    });
}

#[test]
fn a_group_tells_of_panics_and_aborts() {
    block_on(async {
        let mut group = TaskGroup::new();
        group.spawn(async { panic!("child") });
        group.spawn(pending::<()>());
        assert!(group.join_next().await.unwrap().unwrap_err().is_panic());
        group.abort_all();
        assert!(group.join_next().await.unwrap().unwrap_err().is_aborted());
        assert!(group.join_next().await.is_none());
    });
}

#[test]
fn a_dropped_group_ends_its_children_and_so_does_an_aborted_owner() {
    block_on(async {
        let dropped = Count::new();
        let child = || {
            let noted = dropped.on_drop();
            async move {
                let _noted = noted;
                pending::<()>().await;
            }
        };
        let mut group = TaskGroup::new();
        group.spawn(child());
        group.spawn(child());
        task::yield_now().await;
        drop(group);
        assert_eq!(dropped.get(), 0, "not inside the drop");
        task::yield_now().await;
        assert_eq!(dropped.get(), 2);
        // By the owner's end: `join_all` is cancelled with it.
        let child = child();
        let owner = spawn(async move {
            let mut group = TaskGroup::new();
            group.spawn(child);
            group.join_all().await;
        });
        task::yield_now().await;
        owner.abort();
        assert!(owner.await.unwrap_err().is_aborted());
        task::yield_now().await;
        assert_eq!(dropped.get(), 3);
    });
}

#[test]
fn a_million_tasks_in_batches_leave_nothing_behind() {
    let event_loop = new_loop();
    event_loop.block_on(async {
        for _ in 0..10 {
            let tasks: Vec<_> = (0..10_000_u32).map(|n| spawn(async move { n })).collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            assert_eq!(sum, 49_995_000);
        }
    });
    assert!(format!("{event_loop:?}").contains("waiting: 0"), "{event_loop:?}");
}

#[test]
fn a_remote_handle_can_be_awaited_with_a_timeout_on_any_executor() {
    let event_loop = new_loop();
    let slow = event_loop.handle().spawn(|| sleep(ms(500)));
    let fast = event_loop.handle().spawn(|| async { 1 });
    let other = thread::spawn(move || {
        block_on(async {
            assert!(timeout(ms(10), slow).await.is_err());
            fast.await.unwrap()
        })
    });
    event_loop.block_on(async {
        while !other.is_finished() {
            sleep(ms(1)).await;
        }
    });
    assert_eq!(other.join().unwrap(), 1);
}
