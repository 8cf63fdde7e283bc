//! Pool deadlock: a job waits for another job, which waits for its thread.
//!
//! Believed: on a thread of the pool one may block, that is what it is for.
//!
//! Wrong: not for work of the same pool. When all threads hold such jobs, none is left to do what
//! they wait for.
//!
//! Recorded: in virtual time a job has no thread that could wait.
//!
//! Run with: `cargo run --example pool_deadlock`, or `cargo run --example pool_deadlock -- mended`

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use boucle::blocking::BlockingPool;
use boucle::sync::mpsc;
use boucle::task::spawn_named;
use museum::Way;

/// After this time the report gives up here, so that the exhibit comes to an end.
const PATIENCE: Duration = Duration::from_millis(150);

/// A report needs the answer to a query, and waits so long for it. Both are jobs. Says whether it
/// came.
pub async fn report(way: Way, patience: Duration) -> bool {
    // ANCHOR: ways
    let reports = BlockingPool::new(1);
    let queries = match way {
        Way::Broken => None,
        Way::Mended => Some(BlockingPool::new(1)),
    };
    // ANCHOR_END: ways

    let (ask, mut questions) = mpsc::channel::<Sender<u32>>(1);
    let report = reports.spawn(move || {
        let (answer, answered) = channel();
        ask.try_send(answer).expect("the archive listens");
        answered.recv_timeout(patience).is_ok()
    });
    let archive = spawn_named("archive", async move {
        let answer = questions.recv().await.expect("the report asks");
        let pool = queries.as_ref().unwrap_or(&reports);
        let found = pool.spawn(|| 42).await.expect("it does not panic");
        // If the report has given up, nobody hears it.
        let _ = answer.send(found);
    });
    let answered = report.await.expect("it does not panic");
    archive.await.expect("it does not panic");
    answered
}

fn main() {
    if boucle::block_on(report(Way::asked(), PATIENCE)) {
        println!("the report is written");
    } else {
        println!("no answer for {} ms: the report is given up", PATIENCE.as_millis());
    }
}
