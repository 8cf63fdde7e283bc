//! Judge of `inbox`: who wakes a loop that sleeps.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use my_loop::inbox::{Bell, Inbox, Message};
use support::within_limit;

/// A bell that counts.
#[derive(Default)]
struct Rings(AtomicUsize);

impl Bell for Rings {
    fn ring(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn inbox() -> (Inbox, Arc<Rings>) {
    let rings = Arc::new(Rings::default());
    (Inbox::new(Box::new(Arc::clone(&rings))), rings)
}

/// A message that sends a number when it is run.
fn number(n: u32, to: &mpsc::Sender<u32>) -> Message {
    let to = to.clone();
    Message::Run(Box::new(move || to.send(n).unwrap()))
}

fn nothing() -> Message {
    Message::Run(Box::new(|| ()))
}

/// Takes the messages and runs them; says how many there were.
fn read(inbox: &Inbox) -> usize {
    let mut messages = Vec::new();
    inbox.take(&mut messages);
    let count = messages.len();
    for (_, message) in messages {
        if let Message::Run(run) = message {
            run();
        }
    }
    count
}

#[test]
fn messages_arrive_once_and_in_the_order_of_sending() {
    let (inbox, _) = inbox();
    let (to, numbers) = mpsc::channel();
    for n in 0..5 {
        assert!(inbox.send(number(n, &to)).is_ok());
    }
    assert_eq!(read(&inbox), 5);
    assert_eq!(numbers.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(read(&inbox), 0);
}

#[test]
fn a_loop_that_is_awake_is_not_rung() {
    let (inbox, rings) = inbox();
    let _ = inbox.send(nothing());
    assert!(inbox.has_mail());
    assert_eq!(rings.0.load(SeqCst), 0);
}

#[test]
fn a_sleep_is_rung_once_however_many_messages_follow() {
    let (inbox, rings) = inbox();
    for sleep in 1..=3 {
        assert!(inbox.may_sleep());
        for _ in 0..100 {
            let _ = inbox.send(nothing());
        }
        assert_eq!(rings.0.load(SeqCst), sleep);
        assert_eq!(read(&inbox), 100);
    }
}

#[test]
fn nobody_may_sleep_while_a_message_waits() {
    let (inbox, rings) = inbox();
    let _ = inbox.send(nothing());
    assert!(!inbox.may_sleep());
    // It did not sleep, so it need not be rung.
    let _ = inbox.send(nothing());
    assert_eq!(rings.0.load(SeqCst), 0);
    read(&inbox);
    assert!(inbox.may_sleep());
}

#[test]
fn a_loop_that_woke_by_itself_is_not_rung() {
    let (inbox, rings) = inbox();
    assert!(inbox.may_sleep());
    assert_eq!(read(&inbox), 0, "a timer has ended the sleep");
    let _ = inbox.send(nothing());
    assert_eq!(rings.0.load(SeqCst), 0);
}

#[test]
fn the_bell_rings_after_the_message_was_left_and_with_the_lock_released() {
    within_limit(|| {
        struct Looks(Mutex<Option<Arc<Inbox>>>, mpsc::Sender<bool>);
        impl Bell for Looks {
            fn ring(&self) {
                let inbox = self.0.lock().unwrap().clone().unwrap();
                self.1.send(inbox.has_mail()).unwrap();
            }
        }
        let (saw, seen) = mpsc::channel();
        let bell = Arc::new(Looks(Mutex::default(), saw));
        let inbox = Arc::new(Inbox::new(Box::new(Arc::clone(&bell))));
        *bell.0.lock().unwrap() = Some(Arc::clone(&inbox));
        assert!(inbox.may_sleep());
        let _ = inbox.send(nothing());
        assert_eq!(seen.try_recv(), Ok(true));
        *bell.0.lock().unwrap() = None;
    });
}

#[test]
fn a_closed_inbox_gives_the_message_back_and_does_not_ring() {
    let (inbox, rings) = inbox();
    let _ = inbox.send(nothing());
    assert_eq!(inbox.close().len(), 1, "what was never read");
    assert!(inbox.may_sleep());
    assert!(inbox.send(nothing()).is_err());
    assert!(!inbox.has_mail());
    assert_eq!(rings.0.load(SeqCst), 0);
}

/// A bell that remembers its ring.
#[derive(Default)]
struct Remembers(Mutex<bool>, Condvar);

impl Bell for Remembers {
    fn ring(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }
}

#[test]
fn no_message_is_overslept_when_threads_send_at_any_moment() {
    within_limit(|| {
        let bell = Arc::new(Remembers::default());
        let inbox = Arc::new(Inbox::new(Box::new(Arc::clone(&bell))));
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || {
                    for n in 0..20_000 {
                        let _ = inbox.send(nothing());
                        if n % 8 == 0 {
                            thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let mut read_so_far = 0;
        while read_so_far < 40_000 {
            read_so_far += read(&inbox);
            if read_so_far < 40_000 && inbox.may_sleep() {
                let limit = Duration::from_secs(2);
                let rung = bell.0.lock().unwrap();
                let (mut rung, slept) =
                    bell.1.wait_timeout_while(rung, limit, |rung| !*rung).unwrap();
                assert!(!slept.timed_out() || !inbox.has_mail(), "overslept");
                *rung = false;
            }
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
}
