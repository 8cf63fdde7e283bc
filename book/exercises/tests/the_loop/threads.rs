//! Other threads: wakes, messages, and the pool.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

use my_loop::sync::{Semaphore, oneshot};
use my_loop::task::yield_now;
use my_loop::time::sleep;
use my_loop::{EventLoop, JoinError, block_on, spawn, spawn_blocking};

use super::{ms, new_loop, within_limit};

#[test]
fn a_wake_from_another_thread_ends_the_sleep() {
    within_limit(|| {
        let done = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        block_on(async {
            drop(spawn(sleep(ms(60_000))));
            poll_fn(|cx| {
                if done.load(SeqCst) {
                    return Poll::Ready(());
                }
                let (waker, done) = (cx.waker().clone(), Arc::clone(&done));
                thread::spawn(move || {
                    thread::sleep(ms(20));
                    done.store(true, SeqCst);
                    waker.wake();
                });
                Poll::Pending
            })
            .await;
        });
        assert!(began.elapsed() < ms(5_000));
    });
}

#[test]
fn no_wake_is_lost_however_close_to_the_sleep_it_comes() {
    within_limit(|| {
        // A thread that answers each waker at once, while the loop goes to sleep.
        let (to, from) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || from.into_iter().for_each(Waker::wake));
        let mut left = 5_000;
        block_on(poll_fn(move |cx| {
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            to.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
        other.join().unwrap();
    });
}

#[test]
fn what_a_thread_wrote_before_its_wake_is_seen() {
    within_limit(|| {
        let (sum, rounds) = (Arc::new(AtomicUsize::new(0)), 1_000);
        block_on(async {
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let (tx, rx) = oneshot::channel();
                    let sum = Arc::clone(&sum);
                    thread::spawn(move || {
                        for _ in 0..rounds {
                            sum.fetch_add(1, SeqCst);
                        }
                        tx.send(()).unwrap();
                    });
                    spawn(rx)
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
        });
        assert_eq!(sum.load(SeqCst), 4 * rounds);
    });
}

#[test]
fn a_task_is_sent_to_a_loop_that_sleeps() {
    within_limit(|| {
        let event_loop = new_loop();
        let (handle, home) = (event_loop.handle(), thread::current().id());
        let (tx, rx) = oneshot::channel();
        let sender = thread::spawn(move || {
            thread::sleep(ms(20));
            // The future need not be `Send`.
            let output = handle.spawn(move || async move {
                let not_send = Rc::new(5);
                yield_now().await;
                (*not_send, thread::current().id())
            });
            tx.send(output).ok().unwrap();
        });
        let (output, thread) = event_loop.block_on(async { rx.await.unwrap().await.unwrap() });
        assert_eq!((output, thread), (5, home));
        sender.join().unwrap();
    });
}

#[test]
fn tasks_of_one_sender_begin_in_their_order() {
    within_limit(|| {
        let event_loop = new_loop();
        let handle = event_loop.handle();
        let (to, from) = mpsc::channel();
        let sender = thread::spawn(move || {
            for n in 0..1_000 {
                let to = to.clone();
                drop(handle.spawn(move || async move { to.send(n).unwrap() }));
            }
        });
        let mut got = Vec::new();
        event_loop.block_on(async {
            while got.len() < 1_000 {
                got.extend(from.try_iter());
                sleep(ms(1)).await;
            }
        });
        assert_eq!(got, (0..1_000).collect::<Vec<_>>());
        sender.join().unwrap();
    });
}

#[test]
fn a_task_sent_to_a_loop_that_is_gone_is_aborted() {
    within_limit(|| {
        let event_loop = new_loop();
        let handle = event_loop.handle();
        let unread = handle.spawn(|| async {});
        drop(event_loop);
        let late = handle.spawn(|| async {});
        for task in [unread, late] {
            assert!(matches!(block_on(task), Err(JoinError::Aborted)));
        }
    });
}

#[test]
fn blocking_work_leaves_the_loop_to_the_others() {
    within_limit(|| {
        let home = thread::current().id();
        let (release, held) = mpsc::channel::<()>();
        let elsewhere = block_on(async {
            let work = spawn_blocking(move || {
                // Until the loop has gone on.
                held.recv().unwrap();
                thread::current().id()
            });
            sleep(ms(10)).await;
            release.send(()).unwrap();
            work.await.unwrap()
        });
        assert_ne!(elsewhere, home);
    });
}

#[test]
fn jobs_run_at_the_same_time_and_their_outputs_come_back() {
    within_limit(|| {
        let gate = Arc::new(Barrier::new(4));
        let outputs = block_on(async {
            let jobs: Vec<_> = (0..4)
                .map(|n| {
                    let gate = Arc::clone(&gate);
                    spawn_blocking(move || {
                        gate.wait();
                        n * n
                    })
                })
                .collect();
            let mut outputs = Vec::new();
            for job in jobs {
                outputs.push(job.await.unwrap());
            }
            outputs
        });
        assert_eq!(outputs, [0, 1, 4, 9]);
    });
}

#[test]
fn a_panic_in_a_job_reaches_whoever_awaits_it() {
    within_limit(|| {
        let event_loop = EventLoop::builder().max_blocking_threads(1).build().unwrap();
        event_loop.block_on(async {
            let bad = spawn_blocking(|| std::panic::panic_any(7_u8)).await;
            let Err(JoinError::Panicked(payload)) = bad else { panic!("no panic") };
            assert_eq!(payload.downcast_ref::<u8>(), Some(&7));
            assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_semaphore_limits_how_many_are_inside() {
    within_limit(|| {
        let (semaphore, inside) = (Arc::new(Semaphore::new(2)), Arc::new(AtomicUsize::new(0)));
        block_on(async {
            let tasks: Vec<_> = (0..10)
                .map(|_| {
                    let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
                    spawn(async move {
                        let _permit = semaphore.acquire().await.unwrap();
                        let count = inside.fetch_add(1, SeqCst) + 1;
                        sleep(ms(1)).await;
                        inside.fetch_sub(1, SeqCst);
                        count
                    })
                })
                .collect();
            for task in tasks {
                assert!(task.await.unwrap() <= 2);
            }
        });
        assert_eq!(semaphore.available_permits(), 2);
    });
}
