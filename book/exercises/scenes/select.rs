//! Scenes of waiting for one of several, and of waiting in line.

use std::rc::Rc;
use std::time::Duration;

use boucle::observe::Record;
use my_loop::select::select;
use my_loop::spawn;
use my_loop::sync::{Semaphore, oneshot};
use my_loop::task::yield_now;
use my_loop::time::{sleep, timeout};
use my_loop::timers::Timers;

use crate::bench::Bench;
use crate::tasks::finished;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Races that either side wins, and limits that are kept and not kept.
pub fn first_of_two() -> Record {
    let bench = Bench::with(Timers::wheel(), 61);
    bench.spawn(async {
        let _ = select(sleep(ms(30)), sleep(ms(10))).await;
        let _ = select(sleep(ms(10)), sleep(ms(30))).await;
        let _ = select(yield_now(), sleep(ms(30))).await;
    });
    bench.spawn(async {
        let task = spawn(sleep(ms(25)));
        let _ = timeout(ms(5), task).await;
        let _ = timeout(ms(40), sleep(ms(40))).await;
        let _ = timeout(ms(1), async {}).await;
    });
    bench.run();
    finished(bench)
}

/// Five tasks, two permits; one gives up while it stands in line, and the last tells of its end.
pub fn two_at_a_time() -> Record {
    let bench = Bench::with(Timers::wheel(), 61);
    let semaphore = Rc::new(Semaphore::new(2));
    let (tell, told) = oneshot::channel();
    let mut tell = Some(tell);
    for n in 0..5_u64 {
        let (semaphore, tell) = (Rc::clone(&semaphore), tell.take_if(|_| n == 4));
        bench.spawn(async move {
            let patience = ms(if n == 2 { 3 } else { 1_000 });
            if let Ok(permit) = timeout(patience, semaphore.acquire()).await {
                sleep(ms(10 + n)).await;
                drop(permit);
            }
            if let Some(tell) = tell {
                let _ = tell.send(n);
            }
        });
    }
    bench.spawn(async {
        let _ = told.await;
    });
    bench.run();
    finished(bench)
}
