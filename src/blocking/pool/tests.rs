use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::{Pool, Rejected, Stats, WorkerId};

/// Longer than any worker of a test should have to stay, and than any test should take.
const LONG: Duration = Duration::from_secs(60);

/// Puts a closure into the pool, which must take it.
fn submit(pool: &Pool, job: impl FnOnce(WorkerId) + Send + 'static) {
    assert!(pool.submit(Box::new(job)).is_ok(), "the pool takes the job");
}

/// Waits until the pool's numbers are as wanted.
fn wait_until(pool: &Pool, wanted: impl Fn(Stats) -> bool) -> Stats {
    let start = Instant::now();
    loop {
        let stats = pool.stats();
        if wanted(stats) {
            return stats;
        }
        assert!(start.elapsed() < LONG, "this never came: {stats:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Puts `count` jobs into the pool that say they began, then wait to be let go.
fn hold(pool: &Pool, count: usize) -> (Receiver<WorkerId>, Sender<()>) {
    let (report, begun) = channel();
    let (release, released) = channel::<()>();
    let released = Arc::new(std::sync::Mutex::new(released));
    for _ in 0..count {
        let (report, released) = (report.clone(), released.clone());
        submit(pool, move |worker| {
            report.send(worker).expect("the test listens");
            // The lock is held by one job at a time; the end of the channel lets all go.
            let _ = released.lock().expect("no job panics").recv();
        });
    }
    (begun, release)
}

/// Waits until `count` jobs have begun; says on which workers.
fn all_begin(begun: &Receiver<WorkerId>, count: usize) -> Vec<WorkerId> {
    (0..count).map(|_| begun.recv_timeout(LONG).expect("the job runs beside the others")).collect()
}

#[test]
fn a_job_runs_on_a_thread_named_after_its_worker() {
    let pool = Pool::new(4, LONG, None);
    assert_eq!(pool.stats().threads, 0, "no thread before the first job");
    let (send, receive) = channel();
    submit(&pool, move |worker| {
        send.send((worker, thread::current().name().map(str::to_owned))).expect("the test listens");
    });
    let (worker, name) = receive.recv_timeout(LONG).expect("the job runs");
    assert_eq!(worker, WorkerId(0));
    assert_eq!(name.as_deref(), Some("boucle-worker-0"));
}

/// Case 106.
#[test]
fn a_panic_in_a_job_does_not_cost_the_worker() {
    let pool = Pool::new(1, LONG, None);
    let (send, receive) = channel();
    for _ in 0..3 {
        submit(&pool, |_| std::panic::resume_unwind(Box::new("a job's own panic")));
        let send = send.clone();
        submit(&pool, move |worker| {
            send.send(worker).expect("the test listens");
        });
    }
    let workers = all_begin(&receive, 3);
    assert_eq!(workers, [WorkerId(0); 3], "always the same worker");
    let stats = wait_until(&pool, |stats| stats.idle == 1);
    assert_eq!((stats.threads, stats.running, stats.largest), (1, 0, 1));
}

/// Case 106.
#[test]
fn a_panic_whose_payload_panics_does_not_cost_the_worker_either() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let pool = Pool::new(1, LONG, None);
    submit(&pool, |_| std::panic::resume_unwind(Box::new(Bomb)));
    let (send, receive) = channel();
    submit(&pool, move |worker| {
        send.send(worker).expect("the test listens");
    });
    assert_eq!(receive.recv_timeout(LONG), Ok(WorkerId(0)));
}

/// Case 107.
#[test]
fn a_queued_job_that_is_shut_down_never_runs_and_is_dropped_by_the_caller() {
    struct Captured(Sender<thread::ThreadId>);
    impl Drop for Captured {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).expect("the test listens");
        }
    }
    let pool = Pool::new(1, LONG, None);
    let (begun, release) = hold(&pool, 1);
    all_begin(&begun, 1);
    let (send, dropped) = channel();
    let captured = Captured(send);
    submit(&pool, move |_| {
        let _captured = &captured;
        unreachable!("the pool is closed before this job's turn");
    });
    assert_eq!(pool.shutdown(Duration::ZERO), 1);
    assert_eq!(dropped.try_recv(), Ok(thread::current().id()));
    drop(release);
    assert_eq!(pool.shutdown(LONG), 0);
}

/// Case 107.
#[test]
fn a_running_job_is_waited_for_by_shutdown() {
    let pool = Pool::new(2, LONG, None);
    let (send, receive) = channel();
    let (report, begun) = channel();
    submit(&pool, move |_| {
        report.send(()).expect("the test listens");
        thread::sleep(Duration::from_millis(50));
        send.send(()).expect("the test listens");
    });
    begun.recv_timeout(LONG).expect("the job runs");
    assert_eq!(pool.shutdown(LONG), 0);
    assert_eq!(receive.try_recv(), Ok(()), "the job ended before shutdown returned");
    assert_eq!(pool.stats().threads, 0);
}

/// Case 108.
#[test]
fn shutdown_waits_no_longer_than_its_patience() {
    let pool = Pool::new(4, LONG, None);
    let (begun, release) = hold(&pool, 3);
    all_begin(&begun, 3);
    let start = Instant::now();
    assert_eq!(pool.shutdown(Duration::from_millis(20)), 3);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(20) && waited < LONG / 2, "waited for {waited:?}");
    assert_eq!(pool.shutdown(Duration::ZERO), 3, "a second call waits anew");
    drop(release);
    assert_eq!(pool.shutdown(LONG), 0);
}

/// Case 109.
#[test]
fn a_job_after_shutdown_is_given_back() {
    let pool = Pool::new(1, LONG, None);
    assert_eq!(pool.shutdown(Duration::ZERO), 0);
    let (send, receive) = channel();
    let rejected = pool.submit(Box::new(move |worker| {
        send.send(worker).expect("the test listens");
    }));
    match rejected {
        Err(Rejected::Closed(job)) => job(WorkerId(7)),
        Err(Rejected::NoThread(_, error)) => panic!("the wrong reason: {error}"),
        Ok(()) => panic!("a closed pool took a job"),
    }
    assert_eq!(receive.try_recv(), Ok(WorkerId(7)), "it is the same job, whole");
    assert_eq!(pool.stats().threads, 0);
}

/// Case 111.
#[test]
fn a_job_that_arrives_as_its_worker_times_out_still_runs() {
    // The times between jobs go back and forth across the time for which a worker stays.
    let keep_alive = Duration::from_micros(300);
    let pool = Pool::new(1, keep_alive, None);
    for round in 0..1_000 {
        let (send, receive) = channel();
        submit(&pool, move |_| send.send(()).expect("the test listens"));
        receive.recv_timeout(LONG).expect("the job runs");
        thread::sleep(Duration::from_micros(round % 500));
    }
    wait_until(&pool, |stats| stats.threads == 0);
}

/// Case 113.
#[test]
fn a_job_may_submit_to_its_own_pool_of_one() {
    let pool = Pool::new(1, LONG, None);
    let (send, receive) = channel();
    let inner = pool.clone();
    submit(&pool, move |_| {
        for n in 0..10 {
            let send = send.clone();
            submit(&inner, move |_| send.send(n).expect("the test listens"));
        }
    });
    for n in 0..10 {
        assert_eq!(receive.recv_timeout(LONG), Ok(n), "in the order of submission");
    }
    assert_eq!(pool.stats().largest, 1);
}

#[test]
fn a_pool_grows_to_its_maximum_and_no_further() {
    let pool = Pool::new(3, LONG, None);
    let (begun, release) = hold(&pool, 10);
    all_begin(&begun, 3);
    assert!(begun.recv_timeout(Duration::from_millis(20)).is_err(), "a fourth job runs");
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.running, stats.queued), (3, 3, 7));
    drop(release);
    all_begin(&begun, 7);
    let stats = wait_until(&pool, |stats| stats.running == 0);
    assert_eq!((stats.largest, stats.queued), (3, 0));
}

#[test]
fn jobs_that_block_all_run_at_once() {
    let pool = Pool::new(64, LONG, None);
    for _ in 0..3 {
        // Each job waits for all the others, so one that waits in the queue would be a deadlock.
        let barrier = Arc::new(Barrier::new(65));
        for _ in 0..64 {
            let barrier = barrier.clone();
            submit(&pool, move |_| {
                barrier.wait();
            });
        }
        barrier.wait();
        // Short jobs in between make the workers brisk.
        for _ in 0..1_000 {
            submit(&pool, |_| ());
        }
    }
    assert_eq!(wait_until(&pool, |stats| stats.running == 0).largest, 64);
}

#[test]
fn a_job_does_not_wait_behind_a_brisk_worker_that_turned_slow() {
    let pool = Pool::new(8, LONG, None);
    for _ in 0..20 {
        // A worker takes some short jobs in a row, then all turn out long.
        for _ in 0..200 {
            submit(&pool, |_| ());
        }
        let (begun, release) = hold(&pool, 8);
        all_begin(&begun, 8);
        drop(release);
    }
}

#[test]
fn short_jobs_do_not_call_every_worker() {
    let pool = Pool::new(64, LONG, None);
    let (send, receive) = channel();
    for _ in 0..20_000 {
        let send = send.clone();
        submit(&pool, move |_| send.send(()).expect("the test listens"));
    }
    drop(send);
    assert_eq!(receive.iter().count(), 20_000);
    // A machine that is busy with other things may make a few workers step in; all 64 would be the
    // mistake.
    let stats = pool.stats();
    assert!(stats.largest < 64, "{stats:?}");
}

#[test]
fn idle_threads_leave() {
    let pool = Pool::new(8, Duration::from_millis(10), None);
    let (begun, release) = hold(&pool, 8);
    all_begin(&begun, 8);
    drop(release);
    let stats = wait_until(&pool, |stats| stats.threads == 0);
    assert_eq!((stats.idle, stats.largest), (0, 8));
    // The pool is still of use, and its workers have new numbers.
    let (begun, _release) = hold(&pool, 1);
    assert_eq!(all_begin(&begun, 1), [WorkerId(8)]);
}

#[test]
fn idle_threads_leave_even_while_single_jobs_keep_coming() {
    let pool = Pool::new(8, Duration::from_millis(100), None);
    let (begun, release) = hold(&pool, 8);
    all_begin(&begun, 8);
    drop(release);
    let start = Instant::now();
    // Were the workers called in turn, none would ever be idle for long enough to leave.
    while pool.stats().threads > 3 {
        let (send, receive) = channel();
        submit(&pool, move |_| send.send(()).expect("the test listens"));
        receive.recv_timeout(LONG).expect("the job runs");
        thread::sleep(Duration::from_millis(2));
        assert!(start.elapsed() < LONG, "{:?}", pool.stats());
    }
}

#[test]
fn the_last_handle_closes_the_pool() {
    let pool = Pool::new(4, LONG, None);
    let (begun, release) = hold(&pool, 4);
    all_begin(&begun, 4);
    let state = pool.door.shared.clone();
    let other = pool.clone();
    drop(pool);
    let (send, receive) = channel();
    submit(&other, move |_| send.send(()).expect("the test listens"));
    drop(release);
    receive.recv_timeout(LONG).expect("one handle is left, so the job runs");
    drop(other);
    let start = Instant::now();
    while state.lock().count.threads > 0 {
        assert!(start.elapsed() < LONG, "the threads stay");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_last_handle_may_be_dropped_inside_a_job() {
    let pool = Pool::new(2, LONG, None);
    let state = pool.door.shared.clone();
    let (begun, release) = hold(&pool, 1);
    all_begin(&begun, 1);
    let inner = pool.clone();
    submit(&pool, move |_| drop(inner));
    drop((pool, release));
    let start = Instant::now();
    while state.lock().count.threads > 0 {
        assert!(start.elapsed() < LONG, "the threads stay");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn every_job_of_many_threads_runs_once() {
    const THREADS: u64 = 8;
    const JOBS: u64 = 2_000;
    let pool = Pool::new(6, Duration::from_micros(200), None);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for seed in 1..=THREADS {
            let (pool, ran) = (pool.clone(), ran.clone());
            scope.spawn(move || {
                // A small generator: the same lengths at every run, whatever the interleaving.
                let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                for _ in 0..JOBS {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let (ran, length) = (ran.clone(), random % 1_000);
                    submit(&pool, move |_| {
                        if length < 30 {
                            thread::sleep(Duration::from_micros(length * 10));
                        }
                        ran.fetch_add(1, Ordering::Relaxed);
                    });
                    if random % 500 == 0 {
                        thread::sleep(Duration::from_micros(random % 700));
                    }
                }
            });
        }
    });
    let stats = wait_until(&pool, |stats| stats.threads == 0);
    assert_eq!(ran.load(Ordering::Relaxed) as u64, THREADS * JOBS);
    assert_eq!((stats.queued, stats.running, stats.idle), (0, 0, 0));
    assert!(stats.largest <= 6, "{stats:?}");
}
