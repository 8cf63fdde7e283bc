//! The front door: running an event loop, and dropping it.

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
use crate::observe::TaskId;
use crate::task::JoinHandle;

/// An event loop: tasks, timers, sockets and a pool of threads, all served by one thread.
///
/// It stays on the thread that built it, and so do its tasks, whose futures need not be `Send`.
/// Other threads reach it through its [`Handle`]. Dropping it drops its tasks, on this thread,
/// then waits a while for blocking work (see
/// [`Builder::shutdown_timeout`](crate::Builder::shutdown_timeout)).
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
    /// Where a browser can watch the loop, if it can.
    pub(crate) page: Option<String>,
    /// A loop belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl EventLoop {
    /// A loop with these settings, whatever the environment says.
    pub(crate) fn from_config(config: Config) -> io::Result<EventLoop> {
        let engine = Rc::new(Engine::new(config)?);
        context::move_in(&engine);
        Ok(EventLoop { engine, page: None, _not_send: PhantomData })
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
    /// [`polls_per_turn`](crate::Builder::polls_per_turn)), waits for sockets and timers no longer than
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
        self.engine.workers.close();
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
