//! boucle measured beside tokio (current-thread), smol and a bare mio loop.
//!
//! The program has three roles. Started by a person it is the *runner*: for every row of the table
//! it starts itself again, once per backend and round, and compares the medians. Started with
//! `measure` it is one measurement: one workload on one backend in a fresh process, so that
//! allocator, page faults and threads of one never touch the next. Started with `load` it is the
//! other end of a socket: the clients, in a process of their own.
//!
//!     rows.rs        what is measured, in which unit, and what boucle must reach
//!     runner.rs      alternates the backends run by run and pairs each run with tokio's
//!     report.rs      the table, or JSON lines
//!     measure.rs     inside the measured process: from a workload to its figures
//!     workload/      the work, written once for every runtime
//!     backend/       boucle, tokio, smol: the primitives each brings; mio: two servers by hand
//!     seam.rs        what it costs that boucle can be watched
//!     load.rs        the clients
//!     machine.rs     cores, limits, memory: what differs between systems

mod args;
mod backend;
mod http;
mod load;
mod machine;
mod measure;
mod report;
mod rows;
mod runner;
mod seam;
mod workload;

use std::process::ExitCode;

/// With the feature `mimalloc` every backend allocates from it, the rig too.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = args::parse().and_then(|role| match role {
        args::Role::Help => {
            print!("{}", args::HELP);
            Ok(true)
        }
        args::Role::List => {
            report::list();
            Ok(true)
        }
        args::Role::Run(options) => runner::run(&options),
        args::Role::Measure { job, backend, quick } => {
            measure::measure(&job, backend, quick).map(|()| true)
        }
        args::Role::Load(load) => load::run(&load).map(|()| true).map_err(Into::into),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("boucle-benches: {error}");
            ExitCode::FAILURE
        }
    }
}
