//! Spawn and join: tasks run side by side, and a handle brings back how each of them ended.
//!
//! Run with: `cargo run --release --example 03_spawn_and_join`

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use boucle::JoinError;
use boucle::time::sleep;

fn main() {
    boucle::block_on(async {
        // All tasks run on this thread, one at a time, so they may share an `Rc` without a lock:
        // nobody else runs between two `.await`s.
        let story = Rc::new(RefCell::new(Vec::new()));

        // A task starts when the loop comes to it, not inside `spawn`.
        let tasks = ["first", "second"].map(|name| {
            let story = Rc::clone(&story);
            boucle::spawn(async move {
                for step in 1..=2 {
                    story.borrow_mut().push(format!("{name} {step}"));
                    sleep(Duration::from_millis(20)).await;
                }
                name.len()
            })
        });
        story.borrow_mut().push(String::from("spawned"));

        // Awaiting a handle gives what the task returned.
        let mut letters = 0;
        for task in tasks {
            letters += task.await.expect("it neither panics nor is aborted");
        }
        println!("They took turns: {}", story.borrow().join(", "));
        println!("They returned {letters} letters in all");
        assert_eq!(*story.borrow(), ["spawned", "first 1", "second 1", "first 2", "second 2"]);
        assert_eq!(letters, 11);

        // A task that is aborted is dropped where it waits. Whoever awaits it is told.
        let sleeper = boucle::spawn(sleep(Duration::from_secs(3600)));
        sleeper.abort();
        let aborted = sleeper.await;
        println!("Aborted: {aborted:?}");
        assert!(matches!(aborted, Err(JoinError::Aborted)));

        // A panic ends its own task and no other. (Its message on stderr is meant to be there.)
        let clumsy = boucle::spawn(async { panic!("oops") });
        let panicked: Result<(), JoinError> = clumsy.await;
        println!("Panicked: {panicked:?}");
        assert!(panicked.is_err_and(|error| error.is_panic()));

        // Dropping a handle detaches the task: it goes on. It ends with the loop at the latest.
        let done = Rc::clone(&story);
        drop(boucle::spawn(async move { done.borrow_mut().clear() }));
        sleep(Duration::from_millis(10)).await;
        println!("The detached task has run: {}", story.borrow().is_empty());
        assert!(story.borrow().is_empty());
    });
}
