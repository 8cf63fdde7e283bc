//! Callbacks: the loop without `async`, as Tornado's `IOLoop` or JavaScript have it.
//!
//! A callback is a closure that the loop calls once: [`soon`], [`later`], or [`at`] a moment; or
//! again and again, whenever a socket is ready: [`on_ready`]. It is a task of one step, so all that
//! holds for tasks holds for it: it runs on the loop's thread, never inside the call that asks for
//! it; those of one moment run in the order in which they were asked for; and one that panics harms
//! no other. From another thread, use [`Handle::spawn`](crate::Handle::spawn).
//!
//! ```
//! use boucle::callback;
//! use std::time::Duration;
//!
//! # boucle::EventLoop::simulated(0).block_on(async {
//! callback::later(Duration::from_secs(1), || {
//!     println!("one second");
//!     callback::later(Duration::from_secs(1), || println!("two seconds"));
//! });
//! # boucle::time::sleep(Duration::from_secs(3)).await; });
//! ```
//!
//! Read this file beside its counterpart in Tornado to see what `async` is: the state that a
//! program of callbacks keeps in its closures, a future keeps in its variables.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::task::{JoinHandle, spawn_at};
use crate::time::{Instant, sleep, sleep_until};

#[cfg(feature = "os")]
pub use ready::on_ready;

/// Calls `run` as soon as what is ready now has had its turn. Costs an allocation, as a task does.
///
/// # Panics
///
/// If no loop turns on this thread. A panic of `run` is contained in it.
///
/// ```
/// # boucle::block_on(async {
/// boucle::callback::soon(|| println!("second"));
/// println!("first");
/// # boucle::task::yield_now().await; });
/// ```
#[track_caller]
pub fn soon(run: impl FnOnce() + 'static) -> Callback {
    Callback::new(async { run() })
}

/// Calls `run` when `delay` has passed; from then on as [`soon`].
///
/// # Panics
///
/// As [`soon`].
///
/// ```
/// use std::time::Duration;
///
/// # boucle::EventLoop::simulated(0).block_on(async {
/// let tea = boucle::callback::later(Duration::from_secs(180), || println!("tea!"));
/// tea.cancel();
/// # });
/// ```
#[track_caller]
pub fn later(delay: Duration, run: impl FnOnce() + 'static) -> Callback {
    let sleep = sleep(delay);
    Callback::new(async {
        sleep.await;
        run();
    })
}

/// Calls `run` when `moment` has come; from then on as [`soon`].
///
/// # Panics
///
/// As [`soon`].
///
/// ```
/// # boucle::EventLoop::simulated(0).block_on(async {
/// use boucle::{callback, time::Instant};
/// callback::at(Instant::now(), || println!("now"));
/// # boucle::task::yield_now().await; });
/// ```
#[track_caller]
pub fn at(moment: Instant, run: impl FnOnce() + 'static) -> Callback {
    let sleep = sleep_until(moment);
    Callback::new(async {
        sleep.await;
        run();
    })
}

/// A callback that was asked for. Dropping this changes nothing: the callback will be called.
pub struct Callback {
    /// The task that calls it.
    task: JoinHandle<()>,
}

impl Callback {
    /// The task that makes the `calls`, known by the place where they were asked for.
    #[track_caller]
    fn new(calls: impl Future<Output = ()> + 'static) -> Callback {
        Callback { task: spawn_at(calls, None, Location::caller()) }
    }

    /// From now on it is not called. What it has captured is dropped, not in this call but when its
    /// turn would have come. A callback may cancel itself, and one that is over may be cancelled.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let callback = boucle::callback::soon(|| unreachable!());
    /// callback.cancel();
    /// # boucle::task::yield_now().await; });
    /// ```
    pub fn cancel(&self) {
        self.task.abort();
    }

    /// Whether it will not be called any more.
    ///
    /// ```
    /// # boucle::block_on(async {
    /// let callback = boucle::callback::soon(|| println!("here"));
    /// assert!(!callback.is_over());
    /// boucle::task::yield_now().await;
    /// assert!(callback.is_over());
    /// # });
    /// ```
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("over", &self.is_over()).finish()
    }
}

/// What needs sockets.
#[cfg(feature = "os")]
mod ready {
    use std::io;
    use std::ops::ControlFlow;
    use std::rc::Rc;

    use mio::event;

    use super::Callback;
    use crate::io::{Direction, Source};
    use crate::task::yield_now;

    /// Calls `run` whenever `source` is ready, until it breaks, fails or is cancelled: what Tornado
    /// calls `add_handler`.
    ///
    /// `run` is given the thing itself and should try *one* operation, handing its `WouldBlock` on
    /// with `?`: that is how the loop learns that the source is not ready any more. As long as it
    /// does not, `run` is called again after the other tasks have had their turn. Whatever
    /// else is to be done with an error is to be done in `run`.
    ///
    /// The source stays registered as long as somebody has the `Rc`.
    ///
    /// # Panics
    ///
    /// As [`soon`](super::soon).
    ///
    /// ```
    /// use boucle::{callback, io::{Direction, Source}};
    /// use std::{ops::ControlFlow::Continue, rc::Rc};
    /// # boucle::block_on(async {
    /// let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// callback::on_ready(Rc::new(Source::new(socket)?), Direction::Read, |socket| {
    ///     println!("{} bytes", socket.recv(&mut [0; 1500])?);
    ///     Ok(Continue(()))
    /// });
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn on_ready<S: event::Source + 'static>(
        source: Rc<Source<S>>,
        direction: Direction,
        mut run: impl FnMut(&S) -> io::Result<ControlFlow<()>> + 'static,
    ) -> Callback {
        Callback::new(async move {
            while source.ready(direction).await.is_ok() {
                match source.try_io(direction, &mut run) {
                    Ok(ControlFlow::Continue(())) => yield_now().await,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Ok(ControlFlow::Break(())) | Err(_) => return,
                }
            }
        })
    }
}
