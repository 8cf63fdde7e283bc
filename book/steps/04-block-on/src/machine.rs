//! An `async fn`, and what the compiler makes of it, by hand.
//!
//! Each `.await` is a place where the function may stop. So it becomes a type with a state for each
//! of them, and a state holds what is needed from there on: the future that is awaited, and those
//! variables that are used later.
//!
//! ```text
//!      Begin -----> Boiling -----> Steeping -----> Done
//!                    guests, delay    guests, delay
//! ```

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::delay::Delay;

/// How long the water takes.
const BOIL: Duration = Duration::from_millis(30);

/// How long the tea takes.
const STEEP: Duration = Duration::from_millis(20);

/// Makes tea.
pub async fn make_tea(guests: u32) -> String {
    Delay::new(BOIL).await;
    Delay::new(STEEP).await;
    format!("tea for {guests}")
}

/// The same: what a call of it returns has done nothing yet.
pub fn make_tea_by_hand(guests: u32) -> MakeTea {
    MakeTea::Begin { guests }
}

/// The states of `make_tea_by_hand`.
pub enum MakeTea {
    /// Called, and never polled.
    Begin { guests: u32 },
    /// At the first `await`.
    Boiling { guests: u32, delay: Delay },
    /// At the second `await`.
    Steeping { guests: u32, delay: Delay },
    /// Its output was returned.
    Done,
}

impl Future for MakeTea {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        loop {
            // `ready!` returns `Pending` if that is what the inner future says.
            match &mut *self {
                MakeTea::Begin { guests } => {
                    *self = MakeTea::Boiling { guests: *guests, delay: Delay::new(BOIL) };
                }
                MakeTea::Boiling { guests, delay } => {
                    ready!(Pin::new(delay).poll(cx));
                    *self = MakeTea::Steeping { guests: *guests, delay: Delay::new(STEEP) };
                }
                MakeTea::Steeping { guests, delay } => {
                    ready!(Pin::new(delay).poll(cx));
                    let tea = format!("tea for {guests}");
                    *self = MakeTea::Done;
                    return Poll::Ready(tea);
                }
                MakeTea::Done => panic!("polled again after it was ready"),
            }
        }
    }
}
