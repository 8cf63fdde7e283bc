//! The handle: how other threads give work to a loop.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::inbox::{Inbox, Message};
use crate::engine::{Engine, context};
use crate::task::{JoinHandle, spawn_remote};

/// A way to an [`EventLoop`](crate::EventLoop) from anywhere: `Clone`, `Send` and `Sync`.
///
/// It does not keep the loop alive.
///
/// ```
/// let event_loop = boucle::EventLoop::new()?;
/// let handle = event_loop.handle();
/// let thread = std::thread::spawn(move || handle.spawn(|| async { 6 * 7 }));
/// let answer = thread.join().unwrap();
/// assert_eq!(event_loop.block_on(answer).unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    inbox: Arc<Inbox>,
}

impl Handle {
    /// The handle of a loop.
    pub(crate) fn new(engine: &Engine) -> Handle {
        Handle { inbox: Arc::clone(&engine.inbox) }
    }

    /// The handle of the loop that turns on this thread.
    ///
    /// # Panics
    ///
    /// If there is none.
    ///
    /// ```
    /// boucle::block_on(async {
    ///     let handle = boucle::Handle::current();
    ///     assert!(!handle.is_closed());
    /// });
    /// ```
    #[must_use]
    #[track_caller]
    pub fn current() -> Handle {
        context::current(Handle::new)
    }

    /// Has the loop make a task of the future that `make` returns.
    ///
    /// The closure travels to the loop's thread and is called there, so the future itself need not
    /// be `Send`. The handle can be awaited anywhere, by any executor; if the loop is gone, or goes
    /// before the task is done, it gives [`JoinError::Aborted`](crate::JoinError::Aborted). A panic
    /// of `make` counts as one of the task. Wakes the loop if it sleeps.
    ///
    /// ```
    /// # let event_loop = boucle::EventLoop::new()?;
    /// let handle = event_loop.handle();
    /// let task = handle.spawn(|| async { *std::rc::Rc::new(25) });
    /// assert_eq!(event_loop.block_on(task).unwrap(), 25);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F, Fut>(&self, make: F) -> JoinHandle<Fut::Output>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + 'static,
        Fut::Output: Send + 'static,
    {
        let place = Location::caller();
        let (completer, handle) = JoinHandle::remote(None);
        let run = move || spawn_remote(async move { make().await }, completer, place);
        // A loop that is gone drops the closure, and with it the completer: the task is aborted.
        drop(self.inbox.send(Message::Run(Box::new(run))));
        handle
    }

    /// Whether the loop is gone.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::new()?;
    /// let handle = event_loop.handle();
    /// drop(event_loop);
    /// assert!(handle.is_closed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inbox.is_closed()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
