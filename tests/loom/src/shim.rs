//! The engine's view of threads, as loom has them.
//!
//! Time does not pass in a model, so each model says how its waits end:
//!
//! * A wait of less than a second is a tick: it always times out, after the others had a chance.
//! * A longer one ends by a notification, unless the model's [`Plan`] lets it time out.
//! * A wait for a condition ends when the condition holds, or at once if its patience is zero.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::LockResult;
use std::time::Duration;

use crate::observe::event::ThreadId;

// Method receivers must be the standard `Arc`. What it guards is reached through locks only.
pub(crate) use std::sync::Arc;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// The number of the thread that sends a message: no model asks which one did.
pub(crate) fn this_thread() -> ThreadId {
    ThreadId(1)
}

/// How often a worker gives way before it sleeps: enough to have both outcomes.
pub(crate) const LINGER: u32 = 1;

/// A wait of less than this is a tick.
const TICK_LIMIT: Duration = Duration::from_secs(1);

/// What time and the system do in one run of a model.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Bit n is set if the n-th long wait of the run times out.
    pub(crate) time_outs: u32,
    /// How many threads the system grants.
    pub(crate) threads: u32,
}

thread_local! {
    /// The plan of this run: all of loom's threads share one thread of the system.
    static PLAN: Cell<Plan> = const { Cell::new(Plan { time_outs: 0, threads: 0 }) };
}

/// Begins a run of a model.
pub(crate) fn begin(plan: Plan) {
    PLAN.set(plan);
}

/// A mutex whose guard knows it, so that a wait that times out can let others in.
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

/// The lock, held.
pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: loom::sync::MutexGuard<'a, T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Mutex<T> {
        Mutex(loom::sync::Mutex::new(value))
    }

    /// No model poisons a lock: loom would have stopped at the panic.
    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard = self.0.lock().expect("no panic in a model");
        Ok(MutexGuard { mutex: self, guard })
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

/// A condition variable that keeps to the plan.
pub(crate) struct Condvar(loom::sync::Condvar);

/// How a wait ended.
pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Condvar {
        Condvar(loom::sync::Condvar::new())
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        waiting: MutexGuard<'a, T>,
        patience: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let MutexGuard { mutex, guard } = waiting;
        if patience < TICK_LIMIT || long_wait_times_out() {
            // Whatever others do between the two locks, they do while this one waits.
            drop(guard);
            loom::thread::yield_now();
            let guard = mutex.0.lock().expect("no panic in a model");
            return Ok((MutexGuard { mutex, guard }, WaitTimeoutResult(true)));
        }
        let guard = self.0.wait(guard).expect("no panic in a model");
        Ok((MutexGuard { mutex, guard }, WaitTimeoutResult(false)))
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut waiting: MutexGuard<'a, T>,
        patience: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        while patience > Duration::ZERO && condition(&mut waiting) {
            let MutexGuard { mutex, guard } = waiting;
            let guard = self.0.wait(guard).expect("no panic in a model");
            waiting = MutexGuard { mutex, guard };
        }
        Ok((waiting, WaitTimeoutResult(patience.is_zero())))
    }
}

/// Whether the next long wait of the run times out.
fn long_wait_times_out() -> bool {
    let plan = PLAN.get();
    PLAN.set(Plan { time_outs: plan.time_outs >> 1, ..plan });
    plan.time_outs & 1 == 1
}

/// The standard library's threads, as many as the plan grants.
pub(crate) mod thread {
    use std::io;

    pub(crate) use loom::thread::{JoinHandle, yield_now};

    use super::{PLAN, Plan};

    /// Starts a thread, if the plan has one left.
    pub(crate) struct Builder(loom::thread::Builder);

    impl Builder {
        pub(crate) fn new() -> Builder {
            Builder(loom::thread::Builder::new())
        }

        pub(crate) fn name(self, name: String) -> Builder {
            Builder(self.0.name(name))
        }

        pub(crate) fn spawn(
            self,
            work: impl FnOnce() + Send + 'static,
        ) -> io::Result<JoinHandle<()>> {
            let plan = PLAN.get();
            let threads = plan.threads.checked_sub(1).ok_or(io::ErrorKind::WouldBlock)?;
            PLAN.set(Plan { threads, ..plan });
            self.0.spawn(work)
        }
    }
}
