//! Models of the inbox: the rules by which a loop falls asleep and is woken.

use std::sync::Arc;

use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};

use crate::bell::Ringer;
use crate::engine::arena::Key;
use crate::engine::inbox::{Inbox, Message};

/// Runs `model` in every interleaving.
fn run(model: fn(Ringer, Arc<Inbox>)) {
    check(&Builder::new(), model);
}

/// Runs a larger `model` in every interleaving with at most five preemptions. (Without that bound
/// it holds too, but takes ten times as long.)
fn run_bounded(model: fn(Ringer, Arc<Inbox>)) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(5);
    check(&builder, model);
}

/// Gives `model` an inbox and its bell, again and again.
fn check(builder: &Builder, model: fn(Ringer, Arc<Inbox>)) {
    builder.check(move || {
        let bell = Ringer::new();
        let inbox = Arc::new(Inbox::new(0, Box::new(bell.clone())));
        model(bell, inbox);
    });
}

/// A message that says `n`.
fn message(n: u64) -> Message {
    Message::Wake(Key::from_u64(n + (1 << 32)).expect("a key"))
}

/// What a message says.
fn said(message: &Message) -> u64 {
    match message {
        Message::Wake(key) => key.to_u64() - (1 << 32),
        Message::Run(_) => panic!("no model sends this"),
    }
}

/// A thread that sends these numbers, and returns how many were accepted.
fn sender(inbox: &Arc<Inbox>, numbers: &'static [u64]) -> JoinHandle<usize> {
    let inbox = Arc::clone(inbox);
    thread::spawn(move || {
        let accepted = numbers.iter().filter(|&&n| inbox.send(message(n)).is_ok());
        accepted.count()
    })
}

/// The loop's side: takes what is there and sleeps by the rules, until `wanted` messages have
/// come. Returns what they said, and how often the loop went to sleep.
fn receive(bell: &Ringer, inbox: &Inbox, wanted: usize) -> (Vec<u64>, usize) {
    let (mut received, mut messages, mut sleeps) = (Vec::new(), Vec::new(), 0);
    loop {
        inbox.take(&mut messages);
        received.extend(messages.drain(..).map(|(_, message)| said(&message)));
        if received.len() == wanted {
            return (received, sleeps);
        }
        if inbox.may_sleep() {
            sleeps += 1;
            bell.listen();
        }
    }
}

/// Whenever a message comes, before the loop's look into the inbox, between that and its sleep, or
/// during the sleep: the loop takes it. (A message that was slept through would be a deadlock.)
/// The bell rings at most once a sleep, however many messages there are.
pub fn no_message_is_slept_through_and_a_sleep_is_rung_once() {
    run_bounded(|bell, inbox| {
        let senders = [sender(&inbox, &[1, 2]), sender(&inbox, &[3])];
        let (mut received, sleeps) = receive(&bell, &inbox, 3);
        for sender in senders {
            sender.join().unwrap();
        }
        assert!(bell.rings() <= sleeps, "{} rings for {sleeps} sleeps", bell.rings());
        let order: Vec<_> = received.iter().filter(|&&n| n < 3).collect();
        assert_eq!(order, [&1, &2], "each sender's messages come in the order of their sending");
        received.sort_unstable();
        assert_eq!(received, [1, 2, 3]);
    });
}

/// What a thread wrote before it sent a message is there when the message is read.
pub fn what_was_written_before_a_message_is_seen_after_it() {
    run(|bell, inbox| {
        let written = Arc::new(AtomicUsize::new(0));
        let sender = {
            let (written, inbox) = (Arc::clone(&written), Arc::clone(&inbox));
            thread::spawn(move || {
                written.store(7, Ordering::Relaxed);
                assert!(inbox.send(message(1)).is_ok());
            })
        };
        receive(&bell, &inbox, 1);
        assert_eq!(written.load(Ordering::Relaxed), 7);
        sender.join().unwrap();
    });
}

/// A sleep may end by itself, because a timer is due. A loop that is awake again is not rung.
pub fn a_loop_that_woke_by_itself_is_not_rung() {
    run(|bell, inbox| {
        let sender = sender(&inbox, &[1]);
        let mut messages = Vec::new();
        // Here the loop sleeps, and its timer rings before anybody else.
        let slept = inbox.may_sleep();
        inbox.take(&mut messages);
        sender.join().unwrap();
        let came_in_time = !messages.is_empty();
        assert!(came_in_time || bell.rings() == 0, "rung while awake");
        assert!(slept || bell.rings() == 0, "rung though it never slept");
    });
}

/// A ring that comes too late, for a sleep that is over, neither harms the next sleep nor takes
/// the place of the ring that is due then.
pub fn a_late_ring_does_no_harm() {
    run(|bell, inbox| {
        let senders = [sender(&inbox, &[1]), sender(&inbox, &[2])];
        // The loop sleeps, and its timer rings.
        inbox.may_sleep();
        let (mut received, _) = receive(&bell, &inbox, 2);
        received.sort_unstable();
        assert_eq!(received, [1, 2]);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// A message that meets the end of the loop is read, found by `close` or given back: never lost,
/// never twice.
pub fn a_message_that_meets_the_end_of_the_loop_is_accounted_for() {
    run(|_, inbox| {
        let senders = [sender(&inbox, &[1, 2]), sender(&inbox, &[3])];
        let mut messages = Vec::new();
        inbox.take(&mut messages);
        let found = messages.len() + inbox.close().len();
        let accepted: usize = senders.map(|sender| sender.join().unwrap()).iter().sum();
        assert_eq!(found, accepted);
        assert!(inbox.is_closed() && inbox.send(message(4)).is_err());
    });
}
