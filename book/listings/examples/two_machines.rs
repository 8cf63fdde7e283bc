//! Two machines: an async function, and what it would be if you wrote it by hand.
//!
//! Run with: `cargo run --example two_machines`; with `-- sizes` it tells how large both are.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use boucle::task::spawn_named;
use boucle::time::{Sleep, sleep};

/// How long the database and the other service take.
const QUERY: Duration = Duration::from_millis(30);
const CALL: Duration = Duration::from_millis(20);

// ANCHOR: compiler
/// Two waits, of which the second needs what the first has brought.
async fn handler(user: u32) -> u32 {
    sleep(QUERY).await;
    let rows = user * 10;
    sleep(CALL).await;
    rows + 1
}
// ANCHOR_END: compiler

// ANCHOR: hand
/// The same by hand: a state for each place where it can be left, and in it what is
/// needed to go on from there.
enum Handler {
    Begun { user: u32 },
    Query { user: u32, wait: Sleep },
    Call { rows: u32, wait: Sleep },
    Done,
}

impl Future for Handler {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        loop {
            *self = match &mut *self {
                Self::Begun { user } => Self::Query { user: *user, wait: sleep(QUERY) },
                Self::Query { user, wait } => {
                    // Leaves `poll` if the sleep is pending; the state stays.
                    ready!(Pin::new(wait).poll(cx));
                    Self::Call { rows: *user * 10, wait: sleep(CALL) }
                }
                Self::Call { rows, wait } => {
                    ready!(Pin::new(wait).poll(cx));
                    let answer = *rows + 1;
                    *self = Self::Done;
                    return Poll::Ready(answer);
                }
                Self::Done => panic!("polled again after it was done"),
            };
        }
    }
}
// ANCHOR_END: hand

fn main() {
    if std::env::args().any(|argument| argument == "sizes") {
        println!("compiled: {} bytes", size_of_val(&handler(4)));
        println!("by hand:  {} bytes", size_of_val(&Handler::Begun { user: 4 }));
        return;
    }
    boucle::block_on(async {
        let compiled = spawn_named("compiled", handler(4));
        let by_hand = spawn_named("by hand", Handler::Begun { user: 4 });
        println!("compiled: {}", compiled.await.expect("it does not panic"));
        println!("by hand:  {}", by_hand.await.expect("it does not panic"));
    });
}
