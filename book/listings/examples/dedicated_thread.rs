//! A thread with a thing of its own: it owns a store that cannot be shared, and the loop's tasks
//! send it questions.
//!
//! Run with: `cargo run --example dedicated_thread`
//!
//! Recorded: the other thread is a real one.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use boucle::sync::oneshot;
use boucle::task::spawn_named;
use boucle::time::sleep;

/// A question, and where the answer goes.
enum Question {
    /// Adds so much to an account.
    Add(&'static str, i64),
    /// How much there is.
    Balance(&'static str, oneshot::Sender<i64>),
}

/// Owns the accounts for as long as anybody can ask. Each write "takes" 20 ms.
fn keep_accounts(questions: &mpsc::Receiver<Question>) {
    let mut accounts = BTreeMap::new();
    for question in questions {
        match question {
            Question::Add(name, sum) => {
                thread::sleep(Duration::from_millis(20));
                *accounts.entry(name).or_default() += sum;
            }
            // Whoever asked may have gone.
            Question::Balance(name, answer) => {
                let _ = answer.send(accounts.get(name).copied().unwrap_or(0));
            }
        }
    }
}

fn main() {
    let (ask, questions) = mpsc::channel();
    let keeper = thread::spawn(move || keep_accounts(&questions));
    boucle::block_on(async move {
        let bookings = ["ada", "ben"].map(|name| {
            let ask = ask.clone();
            spawn_named(name, async move {
                for sum in [10, 20, 30] {
                    ask.send(Question::Add(name, sum)).expect("the keeper lives");
                    sleep(Duration::from_millis(5)).await;
                }
                let (send, answer) = oneshot::channel();
                ask.send(Question::Balance(name, send)).expect("the keeper lives");
                println!("{name} has {}", answer.await.expect("the keeper answers"));
            })
        });
        for booking in bookings {
            booking.await.expect("no booking panics");
        }
    });
    // The last sender went with the loop's tasks, so the keeper goes home.
    keeper.join().expect("the keeper does not panic");
}
