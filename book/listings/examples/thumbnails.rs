//! Pages with pictures: download each, then make thumbnails of it. One by one, with the downloads
//! overlapping, or with the computing hidden in them (X19).
//!
//! Run with: `cargo run --example thumbnails one_by_one`, `on_the_loop` or `hidden`

use std::env;
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Instant, block_for, sleep};
use boucle::{block_on, spawn_blocking};

const MS: Duration = Duration::from_millis(1);

/// Waits for a server: 300 ms, and 50 more for each page that was asked for before.
async fn download(page: u32) -> u32 {
    sleep((300 + 50 * page) * MS).await;
    page
}

/// Makes five thumbnails: the processor is busy for 100 ms.
fn shrink(_picture: u32) {
    block_for(100 * MS);
}

/// As a script does it: wait, compute, wait, compute.
async fn one_by_one() {
    for page in 0..6 {
        let picture = download(page).await;
        shrink(picture);
    }
}

/// All downloads at once; each picture is shrunk by the task that has it.
async fn on_the_loop() {
    let pages: Vec<_> = (0..6)
        .map(|page| {
            spawn_named(format!("page {page}"), async move {
                let picture = download(page).await;
                shrink(picture);
            })
        })
        .collect();
    for page in pages {
        page.await.expect("no page panics");
    }
}

/// All downloads at once; each picture is shrunk on a thread as soon as it is there.
async fn hidden() {
    let pages: Vec<_> = (0..6)
        .map(|page| {
            spawn_named(format!("page {page}"), async move {
                let picture = download(page).await;
                spawn_blocking(move || shrink(picture)).await.expect("no picture panics");
            })
        })
        .collect();
    for page in pages {
        page.await.expect("no page panics");
    }
}

fn main() {
    let way = env::args().nth(1).unwrap_or("one_by_one".into());
    block_on(async {
        let began = Instant::now();
        match way.as_str() {
            "hidden" => hidden().await,
            "on_the_loop" => on_the_loop().await,
            _ => one_by_one().await,
        }
        println!("six pages after {} ms", began.elapsed().as_millis());
    });
}
