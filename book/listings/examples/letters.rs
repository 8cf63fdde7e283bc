//! Letters: three tasks write two letters each; how they take turns is up to them (X17).
//!
//! Run with: `cargo run --example letters` or `cargo run --example letters yield`

use std::cell::RefCell;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::task::yield_now;
use boucle::time::block_for;

thread_local! {
    /// What has been written.
    static WRITTEN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Writes its letter twice, which takes a millisecond each time; if it is polite, it lets
/// the others have their turn in between.
async fn write(letter: char, polite: bool) {
    for _ in 0..2 {
        block_for(Duration::from_millis(1));
        WRITTEN.with_borrow_mut(|written| written.push(letter));
        if polite {
            yield_now().await;
        }
    }
}

fn main() {
    let polite = std::env::args().any(|argument| argument == "yield");
    boucle::block_on(async {
        let mut tasks = TaskGroup::new();
        for letter in ['a', 'b', 'c'] {
            tasks.spawn_named(letter.to_string(), write(letter, polite));
        }
        tasks.join_all().await;
        println!("{}", WRITTEN.take());
    });
}
