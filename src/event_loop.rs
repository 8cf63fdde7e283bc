//! The front door: building an event loop, running it, dropping it.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::{Location, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use crate::config::Config;
use crate::engine::executor::Root;
use crate::engine::{Engine, context};
use crate::handle::Handle;
use crate::observe::{Observer, TaskId, Watch};
use crate::task::JoinHandle;

/// Runs a future on a new event loop, and returns its output.
///
/// The loop is dropped at the end, and with it every task that has not finished: unlike threads,
/// tasks do not outlive what they belong to. Await a task's [`JoinHandle`] to wait for it.
///
/// # Panics
///
/// If the future panics; if called inside a task, where `.await` is what is wanted; or if the
/// operating system has no descriptors left (see [`EventLoop::new`] for an error instead).
///
/// ```
/// let sum = boucle::block_on(async {
///     let task = boucle::spawn(async { 1 + 1 });
///     task.await.unwrap() + 1
/// });
/// assert_eq!(sum, 3);
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match EventLoop::new() {
        Ok(event_loop) => event_loop.block_on(future),
        Err(error) => panic!("cannot build an event loop: {error}"),
    }
}

/// An event loop: tasks, timers, sockets and a pool of threads, all served by one thread.
///
/// It stays on the thread that built it, and so do its tasks, whose futures need not be `Send`.
/// Other threads reach it through its [`Handle`]. Dropping it drops its tasks, on this thread,
/// then waits a while for blocking work (see [`Builder::shutdown_timeout`]).
///
/// ```
/// let event_loop = boucle::EventLoop::new()?;
/// let task = event_loop.spawn(async { "hello" });
/// assert_eq!(event_loop.block_on(task).unwrap(), "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct EventLoop {
    /// The machine.
    engine: Rc<Engine>,
    /// A loop belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl EventLoop {
    /// A loop with the default settings.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a selector (`epoll`, `kqueue`), for want of descriptors.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::new()?;
    /// event_loop.block_on(async {});
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<EventLoop> {
        EventLoop::builder().build()
    }

    /// The settings of a loop to be built.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::builder().polls_per_turn(16).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A loop that only pretends: its clock is virtual and jumps to the next deadline as soon as
    /// nothing is ready, and which of the ready tasks is polled next is drawn from `seed`.
    ///
    /// The same program and seed give the same events, on any machine. There are no sockets (use
    /// [`io::duplex`](crate::io::duplex)), and blocking work runs on the loop's thread. The idea
    /// comes from trio's `MockClock` and from FoundationDB's simulation.
    ///
    /// # Panics
    ///
    /// If the environment asks for an observer in words that are not understood: see
    /// [`observe`](crate::observe), and [`Builder::build`] for an error instead.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = boucle::EventLoop::simulated(7);
    /// event_loop.block_on(boucle::time::sleep(Duration::from_secs(86_400))); // at once
    /// ```
    #[must_use]
    #[track_caller]
    pub fn simulated(seed: u64) -> EventLoop {
        match EventLoop::builder().simulated(seed).build() {
            Ok(event_loop) => event_loop,
            Err(error) => panic!("cannot build an event loop: {error}"),
        }
    }

    /// Runs a future to its end, and all other tasks meanwhile.
    ///
    /// The future need be neither `Send` nor `'static`. It is polled only when it was woken. Tasks
    /// that have not finished when it has stay where they are; they go on in the next `block_on`
    /// or [`turn`](EventLoop::turn), and are dropped with the loop.
    ///
    /// # Panics
    ///
    /// If the future panics: the loop and its tasks can still be used. If a loop turns on this
    /// thread already. If the loop is simulated and nothing can wake anyone any more, with a
    /// message that names the waiting tasks: see [`EventLoop::try_block_on`].
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::new()?;
    /// let name = String::from("world");
    /// assert_eq!(event_loop.block_on(async { format!("hello {name}") }), "hello world");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.try_block_on(future) {
            Ok(output) => output,
            Err(stalled) => panic!("{stalled}"),
        }
    }

    /// As [`block_on`](EventLoop::block_on), with an error where a simulation can go no further.
    ///
    /// # Errors
    ///
    /// [`Stalled`] if the loop is simulated, no task is ready, no timer armed and no message there.
    /// A real loop waits in this case: another thread or a socket may always wake it.
    ///
    /// # Panics
    ///
    /// As `block_on` otherwise.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::simulated(0);
    /// let stalled = event_loop.try_block_on(std::future::pending::<()>()).unwrap_err();
    /// assert!(stalled.to_string().contains("block_on"));
    /// ```
    #[track_caller]
    pub fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, Stalled> {
        let place = Location::caller();
        let _entered = context::enter(&self.engine);
        let mut output = None;
        {
            let future = pin!(async { output = Some(future.await) });
            let future: Pin<&mut dyn Future<Output = ()>> = future;
            let root = self.engine.executor.root(future, place);
            RootGuard { engine: &self.engine, root }.run()?;
        }
        Ok(output.expect("the root has finished"))
    }

    /// One turn of the loop: reads messages, polls ready tasks (at most
    /// [`polls_per_turn`](Builder::polls_per_turn)), waits for sockets and timers no longer than
    /// `at_most`, and queues what is to be polled in the next turn. Returns how many tasks it
    /// polled.
    ///
    /// For those who have a loop of their own, a window system or a debugger: `block_on` is
    /// nothing but turns until its future is done. `Some(Duration::ZERO)` never sleeps.
    ///
    /// # Panics
    ///
    /// If a loop turns on this thread already.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = boucle::EventLoop::new()?;
    /// event_loop.spawn(async {});
    /// assert_eq!(event_loop.turn(Some(Duration::ZERO)), 1);
    /// assert_eq!(event_loop.turn(Some(Duration::ZERO)), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "the turn is what matters, not its count")]
    pub fn turn(&self, at_most: Option<Duration>) -> usize {
        let _entered = context::enter(&self.engine);
        expect_wait(self.engine.turn(None, at_most)).polls
    }

    /// Makes a task and queues it; it starts when the loop turns. See [`spawn`](crate::spawn).
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::new()?;
    /// let task = event_loop.spawn(async { 5 });
    /// assert_eq!(event_loop.block_on(task).unwrap(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let key = self.engine.executor.spawn(future, None, Location::caller());
        JoinHandle::local(self.engine.inbox.loop_id, key)
    }

    /// The door for other threads.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::new()?;
    /// let handle = event_loop.handle();
    /// std::thread::spawn(move || handle.spawn(|| async {}));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(&self.engine)
    }
}

/// A root's place among the tasks, which must be given up however `block_on` ends.
struct RootGuard<'a, 'f> {
    engine: &'a Engine,
    root: Root<'f>,
}

impl RootGuard<'_, '_> {
    /// Turns the loop until the root is done.
    #[track_caller]
    fn run(mut self) -> Result<(), Stalled> {
        loop {
            let turned = expect_wait(self.engine.turn(Some(&mut self.root), None));
            if let Some(outcome) = &mut self.root.outcome {
                // The root is not given up but done, and the guard must see that.
                match std::mem::replace(outcome, Ok(())) {
                    Ok(()) => return Ok(()),
                    Err(panic) => resume_unwind(panic),
                }
            }
            if turned.stalled {
                return Err(Stalled { waiting: self.engine.executor.waiting() });
            }
        }
    }
}

impl Drop for RootGuard<'_, '_> {
    fn drop(&mut self) {
        self.engine.executor.remove_root(&self.root);
    }
}

/// The operating system refuses to wait only if the loop's own descriptor is gone: somebody closed
/// a descriptor that was not his.
#[track_caller]
fn expect_wait<T>(turned: io::Result<T>) -> T {
    match turned {
        Ok(turned) => turned,
        Err(error) => panic!("the event loop's selector is broken: {error}"),
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        // Futures are dropped inside their loop, so that their destructors may use it.
        let entered = context::Entered::new(&self.engine);
        self.engine.close();
        drop(entered);
        context::move_out(&self.engine);
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("waiting", &self.engine.executor.waiting().len())
            .finish_non_exhaustive()
    }
}

/// A simulated loop found that nothing can wake anyone any more: a deadlock.
///
/// Its message names every waiting task and the place where it was spawned.
///
/// ```
/// use boucle::{EventLoop, task};
///
/// let stalled = EventLoop::simulated(0).try_block_on(async {
///     task::spawn_named("waiter", std::future::pending::<()>()).await
/// });
/// assert!(stalled.unwrap_err().to_string().contains("`waiter`"));
/// ```
#[derive(Clone)]
pub struct Stalled {
    waiting: Vec<(TaskId, Box<str>, &'static Location<'static>)>,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing can wake anyone: no task is ready and no timer is armed. Waiting:")?;
        for (task, name, place) in &self.waiting {
            write!(f, "\n  {task}")?;
            if !name.is_empty() {
                write!(f, " `{}`", name.escape_debug())?;
            }
            write!(f, ", spawned at {place}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Stalled {}

/// The settings of a loop to be built, from [`EventLoop::builder`].
///
/// ```
/// use boucle::EventLoop;
/// use std::time::Duration;
///
/// let event_loop = EventLoop::builder().shutdown_timeout(Duration::ZERO).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    config: Config,
    watch: Watch,
}

impl Builder {
    /// The default settings, each explained at its method.
    fn new() -> Builder {
        Builder {
            config: Config {
                seed: None,
                polls_per_turn: 61,
                budget: 128,
                observer: None,
                spin_before_park: Duration::ZERO,
                max_blocking_threads: 512,
                blocking_keep_alive: Duration::from_secs(10),
                shutdown_timeout: Duration::from_secs(1),
            },
            watch: Watch::default(),
        }
    }

    /// Makes it a simulated loop: see [`EventLoop::simulated`].
    pub fn simulated(mut self, seed: u64) -> Builder {
        self.config.seed = Some(seed);
        self
    }

    /// Polls in a turn before sockets, timers and other threads are looked at again. The default
    /// of 61 makes that look cost under 2 ns a poll; it is tokio's number, a prime so that it does
    /// not fall in step with the program's own.
    ///
    /// # Panics
    ///
    /// If `polls` is 0: no task would ever run.
    #[track_caller]
    pub fn polls_per_turn(mut self, polls: usize) -> Builder {
        assert!(polls > 0, "a turn without polls runs nothing: allow at least 1");
        self.config.polls_per_turn = polls;
        self
    }

    /// Operations (reads, writes, messages) that a task may complete in one poll before it has to
    /// let others run, even if more could be done at once. The default is 128, as in tokio.
    ///
    /// # Panics
    ///
    /// If `operations` is 0: nothing could ever be done.
    #[track_caller]
    pub fn budget(mut self, operations: u32) -> Builder {
        assert!(operations > 0, "a budget of nothing lets nothing be done: allow at least 1");
        self.config.budget = operations;
        self
    }

    /// Lets `observer` watch every step of the loop. May be called several times.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.watch.add(observer);
        self
    }

    /// Threads for blocking work, at most; the default is 512. They are started on demand.
    ///
    /// # Panics
    ///
    /// If `threads` is 0: no blocking work would ever be done.
    #[track_caller]
    pub fn max_blocking_threads(mut self, threads: usize) -> Builder {
        assert!(threads > 0, "a pool without threads does nothing: allow at least 1");
        self.config.max_blocking_threads = threads;
        self
    }

    /// How long a thread for blocking work stays when it has none; 10 seconds by default.
    pub fn blocking_keep_alive(mut self, keep_alive: Duration) -> Builder {
        self.config.blocking_keep_alive = keep_alive;
        self
    }

    /// How long dropping the loop waits for blocking work that has begun; 1 second by default.
    /// What runs longer is left to itself, and ends with the process. Work that has not begun never
    /// does.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Builder {
        self.config.shutdown_timeout = timeout;
        self
    }

    /// Looks for work this long before the thread sleeps; not at all by default.
    ///
    /// Being woken from sleep takes tens of microseconds on many machines, so a conversation with
    /// another process or thread goes several times faster when the loop stays awake for, say,
    /// 50 µs. The price is a core that is busy that long before every sleep.
    pub fn spin_before_park(mut self, spin: Duration) -> Builder {
        self.config.spin_before_park = spin;
        self
    }

    /// Builds the loop.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a selector, for want of descriptors; or what
    /// `BOUCLE_TRACE` asks for cannot be written. A simulated loop asks for no selector.
    pub fn build(mut self) -> io::Result<EventLoop> {
        self.config.observer = self.watch.into_observer()?;
        let engine = Rc::new(Engine::new(self.config)?);
        context::move_in(&engine);
        Ok(EventLoop { engine, _not_send: PhantomData })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
