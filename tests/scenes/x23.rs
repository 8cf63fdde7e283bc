//! X23: a request comes every 200 ms and is answered 300 ms later, while somebody zips a file for a
//! second. On the loop that is a gap in which nothing starts and nothing ends. In pieces, with a
//! moment for the others between them, it is a number of small gaps; on the pool it is none.

use boucle::task::{spawn_named, yield_now};
use boucle::time::{block_for, sleep};
use boucle::{JoinHandle, spawn_blocking};
use std::time::Duration;

use crate::stage::{Stage, ms};

/// Ten requests, as from a network.
fn requests() -> JoinHandle<()> {
    spawn_named("server", async {
        for number in 1..=10 {
            sleep(Duration::from_millis(200)).await;
            spawn_named(format!("request {number}"), sleep(Duration::from_millis(300)));
        }
        sleep(Duration::from_millis(400)).await;
    })
}

async fn greedy() {
    let requests = requests();
    let zip = async {
        sleep(Duration::from_millis(500)).await;
        block_for(Duration::from_secs(1));
    };
    spawn_named("zip", zip).await.unwrap();
    requests.await.unwrap();
}

async fn in_pieces() {
    let requests = requests();
    let zip = async {
        sleep(Duration::from_millis(500)).await;
        for _piece in 0..20 {
            block_for(Duration::from_millis(50));
            yield_now().await;
        }
    };
    spawn_named("zip", zip).await.unwrap();
    requests.await.unwrap();
}

async fn offloaded() {
    let requests = requests();
    let zip = async {
        sleep(Duration::from_millis(500)).await;
        spawn_blocking(|| block_for(Duration::from_secs(1))).await.unwrap();
    };
    spawn_named("zip", zip).await.unwrap();
    requests.await.unwrap();
}

#[test]
fn a_greedy_task_makes_a_gap_in_which_nothing_starts_and_timers_are_late() {
    let trace = Stage::new("x23_greedy").play(greedy());
    assert_eq!(trace.longest_poll(), ("zip".into(), ms(1_000)));
    // Two timers came due meanwhile: the server's at 600 ms, and that of request 2 at 700.
    let late = [(ms(1_500), ms(900)), (ms(1_500), ms(800))];
    assert_eq!(trace.late(), late);
    assert_eq!(trace.starts_between("request", ms(500), ms(1_500)), 0);
    assert_eq!(trace.took(), ms(2_400 + 900));
}

#[test]
fn a_task_that_works_in_pieces_makes_small_gaps() {
    let trace = Stage::new("x23_in_pieces").play(in_pieces());
    assert_eq!(trace.longest_poll(), ("zip".into(), ms(50)));
    // No timer is late by a piece, and who was woken by one waits for one piece.
    assert!(trace.late().iter().all(|&(_, late)| late < ms(50)));
    assert_eq!(trace.starts_between("request", ms(500), ms(1_500)), 4);
    assert_eq!(trace.took(), ms(2_400 + 4 * 50));
}

#[test]
fn on_the_pool_it_makes_no_gap() {
    let trace = Stage::new("x23_offloaded").play(offloaded());
    assert_eq!(trace.longest_poll().1, ms(0));
    assert_eq!(trace.late(), []);
    assert_eq!(trace.starts_between("request", ms(500), ms(1_500)), 5);
    assert_eq!(trace.took(), ms(2_400));
}
