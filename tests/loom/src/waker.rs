//! Models of the wakers: tasks of the real executor, woken by other threads.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};

use crate::bell::Ringer;
use crate::clock::Clock;
use crate::engine::arena::Key;
use crate::engine::executor::Executor;
use crate::engine::inbox::{Inbox, Message};
use crate::engine::ready::{self, Ready};
use crate::observe::probe::Probe;

/// A loop with nothing but tasks.
struct Loop {
    /// How the loop is woken.
    bell: Ringer,
    /// What other threads leave for it.
    inbox: Arc<Inbox>,
    /// The tasks to be polled.
    ready: Rc<Ready>,
    /// All tasks.
    executor: Executor,
}

impl Loop {
    /// A loop that turns on this thread.
    fn new() -> Loop {
        let bell = Ringer::new();
        let probe = Rc::new(Probe::new(None, Rc::new(Clock::simulated())));
        let inbox = Arc::new(Inbox::new(0, Box::new(bell.clone())));
        let ready = Rc::new(Ready::new(0, None, Rc::clone(&probe)));
        let executor = Executor::new(Rc::clone(&ready), Arc::clone(&inbox), probe, 128);
        ready::replace_here(Some(Rc::clone(&ready)));
        Loop { bell, inbox, ready, executor }
    }

    /// Makes a task.
    #[track_caller]
    fn spawn(&self, future: impl Future<Output = ()> + 'static) -> Key {
        self.executor.spawn(future, None, std::panic::Location::caller())
    }

    /// What the engine does in a turn, as far as other threads are concerned. Returns how many
    /// messages there were.
    fn turn(&self) -> usize {
        let messages = self.read_mail();
        self.poll_tasks();
        messages
    }

    /// The first half of a turn.
    fn read_mail(&self) -> usize {
        let mut messages = Vec::new();
        self.inbox.take(&mut messages);
        let count = messages.len();
        for (_, message) in messages {
            match message {
                Message::Wake(task) => self.executor.wake_by_message(task),
                Message::Run(run) => run(),
            }
        }
        count
    }

    /// The second half.
    fn poll_tasks(&self) {
        while let Some(task) = self.ready.pop(1) {
            self.executor.poll(task, None);
        }
    }

    /// Turns until `task` is done, asleep in between, and checks that a turn brings at most one
    /// message for each of the `awake` tasks that threads wake.
    fn run(&self, task: Key, awake: usize) {
        loop {
            let messages = self.turn();
            assert!(messages <= awake, "{messages} messages in one turn");
            if self.executor.is_finished(task) {
                return;
            }
            if self.inbox.may_sleep() {
                self.bell.listen();
            }
        }
    }

    /// Makes a task that waits until `is_done`, and polls it once. Returns its waker too, and how
    /// often it was polled.
    fn waiting(&self, is_done: impl Fn() -> bool + 'static) -> (Key, Waker, Rc<Cell<usize>>) {
        let polls = Rc::new(Cell::new(0));
        let waker = Rc::new(Cell::new(None));
        let (count, lend) = (Rc::clone(&polls), Rc::clone(&waker));
        let task = self.spawn(poll_fn(move |cx| {
            count.set(count.get() + 1);
            if count.get() == 1 {
                lend.set(Some(cx.waker().clone()));
            }
            if is_done() { Poll::Ready(()) } else { Poll::Pending }
        }));
        self.turn();
        (task, waker.take().expect("the task was polled"), polls)
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The model has failed, and nothing of loom's may be touched.
            return;
        }
        self.executor.close();
        self.inbox.close();
        ready::replace_here(None);
    }
}

/// Runs `model` in every interleaving.
fn run(model: fn()) {
    Builder::new().check(model);
}

/// Runs a larger `model` in every interleaving with at most five preemptions. (Without that bound
/// it holds too, but takes ten times as long.)
fn run_bounded(model: fn()) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(5);
    builder.check(model);
}

/// A word that starts as zero. It is written and read without any order of its own, so that
/// whoever sees the last value sees it by the wakes alone.
fn word() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

/// Whether the word has this value.
fn is(word: &Arc<AtomicUsize>, value: usize) -> impl Fn() -> bool + use<> {
    let word = Arc::clone(word);
    move || word.load(Ordering::Relaxed) == value
}

/// A thread that writes 1, 2 and so on up to `last`, and wakes after each.
fn writer(word: &Arc<AtomicUsize>, last: usize, waker: &Waker) -> JoinHandle<()> {
    let (word, waker) = (Arc::clone(word), waker.clone());
    thread::spawn(move || {
        for value in 1..=last {
            word.store(value, Ordering::Relaxed);
            waker.wake_by_ref();
        }
    })
}

/// Whenever the wake comes, while the loop polls, before it sleeps or as it does: the task is
/// polled, and sees what was written before. (A wake that is lost would be a deadlock.)
pub fn a_wake_is_not_slept_through() {
    run(|| {
        let (event_loop, word) = (Loop::new(), word());
        let (task, waker, polls) = event_loop.waiting(is(&word, 1));
        let thread = writer(&word, 1, &waker);
        event_loop.run(task, 1);
        assert!(polls.get() <= 2);
        thread.join().unwrap();
    });
}

/// A thread that wakes again and again, be its message under way, read or the task polled: the
/// poll after the last wake sees all that was written, and no poll is without a wake.
pub fn the_last_of_many_wakes_counts() {
    run(|| {
        let (event_loop, word) = (Loop::new(), word());
        let (task, waker, polls) = event_loop.waiting(is(&word, 3));
        let thread = writer(&word, 3, &waker);
        event_loop.run(task, 1);
        assert!(polls.get() <= 4);
        thread.join().unwrap();
    });
}

/// Two threads write and wake. The second may find the first one's message under way and send
/// none: what it wrote is seen all the same.
pub fn what_each_thread_wrote_before_its_wake_is_seen() {
    run_bounded(|| {
        let (event_loop, one, two) = (Loop::new(), word(), word());
        let (is_one, is_two) = (is(&one, 1), is(&two, 1));
        let (task, waker, polls) = event_loop.waiting(move || is_one() && is_two());
        let threads = [writer(&one, 1, &waker), writer(&two, 1, &waker)];
        event_loop.run(task, 1);
        assert!(polls.get() <= 3);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// The loop's own wake and another thread's meet: neither is taken for the other.
pub fn a_local_wake_and_a_foreign_one_meet() {
    run(|| {
        let (event_loop, here, there) = (Loop::new(), word(), word());
        let (is_here, is_there) = (is(&here, 1), is(&there, 1));
        let (task, waker, polls) = event_loop.waiting(move || is_here() && is_there());
        let thread = writer(&there, 1, &waker);
        event_loop.spawn(async move {
            here.store(1, Ordering::Relaxed);
            waker.wake();
        });
        event_loop.run(task, 1);
        assert!(polls.get() <= 3);
        thread.join().unwrap();
    });
}

/// A task ends while another thread still wakes it, and another task takes its slot and perhaps
/// its waker node: it is polled for its own wakes only, and for each of them.
pub fn a_late_wake_harms_no_task_that_came_later() {
    run(|| {
        let (event_loop, one, two) = (Loop::new(), word(), word());
        let (first, waker, _) = event_loop.waiting(is(&one, 1));
        let early = writer(&one, 2, &waker);
        drop(waker);
        // The thread may have overwritten the 1, and then the task is aborted instead.
        event_loop.executor.abort(first);
        event_loop.executor.detach(first);
        event_loop.turn();
        let (second, waker, polls) = event_loop.waiting(is(&two, 1));
        let late = writer(&two, 1, &waker);
        event_loop.run(second, 2);
        assert!(polls.get() <= 2, "polled for a wake of another task");
        early.join().unwrap();
        late.join().unwrap();
    });
}

/// A task ends, and its last waker goes, with a message still under way: the waker node may serve
/// another task at once, and its wakes send messages of their own.
pub fn a_message_under_way_does_not_stand_for_the_next_tasks_wake() {
    run(|| {
        let (event_loop, one, two) = (Loop::new(), word(), word());
        let (first, waker, _) = event_loop.waiting(is(&one, 2));
        let early = writer(&one, 1, &waker);
        drop(waker);
        event_loop.executor.abort(first);
        event_loop.executor.detach(first);
        // The thread's message comes before this, or is read a turn later.
        event_loop.read_mail();
        // Loom does not see the reference count of a waker, so its end is given a moment.
        early.join().unwrap();
        event_loop.poll_tasks();
        let (second, waker, polls) = event_loop.waiting(is(&two, 1));
        let late = writer(&two, 1, &waker);
        event_loop.run(second, 1);
        assert!(polls.get() <= 2);
        late.join().unwrap();
    });
}

/// The loop goes away while others wake its tasks: they wake nobody, and nobody waits for ever.
pub fn a_loop_may_end_while_others_wake_its_tasks() {
    run(|| {
        let event_loop = Loop::new();
        let word = word();
        let (_, waker, _) = event_loop.waiting(is(&word, 2));
        let threads = [writer(&word, 2, &waker), writer(&word, 1, &waker)];
        event_loop.turn();
        drop(event_loop);
        waker.wake();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
