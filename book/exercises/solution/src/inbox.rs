//! The inbox: what other threads leave for the loop, and the bell that wakes it.
//!
//! The one hard question is who wakes a loop that sleeps in the operating system: too seldom is a
//! hang, too often is a system call for every message of a burst. One lock answers it. It guards
//! the messages *and* the word `asleep`, and three rules hold:
//!
//! 1. The loop may sleep only after [`Inbox::may_sleep`] has set `asleep`, which it does only
//!    while no message waits.
//! 2. A sender that finds `asleep` set clears it and rings, after it has left its message. So a
//!    sleep is rung at most once, however many messages follow.
//! 3. [`Inbox::take`] takes all messages and clears `asleep`: a loop that is awake is not rung.
//!
//! A bell that is rung before the loop sleeps must cut that sleep short: a bell remembers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boucle::observe::ThreadId;

use crate::arena::Key;

/// What another thread may leave for the loop.
pub enum Message {
    /// Queue this task.
    Wake(Key),
    /// Run this on the loop's thread.
    Run(Box<dyn FnOnce() + Send>),
}

/// What wakes a sleeping loop.
pub trait Bell: Send + Sync {
    /// Ends the loop's present sleep, or its next one.
    fn ring(&self);
}

/// A bell that others hold too.
impl<B: Bell> Bell for Arc<B> {
    fn ring(&self) {
        B::ring(self);
    }
}

/// The letter box of one loop.
pub struct Inbox {
    /// Which loop this is; no other loop of the process has the same number.
    pub loop_id: u32,
    /// The messages, and whether the loop sleeps.
    mail: Mutex<Mail>,
    /// How to wake the loop.
    bell: Box<dyn Bell>,
}

/// What the lock guards.
#[derive(Default)]
struct Mail {
    /// The messages not yet taken, oldest first, each with its sender.
    messages: Vec<(ThreadId, Message)>,
    /// The loop sleeps, or is about to, and nobody has rung.
    asleep: bool,
    /// The loop is gone: nothing is accepted any more.
    closed: bool,
}

impl Inbox {
    /// An empty inbox whose loop is awake.
    pub fn new(bell: Box<dyn Bell>) -> Inbox {
        static LOOPS: AtomicU32 = AtomicU32::new(0);
        let loop_id = LOOPS.fetch_add(1, Ordering::Relaxed);
        Inbox { loop_id, mail: Mutex::default(), bell }
    }

    /// Leaves a message and wakes the loop if it sleeps; gives the message back if the loop is
    /// gone.
    pub fn send(&self, message: Message) -> Result<(), Message> {
        let sender = this_thread();
        // Rule 2. The ring is a system call, and the bell is somebody's code: the lock is not held
        // while it rings.
        let mut mail = self.mail();
        if mail.closed {
            return Err(message);
        }
        mail.messages.push((sender, message));
        let must_ring = std::mem::take(&mut mail.asleep);
        drop(mail);
        if must_ring {
            self.bell.ring();
        }
        Ok(())
    }

    /// Moves all messages into `messages`, which must be empty, and marks the loop awake.
    pub fn take(&self, messages: &mut Vec<(ThreadId, Message)>) {
        // Rule 3. The oldest message comes first.
        let mut mail = self.mail();
        mail.asleep = false;
        std::mem::swap(&mut mail.messages, messages);
    }

    /// Marks the loop asleep, unless a message waits; says whether it may sleep.
    pub fn may_sleep(&self) -> bool {
        // Rule 1. A loop that may not sleep is awake, so nobody need ring for it.
        let mut mail = self.mail();
        mail.asleep = mail.messages.is_empty();
        mail.asleep
    }

    /// Whether a message waits.
    pub fn has_mail(&self) -> bool {
        !self.mail().messages.is_empty()
    }

    /// Whether the loop is gone.
    pub fn is_closed(&self) -> bool {
        self.mail().closed
    }

    /// Refuses all further messages and gives back those that were never read.
    pub fn close(&self) -> Vec<(ThreadId, Message)> {
        let mut mail = self.mail();
        mail.closed = true;
        std::mem::take(&mut mail.messages)
    }

    /// The guarded part. Nothing that could panic runs under the lock.
    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of this thread, by which those that get messages from it call it.
pub fn this_thread() -> ThreadId {
    static THREADS: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: ThreadId = ThreadId(THREADS.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.with(|&number| number)
}
