//! Runs the models of the pool; see `src/pool.rs`.

#![cfg(loom)]

use boucle_loom::pool;

/// Case 111.
#[test]
fn a_job_runs_though_its_worker_times_out() {
    pool::a_job_runs_though_its_worker_times_out();
}

/// Case 111.
#[test]
fn every_job_of_two_threads_runs() {
    pool::every_job_of_two_threads_runs();
}

#[test]
fn jobs_that_block_run_at_once() {
    pool::jobs_that_block_run_at_once();
}

/// Case 107.
#[test]
fn a_job_that_meets_the_shutdown_is_not_lost() {
    pool::a_job_that_meets_the_shutdown_is_not_lost();
}

#[test]
fn the_last_handle_sends_the_workers_home() {
    pool::the_last_handle_sends_the_workers_home();
}

#[test]
fn a_refused_thread_loses_no_job() {
    pool::a_refused_thread_loses_no_job();
}
