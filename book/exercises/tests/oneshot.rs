//! Judge of `oneshot`: the very tests of boucle's own, which find your loop under that name, and
//! some more.

extern crate my_loop as boucle;

#[path = "../../../tests/oneshot.rs"]
mod the_same;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use my_loop::sync::oneshot::{Receiver, RecvError, Sender, channel};

/// Asks the other half something when it is woken.
struct Asks<T>(Mutex<Option<T>>, fn(&mut T) -> bool);

impl<T: Send + 'static> Wake for Asks<T> {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().as_mut().map(self.1);
    }
}

/// A waker that asks this.
fn asks<T: Send + 'static>(half: T, what: fn(&mut T) -> bool) -> Waker {
    Waker::from(Arc::new(Asks(Mutex::new(Some(half)), what)))
}

#[test]
fn no_waker_is_called_under_the_lock_whichever_half_goes_and_how() {
    for how in 0..4 {
        let (done, end) = mpsc::channel();
        // The thread is left alone if it hangs.
        thread::spawn(move || {
            let (mut tx, mut rx): (Sender<u8>, Receiver<u8>) = channel();
            if how < 2 {
                let (probe, _) = channel::<u8>();
                // The waker of the sender holds a sender; it asks whether the receiver has gone.
                let theirs = Arc::new(Mutex::new(Some(probe)));
                let looks = Arc::clone(&theirs);
                let waker = asks(looks, |tx| tx.lock().unwrap().as_ref().unwrap().is_closed());
                assert!(tx.poll_closed(&mut Context::from_waker(&waker)).is_pending());
                *theirs.lock().unwrap() = Some(tx);
                if how == 0 { drop(rx) } else { rx.close() }
            } else {
                let theirs: Arc<Mutex<Option<Receiver<u8>>>> = Arc::default();
                let looks = Arc::clone(&theirs);
                let waker =
                    asks(looks, |rx| rx.lock().unwrap().as_mut().unwrap().try_recv().is_ok());
                let mut cx = Context::from_waker(&waker);
                assert!(std::pin::Pin::new(&mut rx).poll(&mut cx).is_pending());
                *theirs.lock().unwrap() = Some(rx);
                if how == 2 { drop(tx) } else { tx.send(7).unwrap() }
            }
            done.send(()).unwrap();
        });
        let ended = end.recv_timeout(Duration::from_secs(5));
        assert_eq!(ended, Ok(()), "a waker that uses the channel waits for ever");
    }
}

#[test]
fn no_waker_is_dropped_under_the_lock() {
    let (done, end) = mpsc::channel();
    thread::spawn(move || {
        let (tx, rx) = channel::<u8>();
        let mut rx = pin!(rx);
        // The waker holds the sender, as that of a task does; who replaces it drops the sender.
        let holds = asks(tx, |_| true);
        assert!(rx.as_mut().poll(&mut Context::from_waker(&holds)).is_pending());
        drop(holds);
        let _ = rx.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let end = rx.poll(&mut Context::from_waker(Waker::noop()));
        done.send(end == Poll::Ready(Err(RecvError))).unwrap();
    });
    let ended = end.recv_timeout(Duration::from_secs(5));
    assert_eq!(ended, Ok(true), "a waker that holds the other half waits for ever");
}

#[test]
fn a_half_goes_with_a_task_that_panics_as_with_any_other() {
    fn goes_with_a_panic<T>(half: T) {
        let panicked = catch_unwind(AssertUnwindSafe(move || {
            let _half = half;
            panic!("as expected");
        }));
        assert!(panicked.is_err());
    }
    let (tx, mut rx) = channel::<u8>();
    goes_with_a_panic(tx);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(pin!(&mut rx).poll(&mut cx), Poll::Ready(Err(RecvError)));
    let (tx, rx) = channel::<u8>();
    goes_with_a_panic(rx);
    assert!(tx.is_closed());
}
