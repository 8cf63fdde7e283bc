//! Wakes from other threads: none is lost, and a burst rings the operating system at most once.

#![cfg(feature = "os")]

#[path = "support/engine.rs"]
mod support;

use boucle::observe::{Event, WaitReason};
use boucle::time::{sleep, timeout};
use boucle::{EventLoop, Handle, block_on, spawn, task};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};
use support::*;

/// Longer than any of this takes: whatever is not there by then was lost.
const LOST: Duration = Duration::from_secs(20);

/// A mailbox of a test's own: a number, and who waits for it to change.
#[derive(Default)]
struct Letters {
    count: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Letters {
    /// What another thread does: write, then wake.
    fn add(&self) {
        // Relaxed on purpose: that the reader sees it is the waker's business.
        self.count.fetch_add(1, Relaxed);
        let waker = self.waker.lock().unwrap().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until there are as many.
    async fn reach(&self, count: usize) {
        poll_fn(|cx| {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            if self.count.load(Relaxed) >= count { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Cases 45 and 49. The loop goes to sleep between any two letters, at every moment there is.
#[test]
fn no_wake_is_lost_between_the_last_look_and_the_sleep() {
    let letters = Arc::new(Letters::default());
    let theirs = Arc::clone(&letters);
    let (ask, asked) = mpsc::channel::<u32>();
    let thread = thread::spawn(move || {
        for pause in asked {
            // Longer and longer, so that the wake wanders across the loop's way into sleep.
            for _ in 0..pause {
                std::hint::spin_loop();
            }
            theirs.add();
        }
    });
    block_on(async {
        for n in 0..20_000_u32 {
            ask.send(n % 2000).unwrap();
            timeout(LOST, letters.reach(n as usize + 1)).await.expect("a wake was lost");
        }
    });
    drop(ask);
    thread.join().unwrap();
}

/// Case 46. A bounded storm; `cargo test --release` or the benchmark makes a larger one.
#[test]
fn in_a_storm_of_wakes_none_is_lost_and_the_last_is_seen() {
    const THREADS: usize = 8;
    const TASKS: usize = 64;
    const EACH: usize = 300 * TASKS;
    let (event_loop, mails) = counting(|event| matches!(event, Event::MailTaken { .. }));
    let all: Vec<Arc<Letters>> = (0..TASKS).map(|_| Arc::default()).collect();
    let mut tasks = Vec::new();
    for letters in &all {
        let letters = Arc::clone(letters);
        tasks.push(event_loop.spawn(async move { letters.reach(THREADS * EACH / TASKS).await }));
    }
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let all = all.clone();
            thread::spawn(move || (0..EACH).for_each(|n| all[n % TASKS].add()))
        })
        .collect();
    event_loop.block_on(async {
        for task in tasks {
            timeout(LOST, task).await.expect("a wake was lost").unwrap();
        }
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(mails.get() <= THREADS * EACH);
}

/// Case 46. A thousand wakes while the loop is busy, a thousand while it sleeps: a ring ends one
/// wait, so waits are counted.
#[test]
fn a_burst_of_wakes_rings_at_most_once() {
    let (event_loop, waits) = counting(
        |event| matches!(event, Event::WaitBegan { reason, .. } if *reason != WaitReason::MailWaits),
    );
    let wakers: Arc<Mutex<BTreeMap<usize, Waker>>> = Arc::default();
    let polls = Count::new();
    let sleepers: Vec<_> = (0..1000)
        .map(|n| {
            let (wakers, polls) = (Arc::clone(&wakers), polls.clone());
            event_loop.spawn(poll_fn(move |cx| {
                polls.add();
                wakers.lock().unwrap().insert(n, cx.waker().clone());
                Poll::<()>::Pending
            }))
        })
        .collect();
    settle(&event_loop);
    let burst = |wakers: &Mutex<BTreeMap<usize, Waker>>| {
        let wakers: Vec<Waker> = wakers.lock().unwrap().values().cloned().collect();
        wakers.iter().chain(&wakers).for_each(Waker::wake_by_ref);
    };
    assert_eq!(polls.get(), 1000);

    // While a task is being polled: no ring at all.
    let before = waits.get();
    event_loop.block_on(async {
        thread::scope(|scope| {
            scope.spawn(|| burst(&wakers));
        });
        while polls.get() < 2000 {
            task::yield_now().await;
        }
    });
    assert_eq!(waits.get() - before, 0, "the loop was rung although it was awake");

    // While it sleeps: a single ring, whatever the number of messages. All are there before it is
    // let go on, since the thread holds a lock that the tasks need.
    let theirs = Arc::clone(&wakers);
    let before = waits.get();
    let thread = thread::spawn(move || {
        thread::sleep(ms(30));
        let held = theirs.lock().unwrap();
        let wakers: Vec<Waker> = held.values().cloned().collect();
        wakers.iter().chain(&wakers).for_each(Waker::wake_by_ref);
        drop(held);
    });
    event_loop.block_on(async {
        let all_polled = async {
            while polls.get() < 3000 {
                sleep(ms(1)).await;
            }
        };
        sleep(ms(35)).await;
        timeout(LOST, all_polled).await.expect("a wake was lost");
    });
    thread.join().unwrap();
    // The sleep of 35 ms is one wait, the ring ends one, the polling for the end takes a few.
    let counted = waits.get() - before;
    assert!(counted <= 12, "{counted} waits");
    drop(sleepers);
}

/// Case 48. By every way there is into the loop, one after the other, each while it sleeps.
#[test]
fn every_kind_of_message_wakes_a_sleeping_loop() {
    let event_loop = new_loop();
    let handle = event_loop.handle();
    let idle = Arc::new(event_loop.spawn(std::future::pending::<()>()));
    let theirs = Arc::clone(&idle);
    let letters = Arc::new(Letters::default());
    let theirs_letters = Arc::clone(&letters);
    let (send, receive) = boucle::sync::oneshot::channel();
    let (tx, mut rx) = boucle::sync::mpsc::channel(1);
    let pause = || thread::sleep(ms(15));
    let thread = thread::spawn(move || {
        pause();
        theirs_letters.add();
        pause();
        send.send(1).unwrap();
        pause();
        futures_lite::future::block_on(tx.send(2)).unwrap();
        pause();
        theirs.abort();
        pause();
        handle.spawn(|| async { 3 })
    });
    event_loop.block_on(async {
        letters.reach(1).await;
        assert_eq!(receive.await.unwrap(), 1);
        assert_eq!(rx.recv().await, Some(2));
        // The loop has nothing else to wake up for.
        while !idle.is_finished() {
            task::yield_now().await;
        }
    });
    let spawned = thread.join().unwrap();
    assert_eq!(event_loop.block_on(spawned).unwrap(), 3);
}

/// A root is woken like any task, from inside and from outside.
#[test]
fn the_root_is_woken_from_another_thread() {
    let event_loop = new_loop();
    for _ in 0..200 {
        let letters = Arc::new(Letters::default());
        let theirs = Arc::clone(&letters);
        let thread = thread::spawn(move || theirs.add());
        event_loop.block_on(async {
            letters.reach(1).await;
        });
        thread.join().unwrap();
    }
}

/// Case 49. In the order of sending, for each sender.
#[test]
fn messages_of_one_thread_stay_in_order_and_all_arrive() {
    const THREADS: usize = 4;
    const EACH: usize = 5_000;
    let event_loop = new_loop();
    let seen: Arc<Mutex<Vec<(usize, usize)>>> = Arc::default();
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (handle, seen) = (event_loop.handle(), Arc::clone(&seen));
            thread::spawn(move || {
                for n in 0..EACH {
                    let seen = Arc::clone(&seen);
                    drop(
                        handle.spawn(move || async move { seen.lock().unwrap().push((thread, n)) }),
                    );
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    settle(&event_loop);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), THREADS * EACH);
    for thread in 0..THREADS {
        let of_one = seen.iter().filter(|(by, _)| *by == thread).map(|(_, n)| *n);
        assert!(of_one.eq(0..EACH), "thread {thread}");
    }
}

/// Case 50.
#[test]
fn loops_end_while_other_threads_keep_waking() {
    type Doors = Mutex<Vec<(Waker, Handle)>>;
    let doors: Arc<Doors> = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (doors, stop) = (Arc::clone(&doors), Arc::clone(&stop));
            thread::spawn(move || {
                while !stop.load(SeqCst) {
                    let doors = doors.lock().unwrap().clone();
                    for (waker, handle) in &doors {
                        waker.wake_by_ref();
                        let clone = waker.clone();
                        drop(handle.spawn(|| async { task::yield_now().await }));
                        clone.wake();
                    }
                }
            })
        })
        .collect();
    for _ in 0..300 {
        let (event_loop, parked) = (new_loop(), Parked::new());
        let idle = event_loop.spawn(parked.pending(&Count::new()));
        event_loop.turn(Some(ms(0)));
        doors.lock().unwrap().push((parked.waker(), event_loop.handle()));
        event_loop.turn(Some(Duration::from_micros(200)));
        drop(event_loop);
        assert!(idle.is_finished());
        let mut doors = doors.lock().unwrap();
        if doors.len() > 8 {
            doors.remove(0);
        }
    }
    stop.store(true, SeqCst);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Case 51. There is no second waker of the OS to be confused by: two loops on one thread, each
/// with a bell of its own, rung in turns.
#[test]
fn each_loop_of_a_thread_has_a_bell_of_its_own() {
    let (one, two) = (new_loop(), new_loop());
    for (event_loop, other) in [(&one, &two), (&two, &one), (&one, &two)] {
        let (handle, others) = (event_loop.handle(), other.handle());
        let thread = thread::spawn(move || {
            // For the loop that rests: it must not wake the one that sleeps.
            drop(others.spawn(|| async {}));
            thread::sleep(ms(20));
            let start = Instant::now();
            futures_lite::future::block_on(handle.spawn(|| async {})).unwrap();
            start.elapsed()
        });
        event_loop.block_on(async {
            while !thread.is_finished() {
                sleep(ms(5)).await;
            }
        });
        assert!(thread.join().unwrap() < Duration::from_secs(2));
    }
}

/// Case 52. Where descriptors can be listed: none is inherited by a child, none is left.
#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_of_a_loop_reaches_a_child() {
    let event_loop = new_loop();
    event_loop.block_on(async { spawn(async {}).await.unwrap() });
    let list = std::process::Command::new("ls").args(["-l", "/proc/self/fd"]).output();
    let Ok(list) = list else { return };
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("/dev/null") || list.contains("pipe"), "{list}");
    assert!(!list.contains("eventpoll") && !list.contains("eventfd"), "{list}");
}

/// Case 52. A loop that cannot be built gives an error and leaves nothing open.
#[test]
fn a_simulated_loop_asks_for_no_descriptor() {
    let event_loop = EventLoop::simulated(1);
    let letters = Arc::new(Letters::default());
    let theirs = Arc::clone(&letters);
    let thread = thread::spawn(move || theirs.add());
    thread.join().unwrap();
    event_loop.block_on(letters.reach(1));
}
