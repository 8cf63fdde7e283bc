//! Step 3, callbacks: a loop that knows nothing of what its users do.
//!
//! **The idea.** A program gives the loop a socket and a function: "call this whenever the socket is
//! ready". Or a time and a function: "call this then". The loop only decides what is called when. It
//! is in the style of Tornado's `IOLoop`, and the same as the loops of Node and of libuv.
//!
//! ```text
//!      ready: callbacks      1. call       each that is ready
//!         ^                       |
//!         |                       v
//!         '----------------- 2. wait       until a socket is ready or a time has come
//! ```
//!
//! **Its defect** is in the programs. Look at `delay.rs`: what one conversation does is cut into
//! functions, wherever it has to wait. What they share is moved from one to the next, no loop and no
//! `?` reaches across a cut, and no caller is there to return an error to. The trace shows the same:
//! many short calls, and nothing that says which belong together.
//!
//! **The next step** begins at the other end, with a function that can stop in the middle: a future.

pub mod delay;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::mem::take;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use boucle::observe::{Cause, Event, Outcome, SourceId, TaskId, TimerId, WaitReason};
use boucle_watch::{cause, emit, loop_built, now, pass_time, set_cause};
use mio::{Events, Interest, Poll, Token, event::Source};

thread_local! {
    /// The loop of this thread, while it runs.
    static LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// Nanoseconds in a millisecond, in which the operating system counts when it waits.
const MILLI: u128 = 1_000_000;

/// A loop, as its callbacks use it by the functions below.
struct EventLoop {
    /// The sockets that the operating system watches for us.
    poll: Poll,
    /// Who is called when a socket is ready.
    handlers: BTreeMap<SourceId, (Handler, Place)>,
    /// Who is called when a time has come, by that time in milliseconds.
    timers: BTreeMap<(u64, TimerId), (Once, Place)>,
    /// What is to be called, oldest first.
    ready: VecDeque<(TaskId, Callback)>,
    /// How many handlers, timers and calls there have been.
    counts: (u32, u32, u32),
    /// Somebody has called `stop`.
    stopped: bool,
}

/// A function that is called whenever its source is ready. It is shared, because it may remove
/// itself while it is called.
type Handler = Rc<RefCell<dyn FnMut(SourceId)>>;

/// A function that is called once.
type Once = Box<dyn FnOnce()>;

/// Where in a program something was asked for.
type Place = &'static Location<'static>;

/// Something to be called.
enum Callback {
    /// The handler of a source.
    Handler(SourceId),
    /// The function of a timer.
    Timer(Once),
}

/// Calls `handler` whenever `source` is ready, until it is removed. The edges of mio: a handler has to
/// go on until its source would block.
#[track_caller]
pub fn add_handler(
    source: &mut impl Source,
    interest: Interest,
    handler: impl FnMut(SourceId) + 'static,
) -> io::Result<SourceId> {
    let place = Location::caller();
    with(|this| {
        let id = SourceId(this.counts.0 + 1);
        this.poll.registry().register(source, Token(id.0 as usize), interest)?;
        this.counts.0 += 1;
        this.handlers.insert(id, (Rc::new(RefCell::new(handler)), place));
        emit(|| Event::SourceAdded { source: id, by: cause(), kind: "socket" });
        Ok(id)
    })
}

/// Calls the handler of `source` no more.
pub fn remove_handler(id: SourceId, source: &mut impl Source) -> io::Result<()> {
    let handler = with(|this| {
        this.poll.registry().deregister(source)?;
        io::Result::Ok(this.handlers.remove(&id))
    })?;
    // It may own whatever it likes, so it is dropped with no borrow held.
    drop(handler);
    emit(|| Event::SourceRemoved { source: id });
    Ok(())
}

/// Calls `callback` after so long.
#[track_caller]
pub fn call_later(delay: Duration, callback: impl FnOnce() + 'static) {
    let place = Location::caller();
    with(|this| {
        this.counts.1 += 1;
        let (timer, tick) = (TimerId(this.counts.1), (now() + delay).as_nanos().div_ceil(MILLI));
        this.timers.insert((tick as u64, timer), (Box::new(callback), place));
        let deadline = Duration::from_millis(tick as u64);
        emit(|| Event::TimerArmed { timer, by: cause(), deadline, level: 0, slot: 0 });
    });
}

/// Ends the loop after the callbacks that are ready just now.
pub fn stop() {
    with(|this| this.stopped = true);
}

/// Runs a loop that begins with `main`, until somebody calls [`stop`].
pub fn run(main: impl FnOnce()) -> io::Result<()> {
    emit(|| loop_built(1));
    LOOP.set(Some(EventLoop {
        poll: Poll::new()?,
        handlers: BTreeMap::new(),
        timers: BTreeMap::new(),
        ready: VecDeque::new(),
        counts: (0, 0, 0),
        stopped: false,
    }));
    main();
    for number in 1.. {
        if turn(number)? {
            break;
        }
    }
    // What is left is dropped with no borrow held, as all that belongs to users.
    let (handlers, timers) = with(|this| (take(&mut this.handlers), take(&mut this.timers)));
    for &source in handlers.keys() {
        emit(|| Event::SourceRemoved { source });
    }
    for &(_, timer) in timers.keys() {
        emit(|| Event::TimerCancelled { timer });
    }
    drop((handlers, timers));
    LOOP.take();
    emit(|| Event::LoopDropped);
    Ok(())
}

/// The loop, once around; says whether it is to stop.
fn turn(turn: u64) -> io::Result<bool> {
    emit(|| Event::TurnBegan { turn });
    // 1. Call what is ready.
    let mut polls = 0;
    while let Some((task, callback)) = with(|this| this.ready.pop_front()) {
        polls += 1;
        set_cause(Cause::Task(task));
        emit(|| Event::PollBegan { task });
        call(callback);
        emit(|| Event::PollEnded { task, outcome: Outcome::Ready });
        emit(|| Event::Dropped { task, joined: false });
    }
    set_cause(Cause::Program);
    let stopped = with(|this| this.stopped);
    if !stopped {
        // 2. Wait until a socket is ready or a time has come.
        with(EventLoop::wait)?;
    }
    emit(|| Event::TurnEnded { turn, polls });
    Ok(stopped)
}

/// Calls a callback. This is the only place where one is called, and no borrow is held meanwhile:
/// it may use the loop as it likes.
fn call(callback: Callback) {
    match callback {
        Callback::Timer(call) => call(),
        Callback::Handler(id) => {
            // It may have been removed since.
            if let Some((handler, _)) = with(|this| this.handlers.get(&id).cloned()) {
                handler.borrow_mut()(id);
            }
        }
    }
}

impl EventLoop {
    /// Sleeps, and queues whoever is to be called then. This is the only place where the thread
    /// sleeps.
    fn wait(&mut self) -> io::Result<()> {
        let next = self.timers.first_key_value();
        let until = |(&(tick, _), _)| Duration::from_millis(tick).saturating_sub(now());
        let timeout = next.map(until);
        let reason = if timeout.is_some() { WaitReason::TimerDue } else { WaitReason::Nothing };
        emit(|| Event::WaitBegan { timeout, reason });
        let mut events = Events::with_capacity(1024);
        if !pass_time(timeout) {
            match self.poll.poll(&mut events, timeout) {
                // A signal has come; the next turn waits again.
                Err(error) if error.kind() == ErrorKind::Interrupted => events.clear(),
                waited => waited?,
            }
        }
        let mut due = Vec::new();
        for event in &events {
            let source = SourceId(event.token().0 as u32);
            let (readable, writable) = (event.is_readable(), event.is_writable());
            emit(|| Event::SourceReady { source, readable, writable });
            let (_, place) = self.handlers[&source];
            due.push((Cause::Source(source), Callback::Handler(source), place));
        }
        emit(|| Event::WaitEnded { sources: due.len() as u32 });
        while let Some(entry) = self.timers.first_entry()
            && Duration::from_millis(entry.key().0) <= now()
        {
            let ((tick, timer), (callback, place)) = entry.remove_entry();
            let late = now().saturating_sub(Duration::from_millis(tick));
            emit(|| Event::TimerFired { timer, late });
            due.push((Cause::Timer(timer), Callback::Timer(callback), place));
        }
        for (by, callback, place) in due {
            self.counts.2 += 1;
            let task = TaskId(self.counts.2);
            emit(|| Event::Spawned { task, by, place, name: "callback" });
            self.ready.push_back((task, callback));
        }
        Ok(())
    }
}

/// Uses the loop of this thread, for a moment.
fn with<R>(run: impl FnOnce(&mut EventLoop) -> R) -> R {
    LOOP.with_borrow_mut(|this| match this {
        Some(this) => run(this),
        None => panic!("there is no loop on this thread: call this inside of `run`"),
    })
}
