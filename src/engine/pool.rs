//! Threads for blocking work: started on demand, sent home when idle.
//!
//! The idea: one queue, and never more workers awake than the work asks for. Waking a thread
//! costs more than a short job does, so a worker is woken only when nobody else is about to look
//! at the queue; yet a job must not wait behind one that blocks. Both hold because somebody has
//! always *promised to look at the queue soon*: a worker that was called and is on its way, one
//! that lingers after its last job, or one that keeps watch.
//!
//! ```text
//!            a call (2, 3)             takes a job (3)
//!     idle ----------------> coming -------------------> running <--------.
//!     ^  ^                     |                          ^   |           | another job
//!     |  |                     | the others are brisk (5) |   | back      |
//!     |  |   nothing new (6)   v                          |   v           |
//!     |  '----------------- watching ---------------------'  lingering ---'
//!     |                              a job waits too long (5)    |
//!     '----------------------------------------------------------'  nothing came (7)
//! ```
//!
//! The rules. Everything in [`State`] changes under its lock, and no job runs or is dropped under
//! it.
//!
//! 1. *The invariant:* while a job is queued, a worker without a job has promised to look at the
//!    queue, or all `max_workers` threads run jobs. (If the system refuses a thread, the next
//!    worker to come back looks, and every `submit` tries again.)
//! 2. `submit` puts the job into the queue and, if nobody has promised to look, calls a worker: an
//!    idle one, else a new thread.
//! 3. A worker that takes a job does the same for the jobs it leaves behind, *before* it runs its
//!    own. So jobs that block come to run at the same time, each starting the next.
//! 4. The call is the flag `coming`; the condition variable only spreads the news. The flag is for
//!    whichever waiting worker wakes first, by the news, by its time-out or by chance. A worker
//!    goes home only if its time is up and there is no call, so a job that arrives at the moment of
//!    the time-out finds that worker still there, or already gone from the count.
//! 5. A worker that was called but finds the others *brisk* (one came back from a job lately, and
//!    the first job in the queue is fresh) does not join them, which would only be in their way. It
//!    keeps watch: once a [`TICK`] it looks whether a job has waited since its last look. If so, it
//!    takes the job, and by rule 3 calls the next worker.
//! 6. The watch ends after a tick in which no job came.
//! 7. A worker that comes back to an empty queue lingers for about as long as it would take to wake
//!    it (one at a time does), because the loop often has the next job ready by then.
//!
//! What it costs: two turns of an uncontended lock a job when jobs are short and keep coming. A job
//! that is submitted while brisk workers turn to long work waits two ticks at the worst. The queue
//! is not bounded: a program that can produce jobs faster than they run should take a permit from
//! a `Semaphore` before each.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use crate::engine::shim::{Arc, Condvar, LINGER, Mutex, MutexGuard, thread};

#[cfg(test)]
mod tests;

/// How often the watch looks at the queue: long against a short job (a microsecond), short against
/// one that was worth a thread.
const TICK: Duration = Duration::from_millis(1);

/// For so many looks of the watch a worker that came back from a job counts as brisk. With one
/// look, the moment after each would call a worker for nothing.
const BRISK_LOOKS: u8 = 2;

/// Work for the pool. It is told which worker runs it, and is dropped on that worker's thread.
pub(crate) type Job = Box<dyn FnOnce(WorkerId) + Send>;

/// The number of a worker, as in its thread's name, `boucle-worker-N`. Never reused in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WorkerId(pub(crate) u32);

/// A job that the pool gave back unrun, and why.
pub(crate) enum Rejected {
    /// The pool is shut down.
    Closed(Job),
    /// The pool has no thread, and the system refused to start one.
    NoThread(Job, io::Error),
}

/// What a pool is doing at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    /// Threads started and not gone home.
    pub(crate) threads: usize,
    /// Threads asleep, the watch included.
    pub(crate) idle: usize,
    /// Threads inside a job.
    pub(crate) running: usize,
    /// Jobs that wait for a worker.
    pub(crate) queued: usize,
    /// The most threads there ever were at once.
    pub(crate) largest: usize,
}

/// A handle to a pool. The pool closes, without waiting, when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct Pool {
    /// What all handles share, and no worker.
    door: Arc<Door>,
}

/// The handles' end of a pool. Its drop is how a pool learns that nobody can submit any more.
struct Door {
    /// What handles and workers share.
    shared: Arc<Shared>,
}

/// What handles and workers share.
struct Shared {
    /// The queue and the accounts: the only lock.
    state: Mutex<State>,
    /// Where idle workers and the watch sleep: news of a call, or of the end.
    news: Condvar,
    /// Where `shutdown` sleeps until the last thread has gone home.
    gone: Condvar,
    /// The most threads at once.
    max_workers: usize,
    /// How long an idle worker stays.
    keep_alive: Duration,
}

/// The queue, and who does what.
#[derive(Default)]
struct State {
    /// Jobs that wait, oldest first.
    queue: VecDeque<Job>,
    /// No job enters any more, and workers go home.
    closed: bool,
    /// Who there is; `queued` is filled in when somebody asks.
    count: Stats,
    /// Threads ever started: the next worker's number.
    started: u32,
    /// A worker was called and is not at the queue yet (rule 4).
    coming: bool,
    /// A worker keeps watch (rule 5).
    watching: bool,
    /// A worker lingers (rule 7).
    lingering: bool,
    /// Looks of the watch for which the running workers still count as brisk.
    brisk: u8,
    /// Jobs ever put into the queue.
    submitted: u64,
    /// What `submitted` was at the last look of the watch.
    seen: u64,
}

impl Pool {
    /// A pool without threads yet. `max_workers` is at least 1, which the caller checks.
    pub(crate) fn new(max_workers: usize, keep_alive: Duration) -> Pool {
        let state = Mutex::new(State::default());
        let (news, gone) = (Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state, news, gone, max_workers, keep_alive });
        Pool { door: Arc::new(Door { shared }) }
    }

    /// Queues a job and sees to it that a worker will take it (rule 2). It never waits.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Rejected> {
        let shared = &self.door.shared;
        let mut state = shared.lock();
        if state.closed {
            return Err(Rejected::Closed(job));
        }
        state.queue.push_back(job);
        state.submitted += 1;
        match shared.cover(&mut state) {
            Ok(call) => shared.spread(call, state),
            // Without any thread nobody would ever take the job, so it goes back. It is the only
            // one: a worker leaves no job behind.
            Err(error) if state.count.threads == 0 => {
                state.submitted -= 1;
                let job = state.queue.pop_back().expect("the job was put there above");
                return Err(Rejected::NoThread(job, error));
            }
            // The threads that there are will come to it.
            Err(_) => {}
        }
        Ok(())
    }

    /// Closes the pool: drops the queued jobs, unrun and on this thread, and waits at most
    /// `patience` for the running ones. Returns how many still run; their threads are left to
    /// themselves and end with their jobs.
    pub(crate) fn shutdown(&self, patience: Duration) -> usize {
        let shared = &self.door.shared;
        shared.close();
        let (state, _) = shared
            .gone
            .wait_timeout_while(shared.lock(), patience, |state| state.count.threads > 0)
            .expect(UNPOISONED);
        state.count.running
    }

    /// What the pool is doing now.
    pub(crate) fn stats(&self) -> Stats {
        let state = self.door.shared.lock();
        Stats { queued: state.queue.len(), ..state.count }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// Why the lock cannot be poisoned.
const UNPOISONED: &str = "no job runs under the pool's lock";

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }

    /// Lets no job in any more, drops those that wait, and sends the workers home.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let unrun = mem::take(&mut state.queue);
        drop(state);
        self.news.notify_all();
        // A job's drop is the user's code, so it comes last and without the lock. One that panics
        // does not keep the others from being dropped.
        for job in unrun {
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| drop(job))) {
                mem::forget(payload);
            }
        }
    }

    /// Keeps the invariant after the queue has changed (rules 2 and 3): if jobs wait and nobody has
    /// promised to look, calls a worker. True if the call is for a sleeping one, which the caller
    /// has to `spread`. This is the only place where a thread is started.
    fn cover(self: &Arc<Self>, state: &mut State) -> io::Result<bool> {
        if state.queue.is_empty() || state.is_covered() {
            return Ok(false);
        }
        if state.count.idle > 0 {
            state.coming = true;
            return Ok(true);
        }
        if state.count.threads < self.max_workers {
            let (shared, id) = (Arc::clone(self), WorkerId(state.started));
            let name = format!("boucle-worker-{}", id.0);
            thread::Builder::new().name(name).spawn(move || shared.work(id))?;
            state.started += 1;
            state.count.threads += 1;
            state.count.largest = state.count.largest.max(state.count.threads);
            // A new thread has been called like any other, only its way is longer.
            state.coming = true;
        }
        Ok(false)
    }

    /// Releases the lock, then wakes a sleeping worker if one was called: one that woke earlier
    /// would only run into the lock.
    fn spread(&self, call: bool, state: MutexGuard<'_, State>) {
        drop(state);
        if call {
            self.news.notify_one();
        }
    }

    /// The life of a worker: it waits for a call, works until the queue is empty, waits again.
    fn work(self: Arc<Self>, id: WorkerId) {
        let mut state = self.lock();
        while let Some(called) = self.wait(state) {
            state = self.run_jobs(called, id);
        }
    }

    /// Runs jobs until the queue is empty, even after lingering.
    fn run_jobs<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        id: WorkerId,
    ) -> MutexGuard<'a, State> {
        while let Some(job) = state.queue.pop_front() {
            state.count.running += 1;
            // If the system refuses a thread, this worker will be back for the rest.
            let call = self.cover(&mut state).unwrap_or(false);
            self.spread(call, state);
            // A job is expected to catch its own panic. Should one escape, the worker survives, and
            // the payload is forgotten, since its drop could panic again.
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| job(id))) {
                mem::forget(payload);
            }
            state = self.lock();
            state.count.running -= 1;
            state.brisk = BRISK_LOOKS;
            state = self.linger(state);
        }
        state
    }

    /// Gives way to other threads for a while, looking for a job each time (rule 7).
    fn linger<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.lingering {
            return state;
        }
        state.lingering = true;
        for _ in 0..LINGER {
            if !state.queue.is_empty() || state.closed {
                break;
            }
            drop(state);
            thread::yield_now();
            state = self.lock();
        }
        state.lingering = false;
        state
    }

    /// Waits until this worker has to work, idle or on watch. `None`: it has to go home, and is no
    /// longer counted. This is the only place where a worker sleeps.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> Option<MutexGuard<'a, State>> {
        let (mut on_watch, mut time_is_up) = (false, false);
        loop {
            if state.closed {
                break;
            } else if mem::take(&mut state.coming) {
                // Rule 4: the call is for whoever sees it first. Rule 5: watch rather than join.
                if on_watch || state.watching || !state.is_brisk() || state.is_overdue() {
                    state.watching &= !on_watch;
                    return Some(state);
                }
                on_watch = true;
                state.watching = true;
                state.seen = state.submitted;
            } else if on_watch {
                // Rule 5: step in for a job that waited too long. Rule 6: or end the watch.
                let waiting = !state.queue.is_empty();
                if waiting && (!state.is_brisk() || state.is_overdue()) {
                    state.watching = false;
                    return Some(state);
                }
                on_watch = waiting || state.submitted != state.seen;
                state.watching = on_watch;
                state.seen = state.submitted;
                state.brisk = state.brisk.saturating_sub(1);
            } else if time_is_up {
                break;
            }
            // Once all is quiet, nobody is brisk.
            if state.count.running == 0 && !state.lingering {
                state.brisk = 0;
            }
            let patience = if on_watch { TICK } else { self.keep_alive };
            state.count.idle += 1;
            let (guard, timeout) = self.news.wait_timeout(state, patience).expect(UNPOISONED);
            state = guard;
            state.count.idle -= 1;
            time_is_up = timeout.timed_out();
        }
        state.count.threads -= 1;
        if state.count.threads == 0 {
            self.gone.notify_all();
        }
        None
    }
}

impl State {
    /// Whether somebody has promised to look at the queue. The watch alone is enough only while the
    /// others are brisk.
    fn is_covered(&self) -> bool {
        self.coming || self.lingering || self.watching && self.is_brisk()
    }

    /// Whether a worker runs and one came back from a job lately.
    fn is_brisk(&self) -> bool {
        self.count.running > 0 && self.brisk > 0
    }

    /// Whether the first job in the queue was there at the last look of the watch.
    fn is_overdue(&self) -> bool {
        let taken = self.submitted - self.queue.len() as u64;
        taken < self.seen
    }
}
