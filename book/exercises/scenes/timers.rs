//! Scenes of timers: the same sleeps, on a heap and on a wheel.

use std::time::Duration;

use boucle::observe::Record;
use my_loop::time::sleep;
use my_loop::timers::Timers;

use crate::bench::Bench;
use crate::tasks::finished;

/// Sleeps on a heap.
pub fn sleeps_on_a_heap() -> Record {
    sleeps(Timers::heap())
}

/// The same on a wheel, which cascades.
pub fn sleeps_on_a_wheel() -> Record {
    sleeps(Timers::wheel())
}

/// Sleeps of all magnitudes, two at the same time, one that is given up, and one that is armed
/// while others wait.
fn sleeps(timers: Timers) -> Record {
    let bench = Bench::with(timers, 61);
    for millis in [5, 70, 5, 64, 5_000, 4_096, 300_000] {
        bench.spawn(async move { sleep(Duration::from_millis(millis)).await });
    }
    bench.spawn(async {
        let mut given_up = Box::pin(sleep(Duration::from_millis(90)));
        std::future::poll_fn(|cx| {
            assert!(given_up.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        sleep(Duration::from_micros(60_500)).await;
        drop(given_up);
        sleep(Duration::from_millis(3)).await;
    });
    bench.run();
    finished(bench)
}
