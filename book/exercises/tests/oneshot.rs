//! Judge of `oneshot`: the very tests of boucle's own, which find your loop under that name, and one
//! more.

extern crate my_loop as boucle;

#[path = "../../../tests/oneshot.rs"]
mod the_same;

use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use my_loop::sync::oneshot::{Receiver, Sender, channel};

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
