//! The inbox: what other threads leave for the loop, and the bell that wakes it.
//!
//! A loop is one thread, but its wakers, handles and sockets may travel. Whatever happens to them
//! elsewhere arrives here as a [`Message`], and the loop reads it at the start of its next turn.
//! The one hard question is who wakes a loop that sleeps in the operating system: too seldom is a
//! hang, too often is a system call for every wake of a burst.
//!
//! One mutex answers it. It guards the messages *and* the word `asleep`, and three rules hold:
//!
//! 1. The loop may sleep only after [`Inbox::may_sleep`] has set `asleep`, which it does only
//!    while no message waits.
//! 2. A sender that finds `asleep` set clears it and rings, after it has left its message. So a
//!    sleep is rung at most once, however many messages follow.
//! 3. [`Inbox::take`] takes all messages and clears `asleep`: a loop that is awake is not rung.
//!
//! Between "is there mail?" and "asleep" no message can slip in, because both are read under the
//! lock; between "asleep" and the system call one can, and then the bell rings before the loop
//! listens, which is why a bell must remember its ring (an eventfd does). `tests/loom` tries every
//! interleaving of these rules.
//!
//! Each message carries the number of the thread that sent it, so that what it causes can be told.
//!
//! Cost: one uncontended lock (about 16 ns) a message and a turn, and a system call for a sender
//! that finds the loop asleep.

use std::sync::PoisonError;

use crate::engine::arena::Key;
use crate::observe::event::ThreadId;
use crate::shim::{Mutex, MutexGuard, this_thread};

/// What another thread may leave for the loop.
pub(crate) enum Message {
    /// Queue this task.
    Wake(Key),
    /// Run this on the loop's thread: spawn a task, free a socket, cancel a timer.
    Run(Box<dyn FnOnce() + Send>),
}

/// What wakes a sleeping loop. A ring that comes before the sleep must cut the sleep short.
pub(crate) trait Bell: Send + Sync {
    /// Ends the loop's present sleep, or its next one.
    fn ring(&self);
}

/// The letter box of one loop.
pub(crate) struct Inbox {
    /// Which loop this is; no other loop of the process has the same number.
    pub(crate) loop_id: u32,
    /// The messages, and whether the loop sleeps.
    mail: Mutex<Mail>,
    /// How to wake the loop.
    bell: Box<dyn Bell>,
}

/// What the lock guards.
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
    pub(crate) fn new(loop_id: u32, bell: Box<dyn Bell>) -> Inbox {
        let mail = Mail { messages: Vec::new(), asleep: false, closed: false };
        Inbox { loop_id, mail: Mutex::new(mail), bell }
    }

    /// Leaves a message and wakes the loop if it sleeps; gives the message back if the loop is
    /// gone.
    pub(crate) fn send(&self, message: Message) -> Result<(), Message> {
        let sender = this_thread();
        let mut mail = self.mail();
        if mail.closed {
            return Err(message);
        }
        mail.messages.push((sender, message));
        let must_ring = std::mem::replace(&mut mail.asleep, false);
        drop(mail);
        // The ring is a system call: it happens with the lock released.
        if must_ring {
            self.bell.ring();
        }
        Ok(())
    }

    /// Moves all messages into `messages`, which must be empty, and marks the loop awake.
    pub(crate) fn take(&self, messages: &mut Vec<(ThreadId, Message)>) {
        let mut mail = self.mail();
        mail.asleep = false;
        std::mem::swap(&mut mail.messages, messages);
    }

    /// Marks the loop asleep, unless a message waits; says whether it may sleep.
    pub(crate) fn may_sleep(&self) -> bool {
        let mut mail = self.mail();
        mail.asleep = mail.messages.is_empty();
        mail.asleep
    }

    /// Whether a message waits.
    pub(crate) fn has_mail(&self) -> bool {
        !self.mail().messages.is_empty()
    }

    /// Whether the loop is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.mail().closed
    }

    /// Refuses all further messages and gives back those that were never read.
    pub(crate) fn close(&self) -> Vec<(ThreadId, Message)> {
        let mut mail = self.mail();
        mail.closed = true;
        std::mem::take(&mut mail.messages)
    }

    /// The guarded part. Nothing that could panic runs under the lock, so it cannot be poisoned
    /// half way through a change.
    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
