//! The backends: what each brings to the same work.
//!
//! A [`Runtime`] brings its primitives, as its own users would call them; the workloads are written
//! once over them (see [`workload`](crate::workload)), so that every runtime does the same work. A
//! [`Server`] brings two complete servers, because a bare mio loop has no primitives: it *is* the
//! server.

mod boucle;
mod mio;
mod smol;
mod tokio;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

pub use self::boucle::Boucle;
pub use self::mio::Mio;
pub use self::smol::Smol;
pub use self::tokio::Tokio;

/// Which backend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Boucle,
    Tokio,
    Smol,
    Mio,
}

impl Kind {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Kind; 4] = [Kind::Boucle, Kind::Tokio, Kind::Smol, Kind::Mio];

    /// Its name on the command line, in the table and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Boucle => "boucle",
            Kind::Tokio => "tokio",
            Kind::Smol => "smol",
            Kind::Mio => "mio",
        }
    }

    /// The backend of that name.
    pub fn named(name: &str) -> Result<Kind, String> {
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| format!("no backend is called `{name}`"))
    }
}

/// The primitives of a runtime with one thread.
///
/// The futures are asked to be `Send` so that tokio can be used in its fastest form (its
/// `spawn_local` costs more than its `spawn`); the other two need no `Send` and gain nothing by it.
pub trait Runtime: Server + 'static {
    /// Runs `main` on a new loop of this thread.
    fn block_on<F: Future>(main: F) -> F::Output;

    /// The same, but a loop that offers it looks for work for 50 us before its thread sleeps.
    fn block_on_spinning<F: Future>(main: F) -> F::Output {
        Self::block_on(main)
    }

    /// Starts a task; its output is awaited.
    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + Send
    where
        F: Future<Output: Send> + Send + 'static;

    /// Starts a task nobody awaits.
    fn spawn_detached<F>(future: F)
    where
        F: Future<Output: Send> + Send + 'static;

    /// Gives the other tasks a turn.
    fn yield_now() -> impl Future + Send;

    /// Waits for `time`.
    fn sleep(time: Duration) -> impl Future + Send;

    /// Gives `future` that much time.
    fn timeout<F: Future + Send>(
        time: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, impl Error>> + Send;

    /// The two ends of a bounded(1) channel: a future that sends 0 to `count` - 1, and one that
    /// receives to the end and returns the sum.
    fn channel(
        count: u64,
    ) -> (impl Future<Output = ()> + Send + 'static, impl Future<Output = u64> + Send + 'static);

    /// Runs `job` on a thread where it may block.
    fn blocking<T, F>(job: F) -> impl Future<Output = T> + Send
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static;

    /// Accepts `count` connections, each with a task that waits to read into 512 B of its own.
    fn hold(listener: TcpListener, count: usize) -> impl Future<Output = io::Result<()>>;
}

/// The servers of the socket workloads. They run until the process ends.
pub trait Server {
    /// Sends back what it reads, `buffer` bytes at most at a time, from a buffer per connection.
    /// `spin` as in [`Runtime::block_on_spinning`].
    fn echo(listener: TcpListener, buffer: usize, spin: bool) -> io::Result<Infallible>;

    /// Answers [`http::REQUEST`](crate::http::REQUEST), parsed by
    /// [`http::Requests`](crate::http::Requests).
    fn http(listener: TcpListener) -> io::Result<Infallible>;
}
