//! What the pool does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use boucle_watch::{Watch, assert_consistent};
use step_09_pool::program::program;
use step_09_pool::time::{sleep, timeout};
use step_09_pool::{MAX_THREADS, block_on, spawn, spawn_blocking};

/// So many milliseconds.
fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn the_loop_goes_on_while_a_thread_works() {
    let (watch, record) = Watch::recording();
    block_on(async {
        let (finish, wait) = mpsc::channel();
        let job = spawn_blocking(move || wait.recv().unwrap());
        sleep(millis(10)).await;
        finish.send(7).unwrap();
        assert_eq!(job.await.unwrap(), 7);
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn jobs_run_at_the_same_time_on_no_more_threads_than_the_maximum() {
    let (watch, record) = Watch::recording();
    let began = Instant::now();
    let threads = block_on(async {
        let jobs: Vec<_> = (0..2 * MAX_THREADS)
            .map(|_| {
                spawn_blocking(|| {
                    thread::sleep(millis(60));
                    format!("{:?}", thread::current().id())
                })
            })
            .collect();
        let mut threads = BTreeSet::new();
        for job in jobs {
            threads.insert(job.await.unwrap());
        }
        threads
    });
    assert_eq!(threads.len(), MAX_THREADS as usize);
    assert!(began.elapsed() < millis(60 * u64::from(MAX_THREADS)), "they ran one by one");
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn jobs_one_after_the_other_need_one_thread() {
    let threads = block_on(async {
        let mut threads = BTreeSet::new();
        for _ in 0..20 {
            let job = spawn_blocking(|| format!("{:?}", thread::current().id()));
            threads.insert(job.await.unwrap());
            // The thread tells its result before it is idle again.
            sleep(millis(2)).await;
        }
        threads
    });
    assert!(threads.len() < MAX_THREADS as usize, "{} threads", threads.len());
}

#[test]
fn a_panic_reaches_the_handle_and_the_thread_lives_on() {
    let (watch, record) = Watch::recording();
    block_on(async {
        for _ in 0..2 * MAX_THREADS {
            let panic = spawn_blocking(|| assert_eq!(1, 2, "oh")).await.unwrap_err();
            assert!(panic.downcast_ref::<String>().unwrap().contains("oh"));
        }
        assert_eq!(spawn_blocking(|| 7).await.unwrap(), 7);
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn a_job_whose_handle_is_dropped_goes_on() {
    let (done, wait) = mpsc::channel();
    block_on(async move {
        drop(spawn_blocking(move || done.send(7).unwrap()));
        while wait.try_recv() != Ok(7) {
            sleep(millis(1)).await;
        }
    });
}

#[test]
fn when_the_loop_ends_jobs_that_began_are_waited_for_and_the_others_never_begin() {
    let (begun, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let counters = (Arc::clone(&begun), Arc::clone(&ended));
    block_on(async move {
        for _ in 0..3 * MAX_THREADS {
            let (begun, ended) = counters.clone();
            spawn_blocking(move || {
                begun.fetch_add(1, Ordering::SeqCst);
                thread::sleep(millis(100));
                ended.fetch_add(1, Ordering::SeqCst);
            });
        }
        while counters.0.load(Ordering::SeqCst) < MAX_THREADS {
            sleep(millis(1)).await;
        }
    });
    assert_eq!(begun.load(Ordering::SeqCst), MAX_THREADS);
    assert_eq!(ended.load(Ordering::SeqCst), MAX_THREADS);
}

#[test]
fn a_timeout_stops_waiting_for_a_job() {
    block_on(async {
        let (finish, wait) = mpsc::channel::<()>();
        let job = spawn_blocking(move || wait.recv());
        timeout(millis(10), job).await.unwrap_err();
        drop(finish);
    });
}

#[test]
fn many_tasks_may_wait_for_jobs() {
    let (watch, record) = Watch::recording();
    block_on(async {
        let tasks: Vec<_> = (0..200)
            .map(|number| spawn(async move { spawn_blocking(move || number).await.unwrap() }))
            .collect();
        for (task, number) in tasks.into_iter().zip(0..) {
            assert_eq!(task.await.unwrap(), number);
        }
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn the_program_tells_no_contradictions() {
    let (watch, record) = Watch::recording();
    let heard = block_on(program()).unwrap();
    drop(watch);
    assert_eq!(heard, ["UN", "DEUX", "nothing about trois", "QUATRE"]);
    assert_consistent(&record);
}
