//! The body of a task: first its future, then its output, in the same box.
//!
//! The executor sees every task as a `dyn Body`. When the future is done its output takes its
//! place, so a task needs one allocation and a join handle needs none: the handle asks the
//! executor by key and gets the output through `&mut dyn Any`.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// A task whose type is forgotten.
pub(crate) trait Body {
    /// Polls the future; when it is done, its output takes its place.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Drops the future, and leaves `error` for the handle. Panics if the future's destructor does.
    fn end(self: Pin<&mut Self>, error: JoinError);

    /// Moves the output into `into`, an `Option<Result<T, JoinError>>`; drops it if that is
    /// something else. Says whether the output has got to whoever wants it. Panics if the output's
    /// destructor does, and is empty all the same.
    fn take(self: Pin<&mut Self>, into: &mut dyn Any) -> bool;

    /// Puts a future into an empty body, out of `future`, an `Option<F>`; false if the body is for
    /// futures of another type.
    fn refill(self: Pin<&mut Self>, future: &mut dyn Any) -> bool;
}

pin_project! {
    /// A task with the future `F`.
    #[project = Projection]
    #[project_replace = Replaced]
    pub(crate) enum Stages<F: Future> {
        /// Not finished.
        Running { #[pin] future: F },
        /// Finished, with what the handle will get.
        Done { output: Result<F::Output, JoinError> },
        /// Empty: its handle has the output, or nobody wants it.
        Taken,
    }
}

impl<F> Body for Stages<F>
where
    F: Future + 'static,
{
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Projection::Running { future } = self.as_mut().project() {
            match future.poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(output) => self.set(Stages::Done { output: Ok(output) }),
            }
        }
        Poll::Ready(())
    }

    fn end(mut self: Pin<&mut Self>, error: JoinError) {
        self.set(Stages::Done { output: Err(error) });
    }

    fn take(self: Pin<&mut Self>, into: &mut dyn Any) -> bool {
        if let Replaced::Done { output } = self.project_replace(Stages::Taken)
            && let Some(into) = into.downcast_mut::<Option<Result<F::Output, JoinError>>>()
        {
            *into = Some(output);
            return true;
        }
        false
    }

    #[inline]
    fn refill(mut self: Pin<&mut Self>, future: &mut dyn Any) -> bool {
        let future = future.downcast_mut::<Option<F>>().and_then(Option::take);
        let fits = future.is_some();
        if let Some(future) = future {
            self.set(Stages::Running { future });
        }
        fits
    }
}

/// Why a task has no output.
///
/// ```
/// # boucle::block_on(async {
/// let task = boucle::spawn(async { panic!("oh") });
/// let error = task.await.unwrap_err();
/// assert_eq!(error.to_string(), "the task panicked: oh");
/// # });
/// ```
pub enum JoinError {
    /// The task panicked, with this payload.
    Panicked(Box<dyn Any + Send + 'static>),
    /// The task was aborted, or its loop was dropped, before it was done.
    Aborted,
}
