//! The semaphore.

#[path = "support/sync.rs"]
mod support;

use boucle::sync::{AcquireError, Semaphore, TryAcquireError};
use futures_lite::future::{block_on, poll_once};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use support::{Random, Task, is_send_and_sync, yield_now};

/// An `acquire_many` that has to wait.
macro_rules! waiting {
    ($semaphore:expr, $count:expr, $task:expr) => {{
        let mut acquiring = Box::pin($semaphore.acquire_many($count));
        assert!($task.poll(acquiring.as_mut()).is_pending());
        acquiring
    }};
}

#[test]
fn permits_are_given_back_when_dropped() {
    let semaphore = Semaphore::new(3);
    let two = block_on(semaphore.acquire_many(2)).unwrap();
    let one = semaphore.try_acquire().unwrap();
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    drop(two);
    assert_eq!(semaphore.available_permits(), 2);
    drop(one);
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn a_forgotten_permit_is_gone_until_it_is_added_again() {
    let semaphore = Arc::new(Semaphore::new(2));
    semaphore.try_acquire().unwrap().forget();
    block_on(Arc::clone(&semaphore).acquire_owned()).unwrap().forget();
    assert_eq!(semaphore.available_permits(), 0);
    semaphore.add_permits(2);
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn the_count_of_permits_cannot_overflow() {
    let semaphore = Semaphore::new(usize::MAX);
    let permit = semaphore.try_acquire().unwrap();
    semaphore.add_permits(usize::MAX);
    drop(permit);
    assert_eq!(semaphore.available_permits(), usize::MAX);
}

#[test]
fn those_who_wait_are_served_in_order() {
    let (semaphore, a, b) = (Semaphore::new(1), Task::new(), Task::new());
    let held = semaphore.try_acquire().unwrap();
    let mut first = waiting!(semaphore, 1, a);
    let mut second = waiting!(semaphore, 1, b);
    drop(held);
    assert_eq!((a.wakes(), b.wakes()), (1, 0));

    // The permit is given, not up for grabs.
    assert!(semaphore.try_acquire().is_err());
    let Poll::Ready(Ok(permit)) = a.poll(first.as_mut()) else { panic!("not given") };
    drop(permit);
    assert_eq!(b.wakes(), 1);
    assert!(b.poll(second.as_mut()).is_ready());
}

/// Case 139.
#[test]
fn a_permit_given_to_one_who_is_dropped_goes_to_the_next() {
    let (semaphore, a, b) = (Semaphore::new(1), Task::new(), Task::new());
    let held = semaphore.try_acquire().unwrap();
    let first = waiting!(semaphore, 1, a);
    let mut second = waiting!(semaphore, 1, b);
    drop(held);
    assert_eq!((a.wakes(), b.wakes()), (1, 0));
    drop(first);
    assert_eq!(b.wakes(), 1);
    let permit = b.poll(second.as_mut());
    assert!(permit.is_ready());
    drop(permit);
    assert_eq!(semaphore.available_permits(), 1);
}

/// Case 139.
#[test]
fn one_who_is_dropped_while_it_waits_leaves_the_line_and_its_waker() {
    let (semaphore, a, b) = (Semaphore::new(1), Task::new(), Task::new());
    let held = semaphore.try_acquire().unwrap();
    let first = waiting!(semaphore, 1, a);
    let _second = waiting!(semaphore, 1, b);
    drop(first);
    assert_eq!(a.wakers_kept(), 0);
    drop(held);
    assert_eq!((a.wakes(), b.wakes()), (0, 1));
}

/// Case 140.
#[test]
fn one_who_needs_many_is_not_starved_by_those_who_need_few() {
    let (semaphore, a, b) = (Semaphore::new(3), Task::new(), Task::new());
    let mut held: Vec<_> = (0..3).map(|_| semaphore.try_acquire().unwrap()).collect();
    let mut many = waiting!(semaphore, 3, a);
    let mut few = waiting!(semaphore, 1, b);
    for gathered in 1..=2 {
        held.pop();
        assert_eq!(semaphore.available_permits(), gathered);
        assert!(semaphore.try_acquire().is_err());
        assert!(b.poll(few.as_mut()).is_pending());
    }
    held.pop();
    assert_eq!((a.wakes(), b.wakes()), (1, 0));
    let Poll::Ready(Ok(all)) = a.poll(many.as_mut()) else { panic!("not given") };
    drop(all);
    assert_eq!(b.wakes(), 1);
    assert!(b.poll(few.as_mut()).is_ready());
}

/// Case 140.
#[test]
fn when_one_who_needs_many_gives_up_those_behind_it_are_served() {
    let (semaphore, a, b, c) = (Semaphore::new(2), Task::new(), Task::new(), Task::new());
    let many = waiting!(semaphore, 3, a);
    let (mut one, mut other) = (waiting!(semaphore, 1, b), waiting!(semaphore, 1, c));
    drop(many);
    assert_eq!((b.wakes(), c.wakes()), (1, 1));
    assert!(b.poll(one.as_mut()).is_ready());
    assert!(c.poll(other.as_mut()).is_ready());
}

#[test]
fn added_permits_serve_as_many_as_they_suffice_for() {
    let (semaphore, tasks) = (Semaphore::new(0), [1, 2, 3].map(|need| (need, Task::new())));
    let line: Vec<_> = tasks.iter().map(|(need, task)| waiting!(semaphore, *need, task)).collect();
    semaphore.add_permits(5);
    assert_eq!(tasks.each_ref().map(|(_, task)| task.wakes()), [1, 1, 0]);
    assert_eq!(semaphore.available_permits(), 2);
    // Those who were served give theirs back unseen, and the third has enough.
    drop(line);
    assert_eq!(semaphore.available_permits(), 5);
}

#[test]
fn close_is_an_error_for_those_who_wait_but_not_for_those_who_were_served() {
    let (semaphore, a, b) = (Semaphore::new(1), Task::new(), Task::new());
    let held = semaphore.try_acquire().unwrap();
    let mut served = waiting!(semaphore, 1, a);
    let mut waits = waiting!(semaphore, 1, b);
    drop(held);
    semaphore.close();
    assert!(semaphore.is_closed());
    assert_eq!((a.wakes(), b.wakes()), (1, 1));
    let Poll::Ready(Ok(permit)) = a.poll(served.as_mut()) else { panic!("not given") };

    // Permits that come back are not given any more.
    drop(permit);
    let Poll::Ready(Err(AcquireError)) = b.poll(waits.as_mut()) else { panic!("given") };
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    assert_eq!(block_on(semaphore.acquire()).unwrap_err(), AcquireError);
}

#[test]
fn a_forgotten_acquire_only_loses_what_it_was_given() {
    let (semaphore, a, b) = (Semaphore::new(2), Task::new(), Task::new());
    let held = block_on(semaphore.acquire_many(2)).unwrap();
    mem::forget(waiting!(semaphore, 1, a));
    let mut second = waiting!(semaphore, 1, b);
    drop(held);
    assert!(b.poll(second.as_mut()).is_ready());
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let (semaphore, first, last) = (Semaphore::new(0), Task::new(), Task::new());
    let mut acquiring = waiting!(semaphore, 1, first);
    assert!(last.poll(acquiring.as_mut()).is_pending());
    semaphore.add_permits(1);
    assert_eq!((first.wakes(), last.wakes()), (0, 1));
}

/// Cases 139 and 140 at random, against what must hold at every step.
#[test]
fn the_line_keeps_its_order_when_many_leave_it_at_random() {
    let (semaphore, mut random) = (Semaphore::new(0), Random(7));
    let mut line = Vec::new();
    let mut served = 0;
    for round in 0..3000 {
        match random.below(4) {
            0 | 1 => {
                let task = Task::new();
                line.push((waiting!(semaphore, 1, task), task));
            }
            2 if !line.is_empty() => drop(line.remove(random.below(line.len()))),
            _ => {
                semaphore.add_permits(1);
                if line.is_empty() {
                    assert_eq!(semaphore.available_permits(), 1);
                    semaphore.try_acquire().unwrap().forget();
                } else {
                    let (mut first, task) = line.remove(0);
                    assert_eq!(task.wakes(), 1, "round {round}");
                    let Poll::Ready(Ok(permit)) = task.poll(first.as_mut()) else { panic!() };
                    permit.forget();
                    served += 1;
                }
            }
        }
        assert!(line.iter().all(|(_, task)| task.wakes() == 0));
    }
    assert!(served > 300 && line.len() > 50);
}

#[test]
fn never_more_than_its_permits_at_a_time_on_many_threads_with_cancellation() {
    let semaphore = Arc::new(Semaphore::new(2));
    let (inside, entered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for seed in 1..=4 {
            let (semaphore, inside, entered) = (&semaphore, &inside, &entered);
            scope.spawn(move || {
                let mut random = Random(seed);
                for _ in 0..3000 {
                    let need = 1 + random.below(2);
                    block_on(async {
                        let acquiring = semaphore.acquire_many(need);
                        let permit = match random.below(3) {
                            0 => poll_once(acquiring).await,
                            _ => Some(acquiring.await),
                        };
                        if permit.is_some() {
                            assert!(inside.fetch_add(need, SeqCst) + need <= 2);
                            entered.fetch_add(1, SeqCst);
                            yield_now().await;
                            inside.fetch_sub(need, SeqCst);
                        }
                    });
                }
            });
        }
    });
    assert_eq!(semaphore.available_permits(), 2);
    assert!(entered.load(SeqCst) >= 4 * 1500);
}

#[test]
fn an_owned_permit_crosses_threads() {
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = block_on(Arc::clone(&semaphore).acquire_owned()).unwrap();
    is_send_and_sync(&permit);
    is_send_and_sync(&semaphore);
    thread::scope(|scope| {
        let waits = scope.spawn(|| block_on(semaphore.acquire()).map(drop));
        drop(permit);
        waits.join().unwrap().unwrap();
    });
}
