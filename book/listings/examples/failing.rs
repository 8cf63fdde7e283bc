//! Three requests, of which one fails and one panics: who hears of it, and what of the third?
//!
//! Run with: `cargo run --example failing -- all`, or `first-error`, or `one-task`

use std::time::Duration;

use boucle::time::sleep;
use boucle::{JoinError, TaskGroup, spawn};
use futures_lite::future;

type Answer = Result<&'static str, &'static str>;

async fn fails() -> Answer {
    sleep(Duration::from_millis(10)).await;
    Err("no such page")
}

async fn panics() -> Answer {
    sleep(Duration::from_millis(20)).await;
    panic!("a bug");
}

async fn works() -> Answer {
    sleep(Duration::from_millis(30)).await;
    println!("  the third has worked");
    Ok("page")
}

/// What came of a request, in a word or two.
fn told(joined: &Result<Answer, JoinError>) -> String {
    match joined {
        Ok(Ok(page)) => format!("a {page}"),
        Ok(Err(error)) => format!("an error, {error}"),
        Err(error) if error.is_panic() => "a panic".to_owned(),
        Err(_) => "aborted".to_owned(),
    }
}

// ANCHOR: ways
/// Waits for all, whatever becomes of each.
async fn all(group: TaskGroup<Answer>) {
    for joined in group.join_all().await {
        println!("{}", told(&joined));
    }
}

/// Waits for each as it comes, and stops at the first that is no page.
async fn first_error(mut group: TaskGroup<Answer>) {
    while let Some(joined) = group.join_next().await {
        println!("{}", told(&joined));
        if !matches!(joined, Ok(Ok(_))) {
            break;
        }
    }
    // Here the group is dropped, and with it go the children that are left.
}
// ANCHOR_END: ways

fn main() {
    boucle::block_on(async {
        let mut group = TaskGroup::new();
        group.spawn_named("fails", fails());
        group.spawn_named("panics", panics());
        group.spawn_named("works", works());
        match std::env::args().nth(1).as_deref() {
            Some("all") => all(group).await,
            Some("first-error") => first_error(group).await,
            Some("one-task") => {
                drop(group);
                let both = async { future::zip(panics(), works()).await.0 };
                println!("both: {}", told(&spawn(both).await));
            }
            _ => panic!("which way? Say all, first-error or one-task"),
        }
        sleep(Duration::from_millis(50)).await;
    });
}
