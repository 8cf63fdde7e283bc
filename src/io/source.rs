//! A source of readiness as something a task can await.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use mio::{Interest, Registry, event};

use crate::budget;
use crate::engine::arena::Key;
use crate::engine::waker::wake;
use crate::engine::{Engine, context};
use crate::observe::event::{Awaited, Event, SourceId};

pub use crate::engine::reactor::Direction;

/// Anything that mio can watch, made awaitable: the raw material of every socket here, and of
/// yours.
///
/// It owns an `S` that never blocks, is registered once with the loop that turns on this thread,
/// and remembers whether the last news was "ready". An operation is tried through
/// [`poll_io`](Source::poll_io), [`io`](Source::io) or [`try_io`](Source::try_io), which wait for
/// readiness and take note of `WouldBlock`. Several tasks may wait for the same source. It can be
/// dropped on any thread, but awaited only on its loop's.
///
/// A regular file is not a source: `epoll` refuses it with `EPERM`, since a file is always
/// "ready" and blocks all the same. Read files with [`spawn_blocking`](crate::spawn_blocking).
///
/// ```
/// use boucle::io::{Direction, Source};
///
/// # boucle::block_on(async {
/// let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// socket.send_to(b"hello", socket.local_addr()?)?;
/// let source = Source::new(socket)?;
/// let mut buffer = [0; 8];
/// let read = source.io(Direction::Read, |socket| socket.recv(&mut buffer)).await?;
/// assert_eq!(&buffer[..read], b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct Source<S: event::Source> {
    /// The thing itself; `None` only while it is taken apart.
    io: Option<S>,
    /// Its entry in the reactor.
    key: Key,
    /// The loop it belongs to.
    loop_id: u32,
    /// The way out of the operating system's books, from any thread.
    registry: Arc<Registry>,
}

impl<S: event::Source> Source<S> {
    /// Registers `io` with the loop that turns on this thread, for reading and writing. It must
    /// be in non-blocking mode already.
    ///
    /// # Errors
    ///
    /// If the operating system cannot watch it (a regular file), or has no memory for it; if the
    /// loop is simulated.
    ///
    /// # Panics
    ///
    /// If no loop turns on this thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let source = boucle::io::Source::new(socket)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn new(io: S) -> io::Result<Source<S>> {
        Source::with_interest(io, EVERYTHING)
    }

    /// As [`new`](Source::new), for an `io` of which only one direction can be watched.
    ///
    /// # Errors
    ///
    /// As [`new`](Source::new).
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # boucle::block_on(async {
    /// let (_, reader) = mio::unix::pipe::new()?;
    /// let source = boucle::io::Source::with_interest(reader, mio::Interest::READABLE)?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn with_interest(mut io: S, interest: Interest) -> io::Result<Source<S>> {
        context::current(|engine| {
            let Some(reactor) = &engine.reactor else {
                let advice = "a simulated loop has no sockets: use `boucle::io::duplex`";
                return Err(io::Error::new(io::ErrorKind::Unsupported, advice));
            };
            let key = reactor.add(&mut io, interest)?;
            let by = engine.probe.cause();
            engine.probe.emit(|| {
                let kind = kind_of::<S>();
                Event::SourceAdded { source: SourceId(key.serial()), by, kind }
            });
            let loop_id = engine.inbox.loop_id;
            Ok(Source { io: Some(io), key, loop_id, registry: Arc::clone(&reactor.registry) })
        })
    }

    /// The thing itself.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let source = boucle::io::Source::new(socket)?;
    /// println!("{}", source.get_ref().local_addr()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// Never.
    #[inline]
    pub fn get_ref(&self) -> &S {
        self.io.as_ref().expect("only `into_inner` and `drop` take it out")
    }

    /// Takes the thing out of the loop. Whoever waits for it is woken, and finds an error.
    ///
    /// # Errors
    ///
    /// If the operating system does not know it any more.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let source = boucle::io::Source::new(socket)?;
    /// let socket = source.into_inner()?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// Never.
    pub fn into_inner(mut self) -> io::Result<S> {
        let mut io = self.io.take().expect("it is taken out only once");
        let known = self.registry.deregister(&mut io);
        known.map(|()| io)
    }

    /// Ready when an operation may be tried; otherwise the task is woken when it may.
    ///
    /// # Errors
    ///
    /// If the loop of this source is gone, or turns on another thread.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// use boucle::io::{Direction, Source};
    /// let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let source = Source::new(socket)?;
    /// std::future::poll_fn(|cx| source.poll_ready(Direction::Write, cx)).await
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_ready(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let looked = self.on_loop(|engine| {
            let ready = engine.reactor.as_ref()?.poll_ready(self.key, direction, cx);
            if let Some(Poll::Pending) = ready {
                engine.probe.awaits(|| match direction {
                    Direction::Read => Awaited::Read(SourceId(self.key.serial())),
                    Direction::Write => Awaited::Write(SourceId(self.key.serial())),
                });
            }
            ready
        });
        looked.flatten().map_or_else(|| Poll::Ready(Err(misplaced())), |ready| ready.map(Ok))
    }

    /// Waits until an operation may be tried. It may find that it would block all the same, since
    /// another task was faster. Dropping the future has no effect.
    ///
    /// # Errors
    ///
    /// As [`poll_ready`](Source::poll_ready).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let source = boucle::io::Source::new(socket)?;
    /// source.ready(boucle::io::Direction::Write).await
    /// # }).unwrap();
    /// ```
    pub async fn ready(&self, direction: Direction) -> io::Result<()> {
        self.wait(direction, |cx| self.poll_ready(direction, cx)).await
    }

    /// Tries an operation now; if it would block, the source counts as not ready until the
    /// operating system says otherwise.
    ///
    /// # Errors
    ///
    /// That of the operation; `WouldBlock` if the source is not ready.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// use boucle::io::Direction;
    /// let source = boucle::io::Source::new(socket)?;
    /// let nothing = source.try_io(Direction::Read, |socket| socket.recv(&mut [0; 8]));
    /// assert_eq!(nothing.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            match operation(self.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear(direction, false);
                    return Err(error);
                }
                done => return done,
            }
        }
    }

    /// Tries an operation as soon and as often as the source is ready, until it does not block.
    /// One that the operating system interrupts is tried again.
    ///
    /// # Errors
    ///
    /// That of the operation, or as [`poll_ready`](Source::poll_ready).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// use boucle::io::Direction;
    /// let to = socket.local_addr()?;
    /// let source = boucle::io::Source::new(socket)?;
    /// let send = |socket: &mio::net::UdpSocket| socket.send_to(b"hello", to);
    /// std::future::poll_fn(|cx| source.poll_io(Direction::Write, cx, send)).await
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        ready!(budget::poll_left(cx));
        loop {
            ready!(self.poll_ready(direction, cx))?;
            match self.try_io(direction, &mut operation) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    budget::charge();
                    return Poll::Ready(done);
                }
            }
        }
    }

    /// The awaited form of [`poll_io`](Source::poll_io). Dropping the future loses nothing: the
    /// operation has happened only if the future said so.
    ///
    /// # Errors
    ///
    /// As [`poll_io`](Source::poll_io).
    ///
    /// ```
    /// # boucle::block_on(async {
    /// # let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// use boucle::io::Direction;
    /// let to = socket.local_addr()?;
    /// let source = boucle::io::Source::new(socket)?;
    /// source.io(Direction::Write, |socket| socket.send_to(b"hello", to)).await
    /// # }).unwrap();
    /// ```
    pub async fn io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        self.wait(direction, |cx| self.poll_io(direction, cx, &mut operation)).await
    }

    /// Awaits what `poll` polls, which waits for `direction` only; if the future is dropped before
    /// that is ready, the reactor learns that somebody has lost interest.
    #[inline]
    pub(crate) async fn wait<R>(
        &self,
        direction: Direction,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> R {
        let mut interest = Interested { source: self, direction, waits: false };
        poll_fn(|cx| {
            let polled = poll(cx);
            interest.waits = polled.is_pending();
            polled
        })
        .await
    }

    /// As [`poll_io`](Source::poll_io), for a read or write on a byte stream. If that moves fewer
    /// than the `wanted` bytes, the source is known to be drained (or full) without another system
    /// call; `None` where that would be a wrong conclusion.
    #[inline]
    pub(crate) fn poll_transfer(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        wanted: Option<usize>,
        operation: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let moved = ready!(self.poll_io(direction, cx, operation));
        // Windows reports readiness again only after an operation that would block.
        if cfg!(not(windows))
            && let (Ok(moved), Some(wanted)) = (&moved, wanted)
            // Zero is not a short read: it is the end, and can be read again.
            && (1..wanted).contains(moved)
        {
            self.clear(direction, true);
        }
        Poll::Ready(moved)
    }

    /// Takes note that the source is not ready.
    #[inline]
    fn clear(&self, direction: Direction, drained: bool) {
        self.on_loop(|engine| {
            if let Some(reactor) = &engine.reactor {
                reactor.clear(self.key, direction, drained);
            }
        });
    }

    /// Somebody who waited does so no longer.
    #[cold]
    fn lose_interest(&self, direction: Direction) {
        let asked_again = self.on_loop(|engine| {
            let reactor = engine.reactor.as_ref();
            reactor.map(|reactor| reactor.lose_interest(self.key, direction))
        });
        asked_again.flatten().into_iter().flatten().for_each(wake);
    }

    /// Calls `run` with the loop of this source, if it lives on this thread.
    #[inline]
    fn on_loop<R>(&self, run: impl FnOnce(&Engine) -> R) -> Option<R> {
        context::of(self.loop_id, run)
    }
}

/// What a source is registered for, where nothing else was asked.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const EVERYTHING: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// What a source is registered for, where nothing else was asked. Urgent data is not for us, but a
/// read stops before it, and that must not be taken for "drained".
#[cfg(any(target_os = "linux", target_os = "android"))]
const EVERYTHING: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);

/// A future that may wait for a source.
struct Interested<'a, S: event::Source> {
    /// The source.
    source: &'a Source<S>,
    /// What it waits for.
    direction: Direction,
    /// Its last poll was in vain.
    waits: bool,
}

impl<S: event::Source> Drop for Interested<'_, S> {
    #[inline]
    fn drop(&mut self) {
        if self.waits {
            self.source.lose_interest(self.direction);
        }
    }
}

/// The name of a type, without its path and what it is made of: `Box` of `alloc::boxed::Box<..>`.
fn kind_of<S>() -> &'static str {
    let name = std::any::type_name::<S>();
    let own = name.split('<').next().unwrap_or(name);
    own.rsplit("::").next().unwrap_or(own)
}

/// What is told to a task that waits where no event will ever come.
fn misplaced() -> io::Error {
    io::Error::other(
        "the event loop of this socket is gone or turns on another thread: \
         make the socket in the loop that uses it",
    )
}

impl<S: event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        if let Some(mut io) = self.io.take() {
            // Fails only if the descriptor was closed behind our back; the entry goes all the same.
            let _ = self.registry.deregister(&mut io);
        }
        let key = self.key;
        context::tell(self.loop_id, move |engine| {
            let Some(reactor) = &engine.reactor else { return };
            if let Some(waiters) = reactor.remove(key) {
                engine.probe.emit(|| Event::SourceRemoved { source: SourceId(key.serial()) });
                waiters.into_iter().for_each(wake);
            }
        });
    }
}

impl<S: event::Source + fmt::Debug> fmt::Debug for Source<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.io {
            Some(io) => io.fmt(f),
            None => f.write_str("Source"),
        }
    }
}
