//! Ten tasks pay 10 into one account, each three times. One thread, and still money is lost.
//!
//! Run with: `cargo run --example lost_updates -- across`, or `locked`, or `unbroken`

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use boucle::TaskGroup;
use boucle::sync::Semaphore;
use boucle::time::{Instant, sleep};

/// What all tasks share. It is not `Sync`, so no other thread can touch it: no data race.
struct Account {
    balance: Cell<u32>,
    lock: Semaphore,
}

/// Asks the bank whether the payment is allowed.
async fn allowed() {
    sleep(Duration::from_millis(1)).await;
}

impl Account {
    // ANCHOR: ways
    /// Reads, waits, writes.
    async fn across(&self) {
        let balance = self.balance.get();
        allowed().await;
        self.balance.set(balance + 10);
    }

    /// Reads, waits, writes, and lets nobody else do so meanwhile.
    async fn locked(&self) {
        let _alone = self.lock.acquire().await.expect("nobody closes it");
        let balance = self.balance.get();
        allowed().await;
        self.balance.set(balance + 10);
    }

    /// Waits, and then reads and writes with nothing in between.
    async fn unbroken(&self) {
        allowed().await;
        self.balance.set(self.balance.get() + 10);
    }
    // ANCHOR_END: ways
}

fn main() {
    boucle::block_on(async {
        let began = Instant::now();
        let account = Rc::new(Account { balance: Cell::new(0), lock: Semaphore::new(1) });
        let mut payers = TaskGroup::new();
        for payer in 1..=10 {
            let account = Rc::clone(&account);
            payers.spawn_named(format!("payer {payer}"), async move {
                for _ in 0..3 {
                    match std::env::args().nth(1).as_deref() {
                        Some("across") => account.across().await,
                        Some("locked") => account.locked().await,
                        Some("unbroken") => account.unbroken().await,
                        _ => panic!("which way? Say across, locked or unbroken"),
                    }
                }
            });
        }
        payers.join_all().await;
        let (balance, took) = (account.balance.get(), began.elapsed().as_millis());
        println!("paid: 300, balance: {balance}, after {took} ms");
    });
}
