//! A service that stands still for 300 ms, measured by a client that waits for each answer before
//! it asks again, and by one that asks every 20 ms whatever happens.
//!
//! Run with: `cargo run --example omission waits`, or `insists`

use std::env;
use std::rc::Rc;
use std::time::Duration;

use boucle::sync::Semaphore;
use boucle::task::spawn_named;
use boucle::time::{Instant, interval, sleep};

const MS: Duration = Duration::from_millis(1);

/// Asks, and says how long the answer took. The service has one desk.
async fn ask(desk: Rc<Semaphore>) -> Duration {
    let asked = Instant::now();
    let _served = desk.acquire().await;
    sleep(2 * MS).await;
    asked.elapsed()
}

fn main() {
    let insists = env::args().nth(1).is_some_and(|way| way == "insists");
    boucle::block_on(async {
        let desk = Rc::new(Semaphore::new(1));
        let closed = Rc::clone(&desk);
        let pause = spawn_named("pause", async move {
            sleep(110 * MS).await;
            let _closed = closed.acquire().await;
            sleep(300 * MS).await;
        });

        let began = Instant::now();
        let (mut times, mut asked) = (Vec::new(), Vec::new());
        let mut ticks = interval(20 * MS);
        while began.elapsed() < 500 * MS {
            ticks.tick().await;
            if insists {
                asked.push(spawn_named("request", ask(Rc::clone(&desk))));
            } else {
                times.push(ask(Rc::clone(&desk)).await);
                // Begins to count anew, as if nothing had happened.
                ticks = interval(20 * MS);
                ticks.tick().await;
            }
        }
        for request in asked {
            times.push(request.await.expect("no request panics"));
        }
        pause.await.expect("it does not panic");

        times.sort();
        let slow = times.iter().filter(|&&time| time > 10 * MS).count();
        println!("{} requests, {slow} of them slow", times.len());
        println!("the median took {} ms", times[times.len() / 2].as_millis());
        println!("nine in ten took at most {} ms", times[times.len() * 9 / 10].as_millis());
    });
}
