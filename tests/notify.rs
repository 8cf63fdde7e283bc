//! The notification.

#[path = "support/sync.rs"]
mod support;

use boucle::sync::Notify;
use futures_lite::future::{block_on, poll_once};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use support::{Random, Task, is_send_and_sync};

#[test]
fn a_notification_for_nobody_is_kept_for_the_next_and_only_one() {
    let (notify, task) = (Notify::new(), Task::new());
    notify.notify_one();
    notify.notify_one();
    assert_eq!(task.poll_unpin(&mut notify.notified()), Poll::Ready(()));
    assert_eq!(task.poll_unpin(&mut notify.notified()), Poll::Pending);
}

#[test]
fn one_notification_wakes_the_one_who_has_waited_longest() {
    let (notify, a, b) = (Notify::new(), Task::new(), Task::new());
    let (mut first, mut second) = (notify.notified(), notify.notified());
    // The order is that of the calls, not that of the polls.
    assert_eq!(b.poll_unpin(&mut second), Poll::Pending);
    assert_eq!(a.poll_unpin(&mut first), Poll::Pending);
    notify.notify_one();
    assert_eq!((a.wakes(), b.wakes()), (1, 0));
    assert_eq!(a.poll_unpin(&mut first), Poll::Ready(()));
    assert_eq!(b.poll_unpin(&mut second), Poll::Pending);
    assert_eq!(a.poll_unpin(&mut first), Poll::Ready(()), "and stays ready");
}

#[test]
fn a_notification_between_the_call_and_the_first_poll_is_not_lost() {
    let (notify, task) = (Notify::new(), Task::new());
    let (mut a, mut b) = (notify.notified(), notify.notified());
    notify.notify_waiters();
    assert_eq!(task.poll_unpin(&mut a), Poll::Ready(()));
    assert_eq!(task.poll_unpin(&mut b), Poll::Ready(()));
}

#[test]
fn notifying_everybody_leaves_nothing_for_those_who_come_later() {
    let (notify, a, b) = (Notify::new(), Task::new(), Task::new());
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert_eq!(a.poll_unpin(&mut first), Poll::Pending);
    assert_eq!(b.poll_unpin(&mut second), Poll::Pending);
    notify.notify_waiters();
    assert_eq!((a.wakes(), b.wakes()), (1, 1));
    assert_eq!(a.poll_unpin(&mut notify.notified()), Poll::Pending);
    assert_eq!(a.poll_unpin(&mut first), Poll::Ready(()));
    assert_eq!(b.poll_unpin(&mut second), Poll::Ready(()));
}

/// Case 141.
#[test]
fn a_notification_for_one_who_is_dropped_goes_to_the_next() {
    let (notify, a, b) = (Notify::new(), Task::new(), Task::new());
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert_eq!(a.poll_unpin(&mut first), Poll::Pending);
    assert_eq!(b.poll_unpin(&mut second), Poll::Pending);
    notify.notify_one();
    drop(first);
    assert_eq!((a.wakes(), b.wakes()), (1, 1));
    assert_eq!(b.poll_unpin(&mut second), Poll::Ready(()));
}

/// Case 141.
#[test]
fn a_notification_for_one_who_is_dropped_is_kept_when_nobody_else_waits() {
    let (notify, task) = (Notify::new(), Task::new());
    let waiting = notify.notified();
    notify.notify_one();
    drop(waiting);
    // The kept one was taken by this, and comes back again.
    drop(notify.notified());
    assert_eq!(task.poll_unpin(&mut notify.notified()), Poll::Ready(()));
    assert_eq!(task.poll_unpin(&mut notify.notified()), Poll::Pending);
}

/// Case 141.
#[test]
fn one_notified_singly_and_then_with_everybody_still_passes_the_single_one_on() {
    let (notify, task) = (Notify::new(), Task::new());
    let waiting = notify.notified();
    notify.notify_one();
    notify.notify_waiters();
    drop(waiting);
    assert_eq!(task.poll_unpin(&mut notify.notified()), Poll::Ready(()));
}

#[test]
fn a_notification_for_everybody_is_not_passed_on() {
    let (notify, task) = (Notify::new(), Task::new());
    let waiting = notify.notified();
    notify.notify_waiters();
    drop(waiting);
    assert_eq!(task.poll_unpin(&mut notify.notified()), Poll::Pending);
}

#[test]
fn one_who_is_dropped_while_it_waits_leaves_the_line_and_its_waker() {
    let (notify, a, b) = (Notify::new(), Task::new(), Task::new());
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert_eq!(a.poll_unpin(&mut first), Poll::Pending);
    assert_eq!(b.poll_unpin(&mut second), Poll::Pending);
    drop(first);
    assert_eq!(a.wakers_kept(), 0);
    notify.notify_one();
    assert_eq!((a.wakes(), b.wakes()), (0, 1));
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let (notify, first, last) = (Notify::new(), Task::new(), Task::new());
    let mut waiting = notify.notified();
    assert_eq!(first.poll_unpin(&mut waiting), Poll::Pending);
    assert_eq!(last.poll_unpin(&mut waiting), Poll::Pending);
    notify.notify_one();
    assert_eq!((first.wakes(), last.wakes()), (0, 1));
}

#[test]
fn nothing_is_remembered_of_those_who_were_notified() {
    let notify = Notify::new();
    let fresh = format!("{:?}", Notify::new()).replace("last: 0", "last: 2");
    for everybody in [false, true] {
        let waiting = notify.notified();
        notify.notify_one();
        if everybody {
            notify.notify_waiters();
        }
        block_on(waiting);
    }
    assert_eq!(format!("{notify:?}"), fresh);
}

/// Case 141, on many threads: the workers give up at random, and the last job is still seen.
#[test]
fn no_notification_is_lost_between_threads() {
    const JOBS: usize = 20_000;
    static NOTIFY: Notify = Notify::new();
    static QUEUED: AtomicUsize = AtomicUsize::new(0);
    static DONE: AtomicUsize = AtomicUsize::new(0);

    /// Takes jobs until all are done; every job that is queued comes with one notification.
    fn work(seed: u64) {
        let mut random = Random(seed);
        while DONE.load(SeqCst) < JOBS {
            let waiting = NOTIFY.notified();
            let took = QUEUED.fetch_update(SeqCst, SeqCst, |jobs| jobs.checked_sub(1)).is_ok();
            if took && DONE.fetch_add(1, SeqCst) + 1 == JOBS {
                NOTIFY.notify_waiters();
            } else if !took && DONE.load(SeqCst) < JOBS {
                match random.below(4) {
                    0 => drop(block_on(poll_once(waiting))),
                    _ => block_on(waiting),
                }
            }
        }
        NOTIFY.notify_one();
    }

    is_send_and_sync(&NOTIFY);
    thread::scope(|scope| {
        for seed in 1..=3 {
            scope.spawn(move || work(seed));
        }
        for _ in 0..JOBS {
            QUEUED.fetch_add(1, SeqCst);
            NOTIFY.notify_one();
        }
    });
    assert_eq!(DONE.load(SeqCst), JOBS);
}
