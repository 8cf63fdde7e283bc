//! Tasks: what a program does with them.
//!
//! [`spawn`] starts one, its [`JoinHandle`] waits for it or ends it, [`yield_now`] lets the others
//! have their turn, and a [`TaskGroup`] keeps several together.
//!
//! To wait for several futures *inside* one task, use the combinators of a well-kept crate; they
//! run on any executor:
//!
//! ```
//! use boucle::time::sleep;
//! use futures_lite::future;
//! use std::time::Duration;
//!
//! # boucle::block_on(async {
//! let a = async { sleep(Duration::from_millis(2)).await; "a" };
//! let b = async { sleep(Duration::from_millis(1)).await; "b" };
//! assert_eq!(future::zip(a, b).await, ("a", "b")); // both, in order
//! let a = async { sleep(Duration::from_millis(9)).await; "a" };
//! let b = async { sleep(Duration::from_millis(1)).await; "b" };
//! assert_eq!(future::or(a, b).await, "b"); // the first; the other is dropped
//! # });
//! ```

mod error;
mod group;
mod remote;

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::budget;
use crate::engine::arena::Key;
use crate::engine::context;
use crate::observe::event::JobId;
use crate::shield::shield;

pub use crate::engine::body::JoinError;
pub use group::TaskGroup;
use remote::RemoteHandle;
pub(crate) use remote::{Completer, spawn_remote};

/// Starts a task: a future that the loop runs by itself, beside all others.
///
/// It is queued at once and first polled when its turn comes, after the tasks that are ready
/// already; nothing of it runs inside this call. It need not be `Send`: it never leaves the thread.
/// If it panics, its handle gets the panic and no other task is harmed. Costs one allocation.
///
/// A task that is not finished when its [`EventLoop`](crate::EventLoop) is dropped is dropped with
/// it; one spawned meanwhile is dropped at once.
///
/// # Panics
///
/// If no loop turns on this thread. See [`EventLoop::spawn`](crate::EventLoop::spawn) and
/// [`Handle::spawn`](crate::Handle::spawn) for use outside of one.
///
/// ```
/// boucle::block_on(async {
///     let double = boucle::spawn(async { 2 * 21 });
///     assert_eq!(double.await.unwrap(), 42);
/// });
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_at(future, None, Location::caller())
}

/// Starts a task with a name, by which observers and error messages call it.
///
/// As [`spawn`] otherwise, with one more allocation for the name.
///
/// ```
/// boucle::block_on(async {
///     boucle::task::spawn_named("answer", async { 42 }).await.unwrap();
/// });
/// ```
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Box<str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    spawn_at(future, Some(name.into()), Location::caller())
}

/// Starts a task on behalf of `place`.
#[track_caller]
pub(crate) fn spawn_at<F>(
    future: F,
    name: Option<Box<str>>,
    place: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    context::current(|engine| {
        let key = engine.executor.spawn(future, name, place);
        JoinHandle::local(engine.inbox.loop_id, key)
    })
}

/// Lets every other ready task have its turn, and the loop look at sockets and timers, before this
/// task goes on.
///
/// Awaiting something that is ready does *not*: only a future that says "not yet" gives the thread
/// to others. This one waits for one round through the ready queue and one look at the system, and
/// for no timer. Whoever is woken by that look stands in the queue behind the task that yielded. So
/// work in pieces delays others by a piece or two; if that is too much, it should go to a thread by
/// [`spawn_blocking`](crate::spawn_blocking).
///
/// A future that just wakes its own task and says "not yet" (so do the `yield_now` of other crates)
/// lets the other tasks run as well, but the loop looks at sockets and timers only after as many
/// polls as [`polls_per_turn`](crate::Builder::polls_per_turn) says. On another executor, this one
/// does the same.
///
/// Costs 14 ns where others are ready as well. A task that is the only one pays for a turn each
/// time: some 45 ns, 200 if the loop has sockets.
///
/// ```
/// boucle::block_on(async {
///     let other = boucle::spawn(async {});
///     boucle::task::yield_now().await;
///     assert!(other.is_finished());
/// });
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "nothing is yielded until this is awaited"]
pub struct YieldNow {
    /// It has been at the back of the queue.
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        budget::give_way(cx);
        Poll::Pending
    }
}

/// Waits for a task and gets its output, or ends it.
///
/// Awaiting it gives `Ok(output)`, or why there is none. Dropping it lets the task go on by itself
/// ("detaches" it); [`abort`](JoinHandle::abort) ends the task. It is plain data, so it is `Send`
/// and `Sync` if the output is `Send`.
///
/// # Panics
///
/// When awaited on another thread than its loop's, unless it comes from
/// [`Handle::spawn`](crate::Handle::spawn) or [`spawn_blocking`](crate::spawn_blocking); and when
/// polled again after it gave the output. A task that awaits its own handle never ends; in a
/// simulated loop that is an error which says so.
///
/// ```
/// boucle::block_on(async {
///     let task = boucle::spawn(std::future::pending::<()>());
///     task.abort();
///     assert!(task.await.unwrap_err().is_aborted());
/// });
/// ```
pub struct JoinHandle<T> {
    /// Where the output is.
    from: From<T>,
}

/// Where the output of a task is to be had.
enum From<T> {
    /// In the arena of a loop on this thread.
    Local { loop_id: u32, task: Key },
    /// It is sent, from a loop on another thread, or from a pool.
    Remote(Box<RemoteHandle<T>>),
    /// It has been given.
    Nowhere,
}

impl<T> JoinHandle<T> {
    /// The handle of a task of a loop on this thread.
    #[inline]
    pub(crate) fn local(loop_id: u32, task: Key) -> JoinHandle<T> {
        JoinHandle { from: From::Local { loop_id, task } }
    }

    /// The handle of something that ends elsewhere, and that end. If it is a `job`, and known to
    /// some loop, that loop's number and what it calls the job.
    pub(crate) fn remote(job: Option<(u32, JobId)>) -> (Completer<T>, JoinHandle<T>) {
        let (completer, handle) = remote::pair(job);
        (completer, JoinHandle { from: From::Remote(Box::new(handle)) })
    }

    /// Asks for the end of the task. It takes effect when the task's turn in the ready queue comes:
    /// then its future is dropped, on the loop's thread, instead of being polled, and the handle
    /// gives [`JoinError::Aborted`]. A task that is done already keeps its output. Blocking work
    /// is not interrupted once it runs.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let task = boucle::spawn(async { 1 });
    /// task.abort();
    /// assert!(task.await.is_err());
    /// # });
    /// ```
    pub fn abort(&self) {
        match &self.from {
            &From::Local { loop_id, task } => {
                context::tell(loop_id, move |engine| engine.executor.abort(task));
            }
            From::Remote(handle) => handle.abort(),
            From::Nowhere => {}
        }
    }

    /// Whether the task is over, one way or another: awaiting the handle would not wait. From
    /// another thread than the loop's, a task of [`spawn`] counts as over only when its loop is.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let task = boucle::spawn(async {});
    /// assert!(!task.is_finished());
    /// boucle::task::yield_now().await;
    /// assert!(task.is_finished());
    /// # });
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.from {
            &From::Local { loop_id, task } => {
                context::of(loop_id, |engine| engine.executor.is_finished(task))
                    .unwrap_or_else(|| !context::exists(loop_id))
            }
            From::Remote(handle) => handle.is_finished(),
            From::Nowhere => true,
        }
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = match &mut self.from {
            &mut From::Local { loop_id, task } => {
                let mut output: Option<Self::Output> = None;
                let joined =
                    context::of(loop_id, |engine| engine.executor.poll_join(task, cx, &mut output));
                match joined {
                    Some(Poll::Pending) => return Poll::Pending,
                    Some(Poll::Ready(())) => {}
                    None => assert!(
                        !context::exists(loop_id),
                        "this JoinHandle was awaited on another thread than its loop's: start the \
                         task with `Handle::spawn` to await it anywhere"
                    ),
                }
                // A task of which nothing is left was dropped with its loop.
                output.unwrap_or(Err(JoinError::Aborted))
            }
            From::Remote(handle) => match Pin::new(handle).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(output) => output,
            },
            From::Nowhere => panic!("a JoinHandle was polled again after it gave its output"),
        };
        self.from = From::Nowhere;
        Poll::Ready(output)
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        match std::mem::replace(&mut self.from, From::Nowhere) {
            From::Local { loop_id, task } => {
                context::tell(loop_id, move |engine| engine.executor.detach(task));
            }
            // The output may be in it, and its destructor may panic: not here.
            From::Remote(handle) => drop(shield(|| drop(handle))),
            From::Nowhere => {}
        }
    }
}

impl<T> Unpin for JoinHandle<T> {}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}
