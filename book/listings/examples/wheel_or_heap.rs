//! So many timers pending, and then others armed and cancelled: what does one of these cost on a
//! heap, and on a wheel? (Both are those of the exercises' solution.)
//!
//! Run with: `cargo run --release --example wheel_or_heap`
//!
//! Recorded: it measures real time.

use std::collections::VecDeque;
use std::time::Instant;

use my_loop::arena::Key;
use my_loop::heap::Heap;
use my_loop::wheel::Wheel;

/// Timers that are armed and cancelled in a round.
const ROUND: u64 = 100_000;

/// The deadlines of timers that were armed in no order: a number between 30,000 and 60,000.
fn deadline(number: u64) -> u64 {
    30_000 + number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 30_000
}

/// Timers of either kind.
trait Timers {
    fn arm(&mut self, deadline: u64) -> Key;
    fn cancel(&mut self, timer: Key);
}

impl Timers for Heap<()> {
    fn arm(&mut self, deadline: u64) -> Key {
        self.insert(deadline, ())
    }

    fn cancel(&mut self, timer: Key) {
        self.remove(timer);
    }
}

impl Timers for Wheel<()> {
    fn arm(&mut self, deadline: u64) -> Key {
        self.insert(deadline, ()).0
    }

    fn cancel(&mut self, timer: Key) {
        self.remove(timer);
    }
}

/// Nanoseconds to arm a timer and to cancel another, while so many are pending: the median of nine
/// rounds. Each is cancelled when eight more have been armed.
fn measure(mut timers: impl Timers, pending: u64) -> u128 {
    for number in 0..pending {
        timers.arm(deadline(number));
    }
    let mut under_way: VecDeque<_> = (0..8).map(|number| timers.arm(deadline(number))).collect();
    let mut rounds: Vec<_> = (0..9)
        .map(|round| {
            let began = Instant::now();
            for number in 0..ROUND {
                under_way.push_back(timers.arm(deadline(round * ROUND + number)));
                let oldest = under_way.pop_front().expect("eight are under way");
                timers.cancel(oldest);
            }
            began.elapsed().as_nanos() / u128::from(ROUND)
        })
        .collect();
    rounds.sort_unstable();
    rounds[4]
}

fn main() {
    println!(" pending      heap     wheel");
    for pending in [100, 10_000, 1_000_000] {
        let heap = measure(Heap::new(), pending);
        let wheel = measure(Wheel::new(), pending);
        println!("{pending:>8} {heap:>6} ns {wheel:>6} ns");
    }
}
