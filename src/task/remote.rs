//! Tasks whose output is awaited on another thread than the one that makes it.
//!
//! A handle of the loop's own thread is a key into the arena. One that crosses threads, because it
//! comes from [`Handle::spawn`](crate::Handle::spawn) or from a blocking pool, gets its output
//! through a oneshot channel instead, and asks for an abort through two words that both sides
//! share.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::engine::arena::Key;
use crate::engine::body::{Body, JoinError};
use crate::engine::context;
use crate::observe::event::{Awaited, JobId, TaskId};
use crate::shield::shield;
use crate::sync::oneshot;

/// What both sides know.
#[derive(Default)]
struct Shared {
    /// The handle has asked for an abort.
    aborted: AtomicBool,
    /// The output is on its way.
    finished: AtomicBool,
    /// The loop and the task in it, once there is one.
    task: OnceLock<(u32, Key)>,
}

/// The side that awaits.
pub(super) struct RemoteHandle<T> {
    /// Brings the output.
    receiver: oneshot::Receiver<Result<T, JoinError>>,
    /// What both sides know.
    shared: Arc<Shared>,
    /// If it is a job, the loop that knows it, and what that loop calls it.
    job: Option<(u32, JobId)>,
}

/// The side that ends. Dropping it unused aborts.
pub(crate) struct Completer<T> {
    /// Takes the output.
    sender: oneshot::Sender<Result<T, JoinError>>,
    /// What both sides know.
    shared: Arc<Shared>,
}

/// Both sides.
pub(super) fn pair<T>(job: Option<(u32, JobId)>) -> (Completer<T>, RemoteHandle<T>) {
    let (sender, receiver) = oneshot::channel();
    let shared = Arc::new(Shared::default());
    (Completer { sender, shared: Arc::clone(&shared) }, RemoteHandle { receiver, shared, job })
}

impl<T> RemoteHandle<T> {
    /// Asks for the end. The two sides each write one word and then read the other's, so at least
    /// one of them sees that there is a task and that it is to be aborted.
    pub(super) fn abort(&self) {
        self.shared.aborted.store(true, Ordering::SeqCst);
        if let Some(&(loop_id, task)) = self.shared.task.get() {
            context::tell(loop_id, move |engine| engine.executor.abort(task));
        }
    }

    /// Whether the output is there, or will never be.
    pub(super) fn is_finished(&self) -> bool {
        // The completer is the only other owner, and sets the flag before it goes.
        self.shared.finished.load(Ordering::Acquire) || Arc::strong_count(&self.shared) == 1
    }

    /// Tells what is awaited, if the loop that turns here knows it.
    #[cold]
    fn tell_wait(&self) {
        let task = self.shared.task.get();
        let task = task.map(|&(loop_id, task)| (loop_id, Awaited::Task(TaskId(task.serial()))));
        let job = self.job.map(|(loop_id, job)| (loop_id, Awaited::Job(job)));
        context::try_current(|engine| {
            if let Some((loop_id, what)) = job.or(task)
                && loop_id == engine.inbox.loop_id
                && !self.is_finished()
            {
                engine.probe.awaits(|| what);
            }
        });
    }
}

impl<T> Future for RemoteHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.receiver).poll(cx);
        if received.is_pending() {
            self.tell_wait();
        }
        received.map(|output| output.unwrap_or(Err(JoinError::Aborted)))
    }
}

impl<T> Completer<T> {
    /// Whether the handle has asked for an abort.
    pub(crate) fn is_aborted(&self) -> bool {
        self.shared.aborted.load(Ordering::SeqCst)
    }

    /// Gives the output to the handle, or drops it if the handle is gone; says which.
    pub(crate) fn complete(self, output: Result<T, JoinError>) -> bool {
        self.shared.finished.store(true, Ordering::Release);
        self.sender.send(output).is_ok()
    }
}

/// Makes a task on the current loop whose output goes to `completer`.
pub(crate) fn spawn_remote<F>(
    future: F,
    completer: Completer<F::Output>,
    place: &'static Location<'static>,
) where
    F: Future + 'static,
{
    let shared = Arc::clone(&completer.shared);
    let completer = Some(completer);
    context::current(|engine| {
        let body = Box::pin(RemoteBody { future: Some(future), completer, delivered: false });
        let task = engine.executor.spawn_body(body, None, place);
        engine.executor.detach(task);
        let _ = shared.task.set((engine.inbox.loop_id, task));
        if shared.aborted.load(Ordering::SeqCst) {
            engine.executor.abort(task);
        }
    });
}

pin_project! {
    /// A task that sends its output away instead of keeping it.
    struct RemoteBody<F: Future> {
        // The future, until it is done.
        #[pin]
        future: Option<F>,
        // Where the output goes, until it has gone.
        completer: Option<Completer<F::Output>>,
        // Whether there was a handle to take it.
        delivered: bool,
    }
}

impl<F: Future> RemoteBody<F> {
    /// Drops the future, then sends its output, or the panic of the future's destructor.
    fn finish(self: Pin<&mut Self>, output: Result<F::Output, JoinError>) {
        let mut this = self.project();
        let output = match catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
            Ok(()) => output,
            Err(panic) => {
                shield(|| drop(output));
                Err(JoinError::Panicked(panic))
            }
        };
        if let Some(completer) = this.completer.take() {
            *this.delivered = completer.complete(output);
        }
    }
}

impl<F: Future> Body for RemoteBody<F> {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(future) = self.as_mut().project().future.as_pin_mut() {
            match future.poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(output) => self.finish(Ok(output)),
            }
        }
        Poll::Ready(())
    }

    fn end(self: Pin<&mut Self>, error: JoinError) {
        self.finish(Err(error));
    }

    // Its output has gone elsewhere, and its kind is not used again.

    fn take(self: Pin<&mut Self>, _into: &mut dyn Any) -> bool {
        self.delivered
    }

    fn refill(self: Pin<&mut Self>, _future: &mut dyn Any) -> bool {
        false
    }
}
