//! A burst from another thread: fifty tasks wait, and a thread answers all of them at once.
//!
//! Run with: `cargo run --example burst`
//!
//! Recorded: the other thread is a real one.

use std::thread;
use std::time::Duration;

use boucle::sync::oneshot;
use boucle::task::spawn_named;

fn main() {
    boucle::block_on(async {
        let (answers, questions): (Vec<_>, Vec<_>) = (0..50).map(|_| oneshot::channel()).unzip();

        let other = thread::spawn(move || {
            // By then the loop sleeps in the operating system.
            thread::sleep(Duration::from_millis(50));
            for (number, answer) in answers.into_iter().enumerate() {
                answer.send(number).expect("somebody waits for it");
            }
        });

        let mut tasks = Vec::new();
        for (number, question) in questions.into_iter().enumerate() {
            tasks.push(spawn_named(format!("{number}"), async {
                question.await.expect("an answer")
            }));
        }
        let mut sum = 0;
        for task in tasks {
            sum += task.await.expect("it does not panic");
        }
        println!("the answers add up to {sum}");
        other.join().expect("the thread does not panic");
    });
}
