//! The scene of the whole loop. It uses what your loop and boucle have in common, and its kept trace
//! is boucle's own.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::time::Duration;

use boucle::observe::Record;
use my_loop::sync::{Semaphore, oneshot};
use my_loop::task::yield_now;
use my_loop::time::{sleep, timeout};
use my_loop::{EventLoop, spawn};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A bit of everything, under a virtual clock.
pub fn the_whole_loop() -> Record {
    let record = Record::new();
    let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
    let event_loop = builder.build().expect("a simulated loop needs no descriptors");
    let before = event_loop.spawn(async {
        sleep(ms(300)).await;
        "spawned before the loop turned"
    });
    // A wake while the loop does not turn is a message, also on its own thread.
    let (keep, kept) = mpsc::channel::<Waker>();
    let mut waits = true;
    drop(event_loop.spawn(poll_fn(move |cx| {
        let _ = keep.send(cx.waker().clone());
        if std::mem::take(&mut waits) { Poll::Pending } else { Poll::Ready(()) }
    })));
    event_loop.turn(Some(Duration::ZERO));
    kept.recv().expect("it was polled").wake();
    event_loop.block_on(async {
        // Seventy tasks: more than a turn has room for.
        let crowd: Vec<_> = (0..70).map(|_| spawn(yield_now())).collect();
        let semaphore = Rc::new(Semaphore::new(1));
        let line = [4, 3, 2].map(|millis| {
            let semaphore = Rc::clone(&semaphore);
            spawn(async move {
                let _permit = semaphore.acquire().await;
                sleep(ms(millis)).await;
            })
        });
        let (tx, rx) = oneshot::channel();
        let teller = spawn(async move {
            sleep(ms(70)).await;
            let _ = tx.send(());
        });
        let _ = timeout(ms(2), std::future::pending::<()>()).await;
        let endless = spawn(async {
            loop {
                sleep(ms(20)).await;
            }
        });
        let _ = timeout(ms(500), rx).await;
        endless.abort();
        for task in crowd.into_iter().chain(line) {
            let _ = task.await;
        }
        let _ = (teller.await, endless.await, before.await);
        drop(spawn(sleep(ms(60_000))));
        yield_now().await;
    });
    drop(event_loop);
    record
}
