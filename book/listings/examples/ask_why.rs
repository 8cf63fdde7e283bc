//! Asking why from code: a test can insist on the reason for which a task ran.
//!
//! Run with: `cargo run --example ask_why`

use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::observe::{History, Record, TaskId};
use boucle::sync::oneshot;
use boucle::task::spawn_named;
use boucle::time::sleep;

fn main() -> io::Result<()> {
    let record = Record::new();
    EventLoop::builder().observer(record.clone()).build()?.block_on(async {
        let (send, receive) = oneshot::channel();
        let asks = spawn_named("asks", async { receive.await.expect("an answer") });
        let answers = spawn_named("answers", async {
            sleep(Duration::from_millis(37)).await;
            send.send(42).expect("somebody asks");
        });
        answers.await.expect("it does not panic");
        asks.await.expect("it does not panic");
    });

    let history = History::of(&record);
    let polls_of_asks = history.polls(TaskId(2));
    println!("the second poll of `asks`:\n{}\n", history.why(polls_of_asks[1]));
    println!("the first sleep:\n{}", history.why(history.sleeps()[0]));
    Ok(())
}
