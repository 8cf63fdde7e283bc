//! The front door, which is given: running a loop, and dropping it.

use std::io;
use std::panic::{Location, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use boucle::observe::Observer;

use crate::context;
use crate::engine::{Config, Engine};
use crate::executor::Root;
use crate::inbox::{Inbox, Message};
use crate::join::JoinHandle;
use crate::task::Remote;

/// Runs a future on a new loop.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    // Whoever has a loop already is told so before another is made.
    assert!(
        context::try_current().is_none(),
        "an event loop already turns on this thread: `await` the future or `spawn` it"
    );
    EventLoop::new().expect("the system has no descriptors left").block_on(future)
}

/// A loop.
pub struct EventLoop {
    /// All of it.
    engine: Rc<Engine>,
}

impl EventLoop {
    /// A loop with the default settings.
    pub fn new() -> io::Result<EventLoop> {
        EventLoop::builder().build()
    }

    /// Settings for a loop.
    pub fn builder() -> Builder {
        Builder { config: Config::default() }
    }

    /// Runs a future, and whatever is spawned meanwhile, until the future is done.
    ///
    /// # Panics
    ///
    /// If the future does; if a loop turns on this thread already; if a simulated loop finds that
    /// nothing can wake anyone.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let place = Location::caller();
        let _entered = context::enter(&self.engine);
        let mut output = None;
        {
            let future = pin!(async { output = Some(future.await) });
            let future: Pin<&mut dyn Future<Output = ()>> = future;
            let root = self.engine.executor.root(future, place);
            RootGuard { engine: &self.engine, root }.run();
        }
        output.expect("the root has finished")
    }

    /// Turns once, and sleeps at most that long; says how many tasks were polled.
    #[track_caller]
    pub fn turn(&self, at_most: Option<Duration>) -> usize {
        let _entered = context::enter(&self.engine);
        self.engine.turn(None, at_most).expect("the selector is broken").polls
    }

    /// Starts a task.
    #[track_caller]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.engine.executor.spawn(future)
    }

    /// The way to this loop from other threads.
    pub fn handle(&self) -> Handle {
        Handle { inbox: Arc::clone(&self.engine.inbox) }
    }
}

/// A `block_on` under way. Whether it ends or is given up, its task is forgotten.
struct RootGuard<'a, 'f> {
    /// The loop.
    engine: &'a Engine,
    /// The future.
    root: Root<'f>,
}

impl RootGuard<'_, '_> {
    /// Turns until the root is done.
    #[track_caller]
    fn run(mut self) {
        loop {
            let turned = self.engine.turn(Some(&mut self.root), None);
            let turned = turned.expect("the selector is broken");
            if let Some(outcome) = &mut self.root.outcome {
                match std::mem::replace(outcome, Ok(())) {
                    Ok(()) => return,
                    Err(panic) => resume_unwind(panic),
                }
            }
            let waiting = self.engine.executor.waiting();
            assert!(!turned.stalled, "nothing can wake anyone: {waiting} tasks wait for ever");
        }
    }
}

impl Drop for RootGuard<'_, '_> {
    fn drop(&mut self) {
        self.engine.executor.remove_root(&self.root);
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        // Futures are dropped inside their loop, so that their destructors may use it.
        let entered = context::Entered::new(&self.engine);
        self.engine.close();
        drop(entered);
    }
}

/// Settings for a loop.
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    /// What was chosen.
    config: Config,
}

impl Builder {
    /// A loop with a virtual clock, which does not sleep.
    pub fn simulated_in_order(mut self) -> Builder {
        self.config.simulated = true;
        self
    }

    /// Polls in a turn, at most.
    pub fn polls_per_turn(mut self, polls: usize) -> Builder {
        self.config.polls_per_turn = polls;
        self
    }

    /// Operations in a poll, at most.
    pub fn budget(mut self, operations: u32) -> Builder {
        self.config.budget = operations;
        self
    }

    /// Threads for blocking work, at most.
    pub fn max_blocking_threads(mut self, threads: usize) -> Builder {
        self.config.max_blocking_threads = threads;
        self
    }

    /// Who watches.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.config.observer = Some(Box::new(observer));
        self
    }

    /// The loop.
    pub fn build(self) -> io::Result<EventLoop> {
        Ok(EventLoop { engine: Rc::new(Engine::new(self.config)?) })
    }
}

/// The way to a loop from other threads.
#[derive(Clone)]
pub struct Handle {
    /// Where messages are left.
    inbox: Arc<Inbox>,
}

impl Handle {
    /// Has a task made and run in the loop. The future need not be `Send`, only what makes it.
    pub fn spawn<F, Fut>(&self, make: F) -> Remote<Fut::Output>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + 'static,
        Fut::Output: Send + 'static,
    {
        let (sender, remote) = Remote::new();
        let run = move || {
            let executor = Rc::clone(&context::current().executor);
            let task = executor.spawn(async move { make().await });
            executor.spawn_detached(async move { drop(sender.send(task.await)) });
        };
        // A loop that is gone drops the closure, and with it the sender: the task is aborted.
        drop(self.inbox.send(Message::Run(Box::new(run))));
        remote
    }
}
