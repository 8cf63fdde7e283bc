//! Ten requests to a service that takes 1 s, and a limit on how many it works on at a time (X08).
//!
//! Run with: `cargo run --example limiter -- none`, or `two`, or `impatient`

use std::rc::Rc;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::sync::Semaphore;
use boucle::time::{Instant, sleep, timeout};

// ANCHOR: limiter
/// Waits for a permit, then asks. The permit goes back when it is dropped.
async fn ask(limit: &Semaphore) {
    let _permit = limit.acquire().await.expect("nobody closes it");
    sleep(Duration::from_secs(1)).await;
}
// ANCHOR_END: limiter

fn main() {
    let way = std::env::args().nth(1);
    let (permits, is_impatient) = match way.as_deref() {
        Some("none") => (10, false),
        Some("two") => (2, false),
        Some("impatient") => (2, true),
        _ => panic!("what limit? Say none, two or impatient"),
    };
    boucle::block_on(async {
        let began = Instant::now();
        let limit = Rc::new(Semaphore::new(permits));
        let mut guests = TaskGroup::new();
        for guest in 1..=10 {
            let limit = Rc::clone(&limit);
            // The seventh leaves while it stands in line, the fourth while it is served.
            let patience = match guest {
                7 if is_impatient => Some(500),
                4 if is_impatient => Some(1500),
                _ => None,
            };
            guests.spawn_named(format!("guest {guest}"), async move {
                let served = if let Some(millis) = patience {
                    timeout(Duration::from_millis(millis), ask(&limit)).await.is_ok()
                } else {
                    ask(&limit).await;
                    true
                };
                let what = if served { "is served" } else { "leaves" };
                println!("{:4} ms: guest {guest} {what}", began.elapsed().as_millis());
            });
        }
        guests.join_all().await;
    });
}
