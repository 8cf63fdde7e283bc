//! A forgotten handle: a task is started, and nobody waits for it.
//!
//! Believed: what was spawned runs to its end.
//!
//! Wrong: it runs as long as its loop does. And if it fails, there is nobody to be told.
//!
//! Run with: `cargo run --example forgotten_handle`, or `... -- mended`

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::sleep;
use museum::Way;

const MS: Duration = Duration::from_millis(1);

/// What is written on the disk.
pub type Disk = Rc<RefCell<Vec<&'static str>>>;

/// Writes three pages, 20 ms each.
async fn save(disk: Disk) {
    for page in ["one", "two", "three"] {
        sleep(20 * MS).await;
        disk.borrow_mut().push(page);
    }
}

// ANCHOR: broken
async fn close_broken(disk: Disk) {
    spawn_named("save", save(disk));
    sleep(30 * MS).await; // Something else that is to be done before the end.
}
// ANCHOR_END: broken

// ANCHOR: mended
async fn close_mended(disk: Disk) {
    let saved = spawn_named("save", save(disk));
    sleep(30 * MS).await;
    saved.await.expect("it does not panic");
}
// ANCHOR_END: mended

/// The end of a program.
pub async fn close(way: Way, disk: Disk) {
    match way {
        Way::Broken => close_broken(disk).await,
        Way::Mended => close_mended(disk).await,
    }
}

fn main() {
    let disk = Disk::default();
    museum::event_loop().block_on(close(Way::asked(), Rc::clone(&disk)));
    println!("on the disk: {:?}", disk.borrow());
}
