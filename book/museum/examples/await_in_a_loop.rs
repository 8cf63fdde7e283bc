//! Await in a loop: a server that takes a guest, serves him to the end, and takes the next.
//!
//! Believed: it is async, so it serves many at the same time.
//!
//! Wrong: it is one task, which waits for one thing at a time. Whoever is slow holds the door.
//!
//! Run with: `cargo run --example await_in_a_loop`, or `... -- mended`

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::sync::mpsc;
use boucle::task::spawn_named;
use boucle::time::{Instant, sleep};
use museum::Way;

/// A guest, and how long he takes to say what he wants.
#[derive(Debug)]
struct Guest {
    name: &'static str,
    hesitates: Duration,
    came: Instant,
}

/// How long each guest was there.
type Book = Rc<RefCell<Vec<(&'static str, Duration)>>>;

async fn serve(guest: Guest, book: Book) {
    sleep(guest.hesitates).await;
    book.borrow_mut().push((guest.name, guest.came.elapsed()));
}

// ANCHOR: broken
async fn serve_all_broken(mut door: mpsc::Receiver<Guest>, book: Book) {
    while let Some(guest) = door.recv().await {
        serve(guest, Rc::clone(&book)).await;
    }
}
// ANCHOR_END: broken

// ANCHOR: mended
async fn serve_all_mended(mut door: mpsc::Receiver<Guest>, book: Book) {
    let mut guests = TaskGroup::new();
    while let Some(guest) = door.recv().await {
        guests.spawn_named(guest.name, serve(guest, Rc::clone(&book)));
    }
    guests.join_all().await;
}
// ANCHOR_END: mended

/// Three guests come, 10 ms apart. The first is slow. Returns who was there for how long.
pub async fn evening(way: Way) -> Vec<(&'static str, Duration)> {
    let (door, guests) = mpsc::channel(8);
    let book = Book::default();
    spawn_named("street", async move {
        for (name, hesitates) in [("slow", 300), ("bob", 20), ("eve", 20)] {
            let hesitates = Duration::from_millis(hesitates);
            let guest = Guest { name, hesitates, came: Instant::now() };
            door.send(guest).await.expect("the waiter is there");
            sleep(Duration::from_millis(10)).await;
        }
    });
    let waiter = match way {
        Way::Broken => spawn_named("waiter", serve_all_broken(guests, Rc::clone(&book))),
        Way::Mended => spawn_named("waiter", serve_all_mended(guests, Rc::clone(&book))),
    };
    waiter.await.expect("it does not panic");
    book.take()
}

fn main() {
    for (name, stayed) in museum::event_loop().block_on(evening(Way::asked())) {
        println!("{name} was there for {} ms", stayed.as_millis());
    }
}
