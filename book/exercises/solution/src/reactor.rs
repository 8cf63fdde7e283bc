//! The reactor: which sources the loop watches, and who waits for them.
//!
//! The operating system tells *edges*: "this socket has become readable". The reactor remembers
//! each in the source's entry until an operation finds that it is not so any more, so a task asks
//! the operating system only when there is something to be had.
//!
//! ```text
//!                    event: readable
//!      not ready -----------------------> ready -----+
//!          ^                                |  ^     | an operation that succeeds
//!          |          would block           |  +-----+
//!          +--------------------------------+
//! ```
//!
//! 1. A source is registered once, for both directions, edge-triggered, and never again.
//! 2. Only an operation on the source clears its readiness.
//! 3. A token is a generational key. An event for a source that is gone finds no entry, even if
//!    its slot or its file descriptor belongs to somebody else by now.
//! 4. Any number of tasks may wait for one direction, each once; all are woken.
//! 5. No waker is called here: `wait` collects them.

use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use boucle::observe::{Cause, SourceId};
use mio::event::Event as Readiness;
use mio::{Interest, Registry, Token, event};

use crate::arena::{Arena, Key};
use crate::inbox::Bell;

/// The token of the bell: no key has it, since no arena has a slot of that number.
const BELL: Token = Token(usize::MAX);

/// Readiness events taken from the operating system at a time.
const EVENTS: usize = 1024;

/// What an operation needs a source to be ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To be read from, or accepted from.
    Read,
    /// To be written to, or to be connected.
    Write,
}

/// The sources of one loop.
pub struct Reactor {
    /// Where the thread sleeps.
    poll: RefCell<mio::Poll>,
    /// What the last wait brought.
    events: RefCell<mio::Events>,
    /// The door for registrations.
    registry: Registry,
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
    /// The wakers of those who wait: one for each task.
    waiters: Vec<Waker>,
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
    pub fn new() -> io::Result<(Reactor, Box<dyn Bell>)> {
        let poll = mio::Poll::new()?;
        let bell = mio::Waker::new(poll.registry(), BELL)?;
        let registry = poll.registry().try_clone()?;
        let events = RefCell::new(mio::Events::with_capacity(EVENTS));
        let sources = RefCell::new(Arena::new());
        Ok((Reactor { poll: RefCell::new(poll), events, registry, sources }, Box::new(bell)))
    }

    /// Watches a source from now on.
    pub fn add(&self, source: &mut impl event::Source) -> io::Result<Key> {
        let key = self.sources.borrow_mut().insert(Entry::default());
        // A key fills a token.
        let token = Token(key.to_u64() as usize);
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.registry.register(source, token, both) {
            self.sources.borrow_mut().remove(key);
            return Err(error);
        }
        Ok(key)
    }

    /// Takes a source out of the operating system's list.
    pub fn deregister(&self, source: &mut impl event::Source) {
        // Fails only if the descriptor was closed behind our back.
        let _ = self.registry.deregister(source);
    }

    /// Forgets a source; returns the wakers of those who wait for it.
    pub fn remove(&self, key: Key) -> Vec<Waker> {
        let Some(mut entry) = self.sources.borrow_mut().remove(key) else { return Vec::new() };
        entry.read.waiters.append(&mut entry.write.waiters);
        entry.read.waiters
    }

    /// Whether an operation may be tried; if not, `cx` is woken when it may. `None` if the source
    /// is unknown.
    pub fn poll_ready(
        &self,
        key: Key,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Option<Poll<()>> {
        // Rule 4: whoever is in the list already (`Waker::will_wake`) is not added again.
        let mut sources = self.sources.borrow_mut();
        let side = sources.get_mut(key)?.side(direction);
        if side.ready {
            return Some(Poll::Ready(()));
        }
        if !side.waiters.iter().any(|waker| waker.will_wake(cx.waker())) {
            side.waiters.push(cx.waker().clone());
        }
        Some(Poll::Pending)
    }

    /// An operation found that the source is not ready.
    pub fn clear(&self, key: Key, direction: Direction) {
        // Rule 2: this direction and no other.
        if let Some(entry) = self.sources.borrow_mut().get_mut(key) {
            entry.side(direction).ready = false;
        }
    }

    /// Waits until a source is ready, the bell rings or `timeout` is over; adds the wakers of the
    /// tasks concerned to `due`, and says how many sources are ready. An interrupted wait is a
    /// short one. This is the only place where the thread sleeps.
    pub fn wait(
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
            let entry: Option<(Key, &mut Entry)> = {
                // The bell has no entry, and a source that is gone has none (rule 3).
                let key = Key::from_u64(event.token().0 as u64);
                key.and_then(|key| Some((key, sources.get_mut(key)?)))
            };
            let Some((key, entry)) = entry else { continue };
            ready += 1;
            let source = SourceId(key.serial());
            let (readable, writable) = readiness(event);
            told(source, readable, writable);
            // The entry remembers what the event says, whether somebody waits or not. Those who
            // wait for it go to `due`, with `Cause::Source(source)`, and wait no longer.
            for (is_ready, side) in [(readable, &mut entry.read), (writable, &mut entry.write)] {
                if is_ready {
                    side.ready = true;
                    let waiters = side.waiters.drain(..);
                    due.extend(waiters.map(|waker| (Cause::Source(source), waker)));
                }
            }
        }
        Ok(ready)
    }

    /// Forgets all sources; returns the wakers of those who wait for one.
    pub fn close(&self) -> Vec<Waker> {
        let keys: Vec<Key> = self.sources.borrow().keys();
        keys.into_iter().flat_map(|key| self.remove(key)).collect()
    }

    /// Whether no source is registered.
    pub fn is_empty(&self) -> bool {
        self.sources.borrow().is_empty()
    }
}

impl Entry {
    /// One direction of the source.
    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
}

/// Whether an event makes its source readable and writable. An error makes it both, since any
/// operation will find it; the end of a stream can be read.
fn readiness(event: &Readiness) -> (bool, bool) {
    let readable = event.is_readable() || event.is_read_closed() || event.is_error();
    let writable = event.is_writable() || event.is_write_closed() || event.is_error();
    (readable, writable)
}
