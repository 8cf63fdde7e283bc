//! The record: events kept in memory, to be read by the program.
//!
//! A ring: when it holds as many bytes as it may, the oldest events make room, and are counted. An
//! event borrows its task's name, so a kept one stands beside the names: the first event in the
//! ring that has a name owns the first name in theirs, and so on.
//!
//! ```text
//!     events   | turn 1 | spawned (1) | woken | spawned (2) | ...     oldest first
//!     names    | "fetch" | "parse" | ...
//! ```
//!
//! Cost: an uncontended lock and a copy of 64 bytes, some 20 ns beside the clock read of any
//! observer; an allocation for a name.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::event::{Event, Observer};
use super::words::Stamp;

/// What an event in the ring has in place of its name, which is kept elsewhere.
const NAMED: &str = "(named)";

/// Keeps what happened in a loop, for the program to read: while it runs, or afterwards.
///
/// It is a handle: give a clone to the loop and keep another. It may be read on any thread, even
/// while the loop is stuck. Its text ([`Display`](fmt::Display)) has one line an event; under
/// [`EventLoop::simulated`](crate::EventLoop::simulated) the same seed gives the same text.
///
/// Keeping an event costs about 20 ns, and 56 bytes until the record is full.
///
/// ```
/// use boucle::{EventLoop, observe::{Event, Record}};
///
/// let record = Record::new();
/// let event_loop = EventLoop::builder().observer(record.clone()).build()?;
/// event_loop.block_on(boucle::task::yield_now());
/// let polls = record.events().iter().filter(|e| matches!(e.event(), Event::PollBegan { .. })).count();
/// assert_eq!(polls, 2);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Record {
    /// The ring, shared with the clone that the loop has.
    ring: Arc<Mutex<Ring>>,
}

/// What the lock guards.
struct Ring {
    /// When each event happened, and the event, without its name.
    events: VecDeque<(Duration, Event<'static>)>,
    /// The names of those events that have one.
    names: VecDeque<Box<str>>,
    /// What both take, in bytes.
    size: usize,
    /// What they may take.
    limit: usize,
    /// How many events have made room for others.
    dropped: u64,
}

/// The bytes of an event without its name.
const EVENT: usize = size_of::<(Duration, Event<'static>)>();

/// The bytes of a name beside its characters.
const NAME: usize = size_of::<Box<str>>();

impl Record {
    /// What a record holds unless another limit is chosen: 64 MiB, about a million events.
    pub const LIMIT: usize = 64 << 20;

    /// An empty record that will hold up to [`Record::LIMIT`] bytes.
    ///
    /// ```
    /// assert!(boucle::observe::Record::new().events().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Record {
        Record::with_limit(Record::LIMIT)
    }

    /// An empty record that will hold up to `bytes` of events and names. Memory is taken as it is
    /// needed.
    ///
    /// ```
    /// let record = boucle::observe::Record::with_limit(1_000_000);
    /// ```
    #[must_use]
    pub fn with_limit(bytes: usize) -> Record {
        let ring = Ring {
            events: VecDeque::new(),
            names: VecDeque::new(),
            size: 0,
            limit: bytes,
            dropped: 0,
        };
        Record { ring: Arc::new(Mutex::new(ring)) }
    }

    /// The events that the record holds, oldest first.
    ///
    /// ```
    /// # let record = boucle::observe::Record::new();
    /// for happened in record.events() {
    ///     println!("{:?}: {}", happened.at, happened.event());
    /// }
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<Recorded> {
        let mut events = Collect(Vec::new());
        self.replay(&mut events);
        events.0
    }

    /// Tells `observer` all over again what happened.
    ///
    /// The record is copied first, so the observer may take its time.
    ///
    /// ```
    /// use boucle::observe::{Print, Record};
    ///
    /// let record = Record::new();
    /// record.replay(&mut Print::stderr());
    /// ```
    pub fn replay(&self, observer: &mut impl Observer) {
        let (events, names) = {
            let ring = self.ring();
            (ring.events.clone(), ring.names.clone())
        };
        let mut names = names.iter();
        for (at, event) in events {
            let name = event.name().and_then(|_| names.next());
            observer.event(at, &event.with_name(name.map_or("", |name| name)));
        }
    }

    /// How many events were dropped to make room for later ones.
    ///
    /// ```
    /// assert_eq!(boucle::observe::Record::new().dropped(), 0);
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.ring().dropped
    }

    /// Forgets all events, and how many were dropped.
    ///
    /// ```
    /// boucle::observe::Record::new().clear();
    /// ```
    pub fn clear(&self) {
        let mut ring = self.ring();
        let limit = ring.limit;
        *ring =
            Ring { events: VecDeque::new(), names: VecDeque::new(), size: 0, limit, dropped: 0 };
    }

    /// The ring. No code of anybody else runs under the lock.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// Drops the oldest events until the rest fits.
    fn make_room(&mut self) {
        while self.size > self.limit
            && let Some((_, oldest)) = self.events.pop_front()
        {
            self.size -= EVENT;
            self.dropped += 1;
            if oldest.name().is_some()
                && let Some(name) = self.names.pop_front()
            {
                self.size -= NAME + name.len();
            }
        }
    }
}

impl Observer for Record {
    #[inline]
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        let mut ring = self.ring();
        let ring = &mut *ring;
        let mut kept = "";
        if let Some(name) = event.name() {
            kept = NAMED;
            ring.size += NAME + name.len();
            ring.names.push_back(name.into());
        }
        ring.size += EVENT;
        ring.events.push_back((at, event.with_name(kept)));
        if ring.size > ring.limit {
            ring.make_room();
        }
    }
}

impl Default for Record {
    fn default() -> Record {
        Record::new()
    }
}

/// One line an event: the time since the loop was built, in milliseconds, and what happened.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped = self.dropped();
        if dropped > 0 {
            writeln!(f, "({dropped} events were dropped)")?;
        }
        self.events().iter().try_for_each(|happened| writeln!(f, "{happened}"))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.ring();
        f.debug_struct("Record")
            .field("events", &ring.events.len())
            .field("dropped", &ring.dropped)
            .finish_non_exhaustive()
    }
}

/// An event that was kept, with the time at which it happened.
///
/// ```
/// # let record = boucle::observe::Record::new();
/// # boucle::EventLoop::builder().observer(record.clone()).build()?.block_on(async {});
/// let first = &record.events()[0];
/// assert!(first.event().to_string().starts_with("task 1 `block_on` is spawned by the program"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When it happened, after the loop was built.
    pub at: Duration,
    /// The event, without its name.
    event: Event<'static>,
    /// The name, where the event has one.
    name: Box<str>,
}

impl Recorded {
    /// What happened.
    ///
    /// ```
    /// # let record = boucle::observe::Record::new();
    /// let events = record.events();
    /// let told: Vec<String> = events.iter().map(|e| e.event().to_string()).collect();
    /// ```
    #[must_use]
    pub fn event(&self) -> Event<'_> {
        self.event.with_name(&self.name)
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8}  {}", Stamp(self.at, 6), self.event())
    }
}

/// Makes owned events of borrowed ones.
struct Collect(Vec<Recorded>);

impl Observer for Collect {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        let name = event.name().unwrap_or_default().into();
        self.0.push(Recorded { at, event: event.with_name(""), name });
    }
}
