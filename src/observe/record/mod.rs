//! The record: events kept in memory, to be read by the program.
//!
//! Events are kept in blocks. When all blocks together would take more bytes than they may, the
//! oldest block makes room for a new one and its events are counted as dropped. What they tell of
//! things that still exist is kept in the past.
//!
//! ```text
//!      dropped                 older blocks, full                     the present one
//!     ---------> past   | turn 1 | spawned | woken | ... |  ...  | spawned | polled |
//! ```
//!
//! The loop and the readers meet at a lock, but the loop does not take it for the events of every
//! poll: it puts them into a queue that it alone writes, its *inlet*, and whoever takes the lock
//! first empties the inlet into the present block. So no reader misses anything, even while the
//! loop is stuck; and the loop takes the lock only when its inlet is full, or for a rarer event.
//!
//! Cost: 5 to 8 ns for the events of a poll, some 20 for the others and an allocation for a name,
//! beside the clock read of any observer. A reader holds the lock only while it empties the inlet
//! and copies the past, the present block and the addresses of the others.

mod block;
mod past;

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::observe::event::{Event, Observer};
use crate::observe::record::block::{Block, Small};
use crate::observe::record::past::Past;
use crate::observe::story::words::Stamp;

#[cfg(feature = "inspect")]
pub(crate) mod tail;

/// Keeps what happened in a loop, for the program to read: while it runs, or afterwards.
///
/// It is a handle: give a clone to the loop and keep another. It may be read on any thread, even
/// while the loop is stuck. Its text ([`Display`](fmt::Display)) has one line an event; under
/// [`EventLoop::simulated`](crate::EventLoop::simulated) the same seed gives the same text.
///
/// Keeping a poll or a wake costs less than 10 ns beside the clock read of any observer, and 24
/// bytes; another event some 20 ns, and 64 bytes. When the record is full it takes no more memory,
/// but about 20 ns more by the event, to forget with care. Of a name, 1,024 bytes are kept.
///
/// It is for one loop at a time: of two that turn at once, the events would be mixed in pieces.
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
pub struct Record {
    /// The ring, shared with the clone that the loop has.
    ring: Arc<Mutex<Ring>>,
    /// The way into it, if this is the clone that a loop has. It is never locked: an observer is
    /// told events by the one who owns it, and `Mutex` only lets the others be on any thread.
    inlet: Mutex<Option<Producer<Small>>>,
}

/// What the lock guards.
struct Ring {
    /// The other ends of the inlets.
    outlets: Vec<Consumer<Small>>,
    /// The block to which events are added.
    present: Block,
    /// The blocks before it, oldest first; readers may hold them too.
    older: VecDeque<Arc<Block>>,
    /// What the older blocks take, in bytes.
    older_bytes: usize,
    /// What a block may take.
    block_limit: usize,
    /// What all blocks may take.
    limit: usize,
    /// What is to be known of the blocks that made room for others.
    past: Past,
}

/// The most events in an inlet: enough to forget the lock, few enough to stay in the cache.
const INLET: usize = 256;

/// The most events in a record of the usual limit.
#[cfg(feature = "trace")]
pub(crate) const MOST: usize = Record::LIMIT / size_of::<Small>();

/// The most bytes in a block: small beside a record of the usual size.
const BLOCK: usize = 64 << 10;

impl Record {
    /// What a record holds unless another limit is chosen: 64 MiB, one to nearly three million events.
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

    /// An empty record that will hold up to `bytes` of events and names (and always the last
    /// event). Memory is taken as it is needed. When it is full, an eighth of a small record, or
    /// 64 KiB of a large one, is dropped at a time.
    ///
    /// ```
    /// let record = boucle::observe::Record::with_limit(1_000_000);
    /// ```
    #[must_use]
    pub fn with_limit(bytes: usize) -> Record {
        Record { ring: Arc::new(Mutex::new(Ring::new(bytes))), inlet: Mutex::default() }
    }

    /// The events that the record holds, oldest first. If some were dropped, the first
    /// [`past`](Record::past) are of those: births and other events that tell what was there when
    /// the rest begins, as living tasks with what they wait for, or timers that are armed.
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

    /// Tells `observer` all over again what happened: the same as [`events`](Record::events).
    ///
    /// It may take its time: it is told what the record holds now, and the loop goes on meanwhile.
    ///
    /// ```
    /// use boucle::observe::{Print, Record};
    ///
    /// let record = Record::new();
    /// record.replay(&mut Print::stderr());
    /// ```
    pub fn replay(&self, observer: &mut impl Observer) {
        self.snapshot().replay(observer);
    }

    /// What the record holds now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let ring = self.ring();
        Snapshot {
            past: ring.past.tell(),
            older: ring.older.clone(),
            present: ring.present.clone(),
            dropped: ring.past.dropped(),
        }
    }

    /// How many events were dropped to make room for later ones.
    ///
    /// ```
    /// assert_eq!(boucle::observe::Record::new().dropped(), 0);
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.ring().past.dropped()
    }

    /// How many of the [`events`](Record::events), the first ones, were dropped and are told all
    /// the same, for what they are about was there still. 0 if none was dropped.
    ///
    /// They take memory beside the limit of the record, in proportion to what the program holds:
    /// under a kilobyte for a task.
    ///
    /// ```
    /// assert_eq!(boucle::observe::Record::new().past(), 0);
    /// ```
    #[must_use]
    pub fn past(&self) -> usize {
        self.ring().past.tell().len()
    }

    /// Forgets all events, and how many were dropped.
    ///
    /// ```
    /// boucle::observe::Record::new().clear();
    /// ```
    pub fn clear(&self) {
        let mut ring = self.ring();
        let outlets = mem::take(&mut ring.outlets);
        *ring = Ring { outlets, ..Ring::new(ring.limit) };
    }

    /// Keeps an event that its inlet does not take: it is a rarer one, or the first, or too many.
    #[cold]
    fn keep(&mut self, at: Duration, event: &Event<'_>) {
        let mut ring = whole(&self.ring);
        ring.keep(at, event);
        let inlet = self.inlet.get_mut().unwrap_or_else(PoisonError::into_inner);
        inlet.get_or_insert_with(|| ring.open());
    }

    /// The ring, with all that has happened.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        whole(&self.ring)
    }
}

/// The ring, with all that has happened. No code of anybody else runs under the lock.
fn whole(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
    ring.empty_inlets();
    ring
}

impl Ring {
    /// An empty ring.
    fn new(limit: usize) -> Ring {
        Ring {
            outlets: Vec::new(),
            present: Block::default(),
            older: VecDeque::new(),
            older_bytes: 0,
            block_limit: (limit / 8).min(BLOCK),
            limit,
            past: Past::default(),
        }
    }

    /// Another inlet.
    fn open(&mut self) -> Producer<Small> {
        let (inlet, outlet) = RingBuffer::new(INLET);
        self.outlets.push(outlet);
        inlet
    }

    /// Keeps what has come in.
    fn empty_inlets(&mut self) {
        let mut outlets = mem::take(&mut self.outlets);
        outlets.retain_mut(|outlet| {
            // Asked first, so that nothing can come in afterwards.
            let is_last = outlet.is_abandoned();
            if let Ok(come) = outlet.read_chunk(outlet.slots()) {
                let (first, second) = come.as_slices();
                self.keep_all(first);
                self.keep_all(second);
                come.commit_all();
            }
            !is_last
        });
        self.outlets = outlets;
    }

    /// Keeps events of polls.
    fn keep_all(&mut self, mut events: &[Small]) {
        while !events.is_empty() {
            let room = self.make_room(Block::SMALL) / Block::SMALL;
            let (fitting, rest) = events.split_at(events.len().min(room.max(1)));
            self.present.extend(fitting);
            events = rest;
        }
    }

    /// Keeps any event.
    fn keep(&mut self, at: Duration, event: &Event<'_>) {
        self.make_room(Block::EVENT);
        self.present.push(at, event);
    }

    /// How many bytes the present block may still take: as many as are asked for, or none if it is
    /// empty.
    fn make_room(&mut self, bytes: usize) -> usize {
        if self.present.bytes() + bytes > self.block_limit && self.present.len() > 0 {
            self.begin_block();
        }
        self.block_limit.saturating_sub(self.present.bytes())
    }

    /// Begins another block, in the memory of the oldest one if there is no room for all.
    #[cold]
    fn begin_block(&mut self) {
        let mut room = None;
        self.older_bytes += self.present.bytes();
        let full = mem::take(&mut self.present);
        let first = full.first + full.len() as u64;
        self.older.push_back(Arc::new(full));
        while self.older_bytes + self.block_limit > self.limit
            && let Some(oldest) = self.older.pop_front()
        {
            self.older_bytes -= oldest.bytes();
            self.past.fold(&oldest);
            room = Arc::into_inner(oldest);
        }
        // A block that some reader still holds is left to that reader.
        self.present = room.unwrap_or_default();
        self.present.clear(self.block_limit);
        self.present.first = first;
    }
}

/// What a record held at some moment.
pub(crate) struct Snapshot {
    /// Events that were dropped, but are to be told.
    pub(crate) past: Block,
    /// The blocks that follow, oldest first.
    older: VecDeque<Arc<Block>>,
    /// The last events.
    present: Block,
    /// How many events were dropped.
    pub(crate) dropped: u64,
}

impl Snapshot {
    /// How many events there are to tell.
    pub(crate) fn len(&self) -> usize {
        self.blocks().map(Block::len).sum()
    }

    /// Tells `observer` all of them.
    pub(crate) fn replay(&self, observer: &mut impl Observer) {
        self.blocks().for_each(|block| block.replay(observer));
    }

    /// The blocks in order.
    fn blocks(&self) -> impl Iterator<Item = &Block> {
        let older = self.older.iter().map(|block| &**block);
        [&self.past].into_iter().chain(older).chain([&self.present])
    }
}

impl Observer for Record {
    #[inline]
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        if let Some(small) = Small::new(at, event)
            && let Ok(Some(inlet)) = self.inlet.get_mut()
            && inlet.push(small).is_ok()
        {
            return;
        }
        self.keep(at, event);
    }
}

/// Another handle of the same record.
impl Clone for Record {
    fn clone(&self) -> Record {
        Record { ring: Arc::clone(&self.ring), inlet: Mutex::default() }
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
        let held = self.snapshot();
        if held.dropped > 0 {
            let past = held.past.len();
            writeln!(f, "({} events were dropped, but for the first {past} here)", held.dropped)?;
        }
        let mut events = Collect(Vec::new());
        held.replay(&mut events);
        events.0.iter().try_for_each(|happened| writeln!(f, "{happened}"))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.ring();
        f.debug_struct("Record")
            .field("bytes", &(ring.older_bytes + ring.present.bytes()))
            .field("dropped", &ring.past.dropped())
            .finish_non_exhaustive()
    }
}

/// An event that was kept, with the time at which it happened.
///
/// ```
/// # let record = boucle::observe::Record::new();
/// # boucle::EventLoop::builder().observer(record.clone()).build()?.block_on(async {});
/// let first = &record.events()[0];
/// assert_eq!(first.event().to_string(), "the loop is built");
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

#[cfg(test)]
mod tests;
