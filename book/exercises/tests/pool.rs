//! Judge of `pool`: threads for calls that block.

#![allow(clippy::disallowed_methods, reason = "jobs block; that is what they are for")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use my_loop::pool::Pool;
use support::{OnDrop, ms, within_limit};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(60);

fn submit(pool: &Pool, job: impl FnOnce() + Send + 'static) {
    assert!(pool.submit(Box::new(job)).is_ok());
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(5), "{what}");
        thread::sleep(ms(1));
    }
}

#[test]
fn a_job_runs_on_a_thread_of_the_pool() {
    within_limit(|| {
        let (pool, (to, from)) = (Pool::new(4, LONG), mpsc::channel());
        assert_eq!(pool.threads(), 0, "none before there is work");
        submit(&pool, move || to.send(thread::current().id()).unwrap());
        assert_ne!(from.recv().unwrap(), thread::current().id());
        assert_eq!(pool.threads(), 1);
    });
}

#[test]
fn jobs_that_wait_for_each_other_run_at_the_same_time() {
    within_limit(|| {
        for _ in 0..20 {
            let (pool, gate) = (Pool::new(4, LONG), Arc::new(Barrier::new(5)));
            for _ in 0..4 {
                let gate = Arc::clone(&gate);
                submit(&pool, move || {
                    gate.wait();
                });
            }
            gate.wait();
        }
    });
}

#[test]
fn two_jobs_do_not_both_count_on_one_idle_worker() {
    within_limit(|| {
        for _ in 0..200 {
            let pool = Pool::new(2, LONG);
            // One worker, and it is idle.
            let (to, from) = mpsc::channel();
            submit(&pool, move || to.send(()).unwrap());
            from.recv().unwrap();
            thread::yield_now();
            // The first of these waits for the second.
            let gate = Arc::new(Barrier::new(3));
            for _ in 0..2 {
                let gate = Arc::clone(&gate);
                submit(&pool, move || {
                    gate.wait();
                });
            }
            gate.wait();
        }
    });
}

#[test]
fn no_more_jobs_run_at_once_than_there_may_be_threads_and_all_run() {
    within_limit(|| {
        let pool = Pool::new(3, LONG);
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (to, from) = mpsc::channel();
        for n in 0..300 {
            let (inside, most, to) = (Arc::clone(&inside), Arc::clone(&most), to.clone());
            submit(&pool, move || {
                most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                thread::yield_now();
                inside.fetch_sub(1, SeqCst);
                to.send(n).unwrap();
            });
        }
        let mut ran: Vec<i32> = from.iter().take(300).collect();
        ran.sort_unstable();
        assert_eq!(ran, (0..300).collect::<Vec<_>>());
        assert!(most.load(SeqCst) <= 3 && pool.threads() <= 3);
    });
}

#[test]
fn a_single_worker_does_its_jobs_in_order() {
    within_limit(|| {
        let (pool, order) = (Pool::new(1, LONG), Arc::new(Mutex::new(Vec::new())));
        for n in 0..50 {
            let order = Arc::clone(&order);
            submit(&pool, move || order.lock().unwrap().push(n));
        }
        until("all ran", || order.lock().unwrap().len() == 50);
        assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
        assert_eq!(pool.threads(), 1);
    });
}

#[test]
fn a_panic_in_a_job_costs_no_worker() {
    within_limit(|| {
        let (pool, (to, from)) = (Pool::new(1, LONG), mpsc::channel());
        for _ in 0..3 {
            submit(&pool, || panic!("as expected"));
        }
        submit(&pool, move || to.send(()).unwrap());
        from.recv().unwrap();
        assert_eq!(pool.threads(), 1);
    });
}

#[test]
fn an_idle_worker_is_used_again_and_leaves_when_its_time_is_over() {
    within_limit(|| {
        let pool = Pool::new(64, ms(200));
        for _ in 0..30 {
            let (to, from) = mpsc::channel();
            submit(&pool, move || to.send(()).unwrap());
            from.recv().unwrap();
            // Time to become idle; on a busy machine it may not suffice every time.
            thread::sleep(ms(2));
        }
        assert!(pool.threads() <= 10, "{} threads for one job at a time", pool.threads());
        until("the worker leaves", || pool.threads() == 0);
    });
}

#[test]
fn a_job_that_arrives_as_the_last_worker_leaves_still_runs() {
    within_limit(|| {
        let pool = Pool::new(2, ms(1));
        for round in 0..300 {
            let (to, from) = mpsc::channel();
            submit(&pool, move || to.send(()).unwrap());
            let ran = from.recv_timeout(Duration::from_secs(2));
            assert!(ran.is_ok(), "the job of round {round} never ran");
            thread::sleep(Duration::from_micros(900 + round % 7 * 50));
        }
    });
}

#[test]
fn a_shutdown_drops_what_waits_and_waits_for_what_runs() {
    within_limit(|| {
        let (pool, ended) = (Pool::new(1, LONG), Arc::new(AtomicUsize::new(0)));
        let (begun, began) = mpsc::channel();
        let counted = Arc::clone(&ended);
        submit(&pool, move || {
            begun.send(()).unwrap();
            thread::sleep(ms(50));
            counted.fetch_add(1, SeqCst);
        });
        began.recv().unwrap();
        let dropped = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let counted = Arc::clone(&dropped);
            let note = OnDrop(move || {
                counted.fetch_add(1, SeqCst);
            });
            submit(&pool, move || {
                drop(note);
                panic!("it runs although the pool was shut down");
            });
        }
        assert_eq!(pool.shutdown(LONG), 0);
        assert_eq!((ended.load(SeqCst), dropped.load(SeqCst)), (1, 3));
        assert!(pool.submit(Box::new(|| ())).is_err(), "the job is given back");
    });
}

#[test]
fn a_shutdown_has_only_so_much_patience() {
    within_limit(|| {
        let pool = Pool::new(2, LONG);
        let (release, held) = mpsc::channel::<()>();
        let (begun, began) = mpsc::channel();
        submit(&pool, move || {
            begun.send(()).unwrap();
            let _ = held.recv();
        });
        began.recv().unwrap();
        let start = Instant::now();
        assert_eq!(pool.shutdown(ms(30)), 1);
        assert!(start.elapsed() >= ms(30));
        drop(release);
        until("the thread ends with its job", || pool.threads() == 0);
    });
}

#[test]
fn idle_workers_go_home_with_the_pool() {
    within_limit(|| {
        let pool = Pool::new(4, LONG);
        let (to, from) = mpsc::channel();
        submit(&pool, move || to.send(()).unwrap());
        from.recv().unwrap();
        assert_eq!(pool.shutdown(Duration::from_secs(5)), 0, "it sleeps, and is called");
    });
}
