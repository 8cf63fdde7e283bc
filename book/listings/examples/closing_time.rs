//! Closing time: no new guests, those who eat may finish, and at some moment the lights go out.
//!
//! Run with: `cargo run --example closing_time`

use std::rc::Rc;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::sync::mpsc::{self, Receiver, Sender};
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep, timeout};
use futures_lite::future;

type Say = Rc<dyn Fn(&str)>;

/// A guest needs so many milliseconds. Half way it asks whether the house still has dessert.
async fn guest(name: &'static str, millis: u64, open: Sender<()>, say: Say) {
    sleep(Duration::from_millis(millis)).await;
    let dessert = async {
        sleep(Duration::from_millis(100)).await;
        "with dessert"
    };
    let closing = async {
        open.closed().await;
        "without dessert"
    };
    let how = future::or(dessert, closing).await;
    say(&format!("{name} has eaten, {how}"));
}

// ANCHOR: serve
/// Serves until `stop`, then for at most `grace` goes on with what it has begun.
async fn serve(
    mut door: Receiver<(&'static str, u64)>,
    stop: impl Future<Output = ()>,
    grace: Duration,
    say: Say,
) {
    let mut guests = TaskGroup::new();
    // Nothing is ever sent here. That the receiver is gone is the news.
    let (open, closing) = mpsc::channel(1);
    let welcome = async {
        while let Some((name, millis)) = door.recv().await {
            let guest = guest(name, millis, open.clone(), Rc::clone(&say));
            guests.spawn_named(name, guest);
        }
    };
    future::or(welcome, stop).await;
    // 1. Nobody comes in any more.
    drop(door);
    // 2. Who is inside is told.
    drop(closing);
    // (Who has left long ago is not to be counted.)
    future::poll_once(all_have_left(&mut guests)).await;
    say(&format!("closing, {} inside", guests.len()));
    // 3. They may finish, within a time.
    let finished = timeout(grace, all_have_left(&mut guests)).await;
    let how = if finished.is_ok() { "all have left" } else { "the lights go out" };
    say(&format!("{how}, {} still inside", guests.len()));
    // 4. Dropping the group ends whoever is left.
}

async fn all_have_left(guests: &mut TaskGroup<()>) {
    while guests.join_next().await.is_some() {}
}
// ANCHOR_END: serve

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let say: Say =
            Rc::new(move |what| println!("{:3} ms: {what}", began.elapsed().as_millis()));
        let (tx, door) = mpsc::channel(8);
        let stop = sleep(Duration::from_millis(150));
        let house = serve(door, stop, Duration::from_millis(200), Rc::clone(&say));
        let house = spawn_named("house", house);
        for (name, millis) in [("Anne", 20), ("Bernard", 120), ("Colette", 220), ("Denis", 900)] {
            tx.send((name, millis)).await.expect("the house is open");
        }
        house.await.expect("no panic");
        let late = tx.send(("Émile", 10)).await;
        say(&format!("a late guest is let in: {}", late.is_ok()));
    });
}
