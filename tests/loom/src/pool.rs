//! Models of the blocking pool: its queue, its idle workers and their time-outs.

use std::sync::Arc;
use std::time::Duration;

use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::mpsc::{Sender, channel};
use loom::thread;

use crate::blocking::pool::{Pool, Rejected};
use crate::observe::event::WorkerId;
use crate::shim::{Plan, begin};

/// How long idle workers stay: long in the sense of the shim, so that the plan decides.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// More threads than any model starts.
const THREADS: u32 = 8;

/// Runs `model` in every interleaving with at most `preemptions` preemptions, once for each way in
/// which the first `long_waits` waits of idle workers may end.
fn run(preemptions: usize, long_waits: u32, model: fn()) {
    for time_outs in 0..1 << long_waits {
        let mut builder = Builder::new();
        builder.preemption_bound = Some(preemptions);
        builder.check(move || {
            begin(Plan { time_outs, threads: THREADS });
            model();
        });
    }
}

/// Puts a job into the pool that says `n`.
fn say(pool: &Pool, n: usize, to: &Sender<usize>) {
    let to = to.clone();
    let accepted = pool.submit(Box::new(move |_| to.send(n).expect("the model listens")));
    assert!(accepted.is_ok(), "the pool is open");
}

/// A worker's time may be up at any moment, also as a job arrives: the job still runs.
pub fn a_job_runs_though_its_worker_times_out() {
    run(4, 3, || {
        let pool = Pool::new(1, KEEP_ALIVE, None);
        let (send, receive) = channel();
        for n in 0..3 {
            say(&pool, n, &send);
            assert_eq!(receive.recv(), Ok(n));
        }
    });
}

/// Two threads submit, two workers run: every job runs once, and both workers go home.
pub fn every_job_of_two_threads_runs() {
    run(3, 2, || {
        let pool = Pool::new(2, KEEP_ALIVE, None);
        let (send, receive) = channel();
        let other = {
            let (pool, send) = (pool.clone(), send.clone());
            thread::spawn(move || say(&pool, 1, &send))
        };
        say(&pool, 2, &send);
        assert_eq!(receive.recv().unwrap() + receive.recv().unwrap(), 3);
        other.join().unwrap();
        assert_eq!(pool.shutdown(KEEP_ALIVE), 0);
        assert_eq!(pool.stats().threads, 0);
    });
}

/// Jobs that wait for each other never wait in the queue behind each other, whatever short jobs
/// made the workers brisk before.
pub fn jobs_that_block_run_at_once() {
    run(3, 1, || {
        let pool = Pool::new(2, KEEP_ALIVE, None);
        let (send, receive) = channel();
        for n in 0..2 {
            say(&pool, n, &send);
        }
        let (ping, pong) = channel();
        let (done, to) = (send.clone(), ping);
        assert!(pool.submit(Box::new(move |_| done.send(pong.recv().unwrap()).unwrap())).is_ok());
        say(&pool, 3, &to);
        let mut heard: Vec<_> = (0..3).map(|_| receive.recv().unwrap()).collect();
        heard.sort_unstable();
        assert_eq!(heard, [0, 1, 3]);
    });
}

/// A job that meets the shutdown runs, is dropped unrun or is given back; it is never lost, and a
/// job that was taken has ended when a patient shutdown returns.
pub fn a_job_that_meets_the_shutdown_is_not_lost() {
    struct Ends(Arc<AtomicUsize>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    run(3, 1, || {
        let pool = Pool::new(2, KEEP_ALIVE, None);
        let ended = Arc::new(AtomicUsize::new(0));
        let other = {
            let (pool, ended) = (pool.clone(), ended.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    let ends = Ends(ended.clone());
                    match pool.submit(Box::new(move |_| drop(ends))) {
                        Ok(()) => {}
                        Err(Rejected::Closed(job)) => drop(job),
                        Err(Rejected::NoThread(..)) => panic!("there are threads enough"),
                    }
                }
            })
        };
        assert_eq!(pool.shutdown(KEEP_ALIVE), 0);
        other.join().unwrap();
        assert_eq!(ended.load(Ordering::Relaxed), 2);
        assert_eq!(pool.stats().threads, 0);
    });
}

/// The last handle may go away while jobs wait and run, even inside a job: the workers go home.
/// (A worker that stayed would be a deadlock.)
pub fn the_last_handle_sends_the_workers_home() {
    run(3, 2, || {
        let pool = Pool::new(2, KEEP_ALIVE, None);
        let inner = pool.clone();
        assert!(pool.submit(Box::new(move |_| drop(inner))).is_ok());
        assert!(pool.submit(Box::new(|_| ())).is_ok());
    });
}

/// A system that refuses threads: the first job is given back, and later ones wait for the worker
/// that there is.
pub fn a_refused_thread_loses_no_job() {
    run(3, 2, || {
        begin(Plan { time_outs: 0, threads: 0 });
        let pool = Pool::new(2, KEEP_ALIVE, None);
        let (send, receive) = channel();
        let to = send.clone();
        match pool.submit(Box::new(move |_| to.send(0).expect("the model listens"))) {
            Err(Rejected::NoThread(job, _)) => job(WorkerId(0)),
            _ => panic!("no thread can have been started"),
        }
        assert_eq!(receive.recv(), Ok(0));
        assert_eq!(pool.stats().queued, 0);
        begin(Plan { time_outs: 0, threads: 1 });
        for n in 1..4 {
            say(&pool, n, &send);
        }
        for n in 1..4 {
            assert_eq!(receive.recv(), Ok(n));
        }
    });
}
