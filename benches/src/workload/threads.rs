//! `wake_storm`, `foreign`, `blocking`: what other threads cost.

use std::future::{Future, poll_fn};
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::backend::Runtime;
use crate::machine;

/// `threads` threads wake `tasks` tasks, all in turn, `wakes` times altogether; the time until
/// every task has seen all of its wakes. The loop has one core and the threads the other, so that
/// it polls while they wake, whatever the scheduler thinks of so many threads.
///
/// A task ends when the number of wakes meant for it, counted before each wake, is complete. One
/// wake lost at the end and it never ends: the runner's time limit then says so.
pub fn wake_storm<R: Runtime>(threads: usize, tasks: usize, wakes: usize) -> Duration {
    let targets: Arc<[Target]> = (0..tasks).map(|_| Target::default()).collect();
    let expected = (wakes / tasks) as u32;
    let rounds = wakes / tasks / threads;
    let start = Arc::new(Barrier::new(threads + 1));
    for thread in 0..threads {
        let (targets, start) = (targets.clone(), start.clone());
        // Each thread begins somewhere else.
        let offset = thread * tasks / threads;
        thread::spawn(move || {
            machine::pin(machine::OTHER_CORE);
            start.wait();
            for wake in 0..rounds * tasks {
                targets[(wake + offset) % tasks].wake();
            }
        });
    }
    machine::pin(machine::LOOP_CORE);
    R::block_on(async {
        let handles: Vec<_> = (0..tasks)
            .map(|task| {
                let targets = targets.clone();
                R::spawn(poll_fn(move |context| targets[task].poll(expected, context)))
            })
            .collect();
        while targets.iter().any(|target| target.waker.get().is_none()) {
            R::yield_now().await;
        }
        // The clock first: with fewer cores than threads, this one may be let on late.
        let begin = Instant::now();
        start.wait();
        for handle in handles {
            handle.await;
        }
        begin.elapsed()
    })
}

/// A task to be woken, as the threads see it.
#[derive(Default)]
struct Target {
    /// Wakes that have been begun.
    wakes: AtomicU32,
    /// The task's waker, for ever: a task keeps its waker in every backend, and a lock around it
    /// would be most of what is measured.
    waker: OnceLock<Waker>,
}

impl Target {
    fn wake(&self) {
        self.wakes.fetch_add(1, Release);
        self.waker.get().expect("every task was polled before the start").wake_by_ref();
    }

    fn poll(&self, expected: u32, context: &mut Context<'_>) -> Poll<()> {
        let waker = self.waker.get_or_init(|| context.waker().clone());
        assert!(waker.will_wake(context.waker()), "a task keeps its waker");
        if self.wakes.load(Acquire) == expected { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// `trips` questions to a thread that sleeps until it is asked, while the loop sleeps until it is
/// answered; the loop on one core, the thread on the other.
pub fn foreign<R: Runtime>(trips: u64, spin: bool) -> Duration {
    let answerer = Answerer::start();
    machine::pin(machine::LOOP_CORE);
    let work = async move {
        let begin = Instant::now();
        for trip in 1..=trips {
            answerer.ask(trip).await;
        }
        begin.elapsed()
    };
    let main = async { R::spawn(work).await };
    if spin { R::block_on_spinning(main) } else { R::block_on(main) }
}

/// A thread that answers, built on park and unpark: the same for every backend.
struct Answerer {
    thread: Thread,
    desk: Arc<Desk>,
}

/// What the two sides share. Questions are numbered from 1.
#[derive(Default)]
struct Desk {
    /// The last question asked.
    asked: AtomicU64,
    /// The last question answered.
    answered: AtomicU64,
    /// Who waits for the answer.
    waker: Mutex<Option<Waker>>,
}

impl Answerer {
    fn start() -> Answerer {
        let desk = Arc::new(Desk::default());
        let shared = desk.clone();
        let answer = move || {
            machine::pin(machine::OTHER_CORE);
            for question in 1.. {
                while shared.asked.load(Acquire) < question {
                    thread::park();
                }
                shared.answered.store(question, Release);
                let waker = shared.waker.lock().expect("no panic holds it").take();
                waker.expect("whoever asks waits").wake();
            }
        };
        Answerer { thread: thread::spawn(answer).thread().clone(), desk }
    }

    /// Asks, and waits for the answer.
    fn ask(&self, question: u64) -> impl Future<Output = ()> + Send {
        let mut asked = false;
        poll_fn(move |context| {
            if self.desk.answered.load(Acquire) >= question {
                return Poll::Ready(());
            }
            // The waker first, then the question: the answer may come at once.
            *self.desk.waker.lock().expect("no panic holds it") = Some(context.waker().clone());
            if !asked {
                asked = true;
                self.desk.asked.store(question, Release);
                self.thread.unpark();
            }
            Poll::Pending
        })
    }
}

/// `total` closures that return a number, on the runtime's own pool as it comes, `in_flight` tasks
/// awaiting one each at any time.
pub fn blocking<R: Runtime>(total: u64, in_flight: u64) -> Duration {
    R::block_on(async {
        let begin = Instant::now();
        let handles: Vec<_> = (0..in_flight)
            .map(|first| {
                R::spawn(async move {
                    let mut sum = 0;
                    for number in (first..total).step_by(in_flight as usize) {
                        sum += R::blocking(move || number).await;
                    }
                    sum
                })
            })
            .collect();
        let mut sum = 0;
        for handle in handles {
            sum += handle.await;
        }
        let time = begin.elapsed();
        assert_eq!(sum, total * (total - 1) / 2, "every closure has run once");
        time
    })
}
