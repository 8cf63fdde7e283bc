//! The end of a loop: in which order things go, who hears of it, and that nothing stays behind.
//!
//! Threads and descriptors are counted for the whole process, so these tests run one at a time.

#![cfg(feature = "os")]

#[path = "support/engine.rs"]
mod support;

use boucle::blocking::BlockingPool;
use boucle::net::{TcpListener, TcpStream};
use boucle::time::{sleep, timeout};
use boucle::{EventLoop, Handle, JoinHandle, block_on, spawn, spawn_blocking, task};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use support::*;

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many descriptors this process has, and how many workers of pools, where `/proc` says so.
/// Other threads do not count: the test harness has some that come and go.
fn baseline() -> Option<(usize, usize)> {
    let descriptors = std::fs::read_dir("/proc/self/fd").ok()?.count();
    let threads = std::fs::read_dir("/proc/self/task").ok()?.flatten();
    let names =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
    Some((descriptors, names.filter(|name| name.starts_with("boucle-worker")).count()))
}

/// Waits until the process has no more of either than before: a thread that was told to end needs
/// a moment.
fn returns_to(before: Option<(usize, usize)>) {
    let start = Instant::now();
    while let (Some(now), Some(before)) = (baseline(), before) {
        if now.0 <= before.0 && now.1 <= before.1 {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{now:?} instead of {before:?}");
        thread::sleep(ms(5));
    }
}

/// Case 148.
#[test]
fn every_future_is_dropped_once_inside_its_loop() {
    let _alone = alone();
    let event_loop = new_loop();
    let (dropped, home) = (Count::new(), thread::current().id());
    for n in 0..200_u64 {
        let noted = dropped.clone();
        let note = OnDrop::new(move || {
            noted.add();
            assert_eq!(thread::current().id(), home);
            // The loop's own things can be used, if in vain.
            let _ = Handle::current();
            assert!(poll_now(&mut sleep(ms(5))).is_pending());
            assert!(spawn(async {}).is_finished());
        });
        drop(event_loop.spawn(async move {
            let _note = note;
            match n % 4 {
                0 => sleep(Duration::from_secs(n)).await,
                1 => task::yield_now().await,
                2 => drop(TcpListener::bind("127.0.0.1:0").await.unwrap().accept().await),
                _ => drop(spawn_blocking(|| {}).await),
            }
            pending::<()>().await;
        }));
    }
    // Some were never polled, some wait, some are queued.
    event_loop.turn(Some(ms(0)));
    event_loop.turn(Some(ms(0)));
    drop(event_loop);
    assert_eq!(dropped.get(), 200);
}

/// Case 148. First the tasks, while everything else still works; then messages are refused; then
/// the pool is waited for.
#[test]
fn the_parts_of_a_loop_end_in_their_order() {
    let _alone = alone();
    let order: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = |what: &'static str| {
        let order = Arc::clone(&order);
        OnDrop::new(move || order.lock().unwrap().push(what))
    };
    let event_loop = new_loop();
    let handle = event_loop.handle();
    let (in_task, in_message, in_job) = (note("task"), note("message"), note("job"));
    let task_handle = handle.clone();
    let late = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&late);
    drop(event_loop.spawn(async move {
        let _note = in_task;
        let _sends = OnDrop::new(move || {
            assert!(!task_handle.is_closed(), "tasks go while messages are still taken");
            *theirs.lock().unwrap() = Some(task_handle.spawn(|| async {}));
        });
        pending::<()>().await;
    }));
    let (begun, began) = mpsc::channel();
    let mut job = None;
    event_loop.block_on(async {
        job = Some(spawn_blocking(move || {
            let _note = in_job;
            begun.send(()).unwrap();
            thread::sleep(ms(50));
        }));
        began.recv().unwrap();
    });
    // A message that is never read.
    let message = handle.spawn(move || async move { drop(in_message) });
    drop(event_loop);
    assert_eq!(*order.lock().unwrap(), ["task", "message", "job"]);
    assert!(handle.is_closed());
    assert!(output(message).unwrap_err().is_aborted());
    assert!(output(late.lock().unwrap().take().unwrap()).unwrap_err().is_aborted());
    assert!(output(job.unwrap()).is_ok(), "a job that ends in time gives its output");
}

/// Case 150. Sockets become ready and tasks are woken all the while.
#[test]
fn a_loop_may_end_amid_events_and_wakes() {
    let _alone = alone();
    for _ in 0..50 {
        let event_loop = new_loop();
        let stop = Arc::new(AtomicBool::new(false));
        let (ends, thread) = event_loop.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (mut ends, mut wakers) = (Vec::new(), Vec::new());
            for _ in 0..4 {
                let client = TcpStream::connect(address).await.unwrap();
                let (server, _) = listener.accept().await.unwrap();
                // Each task wakes the other by its end of the stream, and by its drop.
                for stream in [client, server] {
                    let (pass, passed) = boucle::sync::oneshot::channel();
                    drop(spawn(async move {
                        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
                        let _ = pass.send(waker.clone());
                        let _wakes = OnDrop::new(move || waker.wake());
                        loop {
                            stream.write(b"x").await.unwrap();
                            stream.read(&mut [0; 4]).await.unwrap();
                        }
                    }));
                    wakers.push(passed.await.unwrap());
                }
                ends.push(client_of(address));
            }
            let theirs = Arc::clone(&stop);
            let thread = thread::spawn(move || {
                while !theirs.load(SeqCst) {
                    wakers.iter().for_each(std::task::Waker::wake_by_ref);
                }
            });
            sleep(ms(1)).await;
            (ends, thread)
        });
        drop(event_loop);
        stop.store(true, SeqCst);
        thread.join().unwrap();
        drop(ends);
    }
}

fn client_of(address: std::net::SocketAddr) -> std::net::TcpStream {
    std::net::TcpStream::connect(address).unwrap()
}

/// Case 151.
#[test]
fn what_is_made_while_the_loop_ends_is_refused_or_dropped_with_it() {
    let _alone = alone();
    let before = baseline();
    let event_loop = new_loop();
    let made: Rc<RefCell<Vec<TcpListener>>> = Rc::default();
    let (keep, ran) = (Rc::clone(&made), Count::new());
    let counted = ran.clone();
    drop(event_loop.spawn(async move {
        let _makes = OnDrop::new(move || {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            keep.borrow_mut().extend(TcpListener::from_std(listener));
            let task = spawn(async move { counted.add() });
            assert!(output(task).unwrap_err().is_aborted());
            let mut job = spawn_blocking(|| 5);
            // The pool still took it, and it is waited for; or it was refused.
            let _ = poll_now(&mut job);
            drop(job);
            drop(Handle::current().spawn(|| async { unreachable!() }));
        });
        pending::<()>().await;
    }));
    settle(&event_loop);
    drop(event_loop);
    assert_eq!(ran.get(), 0);
    // A socket that outlives its loop gives errors.
    for listener in made.take() {
        let accepted = block_on(async { timeout(Duration::from_secs(5), listener.accept()).await });
        assert!(accepted.expect("no hang").is_err());
    }
    returns_to(before);
}

/// Case 152.
#[test]
fn ten_thousand_loops_leave_no_descriptor_and_no_thread() {
    let _alone = alone();
    let before = baseline();
    let memory = resident_memory();
    for n in 0..10_000 {
        let event_loop = new_loop();
        if n % 10 == 0 {
            let idle = event_loop.spawn(pending::<()>());
            event_loop.block_on(async {
                let far = sleep(Duration::from_secs(99));
                drop(spawn(far));
                task::yield_now().await;
            });
            drop(idle);
        }
        if n % 100 == 0 {
            let remote =
                event_loop.handle().spawn(|| async { spawn_blocking(|| 5).await.unwrap() });
            assert_eq!(event_loop.block_on(remote).unwrap(), 5);
        }
        // Sometimes a younger one lives on for a while.
        if n % 50 == 0 {
            let younger = new_loop();
            drop(event_loop);
            younger.block_on(task::yield_now());
        }
    }
    returns_to(before);
    if let (Some(memory), Some(now)) = (memory, resident_memory()) {
        let grown = now.saturating_sub(memory);
        assert!(grown < 10_000_000, "{grown} bytes");
    }
}

/// Case 152. With sockets, threads and handles that outlive the loop.
#[test]
fn loops_that_worked_leave_nothing_either() {
    let _alone = alone();
    let before = baseline();
    for n in 0..100 {
        let event_loop = new_loop();
        let handle = event_loop.handle();
        let kept = event_loop.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = spawn(TcpStream::connect(listener.local_addr().unwrap()));
            let (server, _) = listener.accept().await.unwrap();
            let client = client.await.unwrap().unwrap();
            drop(spawn(async move {
                let _ = server.read(&mut [0; 4]).await;
            }));
            let jobs: Vec<_> = (0..4).map(|n| spawn_blocking(move || n)).collect();
            for job in jobs {
                job.await.unwrap();
            }
            task::yield_now().await;
            client
        });
        if n % 2 == 0 {
            drop(event_loop);
            drop(kept);
        } else {
            thread::spawn(move || drop(kept)).join().unwrap();
            drop(event_loop);
        }
        drop(handle);
    }
    returns_to(before);
}

/// Case 106.
#[test]
fn a_panic_in_a_job_reaches_its_handle_and_its_worker_lives_on() {
    let _alone = alone();
    let event_loop = EventLoop::builder().max_blocking_threads(1).build().unwrap();
    event_loop.block_on(async {
        let first = spawn_blocking(|| thread::current().id()).await.unwrap();
        for _ in 0..3 {
            let joined: Result<(), _> = spawn_blocking(|| panic!("in a job")).await;
            let error = joined.unwrap_err();
            assert_eq!(error.to_string(), "the task panicked: in a job");
        }
        let joined: Result<(), _> = spawn_blocking(|| std::panic::panic_any(7)).await;
        match joined {
            Err(boucle::JoinError::Panicked(payload)) => {
                assert_eq!(payload.downcast_ref::<i32>(), Some(&7));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(spawn_blocking(|| thread::current().id()).await.unwrap(), first);
    });
}

/// Case 107. Aborted in the queue: never runs. Running: runs to its end, and the output is dropped.
#[test]
fn a_job_can_be_aborted_only_before_it_begins() {
    let _alone = alone();
    let pool = BlockingPool::new(1);
    let (begun, began) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let dropped = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&dropped);
    let running = pool.spawn(move || {
        begun.send(()).unwrap();
        held.recv().unwrap();
        OnDrop::new(move || {
            noted.fetch_add(1, SeqCst);
        })
    });
    began.recv().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let queued: Vec<_> = (0..3)
        .map(|_| {
            let ran = Arc::clone(&ran);
            pool.spawn(move || ran.fetch_add(1, SeqCst))
        })
        .collect();
    queued[0].abort();
    running.abort();
    assert!(!running.is_finished());
    // One that lost its handle runs all the same.
    let mut queued = queued.into_iter();
    let (aborted, detached, last) =
        (queued.next().unwrap(), queued.next().unwrap(), queued.next().unwrap());
    drop(detached);
    release.send(()).unwrap();
    block_on(async {
        last.await.unwrap();
        assert!(aborted.await.unwrap_err().is_aborted());
        assert_eq!(ran.load(SeqCst), 2);
        assert_eq!(dropped.load(SeqCst), 0, "the output waits for its handle");
        drop(running.await.unwrap());
        assert_eq!(dropped.load(SeqCst), 1);
    });
}

/// Case 107. The output of a job whose handle is gone is dropped on the pool's thread.
#[test]
fn the_output_of_a_detached_job_is_dropped() {
    let _alone = alone();
    let (dropped, heard) = mpsc::channel();
    let pool = BlockingPool::new(1);
    drop(pool.spawn(move || {
        thread::sleep(ms(5));
        OnDrop::new(move || {
            dropped.send(thread::current().name().map(str::to_owned)).unwrap();
            panic!("and its destructor panics");
        })
    }));
    let name = heard.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(name.unwrap().starts_with("boucle-worker-"));
    assert_eq!(block_on(pool.spawn(|| 1)).unwrap(), 1, "the worker lives on");
}

/// Case 108.
#[test]
fn a_job_that_never_ends_delays_the_end_of_the_loop_by_the_timeout_only() {
    let _alone = alone();
    for patience in [Duration::ZERO, ms(30)] {
        let (release, held) = mpsc::channel::<()>();
        let (begun, began) = mpsc::channel();
        let event_loop = EventLoop::builder().shutdown_timeout(patience).build().unwrap();
        let (job, queued) = event_loop.block_on(async {
            let job = spawn_blocking(move || {
                begun.send(()).unwrap();
                held.recv().is_ok()
            });
            began.recv().unwrap();
            (job, spawn_blocking(|| ()))
        });
        let start = Instant::now();
        drop(event_loop);
        let taken = start.elapsed();
        // The job is held, so whoever waits for it waits for ever.
        assert!(taken >= patience && taken < patience + Duration::from_secs(10), "{taken:?}");
        // It still runs, and its output still arrives.
        assert!(!job.is_finished());
        release.send(()).unwrap();
        assert!(block_on(job).unwrap());
        // The other one either ran at once or never.
        drop(queued);
    }
    // A pool of one's own does not wait at all.
    let (release, held) = mpsc::channel::<()>();
    let pool = BlockingPool::new(1);
    let job = pool.spawn(move || held.recv().is_ok());
    let queued = pool.spawn(|| unreachable!());
    let start = Instant::now();
    while start.elapsed() < ms(20) {
        thread::yield_now();
    }
    let start = Instant::now();
    drop(pool);
    assert!(start.elapsed() < Duration::from_secs(1));
    let queued: Result<(), _> = block_on(queued);
    assert!(queued.unwrap_err().is_aborted());
    release.send(()).unwrap();
    assert!(block_on(job).unwrap());
}

/// Case 109.
#[test]
fn a_job_given_to_a_pool_that_ended_is_aborted() {
    let _alone = alone();
    let event_loop = new_loop();
    let slot: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let theirs = Rc::clone(&slot);
    event_loop.block_on(async {
        let job = spawn_blocking(move || {});
        job.await.unwrap();
        // A value that is dropped by the end of the pool, after the end of the tasks.
        let handle = Handle::current();
        drop(spawn(async move {
            let _spawns = OnDrop::new(move || {
                assert!(!handle.is_closed());
                *theirs.borrow_mut() = Some(spawn_blocking(|| {}));
            });
            pending::<()>().await;
        }));
        task::yield_now().await;
    });
    drop(event_loop);
    let job = slot.take().expect("it was spawned");
    assert!(job.is_finished(), "neither lost nor hanging");
    let _ = output(job);
}

/// Case 111. The time of an idle worker runs out just as a job arrives, over and over.
#[test]
fn a_job_that_arrives_as_the_last_worker_leaves_still_runs() {
    let _alone = alone();
    for keep_alive in [Duration::ZERO, Duration::from_micros(500)] {
        let builder = EventLoop::builder().blocking_keep_alive(keep_alive);
        let event_loop = builder.build().unwrap();
        event_loop.block_on(async {
            for n in 0..300_u64 {
                let job = timeout(Duration::from_secs(10), spawn_blocking(move || n));
                assert_eq!(job.await.expect("the job hangs").unwrap(), n);
                thread::sleep(Duration::from_micros(n * 7 % 1000));
            }
        });
    }
}

/// Case 113.
#[test]
fn a_job_may_spawn_and_wait_for_jobs_of_other_pools_and_tasks_of_the_loop() {
    let _alone = alone();
    let event_loop = EventLoop::builder().max_blocking_threads(1).build().unwrap();
    let handle = event_loop.handle();
    let (outer, inner) = (BlockingPool::new(1), Arc::new(BlockingPool::new(1)));
    let job = outer.spawn(move || {
        let in_inner = inner.spawn(|| 1);
        let in_loop = handle.spawn(|| async { spawn_blocking(|| 2).await.unwrap() });
        futures_lite::future::block_on(async { in_inner.await.unwrap() + in_loop.await.unwrap() })
    });
    assert_eq!(event_loop.block_on(job).unwrap(), 3);
    // A job that only submits to its own pool of one does not wait, and both run.
    let pool = Arc::new(BlockingPool::new(1));
    let own = Arc::clone(&pool);
    let nested = block_on(pool.spawn(move || own.spawn(|| 4))).unwrap();
    assert_eq!(block_on(nested).unwrap(), 4);
}

/// Case 114. The documented way: a permit for each job.
#[test]
fn a_semaphore_bounds_what_is_queued() {
    let _alone = alone();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    block_on(async {
        let semaphore = Arc::new(boucle::sync::Semaphore::new(3));
        let mut jobs = Vec::new();
        for _ in 0..50 {
            let permit = Arc::clone(&semaphore).acquire_owned().await.unwrap();
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            jobs.push(spawn_blocking(move || {
                thread::yield_now();
                now.fetch_sub(1, SeqCst);
                drop(permit);
            }));
        }
        for job in jobs {
            job.await.unwrap();
        }
    });
    assert!(most.load(SeqCst) <= 3, "{most:?}");
}

/// Case 116.
#[test]
fn what_a_job_captured_is_dropped_on_the_pools_thread() {
    let _alone = alone();
    let (dropped, heard) = mpsc::channel();
    let captured = OnDrop::new(move || dropped.send(thread::current().id()).unwrap());
    let ran_on = block_on(spawn_blocking_now(move || {
        let _captured = captured;
        thread::current().id()
    }));
    assert_eq!(heard.recv().unwrap(), ran_on);
    assert_ne!(ran_on, thread::current().id());
}

async fn spawn_blocking_now<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(run).await.unwrap()
}

#[test]
fn a_pool_runs_at_most_as_many_jobs_at_once_as_was_asked() {
    let _alone = alone();
    let pool = BlockingPool::new(3);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // Three at a time do meet, for each waits for two others.
    let barrier = Arc::new(Barrier::new(3));
    let jobs: Vec<_> = (0..30)
        .map(|_| {
            let (now, most, barrier) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&barrier));
            pool.spawn(move || {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                barrier.wait();
                now.fetch_sub(1, SeqCst);
            })
        })
        .collect();
    block_on(async {
        for job in jobs {
            timeout(Duration::from_secs(10), job).await.expect("they never met").unwrap();
        }
    });
    assert_eq!(most.load(SeqCst), 3);
}

#[test]
fn idle_threads_leave() {
    let _alone = alone();
    let before = baseline();
    let event_loop = EventLoop::builder().blocking_keep_alive(ms(10)).build().unwrap();
    event_loop.block_on(async {
        let barrier = Arc::new(Barrier::new(8));
        let jobs: Vec<_> = (0..8)
            .map(|_| {
                let barrier = Arc::clone(&barrier);
                spawn_blocking(move || {
                    barrier.wait();
                })
            })
            .collect();
        for job in jobs {
            job.await.unwrap();
        }
    });
    // All eight, although the loop lives: its own three descriptors stay.
    returns_to(before.map(|(descriptors, threads)| (descriptors + 3, threads)));
    drop(event_loop);
    returns_to(before);
}

/// The handle of a job can be awaited by anybody, and polled by hand.
#[test]
fn a_pool_needs_no_loop() {
    let _alone = alone();
    let pool = BlockingPool::new(1);
    let mut job = pool.spawn(|| 8);
    let (woken, heard) = mpsc::channel();
    let waker = OnWake::waker(move || woken.send(()).unwrap());
    let first = std::pin::Pin::new(&mut job).poll(&mut Context::from_waker(&waker));
    if first.is_pending() {
        heard.recv_timeout(Duration::from_secs(5)).expect("the waker is called");
        assert_eq!(output(job).unwrap(), 8);
    }
}
