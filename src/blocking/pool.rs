//! Threads for blocking work: started on demand, sent home when idle.
//!
//! The idea: one queue, and never more workers awake than the work asks for. Waking a thread
//! costs more than a short job does, so a worker is woken only when nobody else is about to look
//! at the queue; yet a job must not wait behind one that blocks. Both hold because somebody has
//! always *promised to look at the queue soon*: a worker that was called and is on its way, one
//! that lingers after its last job, or one that keeps watch.
//!
//! ```text
//!          called (2, 3)             takes a job (3)
//!     idle --------------> coming -------------------> running <--.
//!     ^  ^                   |                         ^     |    | a job came (7)
//!     |  |                   | others are brisk (5)    |     v    |
//!     |  |   all quiet (6)   v                         |  lingering
//!     |  '--------------- watching --------------------'     |
//!     |                         a job has gone stale (5)     | none came (7)
//!     '------------------------------------------------------'
//! ```
//!
//! The rules. Everything in [`State`] changes under its lock, and no job runs or is dropped under
//! it.
//!
//! 1. *The invariant:* while a job is queued, a worker without a job has promised to look at the
//!    queue, or all `max_workers` threads run jobs. (If the system refuses a thread, the next
//!    worker to come back looks, and every `submit` tries again.)
//! 2. `submit` puts the job into the queue and, if nobody has promised to look, calls a worker: an
//!    idle one (the last to go to sleep, so that the others' time can run out), else a new
//!    thread.
//! 3. A worker that takes a job does the same for the jobs it leaves behind, *before* it runs its
//!    own. So jobs that block come to run at the same time, each starting the next.
//! 4. The call is the flag `coming`; the condition variable only wakes. The flag is for whichever
//!    worker sees it first, woken by the call, by its time-out or by chance, or new. A worker goes
//!    to sleep or home only if there is no call and the invariant holds without it, all seen under
//!    one lock: a job that arrives as a worker's time runs out finds it called, or gone from the
//!    count.
//! 5. A worker that was called but finds the others *brisk* (one took job after job, without sleep,
//!    lately) does not join them, where it would only be in their way. It keeps watch: once a
//!    [`TICK`] it looks at the queue, and steps in if the others are no longer brisk, or if a job
//!    that was there at its last look still is. By rule 3 it then calls the next worker, who joins
//!    at once as long as such *stale* jobs are left.
//! 6. The watch ends when the queue is empty and nobody is brisk.
//! 7. A worker that comes back to an empty queue lingers for about as long as it would take to wake
//!    it, since a loop often has the next job ready by then. One worker at a time may.
//!
//! What it costs: two turns of an uncontended lock for each of many short jobs. A single job waits
//! for the waking of a thread; one that is submitted just when brisk workers turn to long work
//! waits two ticks at the worst. The queue is not bounded: whoever can produce jobs faster than
//! they run should take a permit from a `Semaphore` before each.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::time::Duration;

use crate::observe::event::WorkerId;
use crate::shield::shield;
use crate::shim::{Arc, Condvar, LINGER, Mutex, MutexGuard, thread};

#[cfg(test)]
mod tests;

/// How often the watch looks at the queue: long against a short job (a microsecond), short against
/// one that was worth a thread.
const TICK: Duration = Duration::from_millis(1);

/// For so many looks of the watch the workers count as brisk after one took job after job. If it
/// were one, the jobs of the moment after each look would call a worker for nothing.
const BRISK_LOOKS: u8 = 2;

/// Work for the pool. It is told which worker runs it, and is dropped on that worker's thread.
pub(crate) type Job = Box<dyn FnOnce(WorkerId) + Send>;

/// Whoever wants to know when workers begin and end. It is called on the worker's thread, at its
/// end under the pool's lock: it must be quick, and not come back to the pool.
pub(crate) type Watch = Box<dyn Fn(WorkerId, Shift) + Send + Sync>;

/// What a [`Watch`] is told of a worker.
#[derive(Clone, Copy)]
pub(crate) enum Shift {
    /// It begins, and has not looked for a job yet.
    Begins,
    /// It goes home: it is counted for the last time, and another may take its place.
    Ends,
}

/// A job that the pool gave back unrun, and why.
#[allow(dead_code, reason = "the loop drops such a job; the pool's tests look at it")]
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
    /// Where `shutdown` sleeps until the last thread has gone home.
    gone: Condvar,
    /// The most threads at once.
    max_workers: usize,
    /// How long an idle worker stays.
    keep_alive: Duration,
    /// Who is told of workers that begin and end.
    watch: Option<Watch>,
}

/// The queue, and who does what. The flags are independent: each is one worker's.
#[allow(clippy::struct_excessive_bools)]
#[derive(Default)]
struct State {
    /// Jobs that wait, oldest first.
    queue: VecDeque<Job>,
    /// No job enters any more, and workers go home.
    closed: bool,
    /// Where each idle worker sleeps, in the order of going to sleep; but the watch is the first.
    sleepers: Vec<Arc<Condvar>>,
    /// Who there is; `idle` and `queued` are filled in when somebody asks.
    count: Stats,
    /// Threads ever started: the next worker's number.
    started: u32,
    /// A worker was called and is not at the queue yet (rule 4).
    coming: bool,
    /// A worker keeps watch (rule 5).
    watching: bool,
    /// A worker lingers (rule 7).
    lingering: bool,
    /// Workers that have come back from a job and not slept since.
    streaks: usize,
    /// Looks of the watch for which the running workers still count as brisk (rule 5).
    brisk: u8,
    /// Jobs in the queue that were there at the last look of the watch (rule 5).
    stale: usize,
}

impl Pool {
    /// A pool without threads yet. `max_workers` is at least 1, which the caller checks.
    pub(crate) fn new(max_workers: usize, keep_alive: Duration, watch: Option<Watch>) -> Pool {
        let state = Mutex::new(State::default());
        let gone = Condvar::new();
        let shared = Arc::new(Shared { state, gone, max_workers, keep_alive, watch });
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
        match shared.cover(&mut state) {
            // Without any thread nobody would ever take the job, so it goes back. It is the only
            // one there: a worker leaves no job behind.
            Err(error) if state.count.threads == 0 => {
                let job = state.queue.pop_back().expect("the job was put there above");
                Err(Rejected::NoThread(job, error))
            }
            call => {
                Shared::wake(call, state);
                Ok(())
            }
        }
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
    #[allow(dead_code, reason = "the pool's tests and its model ask")]
    pub(crate) fn stats(&self) -> Stats {
        let state = self.door.shared.lock();
        let (idle, queued) = (state.sleepers.len(), state.queue.len());
        Stats { idle, queued, ..state.count }
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
    /// The queue and the accounts.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }

    /// Lets no job in any more, drops those that wait, and sends the workers home.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let (unrun, sleepers) = (mem::take(&mut state.queue), mem::take(&mut state.sleepers));
        drop(state);
        for bed in sleepers {
            bed.notify_one();
        }
        // A job's drop is the user's code, so it comes last and without the lock.
        for job in unrun {
            shield(|| drop(job));
        }
    }

    /// Keeps the invariant after the queue has changed (rules 2 and 3): if jobs wait and nobody has
    /// promised to look, calls a worker. Returns where it sleeps, if it does: the caller has to
    /// `wake` it. This is the only place where a thread is started.
    fn cover(self: &Arc<Self>, state: &mut State) -> io::Result<Option<Arc<Condvar>>> {
        if !state.is_in_want() {
            return Ok(None);
        }
        // The last to go to sleep is the first to be called, so that the others' time can run out.
        if let Some(bed) = state.sleepers.last() {
            state.coming = true;
            return Ok(Some(Arc::clone(bed)));
        }
        if state.count.threads < self.max_workers {
            let (shared, id) = (Arc::clone(self), WorkerId(state.started));
            let thread = thread::Builder::new().name(format!("boucle-worker-{}", id.0));
            thread.spawn(move || shared.work(id))?;
            state.started += 1;
            state.count.threads += 1;
            state.count.largest = state.count.largest.max(state.count.threads);
            // A new thread has been called like any other, only its way is longer.
            state.coming = true;
        }
        Ok(None)
    }

    /// Releases the lock, then wakes the sleeper that was called: had it woken earlier, it would
    /// only have run into the lock. (If a thread was refused, others will be back: rule 1.)
    fn wake(call: io::Result<Option<Arc<Condvar>>>, state: MutexGuard<'_, State>) {
        drop(state);
        if let Ok(Some(bed)) = call {
            bed.notify_one();
        }
    }

    /// The life of a worker: it waits for a call, works until the queue is empty, waits again.
    fn work(self: Arc<Self>, id: WorkerId) {
        self.tell(id, Shift::Begins);
        let (bed, mut state) = (Arc::new(Condvar::new()), self.lock());
        while let Some(called) = self.wait(id, state, &bed) {
            state = called;
            let mut on_streak = false;
            while let Some(job) = state.queue.pop_front() {
                if on_streak {
                    state.brisk = BRISK_LOOKS;
                }
                state.stale = state.stale.saturating_sub(1);
                state.count.running += 1;
                // Rule 3: what is left behind is covered first.
                let call = self.cover(&mut state);
                Shared::wake(call, state);
                // A job should catch its own panic. If one escapes, the worker survives.
                shield(|| job(id));
                state = self.lock();
                state.count.running -= 1;
                if !on_streak {
                    on_streak = true;
                    state.streaks += 1;
                }
                state = self.linger(state);
            }
            state.streaks -= usize::from(on_streak);
        }
    }

    /// Tells the watch, if there is one, what a worker does.
    fn tell(&self, id: WorkerId, shift: Shift) {
        if let Some(watch) = &self.watch {
            watch(id, shift);
        }
    }

    /// Gives way to other threads for a while, looking for a job each time (rule 7).
    fn linger<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.lingering {
            return state;
        }
        state.lingering = true;
        for _ in 0..LINGER {
            if !state.queue.is_empty() {
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
    fn wait<'a>(
        &'a self,
        id: WorkerId,
        mut state: MutexGuard<'a, State>,
        bed: &Arc<Condvar>,
    ) -> Option<MutexGuard<'a, State>> {
        let (mut on_watch, mut time_is_up) = (false, false);
        loop {
            if state.closed {
                break;
            } else if mem::take(&mut state.coming) || state.is_in_want() {
                // Rule 4: the call is for whoever sees it first; a new thread whose call went to
                // another still looks. Rule 5: watch rather than join.
                if on_watch || state.watching || state.stale > 0 || !state.is_brisk() {
                    state.watching &= !on_watch;
                    return Some(state);
                }
                (on_watch, state.watching) = (true, true);
                state.stale = state.queue.len();
            } else if on_watch {
                // Rule 5: step in for a stale job. Rule 6: or end the watch.
                if state.stale > 0 {
                    (state.watching, state.brisk) = (false, 0);
                    return Some(state);
                }
                state.stale = state.queue.len();
                on_watch = state.stale > 0 || state.brisk > 0;
                state.watching = on_watch;
                state.brisk = state.brisk.saturating_sub(1);
            } else if time_is_up {
                break;
            }
            let patience = if on_watch { TICK } else { self.keep_alive };
            let place = if on_watch { 0 } else { state.sleepers.len() };
            state.sleepers.insert(place, Arc::clone(bed));
            let (guard, timeout) = bed.wait_timeout(state, patience).expect(UNPOISONED);
            state = guard;
            state.sleepers.retain(|other| !Arc::ptr_eq(other, bed));
            time_is_up = timeout.timed_out();
        }
        self.tell(id, Shift::Ends);
        state.count.threads -= 1;
        if state.count.threads == 0 {
            self.gone.notify_all();
        }
        None
    }
}

impl State {
    /// Whether jobs wait and nobody has promised to look at them. A watch alone is good enough
    /// only while the others are brisk.
    fn is_in_want(&self) -> bool {
        let promised = self.coming || self.lingering || self.watching && self.is_brisk();
        !self.queue.is_empty() && !promised
    }

    /// Whether workers take job after job. One that is stuck on a long job counts for a while too.
    fn is_brisk(&self) -> bool {
        self.streaks > 0 && self.brisk > 0
    }
}
