//! Judge of `semaphore`: the very tests of boucle's own, which find your loop under that name, and
//! some more.

extern crate my_loop as boucle;

#[path = "../../../tests/semaphore.rs"]
mod the_same;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use my_loop::sync::Semaphore;

/// Drops a value as a task does that panics.
fn goes_with_a_panic<T>(value: T) {
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _value = value;
        panic!("as expected");
    }));
    assert!(panicked.is_err());
}

#[test]
fn a_permit_comes_back_from_a_task_that_panics() {
    let semaphore = Semaphore::new(1);
    goes_with_a_panic(semaphore.try_acquire().unwrap());
    assert_eq!(semaphore.available_permits(), 1);
    // One that was given, and not taken before the panic.
    let permit = semaphore.try_acquire().unwrap();
    let mut given = Box::pin(semaphore.acquire());
    assert!(given.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(permit);
    assert_eq!(semaphore.available_permits(), 0, "it is promised");
    goes_with_a_panic(given);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn no_waker_is_called_under_the_lock() {
    /// Asks the semaphore something when it is woken.
    struct Asks(Arc<Semaphore>);
    impl Wake for Asks {
        fn wake(self: Arc<Self>) {
            self.0.available_permits();
        }
    }
    let (done, end) = mpsc::channel();
    // The thread is left alone if it hangs.
    thread::spawn(move || {
        let semaphore = Arc::new(Semaphore::new(0));
        let waker = Waker::from(Arc::new(Asks(Arc::clone(&semaphore))));
        let mut waits = Box::pin(Arc::clone(&semaphore).acquire_owned());
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        semaphore.add_permits(1);
        done.send(()).unwrap();
    });
    let ended = end.recv_timeout(Duration::from_secs(5));
    assert_eq!(ended, Ok(()), "a waker that uses the semaphore waits for ever");
}
