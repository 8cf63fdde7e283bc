//! A wake during the poll: it queues the task again, which is not even waiting yet.
//!
//! Run with: `cargo run --example wake_during_poll`

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::block_for;

fn main() {
    boucle::block_on(async {
        let mut left = 3;
        let task = spawn_named(
            "impatient",
            poll_fn(move |cx| {
                println!("polled, {left} to go");
                block_for(Duration::from_millis(1));
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                // Three calls, one place in the queue.
                for _ in 0..3 {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }),
        );
        task.await.expect("it does not panic");
    });
}
