//! Judge of `block_on`: one future, one thread.

#![allow(clippy::disallowed_methods, reason = "threads of tests may sleep")]

mod support;

use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use my_loop::block_on::block_on;
use support::{ms, within_limit};

#[test]
fn a_future_that_is_ready_is_polled_once() {
    within_limit(|| {
        assert_eq!(block_on(ready(7)), 7);
        let polls = Cell::new(0);
        block_on(poll_fn(|_| {
            polls.set(polls.get() + 1);
            Poll::Ready(())
        }));
        assert_eq!(polls.get(), 1);
    });
}

#[test]
fn a_wake_from_another_thread_leads_to_a_poll() {
    within_limit(|| {
        let (done, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 1 {
                let (waker, done) = (cx.waker().clone(), Arc::clone(&done));
                thread::spawn(move || {
                    thread::sleep(ms(20));
                    done.store(true, SeqCst);
                    waker.wake();
                });
            }
            if done.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        }));
        assert_eq!(polls, 2, "when it was made, and when it was woken");
    });
}

#[test]
fn a_wake_during_the_poll_leads_to_another() {
    within_limit(|| {
        let mut left = 1_000;
        block_on(poll_fn(|cx| {
            left -= 1;
            cx.waker().wake_by_ref();
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        }));
    });
}

#[test]
fn several_wakes_before_the_poll_are_one() {
    within_limit(|| {
        let (mut polls, (to, from)) = (0, mpsc::channel::<Waker>());
        let other = thread::spawn(move || {
            let waker = from.recv().unwrap();
            thread::sleep(ms(30));
            waker.wake();
        });
        block_on(poll_fn(|cx| {
            polls += 1;
            match polls {
                1 => (0..3).for_each(|_| cx.waker().wake_by_ref()),
                2 => to.send(cx.waker().clone()).unwrap(),
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        }));
        other.join().unwrap();
        assert_eq!(polls, 3);
    });
}

#[test]
fn an_unpark_that_is_no_wake_leads_to_no_poll() {
    within_limit(|| {
        let (polls, main) = (Arc::new(AtomicUsize::new(0)), thread::current());
        let (to, from) = mpsc::channel::<Waker>();
        let seen = Arc::clone(&polls);
        let other = thread::spawn(move || {
            let waker = from.recv().unwrap();
            for _ in 0..10 {
                thread::sleep(ms(2));
                main.unpark();
            }
            thread::sleep(ms(10));
            let before = seen.load(SeqCst);
            waker.wake();
            before
        });
        block_on(poll_fn(|cx| {
            if polls.fetch_add(1, SeqCst) == 0 {
                to.send(cx.waker().clone()).unwrap();
                return Poll::Pending;
            }
            Poll::Ready(())
        }));
        assert_eq!(other.join().unwrap(), 1, "polls before the wake");
    });
}

#[test]
fn a_future_that_parks_the_thread_itself_loses_no_wake() {
    within_limit(|| {
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            // Uses up the thread's only token, as a lock or a channel inside may.
            thread::park_timeout(ms(50));
            Poll::Pending
        }));
    });
}

#[test]
fn no_wake_is_lost_between_the_last_look_and_the_park() {
    within_limit(|| {
        // A thread that wakes as fast as it can, in answer to each poll.
        let (to, from) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || from.into_iter().for_each(Waker::wake));
        let mut left = 20_000;
        block_on(poll_fn(|cx| {
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            to.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
        drop(to);
        other.join().unwrap();
    });
}

/// The processor time of this thread in hundredths of a second.
#[cfg(target_os = "linux")]
fn worked() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    // After the name, which may hold anything: the 12th and 13th field, in user and kernel mode.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_thread_whose_future_waits_does_not_work() {
    within_limit(|| {
        let (before, mut polls) = (worked(), 0);
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread::spawn(move || {
                thread::sleep(ms(400));
                waker.wake();
            });
            Poll::Pending
        }));
        assert!(worked() - before < 10, "it spins");
    });
}

#[test]
fn a_waker_may_be_called_after_the_end() {
    within_limit(|| {
        let kept: Mutex<Option<Waker>> = Mutex::default();
        block_on(poll_fn(|cx| {
            *kept.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(())
        }));
        let waker = kept.into_inner().unwrap().unwrap();
        waker.wake_by_ref();
        assert_eq!(block_on(ready(1)), 1);
        waker.wake();
    });
}

#[test]
fn one_runs_inside_another() {
    within_limit(|| {
        let outer = block_on(async {
            let inner = block_on(async {
                let mut yielded = false;
                poll_fn(|cx| {
                    cx.waker().wake_by_ref();
                    if std::mem::replace(&mut yielded, true) {
                        Poll::Ready(3)
                    } else {
                        Poll::Pending
                    }
                })
                .await
            });
            inner + 1
        });
        assert_eq!(outer, 4);
    });
}
