//! A source of readiness as something a task can await.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use boucle::observe::{Awaited, Event, SourceId};
use mio::event;

use crate::arena::Key;
use crate::probe::Probe;
use crate::reactor::{Direction, Reactor};
use crate::waker::wake;

/// A socket, or whatever else mio can watch, in one loop.
pub struct Source<S: event::Source> {
    /// The socket.
    io: S,
    /// Its entry in the reactor.
    key: Key,
    /// Where it is watched.
    reactor: Rc<Reactor>,
    /// Tells what happens.
    probe: Rc<Probe>,
}

impl<S: event::Source> Source<S> {
    /// Registers a source.
    pub fn new(mut io: S, reactor: &Rc<Reactor>, probe: &Rc<Probe>) -> io::Result<Source<S>> {
        let key = reactor.add(&mut io)?;
        let (source, by) = (SourceId(key.serial()), probe.cause());
        let name = std::any::type_name::<S>();
        let kind = name.rsplit("::").next().unwrap_or(name);
        probe.emit(|| Event::SourceAdded { source, by, kind });
        Ok(Source { io, key, reactor: Rc::clone(reactor), probe: Rc::clone(probe) })
    }

    /// The socket itself.
    pub fn get_ref(&self) -> &S {
        &self.io
    }

    /// Whether an operation may be tried; if not, the task is woken when it may.
    pub fn poll_ready(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.reactor.poll_ready(self.key, direction, cx) {
            Some(Poll::Ready(())) => Poll::Ready(Ok(())),
            Some(Poll::Pending) => {
                let source = SourceId(self.key.serial());
                self.probe.awaits(match direction {
                    Direction::Read => Awaited::Read(source),
                    Direction::Write => Awaited::Write(source),
                });
                Poll::Pending
            }
            None => Poll::Ready(Err(io::Error::other("the loop of this socket is gone"))),
        }
    }

    /// Does an operation as soon as it does not block.
    pub fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        // `Pending` only while the source is not ready and this task is among those who wait. An
        // edge is told once: whoever says `Pending` while readiness is still remembered, or forgets
        // it although the operation succeeded, waits for ever. `WouldBlock` says that the source is
        // not ready after all, `Interrupted` says nothing: neither gets to the caller.
        loop {
            std::task::ready!(self.poll_ready(direction, cx))?;
            match operation(&self.io) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.reactor.clear(self.key, direction);
                }
                done => return Poll::Ready(done),
            }
        }
    }

    /// Waits until an operation does not block, and does it.
    pub async fn io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        poll_fn(|cx| self.poll_io(direction, cx, &mut operation)).await
    }
}

impl<S: event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        self.reactor.deregister(&mut self.io);
        let waiters = self.reactor.remove(self.key);
        self.probe.emit(|| Event::SourceRemoved { source: SourceId(self.key.serial()) });
        waiters.into_iter().for_each(wake);
    }
}
