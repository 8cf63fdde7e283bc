//! The same accounts behind a lock, and a job of the pool for each question.
//!
//! Run with: `cargo run --example shared_store`
//!
//! Recorded: in virtual time no job waits for another's lock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use boucle::spawn_blocking;
use boucle::task::spawn_named;
use boucle::time::sleep;

type Accounts = Mutex<BTreeMap<&'static str, i64>>;

/// Adds so much to an account. Each write "takes" 20 ms, and one at a time is possible.
fn add(accounts: &Accounts, name: &'static str, sum: i64) {
    let mut accounts = accounts.lock().expect("no write panics");
    thread::sleep(Duration::from_millis(20));
    *accounts.entry(name).or_default() += sum;
}

/// How much there is.
fn balance(accounts: &Accounts, name: &str) -> i64 {
    accounts.lock().expect("no write panics").get(name).copied().unwrap_or(0)
}

fn main() {
    let accounts = Arc::new(Accounts::default());
    boucle::block_on(async move {
        let bookings = ["ada", "ben"].map(|name| {
            let accounts = Arc::clone(&accounts);
            spawn_named(name, async move {
                for sum in [10, 20, 30] {
                    let accounts = Arc::clone(&accounts);
                    spawn_blocking(move || add(&accounts, name, sum));
                    sleep(Duration::from_millis(5)).await;
                }
                let asked = spawn_blocking(move || balance(&accounts, name));
                println!("{name} has {}", asked.await.expect("no question panics"));
            })
        });
        for booking in bookings {
            booking.await.expect("no booking panics");
        }
    });
}
