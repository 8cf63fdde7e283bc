//! How not to measure a spawn, and how to: one run, many runs, and the median of rounds that
//! alternate with something known.
//!
//! Run with: `cargo run --release --example honest`
//!
//! Recorded: it measures real time.

use std::future::ready;
use std::hint::black_box;
use std::time::Instant;

use boucle::{block_on, spawn};

/// Nanoseconds for each of so many tasks, spawned and awaited in batches.
async fn spawns(count: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..count.div_ceil(1000) {
        let tasks: Vec<_> = (0..count.min(1000)).map(|number| spawn(ready(number))).collect();
        for task in tasks {
            black_box(task.await.expect("it does not panic"));
        }
    }
    began.elapsed().as_nanos() as f64 / f64::from(count)
}

/// Nanoseconds for each of so many boxes: what an allocation costs here, to compare with.
fn boxes(count: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..count.div_ceil(1000) {
        let boxes: Vec<_> = (0..count.min(1000)).map(|number| Box::new([number; 24])).collect();
        black_box(boxes);
    }
    began.elapsed().as_nanos() as f64 / f64::from(count)
}

/// The figure in the middle, the smallest and the largest.
fn spread(mut figures: Vec<f64>) -> (f64, f64, f64) {
    figures.sort_by(f64::total_cmp);
    (figures[figures.len() / 2], figures[0], figures[figures.len() - 1])
}

fn main() {
    block_on(async {
        println!("one task, once:          {:6.0} ns", spawns(1).await);
        println!("ten thousand, once:      {:6.0} ns a task", spawns(10_000).await);

        let (mut ours, mut known) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            ours.push(spawns(10_000).await);
            known.push(boxes(10_000));
        }
        let (ours, least, most) = spread(ours);
        let (known, ..) = spread(known);
        println!("fifteen rounds:          {ours:6.0} ns a task, from {least:.0} to {most:.0}");
        println!("against a box of 96 B:   {:6.1} times as much", ours / known);
    });
}
