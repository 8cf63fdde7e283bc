//! The task group: tasks that belong together, and end together.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{JoinError, JoinHandle, spawn_at};

/// Several tasks with outputs of one type, awaited one after the other as they finish, or all in
/// the order in which they were spawned. Dropping the group aborts those that have not finished.
///
/// Each child costs what [`spawn`](crate::spawn) costs, and a place in a search tree until it is
/// joined; the next one to finish is found in O(log n). The idea is trio's nursery, by way of tokio's `JoinSet`.
///
/// ```
/// use boucle::{TaskGroup, time::sleep};
/// use std::time::Duration;
///
/// # boucle::block_on(async {
/// let mut group = TaskGroup::new();
/// for n in [3, 1, 2] {
///     group.spawn(async move { sleep(Duration::from_millis(n * 5)).await; n });
/// }
/// assert_eq!(group.join_next().await.unwrap().unwrap(), 1);
/// # });
/// ```
pub struct TaskGroup<T> {
    /// The children that are not joined, in the order of their birth.
    children: BTreeMap<u64, JoinHandle<T>>,
    /// How many children there ever were.
    born: u64,
    /// Who has finished.
    finished: Arc<Mutex<Finished>>,
}

/// Which children have finished, and who waits for the next.
#[derive(Default)]
struct Finished {
    /// Their numbers, in the order in which they finished.
    children: VecDeque<u64>,
    /// Who waits for the next.
    waiter: Option<Waker>,
}

impl<T: 'static> TaskGroup<T> {
    /// A group without children.
    ///
    /// ```
    /// assert!(boucle::TaskGroup::<()>::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> TaskGroup<T> {
        TaskGroup { children: BTreeMap::new(), born: 0, finished: Arc::default() }
    }

    /// Starts a child.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let mut group = boucle::TaskGroup::new();
    /// group.spawn(async { 1 });
    /// assert_eq!(group.len(), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn(&mut self, future: impl Future<Output = T> + 'static) {
        self.add(future, None, Location::caller());
    }

    /// Starts a child with a name, by which observers call it.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let mut group = boucle::TaskGroup::new();
    /// group.spawn_named("first", async { 1 });
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_named(
        &mut self,
        name: impl Into<Box<str>>,
        future: impl Future<Output = T> + 'static,
    ) {
        self.add(future, Some(name.into()), Location::caller());
    }

    #[track_caller]
    fn add(
        &mut self,
        future: impl Future<Output = T> + 'static,
        name: Option<Box<str>>,
        place: &'static Location<'static>,
    ) {
        let number = self.born;
        self.born += 1;
        let notice = Notice { child: number, finished: Arc::clone(&self.finished) };
        let child = async move {
            // Told when the future is dropped, however that comes about.
            let _notice = notice;
            future.await
        };
        self.children.insert(number, spawn_at(child, name, place));
    }

    /// Waits for the next child to finish and gives its output, or its error; `None` if no child
    /// is left. Dropping the future loses nothing.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let mut group = boucle::TaskGroup::new();
    /// group.spawn(async { 1 });
    /// while let Some(output) = group.join_next().await {
    ///     assert_eq!(output.unwrap(), 1);
    /// }
    /// # });
    /// ```
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        std::future::poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// The polled form of [`join_next`](TaskGroup::join_next): the task that polled last is woken.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let mut group = boucle::TaskGroup::<()>::new();
    /// assert!(std::future::poll_fn(|cx| group.poll_join_next(cx)).await.is_none());
    /// # });
    /// ```
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        if self.children.is_empty() {
            return Poll::Ready(None);
        }
        let number = {
            let mut finished = self.finished();
            let Some(number) = finished.children.pop_front() else {
                let replaced = finished.waiter.replace(cx.waker().clone());
                drop(finished);
                drop(replaced);
                return Poll::Pending;
            };
            number
        };
        let Some(child) = self.children.get_mut(&number) else { return Poll::Ready(None) };
        match Pin::new(child).poll(cx) {
            Poll::Ready(output) => {
                self.children.remove(&number);
                Poll::Ready(Some(output))
            }
            Poll::Pending => {
                // Its future is gone, but its poll is still under way: ask again.
                self.finished().children.push_front(number);
                Poll::Pending
            }
        }
    }

    /// Waits for all children that were not joined yet; gives their outputs in the order in which
    /// they were spawned. Dropping the future aborts the children.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let mut group = boucle::TaskGroup::new();
    /// group.spawn(async { 1 });
    /// group.spawn(async { 2 });
    /// let outputs: Vec<i32> = group.join_all().await.into_iter().map(Result::unwrap).collect();
    /// assert_eq!(outputs, [1, 2]);
    /// # });
    /// ```
    pub async fn join_all(mut self) -> Vec<Result<T, JoinError>> {
        let mut outputs = Vec::with_capacity(self.children.len());
        // The handle stays in the group while it is awaited, so that dropping this future aborts
        // this child too.
        while let Some(mut child) = self.children.first_entry() {
            outputs.push(child.get_mut().await);
            drop(child.remove());
        }
        outputs
    }

    /// Asks for the end of all children; they can still be joined.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let mut group = boucle::TaskGroup::new();
    /// group.spawn(std::future::pending::<()>());
    /// group.abort_all();
    /// assert!(group.join_next().await.unwrap().is_err());
    /// # });
    /// ```
    pub fn abort_all(&self) {
        self.children.values().for_each(JoinHandle::abort);
    }

    /// How many children were not joined yet.
    ///
    /// ```
    /// assert_eq!(boucle::TaskGroup::<()>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// Whether all children were joined.
    ///
    /// ```
    /// assert!(boucle::TaskGroup::<()>::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// What the children tell.
    fn finished(&self) -> MutexGuard<'_, Finished> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the group that a child's future is gone.
struct Notice {
    /// Its number in the group.
    child: u64,
    /// Where to tell.
    finished: Arc<Mutex<Finished>>,
}

impl Drop for Notice {
    fn drop(&mut self) {
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.children.push_back(self.child);
        let waiter = finished.waiter.take();
        drop(finished);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

impl<T: 'static> Default for TaskGroup<T> {
    fn default() -> Self {
        TaskGroup::new()
    }
}

impl<T> Drop for TaskGroup<T> {
    fn drop(&mut self) {
        self.children.values().for_each(JoinHandle::abort);
    }
}

impl<T> fmt::Debug for TaskGroup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup").field("left", &self.children.len()).finish_non_exhaustive()
    }
}
