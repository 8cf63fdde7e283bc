//! Time: sleeping, limits and regular beats.
//!
//! Nothing here ever comes early. How late it comes depends on the loop: the timer wheel and the
//! operating system's wait both count milliseconds, so a sleep ends about 1 ms after its deadline
//! on a loop that is not busy. A timer costs two O(1) operations on the wheel, armed and fired or
//! cancelled, and a clock read; nothing is armed before the first poll.

use std::error::Error;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::budget;
use crate::clock::Clock;
use crate::engine::arena::Key;
use crate::engine::context;

pub use crate::clock::Instant;

impl Instant {
    /// The present, on the clock of the loop that turns on this thread; outside of any loop, on
    /// the system's monotonic clock.
    ///
    /// ```
    /// let start = boucle::time::Instant::now();
    /// assert!(boucle::time::Instant::now() >= start);
    /// ```
    #[must_use]
    pub fn now() -> Instant {
        context::try_current(|engine| engine.clock.now()).unwrap_or_else(Clock::read)
    }

    /// The time since this moment; zero if it is still to come.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let start = boucle::time::Instant::now();
    /// boucle::block_on(boucle::time::sleep(Duration::from_millis(3)));
    /// assert!(start.elapsed() >= Duration::from_millis(3));
    /// ```
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Instant::now().duration_since(self)
    }
}

/// Takes `duration`, and lets nobody else run meanwhile: what a blocking call or a long computation
/// does, where it is only to be shown or tested.
///
/// It stops the thread, as [`std::thread::sleep`] does, and with it the loop that turns there. In a
/// simulated loop it moves the virtual clock on instead, so that the same program shows the same in
/// both: timers that come due meanwhile fire late, and [`SlowPoll`](crate::observe::SlowPoll)
/// reports it. In blocking work of a simulated loop it is the worker that takes the time, and the
/// loop goes on meanwhile. The opposite is [`sleep`], which stops only its own task.
///
/// The idea is tokio's `time::advance`, which only tests may call.
///
/// ```
/// use boucle::time::{Instant, block_for};
/// use std::time::Duration;
///
/// boucle::EventLoop::simulated(0).block_on(async {
///     let start = Instant::now();
///     block_for(Duration::from_secs(3600)); // at once, but the loop's clock says otherwise
///     assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// });
/// ```
pub fn block_for(duration: Duration) {
    let spent = context::try_current(|engine| engine.clock.spend(duration));
    spent.unwrap_or_else(|| Clock::block_for(duration));
}

/// Waits until `duration` has passed, from the call of this function, or from the first poll if no
/// loop turns on this thread. [`Duration::MAX`] waits for ever.
///
/// Dropping the future cancels its timer.
///
/// # Panics
///
/// When polled while no loop turns on this thread.
///
/// ```
/// use std::time::Duration;
///
/// boucle::block_on(boucle::time::sleep(Duration::from_millis(5)));
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    match context::try_current(|engine| engine.clock.now()) {
        Some(now) => sleep_until(now + duration),
        // The loop that will run it may have a clock of its own, so the count begins there.
        None => Sleep::not_begun(duration),
    }
}

/// Waits until `deadline`; not at all if it has passed.
///
/// ```
/// use boucle::time::{Instant, sleep_until};
///
/// boucle::block_on(sleep_until(Instant::now()));
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: Timer::None }
}

/// The future of [`sleep`] and [`sleep_until`]. Plain data: `Send`, `Sync` and `Unpin`.
#[derive(Debug)]
#[must_use = "nobody sleeps until this is awaited"]
pub struct Sleep {
    /// When it ends; how long it will be, counted from [`Instant::START`], if it has not begun.
    deadline: Instant,
    /// Who counts the time.
    timer: Timer,
}

/// Who counts the time of a [`Sleep`].
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// Nobody: it begins at its first poll.
    NotBegun,
    /// Nobody.
    None,
    /// A loop, by a timer in its wheel.
    Armed(u32, Key),
}

impl Sleep {
    /// A sleep that begins at its first poll.
    fn not_begun(duration: Duration) -> Sleep {
        Sleep { deadline: Instant::START + duration, timer: Timer::NotBegun }
    }

    /// When the sleep ends.
    ///
    /// ```
    /// # use boucle::time::{Instant, sleep_until};
    /// let now = Instant::now();
    /// assert_eq!(sleep_until(now).deadline(), now);
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Instant {
        match self.timer {
            Timer::NotBegun => Instant::now() + self.deadline.duration_since(Instant::START),
            _ => self.deadline,
        }
    }

    /// Sets another deadline, earlier or later, whether or not the old one has passed. The sleep
    /// has to be polled again.
    ///
    /// ```
    /// # use boucle::time::{Instant, sleep};
    /// # use std::time::Duration;
    /// let mut sleep = sleep(Duration::MAX);
    /// sleep.reset(Instant::now());
    /// boucle::block_on(sleep);
    /// ```
    pub fn reset(&mut self, deadline: Instant) {
        self.cancel();
        self.deadline = deadline;
    }

    /// Takes the timer out of the wheel, if it is in one.
    fn cancel(&mut self) {
        if let Timer::Armed(loop_id, timer) = std::mem::replace(&mut self.timer, Timer::None) {
            context::tell(loop_id, move |engine| engine.cancel_timer(timer));
        }
    }

    /// Whether the deadline has passed, whatever is left of the budget.
    #[track_caller]
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let armed = match self.timer {
            Timer::Armed(loop_id, timer) => {
                context::here(loop_id, |engine| engine.poll_timer(timer, cx))
            }
            _ => None,
        };
        match armed {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(())) => {
                self.timer = Timer::None;
                Poll::Ready(())
            }
            // Not armed yet, or not by the loop that turns here: this one counts now.
            None => self.arm(cx),
        }
    }

    /// Reads the clock, and arms a timer if the deadline is still to come.
    #[track_caller]
    fn arm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        context::current(|engine| {
            let now = engine.clock.now();
            if matches!(self.timer, Timer::NotBegun) {
                self.deadline = now + self.deadline.duration_since(Instant::START);
            }
            self.cancel();
            if now >= self.deadline {
                return Poll::Ready(());
            }
            if self.deadline < Instant::NEVER {
                let timer = engine.arm_timer(now, self.deadline, cx.waker());
                self.timer = Timer::Armed(engine.inbox.loop_id, timer);
            }
            Poll::Pending
        })
    }
}

impl Future for Sleep {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let has_waited = matches!(self.timer, Timer::Armed(..));
        ready!(self.poll_over(cx));
        if !has_waited {
            // A sleep that was over before it began let nobody else run, and a loop of such would
            // not either: that is what the budget is for.
            ready!(budget::poll_left(cx));
            budget::charge();
        }
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Gives a future `duration` to finish, from its first poll: `Ok(output)`, or `Err(Elapsed)` and
/// the future is dropped with the [`Timeout`].
///
/// The future is always polled before the clock is looked at: an output that is there is never
/// lost, even if the time is over, and even if the time is zero. A future that is ready at its
/// first poll costs no timer and no clock read.
///
/// ```
/// use boucle::time::{sleep, timeout};
/// use std::time::Duration;
///
/// # boucle::block_on(async {
/// let ms = Duration::from_millis;
/// assert!(timeout(ms(5), sleep(ms(500))).await.is_err());
/// assert_eq!(timeout(ms(5), async { 1 }).await, Ok(1));
/// # });
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), limit: Sleep::not_begun(duration) }
}

/// Gives a future time until `deadline`. As [`timeout`] otherwise.
///
/// ```
/// use boucle::time::{Instant, timeout_at};
///
/// # boucle::block_on(async {
/// assert!(timeout_at(Instant::now(), std::future::pending::<()>()).await.is_err());
/// # });
/// ```
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), limit: sleep_until(deadline) }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "nothing runs until this is awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        limit: Sleep,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // Not subject to the budget, of which `future` may have left nothing.
        this.limit.poll_over(cx).map(|()| Err(Elapsed(())))
    }
}

/// The time given by [`timeout`] was over. Converts into an [`io::Error`] of kind `TimedOut`.
///
/// ```
/// use boucle::time::timeout;
/// use std::{io, time::Duration};
///
/// # boucle::block_on(async {
/// let elapsed = timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
/// assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time limit was reached before the future was done")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}

/// A beat every `period`, the first at once.
///
/// # Panics
///
/// If `period` is zero.
///
/// ```
/// use boucle::time::interval;
/// use std::time::Duration;
///
/// # boucle::block_on(async {
/// let mut beat = interval(Duration::from_millis(2));
/// let first = beat.tick().await;
/// assert_eq!(beat.tick().await - first, Duration::from_millis(2));
/// # });
/// ```
#[must_use]
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    Interval { next: sleep(Duration::ZERO), ..interval_at(Instant::START, period) }
}

/// A beat every `period`, the first at `start`. Beats are counted from `start`, so they do not
/// drift, however late each is noticed.
///
/// # Panics
///
/// If `period` is zero.
///
/// ```
/// # use boucle::time::{Instant, interval_at};
/// # use std::time::Duration;
/// # boucle::block_on(async {
/// let start = Instant::now() + Duration::from_millis(2);
/// assert_eq!(interval_at(start, Duration::from_secs(1)).tick().await, start);
/// # });
/// ```
#[must_use]
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "an interval needs a period above zero; to yield, use `yield_now`");
    Interval { next: sleep_until(start), period, missed: MissedTickBehavior::Burst }
}

/// What an [`Interval`] does when beats were missed because its owner was busy. The three
/// behaviours are tokio's.
///
/// With a period of 10 ms, and an owner who comes back at 35 ms after the beat at 0:
///
/// ```text
///   Burst   beats of 10, 20, 30 at once, then 40, 50, ...
///   Delay   beat of 10 at once, then 45, 55, ...
///   Skip    beat of 10 at once, then 40, 50, ...
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedTickBehavior {
    /// Makes up for all of them at once. The number of beats is right.
    #[default]
    Burst,
    /// Counts anew from the late beat. The distance of beats is right.
    Delay,
    /// Leaves out the missed ones. The time of beats is right.
    Skip,
}

/// A regular beat, from [`interval`].
#[derive(Debug)]
pub struct Interval {
    /// Sleeps until the next beat.
    next: Sleep,
    /// From one beat to the next.
    period: Duration,
    /// What happens to missed ones.
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next beat, and says for when it was due. Dropping the future loses no beat.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # boucle::block_on(async {
    /// boucle::time::interval(Duration::from_secs(9)).tick().await; // the first is at once
    /// # });
    /// ```
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// The polled form of [`tick`](Interval::tick).
    ///
    /// ```
    /// # use std::{future::poll_fn, time::Duration};
    /// # boucle::block_on(async {
    /// let mut beat = boucle::time::interval(Duration::from_secs(9));
    /// poll_fn(|cx| beat.poll_tick(cx)).await;
    /// # });
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let due = self.next.deadline();
        ready!(Pin::new(&mut self.next).poll(cx));
        let now = Instant::now();
        let next = match self.missed {
            MissedTickBehavior::Delay if now > due + self.period => now + self.period,
            MissedTickBehavior::Skip if now > due + self.period => {
                // The first beat in the future that is a whole number of periods from `due`.
                let behind = (now - due).as_nanos() % self.period.as_nanos();
                let to_go = self.period.as_nanos() - behind;
                now + Duration::from_nanos(u64::try_from(to_go).unwrap_or(u64::MAX))
            }
            _ => due + self.period,
        };
        self.next.reset(next);
        Poll::Ready(due)
    }

    /// Sets what happens to missed beats; [`Burst`](MissedTickBehavior::Burst) if never called.
    ///
    /// ```
    /// # use boucle::time::{MissedTickBehavior, interval};
    /// # use std::time::Duration;
    /// interval(Duration::from_secs(1)).set_missed_tick_behavior(MissedTickBehavior::Skip);
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// The time from one beat to the next.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let beat = boucle::time::interval(Duration::from_secs(1));
    /// assert_eq!(beat.period(), Duration::from_secs(1));
    /// ```
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}
