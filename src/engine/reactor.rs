//! The reactor: which sources the loop watches, and who waits for them.
//!
//! The operating system tells *edges*: "this socket has become readable". The reactor remembers
//! each in the source's entry until an operation finds that it is not so any more, so a task asks
//! the operating system only when there is something to be had.
//!
//! ```text
//!                    event: readable
//!      not ready -----------------------> ready -----+
//!          ^                                |  ^     | an operation that succeeds in full
//!          |  would block, or a short read  |  +-----+
//!          +--------------------------------+
//! ```
//!
//! 1. A source is registered once, for both directions, edge-triggered, and never again.
//! 2. Only an operation on the source clears its readiness. Events are read on the same thread, so
//!    none can slip in between "would block" and "not ready".
//! 3. A token is a generational key. An event for a source that is gone finds no entry, even if
//!    its slot or its file descriptor belongs to somebody else by now.
//! 4. Any number of tasks may wait for one direction; all are woken.
//!
//! Cost: a system call to register, one to remove, none while a source is quiet. An entry takes
//! 72 bytes, its generation included.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mio::event::Event as Readiness;
use mio::{Interest, Registry, Token, event};

use crate::engine::arena::{Arena, Key};
use crate::engine::inbox::Bell;
use crate::observe::event::{Cause, SourceId};

/// The token of the bell: no key has it, since no arena has a slot of that number.
const BELL: Token = Token(usize::MAX);

/// Readiness events taken from the operating system at a time.
const EVENTS: usize = 1024;

// A key fills a token.
const _: () = assert!(usize::BITS == 64, "boucle's reactor needs a 64-bit machine");

/// What an operation needs a source to be ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To be read from, or accepted from.
    Read,
    /// To be written to, or to be connected.
    Write,
}

/// The sources of one loop.
pub(crate) struct Reactor {
    /// Where the thread sleeps.
    poll: RefCell<mio::Poll>,
    /// What the last wait brought.
    events: RefCell<mio::Events>,
    /// The door for registrations; shared with sources, which leave by it from any thread.
    pub(crate) registry: Arc<Registry>,
    /// An entry for each registered source.
    sources: RefCell<Arena<Entry>>,
}

/// What the reactor knows of one source.
#[derive(Default)]
struct Entry {
    /// The state of the reading direction.
    read: Side,
    /// The state of the writing direction.
    write: Side,
}

/// One direction of a source.
#[derive(Default)]
struct Side {
    /// An operation may be tried.
    ready: bool,
    /// A short read proves nothing any more: the end of the stream was announced, and is still to
    /// be read; or urgent data was, before which reads stop.
    doubtful: bool,
    /// Who waits.
    waiters: Waiters,
}

/// The tasks that wait for one direction of a source: hardly ever more than one.
#[derive(Default)]
enum Waiters {
    /// Nobody.
    #[default]
    None,
    /// The usual case, without an allocation.
    One(Waker),
    /// Several, each once.
    Many(Vec<Waker>),
}

/// The bell of a real loop: an eventfd, or what the platform has.
impl Bell for mio::Waker {
    fn ring(&self) {
        // It fails only if the loop's descriptors are gone, and then there is nobody to wake.
        let _ = self.wake();
    }
}

impl Reactor {
    /// A reactor without sources, and the bell that ends its sleep.
    pub(crate) fn new() -> io::Result<(Reactor, Box<dyn Bell>)> {
        let poll = mio::Poll::new()?;
        let bell = mio::Waker::new(poll.registry(), BELL)?;
        let registry = Arc::new(poll.registry().try_clone()?);
        let reactor = Reactor {
            poll: RefCell::new(poll),
            events: RefCell::new(mio::Events::with_capacity(EVENTS)),
            registry,
            sources: RefCell::new(Arena::new()),
        };
        Ok((reactor, Box::new(bell)))
    }

    /// Watches a source from now on.
    pub(crate) fn add(&self, source: &mut impl event::Source, both: Interest) -> io::Result<Key> {
        let key = self.sources.borrow_mut().insert(Entry::default());
        if let Err(error) = self.registry.register(source, token(key), both) {
            self.sources.borrow_mut().remove(key);
            return Err(error);
        }
        Ok(key)
    }

    /// Forgets a source; returns the wakers of those who wait for it. The source itself leaves by
    /// the `registry`.
    pub(crate) fn remove(&self, key: Key) -> Option<Vec<Waker>> {
        let mut entry = self.sources.borrow_mut().remove(key)?;
        let mut wakers = Vec::new();
        entry.read.waiters.take(|waker| wakers.push(waker));
        entry.write.waiters.take(|waker| wakers.push(waker));
        Some(wakers)
    }

    /// Whether an operation may be tried; if not, `cx` is woken when it may. `None` if the source
    /// is unknown.
    #[inline]
    pub(crate) fn poll_ready(
        &self,
        key: Key,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Option<Poll<()>> {
        let mut sources = self.sources.borrow_mut();
        let side = sources.get_mut(key)?.side(direction);
        if side.ready {
            return Some(Poll::Ready(()));
        }
        side.waiters.add(cx.waker());
        Some(Poll::Pending)
    }

    /// A future that waited was dropped. Its waker cannot be told from others of its kind, so if
    /// there are several, all are returned, to be woken: who is still interested will come again.
    pub(crate) fn lose_interest(&self, key: Key, direction: Direction) -> Vec<Waker> {
        let mut sources = self.sources.borrow_mut();
        match sources.get_mut(key).map(|entry| &mut entry.side(direction).waiters) {
            Some(Waiters::Many(wakers)) => std::mem::take(wakers),
            _ => Vec::new(),
        }
    }

    /// An operation found that the source is not ready, or seemed to: after a mere short read
    /// (`drained`) there may be more where that is doubtful.
    #[inline]
    pub(crate) fn clear(&self, key: Key, direction: Direction, drained: bool) {
        if let Some(entry) = self.sources.borrow_mut().get_mut(key) {
            let side = entry.side(direction);
            side.ready = drained && side.doubtful;
        }
    }

    /// Waits until a source is ready, the bell rings or `timeout` is over; adds the wakers of the
    /// tasks concerned to `due`, and says how many sources are ready. An interrupted wait is a
    /// short one. This is the only place where the thread sleeps.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
        due: &mut Vec<(Cause, Waker)>,
        mut told: impl FnMut(SourceId, bool, bool),
    ) -> io::Result<u32> {
        let mut events = self.events.borrow_mut();
        match self.poll.borrow_mut().poll(&mut events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(0),
            waited => waited?,
        }
        let mut ready = 0;
        let mut sources = self.sources.borrow_mut();
        for event in &*events {
            let Some(key) = Key::from_u64(event.token().0 as u64) else { continue };
            let Some(entry) = sources.get_mut(key) else { continue };
            let (readable, writable) = entry.note(event);
            ready += 1;
            let source = SourceId(key.serial());
            told(source, readable, writable);
            let mut wake = |waker| due.push((Cause::Source(source), waker));
            if readable {
                entry.read.waiters.take(&mut wake);
            }
            if writable {
                entry.write.waiters.take(&mut wake);
            }
        }
        Ok(ready)
    }

    /// Forgets all sources; returns the wakers of those who wait for one.
    pub(crate) fn close(&self) -> Vec<Waker> {
        let keys: Vec<Key> = self.sources.borrow().keys();
        keys.into_iter().filter_map(|key| self.remove(key)).flatten().collect()
    }

    /// Whether any source is registered.
    pub(crate) fn is_empty(&self) -> bool {
        self.sources.borrow().is_empty()
    }
}

/// The token under which a source is registered.
fn token(key: Key) -> Token {
    Token(key.to_u64() as usize)
}

impl Entry {
    /// One direction of the source.
    #[inline]
    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }

    /// Remembers what an event says; returns whether it makes the source readable and writable.
    /// An error makes it both, since any operation will find it; the end of a stream can be read.
    fn note(&mut self, event: &Readiness) -> (bool, bool) {
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        self.read.ready |= readable;
        self.read.doubtful |= event.is_read_closed() || event.is_error() || event.is_priority();
        self.write.ready |= writable;
        self.write.doubtful |= event.is_write_closed() || event.is_error();
        (readable, writable)
    }
}

impl Waiters {
    /// Adds a waker, unless it is there.
    #[inline]
    fn add(&mut self, waker: &Waker) {
        match self {
            Waiters::None => *self = Waiters::One(waker.clone()),
            Waiters::One(one) if one.will_wake(waker) => {}
            Waiters::One(one) => *self = Waiters::Many(vec![one.clone(), waker.clone()]),
            Waiters::Many(wakers) if wakers.iter().any(|known| known.will_wake(waker)) => {}
            Waiters::Many(wakers) => wakers.push(waker.clone()),
        }
    }

    /// Takes all wakers out.
    #[inline]
    fn take(&mut self, take: impl FnMut(Waker)) {
        match std::mem::take(self) {
            Waiters::None => {}
            Waiters::One(one) => Some(one).into_iter().for_each(take),
            Waiters::Many(wakers) => wakers.into_iter().for_each(take),
        }
    }
}
