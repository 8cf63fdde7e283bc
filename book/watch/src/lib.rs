//! Lets a loop that is not boucle's be watched through boucle's window.
//!
//! The steps, the museum and the exercises of the book are loops of their own. They tell what they
//! do in boucle's words, [`Event`](boucle::observe::Event)s, so that one window shows them all:
//!
//! ```
//! use boucle::observe::{Cause, Event, Outcome, TaskId};
//! use boucle_watch::{Watch, cause, emit, loop_built};
//!
//! let (watch, record) = Watch::recording(); // a program says Watch::from_environment()?
//! let task = TaskId(1);
//! let place = std::panic::Location::caller();
//! emit(|| loop_built(1));
//! emit(|| Event::Spawned { task, by: cause(), place, name: "hello" });
//! emit(|| Event::TurnBegan { turn: 1 });
//! emit(|| Event::PollBegan { task });
//! emit(|| Event::PollEnded { task, outcome: Outcome::Ready });
//! emit(|| Event::Dropped { task, joined: false });
//! emit(|| Event::TurnEnded { turn: 1, polls: 1 });
//! emit(|| Event::LoopDropped);
//! drop(watch);
//! boucle_watch::assert_consistent(&record);
//! ```
//!
//! [`emit`] is a function, not a method: whoever watches stands in a thread-local, as the loop does
//! that turns on the thread, so no part of a loop has to carry it. On a thread that nobody watches
//! it does nothing, and the event is never made.
//!
//! The watch also owns the time, because events are dated by it. [`now`] is the time since the watch
//! began. With `BOUCLE_SIMULATE=in-order` that is a virtual clock: [`pass_time`] jumps where a real
//! loop sleeps, and [`block_for`] is code that takes time, so a loop without sockets and threads
//! does the same on every machine. boucle has both in `src/clock.rs`.

use std::cell::{Cell, RefCell};
use std::env;
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use boucle::observe::{Cause, Event, Observer, Print, Record, ThreadId, Trace};

#[path = "../../../tests/support/life.rs"]
#[allow(clippy::pedantic, reason = "the library's own check of its events, by its own lints")]
mod life;

thread_local! {
    /// Who watches the loop of this thread; taken out while they are told something.
    static OBSERVERS: Cell<Vec<Box<dyn Observer>>> = const { Cell::new(Vec::new()) };

    /// On whose behalf the loop of this thread works.
    static CAUSE: Cell<Cause> = const { Cell::new(Cause::Program) };

    /// The time of this thread.
    static CLOCK: RefCell<Clock> = RefCell::new(Clock::Real { born: Instant::now() });
}

/// Where time comes from.
enum Clock {
    /// The system's clock, from the beginning of the watch on.
    Real { born: Instant },
    /// A number, which moves when somebody moves it.
    Virtual { now: Duration },
}

/// Somebody watches the loop of this thread as long as this lives. When it is dropped, the trace is
/// written: so make it before the loop, and drop it after the loop.
#[must_use = "nobody watches any more when this is dropped"]
pub struct Watch {
    /// It belongs to its thread.
    stays: PhantomData<*const ()>,
}

impl Watch {
    /// The watch that the environment asks for: `BOUCLE_TRACE` is a file (`.html`, `.svg`, `.jsonl`,
    /// `.json`, `.txt`) or `-`, the standard error stream, or several of them, as in `PATH`;
    /// `BOUCLE_COMPARE` is the trace of another run, to be shown beside it on the page;
    /// `BOUCLE_SIMULATE=in-order` makes the time virtual. Without them nobody watches.
    pub fn from_environment() -> io::Result<Watch> {
        let value = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let mut observers: Vec<Box<dyn Observer>> = Vec::new();
        for path in value("BOUCLE_TRACE").iter().flat_map(|paths| env::split_paths(paths)) {
            if path.as_os_str() == "-" {
                observers.push(Box::new(Print::stderr()));
                continue;
            }
            let trace = Trace::to_file(&path)?;
            let is_page = path.extension().is_some_and(|extension| extension == "html");
            observers.push(Box::new(match value("BOUCLE_COMPARE").filter(|_| is_page) {
                None => trace,
                Some(other) => trace.compare_with(other)?,
            }));
        }
        let clock = match value("BOUCLE_SIMULATE") {
            None => Clock::real(),
            Some(order) if order == "in-order" => Clock::START,
            Some(order) => {
                let told = format!(
                    "BOUCLE_SIMULATE={} is not for this program: its loop knows one order, \
                     `in-order`",
                    order.to_string_lossy().escape_debug()
                );
                return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
            }
        };
        Ok(Watch::begin(observers, clock))
    }

    /// A watch for tests: what it sees stands in the record.
    pub fn recording() -> (Watch, Record) {
        let record = Record::new();
        (Watch::begin(vec![Box::new(record.clone())], Clock::real()), record)
    }

    /// As [`recording`](Watch::recording), in virtual time.
    pub fn simulated() -> (Watch, Record) {
        let record = Record::new();
        (Watch::begin(vec![Box::new(record.clone())], Clock::START), record)
    }

    /// From now on they watch this thread.
    fn begin(observers: Vec<Box<dyn Observer>>, clock: Clock) -> Watch {
        OBSERVERS.set(observers);
        CAUSE.set(Cause::Program);
        CLOCK.replace(clock);
        Watch { stays: PhantomData }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(OBSERVERS.take());
        CLOCK.replace(Clock::real());
    }
}

impl Clock {
    /// A virtual clock that has not moved.
    const START: Clock = Clock::Virtual { now: Duration::ZERO };

    /// The system's clock, from now on.
    fn real() -> Clock {
        Clock::Real { born: Instant::now() }
    }
}

/// Tells whoever watches this thread what `event` returns.
pub fn emit<'a>(event: impl FnOnce() -> Event<'a>) {
    // Where the thread ends already, nobody watches any more.
    let Ok(mut observers) = OBSERVERS.try_with(Cell::take) else { return };
    if observers.is_empty() {
        return;
    }
    let event = event();
    if !is_idle_look(&event) {
        let now = now();
        for observer in &mut observers {
            observer.event(now, &event);
        }
    }
    OBSERVERS.set(observers);
}

/// Whether the event tells of a look at the operating system, without a sleep, by a simulated loop:
/// there is nothing to be seen, so boucle's does not look, and a trace leaves it out.
fn is_idle_look(event: &Event<'_>) -> bool {
    thread_local! {
        /// Such a look has begun.
        static LOOKS: Cell<bool> = const { Cell::new(false) };
    }
    match event {
        Event::WaitBegan { timeout, .. } => {
            LOOKS.set(is_simulated() && *timeout == Some(Duration::ZERO));
            LOOKS.get()
        }
        Event::WaitEnded { .. } => LOOKS.take(),
        _ => false,
    }
}

/// The first event of a loop that polls all tasks that are ready in a turn, and may have so many
/// threads for blocking work.
pub fn loop_built(max_blocking_threads: u32) -> Event<'static> {
    Event::LoopBuilt {
        simulated: is_simulated(),
        seed: None,
        polls_per_turn: u32::MAX,
        max_blocking_threads,
    }
}

/// On whose behalf the loop works: what an event tells as `by`.
pub fn cause() -> Cause {
    CAUSE.get()
}

/// Changes on whose behalf the loop works.
pub fn set_cause(cause: Cause) {
    CAUSE.set(cause);
}

/// The number of this thread, as the sender of a message to a loop: from 1, in the order in which
/// they ask.
pub fn this_thread() -> ThreadId {
    static THREADS: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: ThreadId = ThreadId(THREADS.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.with(|number| *number)
}

/// The sender of a message as the cause of what follows from it: thread 0 if it is this thread.
pub fn by_thread(sender: ThreadId) -> Cause {
    Cause::Thread(if sender == this_thread() { ThreadId(0) } else { sender })
}

/// The time since the watch of this thread began.
pub fn now() -> Duration {
    CLOCK.with_borrow(|clock| match clock {
        Clock::Real { born } => born.elapsed(),
        Clock::Virtual { now } => *now,
    })
}

/// A moment of the system's clock, which may have been read on another thread, on the clock of this
/// one.
pub fn moment(instant: Instant) -> Duration {
    CLOCK.with_borrow(|clock| match clock {
        Clock::Real { born } => instant.saturating_duration_since(*born),
        Clock::Virtual { now } => *now,
    })
}

/// Whether time is virtual on this thread.
pub fn is_simulated() -> bool {
    CLOCK.with_borrow(|clock| matches!(clock, Clock::Virtual { .. }))
}

/// What a simulated loop does instead of sleeping: the clock jumps to the end of the sleep. Returns
/// false where time is real, and the loop has to sleep.
///
/// # Panics
///
/// If a simulated loop would sleep for ever: it has no sockets and no threads that could wake it.
pub fn pass_time(timeout: Option<Duration>) -> bool {
    CLOCK.with_borrow_mut(|clock| match (clock, timeout) {
        (Clock::Real { .. }, _) => false,
        (Clock::Virtual { now }, Some(timeout)) => {
            *now += timeout;
            true
        }
        (Clock::Virtual { .. }, None) => panic!(
            "no task is ready and no timer armed, so this simulated loop would sleep for ever: it \
             has neither sockets nor threads; run it without BOUCLE_SIMULATE"
        ),
    })
}

/// Takes so long and lets nobody else run meanwhile, as a computation or a blocking call does.
pub fn block_for(duration: Duration) {
    if !is_simulated() || !pass_time(Some(duration)) {
        thread::sleep(duration);
    }
}

/// Panics at the first event that contradicts those before it, with the story until then. It is the
/// check that boucle's own tests make of its events. A loop that was recorded must be gone.
#[track_caller]
pub fn assert_consistent(record: &Record) {
    let events = record.events();
    let is_simulated = events
        .first()
        .is_some_and(|first| matches!(first.event(), Event::LoopBuilt { simulated: true, .. }));
    let kind = if is_simulated { life::Kind::SimulatedInOrder } else { life::Kind::Real };
    life::assert_consistent(record, kind);
}
