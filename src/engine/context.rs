//! The context: how code finds the loop it runs on, or the one its things belong to.
//!
//! `spawn`, `sleep` and sockets take no loop as an argument: they ask for the one that turns on
//! this thread. What they make is plain data, the number of the loop and a key, so it can be sent
//! anywhere; whatever it has to tell its loop later finds the way by that number.
//!
//! ```text
//!   here, the loop turns      -> the engine itself              [`current`]
//!   here, turning or not      -> the engine itself, by number   [`of`], [`here`]
//!   on any other thread       -> its inbox, by number           [`tell`]
//!   the loop is gone          -> nobody
//! ```
//!
//! Cost: `current` is a thread-local read; `of` is another, and a search among the loops of the
//! thread, of which there is hardly ever more than one; the directory of all loops has a lock, and
//! is used only by what was carried to another thread.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::budget;
use crate::engine::Engine;
use crate::engine::inbox::{Inbox, Message};
use crate::engine::ready;

thread_local! {
    /// The loop that turns on this thread.
    static CURRENT: RefCell<Option<Rc<Engine>>> = const { RefCell::new(None) };

    /// All loops that live on this thread.
    static RESIDENTS: RefCell<Vec<Rc<Engine>>> = const { RefCell::new(Vec::new()) };
}

/// The inboxes of all loops of the process, by the loop's number.
static DIRECTORY: Mutex<BTreeMap<u32, Weak<Inbox>>> = Mutex::new(BTreeMap::new());

/// Calls `run` with the loop that turns on this thread.
///
/// # Panics
///
/// If there is none.
#[track_caller]
#[inline]
pub(crate) fn current<R>(run: impl FnOnce(&Engine) -> R) -> R {
    match try_current(run) {
        Some(result) => result,
        None => panic!(
            "there is no event loop on this thread: call this from a future that runs in \
             `block_on`, or send it to a loop with `Handle::spawn`"
        ),
    }
}

/// Calls `run` with the loop that turns on this thread, if there is one.
#[inline]
pub(crate) fn try_current<R>(run: impl FnOnce(&Engine) -> R) -> Option<R> {
    with_current(|engine| engine.map(run))
}

/// Calls `run` with the loop that turns on this thread, or with `None`.
#[inline]
pub(crate) fn with_current<R>(run: impl FnOnce(Option<&Engine>) -> R) -> R {
    // The loop is cloned out, so that no borrow is held while `run` does who knows what.
    let engine = CURRENT.try_with(|current| current.borrow().clone());
    run(engine.ok().flatten().as_deref())
}

/// Calls `run` with the loop of this number, if it lives on this thread.
#[inline]
pub(crate) fn of<R>(loop_id: u32, run: impl FnOnce(&Engine) -> R) -> Option<R> {
    let is_it = |engine: &&Rc<Engine>| engine.inbox.loop_id == loop_id;
    let found = RESIDENTS.try_with(|residents| residents.borrow().iter().find(is_it).cloned());
    found.ok().flatten().map(|engine| run(&engine))
}

/// As [`of`], unless another loop turns on this thread.
pub(crate) fn here<R>(loop_id: u32, run: impl FnOnce(&Engine) -> R) -> Option<R> {
    with_current(|engine| match engine {
        Some(engine) => (engine.inbox.loop_id == loop_id).then(|| run(engine)),
        None => of(loop_id, run),
    })
}

/// Has `run` called with the loop of this number: now if it lives on this thread, by a message if
/// it lives on another, and not at all if it is gone.
pub(crate) fn tell(loop_id: u32, run: impl FnOnce(&Engine) + Copy + Send + 'static) {
    if of(loop_id, run).is_none()
        && let Some(inbox) = inbox(loop_id)
    {
        let message = Message::Run(Box::new(move || _ = of(loop_id, run)));
        // A loop that closed in the meantime needs to be told nothing.
        let _ = inbox.send(message);
    }
}

/// Whether the loop of this number lives, on whatever thread.
pub(crate) fn exists(loop_id: u32) -> bool {
    inbox(loop_id).is_some_and(|inbox| !inbox.is_closed())
}

/// The inbox of the loop of this number, if it is not gone.
pub(crate) fn inbox(loop_id: u32) -> Option<Arc<Inbox>> {
    directory().get(&loop_id).and_then(Weak::upgrade)
}

/// The directory, of which no user of the lock can leave half a change.
fn directory() -> MutexGuard<'static, BTreeMap<u32, Weak<Inbox>>> {
    DIRECTORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on the loop lives on this thread and can be found.
pub(crate) fn move_in(engine: &Rc<Engine>) {
    directory().insert(engine.inbox.loop_id, Arc::downgrade(&engine.inbox));
    RESIDENTS.with(|residents| residents.borrow_mut().push(Rc::clone(engine)));
}

/// From now on the loop cannot be found.
pub(crate) fn move_out(engine: &Rc<Engine>) {
    directory().remove(&engine.inbox.loop_id);
    // The thread may be ending and its locals gone.
    let _ = RESIDENTS.try_with(|residents| {
        residents.borrow_mut().retain(|resident| !Rc::ptr_eq(resident, engine));
    });
}

/// The loop is the one that turns on this thread until the returned guard is dropped.
///
/// # Panics
///
/// If another loop turns on this thread already.
#[track_caller]
pub(crate) fn enter(engine: &Rc<Engine>) -> Entered {
    let is_free = CURRENT.with(|current| current.borrow().is_none());
    assert!(
        is_free,
        "an event loop already turns on this thread: `await` the future or `spawn` it, \
         instead of calling `block_on` or `turn` inside a task"
    );
    Entered::new(engine)
}

/// While it lives, a loop turns on this thread.
pub(crate) struct Entered {
    /// The loop that stepped aside.
    before: Option<Rc<Engine>>,
    /// Its ready queue.
    ready_before: Option<Rc<ready::Ready>>,
}

impl Entered {
    /// The loop turns on this thread, and whatever else did so steps aside.
    pub(crate) fn new(engine: &Rc<Engine>) -> Entered {
        let swap = |current: &RefCell<Option<Rc<Engine>>>| current.replace(Some(Rc::clone(engine)));
        Entered {
            before: CURRENT.try_with(swap).ok().flatten(),
            ready_before: ready::replace_here(Some(Rc::clone(&engine.ready))),
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ready::replace_here(self.ready_before.take());
        let before = self.before.take();
        drop(CURRENT.try_with(|current| current.replace(before)));
        budget::lift();
    }
}
