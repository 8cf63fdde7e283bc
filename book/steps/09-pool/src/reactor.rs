//! The reactor: which sockets the loop watches, and who waits for them.
//!
//! ```text
//!      an operation would block            the socket becomes ready
//!     ------------------------> waiter kept ------------------------> waiter woken: it tries again
//! ```
//!
//! 1. A socket is registered once, for both directions, and the system tells edges.
//! 2. Whoever waits has just seen the operation block, in this turn. The edges since then come by the
//!    next wait, and the waiter is kept before that. So no edge is lost.
//! 3. A number is never used twice. An event for a socket that is gone finds nobody.
//!
//! A direction has one waiter: two tasks that read one socket would take it from each other.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::task::Waker;
use std::time::Duration;

use boucle::observe::{Awaited, Cause, Event, SourceId};
use boucle_watch::{cause, emit};
use mio::{Events, Interest, Poll, Registry, Token, event};

/// The token of the bell; sockets are numbered from 1.
const BELL: Token = Token(0);

/// What an operation needs a socket to be ready for.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    /// To be read from, or accepted from.
    Read,
    /// To be written to, or to be connected.
    Write,
}

/// The sockets of one loop.
pub(crate) struct Reactor {
    /// Where the thread sleeps.
    poll: RefCell<Poll>,
    /// Where sockets are registered.
    registry: Registry,
    /// Who waits for each socket.
    sources: RefCell<BTreeMap<SourceId, Waiters>>,
    /// How many sockets there have been.
    added: Cell<u32>,
}

/// Who waits for a socket.
#[derive(Default)]
struct Waiters {
    /// To read.
    read: Option<Waker>,
    /// To write.
    write: Option<Waker>,
}

impl Reactor {
    /// A reactor without sockets, and the bell that ends its sleep.
    pub(crate) fn new() -> io::Result<(Reactor, mio::Waker)> {
        let poll = Poll::new()?;
        let bell = mio::Waker::new(poll.registry(), BELL)?;
        let registry = poll.registry().try_clone()?;
        let (sources, added) = (RefCell::default(), Cell::new(0));
        Ok((Reactor { poll: RefCell::new(poll), registry, sources, added }, bell))
    }

    /// Watches a socket from now on.
    pub(crate) fn add(
        &self,
        io: &mut impl event::Source,
        kind: &'static str,
    ) -> io::Result<SourceId> {
        let source = SourceId(self.added.get() + 1);
        let both = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(io, Token(source.0 as usize), both)?;
        self.added.set(source.0);
        self.sources.borrow_mut().insert(source, Waiters::default());
        emit(|| Event::SourceAdded { source, by: cause(), kind });
        Ok(source)
    }

    /// Forgets a socket.
    pub(crate) fn remove(&self, source: SourceId, io: &mut impl event::Source) {
        // If this fails, the system has forgotten it already.
        let _ = self.registry.deregister(io);
        let waiters = self.sources.borrow_mut().remove(&source);
        drop(waiters);
        emit(|| Event::SourceRemoved { source });
    }

    /// Wakes `waker` when the socket is ready. Its operation has just said that it would block.
    pub(crate) fn wake_when_ready(&self, source: SourceId, direction: Direction, waker: &Waker) {
        let mut sources = self.sources.borrow_mut();
        let Some(waiters) = sources.get_mut(&source) else { return };
        let (side, what) = match direction {
            Direction::Read => (&mut waiters.read, Awaited::Read(source)),
            Direction::Write => (&mut waiters.write, Awaited::Write(source)),
        };
        let replaced = side.replace(waker.clone());
        drop(sources);
        // With no borrow held: whatever a waker keeps may end with it.
        drop(replaced);
        emit(|| Event::Awaits { what, by: cause() });
    }

    /// Waits until a socket is ready, the bell rings or `timeout` is over; adds the wakers concerned
    /// to `due`, and says how many sockets are ready. This is the only place where the thread sleeps.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
        due: &mut Vec<(Cause, Waker)>,
    ) -> io::Result<u32> {
        let mut events = Events::with_capacity(1024);
        match self.poll.borrow_mut().poll(&mut events, timeout) {
            // A signal has come; the next turn waits again.
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(0),
            waited => waited?,
        }
        let (mut sources, mut ready) = (self.sources.borrow_mut(), 0);
        for event in &events {
            let source = SourceId(event.token().0 as u32);
            let Some(waiters) = sources.get_mut(&source) else { continue };
            // An error makes it both, since any operation will find it.
            let readable = event.is_readable() || event.is_error();
            let writable = event.is_writable() || event.is_error();
            ready += 1;
            emit(|| Event::SourceReady { source, readable, writable });
            let readers = waiters.read.take_if(|_| readable);
            let writers = waiters.write.take_if(|_| writable);
            due.extend(
                readers.into_iter().chain(writers).map(|waker| (Cause::Source(source), waker)),
            );
        }
        Ok(ready)
    }
}
