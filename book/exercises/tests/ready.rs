//! Judge of `ready`: the queue and the two flags.

mod support;

use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use my_loop::arena::{Arena, Key};
use my_loop::clock::Clock;
use my_loop::inbox::{Inbox, Message};
use my_loop::probe::Probe;
use my_loop::ready::{Ready, replace_here};
use my_loop::waker::Node;

/// A loop's ready queue, and keys for it.
struct Queue {
    ready: Rc<Ready>,
    inbox: Arc<Inbox>,
    keys: Arena<()>,
}

impl Queue {
    fn new() -> Queue {
        let inbox = Arc::new(Inbox::new(Box::new(())));
        let probe = Rc::new(Probe::new(None, Rc::new(Clock::simulated())));
        Queue { ready: Rc::new(Ready::new(inbox.loop_id, probe)), inbox, keys: Arena::new() }
    }

    /// A task that was spawned: it stands in the queue.
    fn task(&mut self) -> (Key, Arc<Node>) {
        let key = self.keys.insert(());
        self.ready.push(key);
        (key, Arc::new(Node::new(key, Arc::clone(&self.inbox))))
    }

    /// Runs something while this loop turns on the thread.
    fn turning<R>(&self, run: impl FnOnce() -> R) -> R {
        let before = replace_here(Some(Rc::clone(&self.ready)));
        let result = run();
        replace_here(before);
        result
    }

    /// The messages that wakes have sent.
    fn mail(&self) -> Vec<Key> {
        let mut messages = Vec::new();
        self.inbox.take(&mut messages);
        let woken = messages.into_iter().filter_map(|(_, message)| match message {
            Message::Wake(task) => Some(task),
            Message::Run(_) => None,
        });
        woken.collect()
    }
}

fn wake(node: &Arc<Node>) {
    std::task::Waker::from(Arc::clone(node)).wake_by_ref();
}

#[test]
fn the_first_in_is_the_first_out() {
    let mut queue = Queue::new();
    let keys: Vec<Key> = (0..5).map(|_| queue.task().0).collect();
    assert_eq!(queue.ready.len(), 5);
    let popped: Vec<Key> = std::iter::from_fn(|| queue.ready.pop()).collect();
    assert_eq!(popped, keys);
}

#[test]
fn a_task_stands_in_the_queue_once_however_often_it_is_woken() {
    let mut queue = Queue::new();
    let (key, node) = queue.task();
    queue.turning(|| (0..3).for_each(|_| wake(&node)));
    assert_eq!((queue.ready.pop(), queue.ready.pop()), (Some(key), None));
    node.begin_poll();
    queue.turning(|| (0..3).for_each(|_| wake(&node)));
    assert_eq!((queue.ready.pop(), queue.ready.pop()), (Some(key), None));
}

#[test]
fn a_wake_during_a_poll_queues_the_task_again() {
    let mut queue = Queue::new();
    let (key, node) = queue.task();
    assert_eq!(queue.ready.pop(), Some(key));
    // The poll.
    node.begin_poll();
    queue.turning(|| wake(&node));
    assert_eq!(queue.ready.pop(), Some(key));
}

#[test]
fn a_task_that_is_over_is_not_queued() {
    let mut queue = Queue::new();
    let (_, node) = queue.task();
    queue.ready.pop();
    node.begin_poll();
    assert!(node.set_queued(), "it was not queued");
    assert!(!node.set_queued(), "now it is noted");
    queue.turning(|| wake(&node));
    assert_eq!(queue.ready.pop(), None);
}

#[test]
fn a_wake_on_the_loops_own_thread_sends_no_message() {
    let mut queue = Queue::new();
    let (_, node) = queue.task();
    queue.turning(|| wake(&node));
    assert_eq!(queue.mail(), []);
}

#[test]
fn a_wake_from_another_thread_goes_by_the_inbox() {
    let mut queue = Queue::new();
    let (key, node) = queue.task();
    queue.ready.pop();
    node.begin_poll();
    let theirs = Arc::clone(&node);
    thread::spawn(move || wake(&theirs)).join().unwrap();
    assert_eq!(queue.ready.pop(), None, "the queue is the loop's own");
    assert_eq!(queue.mail(), [key]);
}

#[test]
fn a_wake_on_the_thread_of_another_loop_goes_by_the_inbox() {
    let (mut queue, other) = (Queue::new(), Queue::new());
    let (key, node) = queue.task();
    queue.ready.pop();
    node.begin_poll();
    other.turning(|| wake(&node));
    assert_eq!((queue.ready.pop(), other.ready.pop()), (None, None));
    assert_eq!(queue.mail(), [key]);
}

#[test]
fn a_storm_of_wakes_from_another_thread_is_one_message_until_that_is_read() {
    let mut queue = Queue::new();
    let (key, node) = queue.task();
    for _ in 0..2 {
        let theirs = Arc::clone(&node);
        thread::spawn(move || (0..1_000).for_each(|_| wake(&theirs))).join().unwrap();
        assert_eq!(queue.mail(), [key]);
        node.clear_sent();
    }
}

#[test]
fn a_wake_after_the_loop_is_nothing() {
    let mut queue = Queue::new();
    let (_, node) = queue.task();
    queue.inbox.close();
    let ready = Rc::downgrade(&queue.ready);
    drop(queue);
    assert_eq!(ready.strong_count(), 0);
    wake(&node);
    thread::spawn(move || wake(&node)).join().unwrap();
}
