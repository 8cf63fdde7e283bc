//! The builder: what can be chosen about an event loop, and who is to watch it.

use std::env;
use std::fmt;
use std::io;
#[cfg(feature = "inspect")]
use std::io::Write;
#[cfg(feature = "inspect")]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::Config;
use crate::event_loop::EventLoop;
#[cfg(feature = "inspect")]
use crate::inspect;
use crate::observe::{Observer, Watch};

/// Runs a future on a new event loop, and returns its output.
///
/// The loop is dropped at the end, and with it every task that has not finished: unlike threads,
/// tasks do not outlive what they belong to. Await a task's [`JoinHandle`](crate::JoinHandle) to
/// wait for it.
///
/// # Panics
///
/// If the future panics; if called inside a task, where `.await` is what is wanted; or if the
/// operating system has no descriptors left (see [`EventLoop::new`] for an error instead).
///
/// ```
/// let sum = boucle::block_on(async {
///     let task = boucle::spawn(async { 1 + 1 });
///     task.await.unwrap() + 1
/// });
/// assert_eq!(sum, 3);
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match EventLoop::new() {
        Ok(event_loop) => event_loop.block_on(future),
        Err(error) => panic!("cannot build an event loop: {error}"),
    }
}

impl EventLoop {
    /// A loop with the default settings.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a selector (`epoll`, `kqueue`), for want of descriptors.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::new()?;
    /// event_loop.block_on(async {});
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<EventLoop> {
        EventLoop::builder().build()
    }

    /// The settings of a loop to be built.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::builder().polls_per_turn(16).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A loop that only pretends: its clock is virtual and jumps to the next deadline as soon as
    /// nothing is ready, and which of the ready tasks is polled next is drawn from `seed`.
    ///
    /// The same program and seed give the same events, on any machine. There are no sockets (use
    /// [`io::duplex`](crate::io::duplex)), and blocking work is done by workers who pretend (see
    /// [`spawn_blocking`](crate::spawn_blocking)). Code takes no time unless it says so, by
    /// [`time::block_for`](crate::time::block_for). The idea comes from trio's `MockClock` and from
    /// FoundationDB's simulation.
    ///
    /// # Panics
    ///
    /// If the environment asks for an observer in words that are not understood: see
    /// [`observe`](crate::observe), and [`Builder::build`] for an error instead.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = boucle::EventLoop::simulated(7);
    /// event_loop.block_on(boucle::time::sleep(Duration::from_secs(86_400))); // at once
    /// ```
    #[must_use]
    #[track_caller]
    pub fn simulated(seed: u64) -> EventLoop {
        match EventLoop::builder().simulated(seed).build() {
            Ok(event_loop) => event_loop,
            Err(error) => panic!("cannot build an event loop: {error}"),
        }
    }

    /// Where the loop can be watched as it turns, for a browser on this machine; `None` if nobody
    /// asked for that, by [`Builder::inspect`] or `BOUCLE_INSPECT`. See [`inspect`].
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::builder().inspect("localhost:0").build()?;
    /// assert!(event_loop.inspect_url().unwrap().starts_with("http://"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "inspect")]
    #[must_use]
    pub fn inspect_url(&self) -> Option<&str> {
        self.page.as_deref()
    }
}

/// The settings of a loop to be built, from [`EventLoop::builder`].
///
/// ```
/// use boucle::EventLoop;
/// use std::time::Duration;
///
/// let event_loop = EventLoop::builder().shutdown_timeout(Duration::ZERO).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    /// What the engine is told.
    config: Config,
    /// Who watches.
    watch: Watch,
    /// Where the page is to be served.
    inspect: Option<String>,
}

impl Builder {
    /// The default settings, each explained at its method.
    fn new() -> Builder {
        Builder { config: Config::default(), watch: Watch::default(), inspect: None }
    }

    /// Makes it a simulated loop: see [`EventLoop::simulated`].
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::builder().simulated(7).build()?;
    /// event_loop.block_on(boucle::time::sleep(std::time::Duration::from_secs(86_400))); // at once
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn simulated(mut self, seed: u64) -> Builder {
        (self.config.simulated, self.config.seed) = (true, Some(seed));
        self
    }

    /// Makes it a simulated loop that polls the oldest ready task first, as a real one does: for
    /// pictures and for prose. A test finds more under the seeds of
    /// [`simulated`](Builder::simulated).
    ///
    /// ```
    /// use boucle::{EventLoop, spawn};
    ///
    /// let event_loop = EventLoop::builder().simulated_in_order().build()?;
    /// event_loop.block_on(async {
    ///     let first = spawn(async {});
    ///     spawn(async move { assert!(first.is_finished()) }).await.unwrap();
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn simulated_in_order(mut self) -> Builder {
        (self.config.simulated, self.config.seed) = (true, None);
        self
    }

    /// Polls in a turn, at most, before sockets, timers and other threads are looked at again. (A
    /// task that yields is polled once a turn, however many polls are left.) The default of 61 makes
    /// that look cost under 2 ns a poll; it is tokio's number, a prime so that it does not fall in
    /// step with the program's own.
    ///
    /// # Panics
    ///
    /// If `polls` is 0: no task would ever run.
    ///
    /// ```
    /// let builder = boucle::EventLoop::builder().polls_per_turn(16);
    /// ```
    #[track_caller]
    pub fn polls_per_turn(mut self, polls: usize) -> Builder {
        assert!(polls > 0, "a turn without polls runs nothing: allow at least 1");
        self.config.polls_per_turn = polls;
        self
    }

    /// Operations (reads, writes, messages) that a task may complete in one poll before it has to
    /// let others run, even if more could be done at once. The default is 128, as in tokio.
    ///
    /// # Panics
    ///
    /// If `operations` is 0: nothing could ever be done.
    ///
    /// ```
    /// let builder = boucle::EventLoop::builder().budget(32);
    /// ```
    #[track_caller]
    pub fn budget(mut self, operations: u32) -> Builder {
        assert!(operations > 0, "a budget of nothing lets nothing be done: allow at least 1");
        self.config.budget = operations;
        self
    }

    /// Lets `observer` watch every step of the loop. May be called several times: all are told, in
    /// this order, and one that panics is not told again. What watching costs, [`observe`](crate::observe)
    /// says.
    ///
    /// ```
    /// let record = boucle::observe::Record::new();
    /// let event_loop = boucle::EventLoop::builder().observer(record.clone()).build()?;
    /// event_loop.block_on(async {});
    /// assert!(!record.events().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.watch.add(observer);
        self
    }

    /// Serves a page on which the loop can be watched as it turns, at an address of this machine
    /// such as `"127.0.0.1:4141"`: see [`inspect`]. If `BOUCLE_INSPECT` is set, it takes the place of
    /// `address`. What is wrong with the address is an error of [`build`](Builder::build).
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::builder().inspect("127.0.0.1:0").build()?;
    /// println!("open {}", event_loop.inspect_url().unwrap());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "inspect")]
    pub fn inspect(mut self, address: impl Into<String>) -> Builder {
        self.inspect = Some(address.into());
        self
    }

    /// Threads for blocking work, at most; the default is 512. They are started on demand.
    ///
    /// # Panics
    ///
    /// If `threads` is 0: no blocking work would ever be done.
    ///
    /// ```
    /// let builder = boucle::EventLoop::builder().max_blocking_threads(4);
    /// ```
    #[track_caller]
    pub fn max_blocking_threads(mut self, threads: usize) -> Builder {
        assert!(threads > 0, "a pool without threads does nothing: allow at least 1");
        self.config.max_blocking_threads = threads;
        self
    }

    /// How long a thread for blocking work stays when it has none; 10 seconds by default.
    ///
    /// ```
    /// let minute = std::time::Duration::from_secs(60);
    /// let builder = boucle::EventLoop::builder().blocking_keep_alive(minute);
    /// ```
    pub fn blocking_keep_alive(mut self, keep_alive: Duration) -> Builder {
        self.config.blocking_keep_alive = keep_alive;
        self
    }

    /// How long dropping the loop waits for blocking work that has begun; 1 second by default.
    /// What runs longer is left to itself, and ends with the process. Work that has not begun never
    /// does.
    ///
    /// ```
    /// let builder = boucle::EventLoop::builder().shutdown_timeout(std::time::Duration::ZERO);
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Builder {
        self.config.shutdown_timeout = timeout;
        self
    }

    /// Looks for work this long before the thread sleeps; not at all by default.
    ///
    /// Being woken from sleep takes tens of microseconds on many machines, so a conversation with
    /// another process or thread goes several times faster when the loop stays awake for, say,
    /// 50 µs. The price is a core that is busy that long before every sleep.
    ///
    /// ```
    /// let spin = std::time::Duration::from_micros(50);
    /// let builder = boucle::EventLoop::builder().spin_before_park(spin);
    /// ```
    pub fn spin_before_park(mut self, spin: Duration) -> Builder {
        self.config.spin_before_park = spin;
        self
    }

    /// Builds the loop.
    ///
    /// If the variable `BOUCLE_SIMULATE` of the environment holds a seed, the loop is a simulated one
    /// as by [`simulated`](Builder::simulated), and if it says `in-order`, as by
    /// [`simulated_in_order`](Builder::simulated_in_order): any program that needs no sockets runs in
    /// virtual time without being touched. What the program chose itself stands.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a selector, for want of descriptors (a simulated loop asks
    /// for none); if a variable of the environment says what is not understood, or what
    /// `BOUCLE_TRACE` asks for cannot be written (see [`observe`](crate::observe)); or if the page
    /// cannot be served.
    ///
    /// ```
    /// let event_loop = boucle::EventLoop::builder().build()?;
    /// assert_eq!(event_loop.block_on(async { 1 + 1 }), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build(mut self) -> io::Result<EventLoop> {
        simulate_if_told(&mut self.config)?;
        let is_simulated = self.config.simulated;
        let url = watch_live(&mut self.watch, self.inspect.as_deref(), is_simulated)?;
        self.config.observer = self.watch.into_observer()?;
        let mut event_loop = EventLoop::from_config(self.config)?;
        event_loop.page = url;
        announce(&event_loop);
        Ok(event_loop)
    }
}

/// Adds the observer of the page, if one is wanted, by the environment or the program; says where
/// it is served.
#[cfg(feature = "inspect")]
fn watch_live(
    watch: &mut Watch,
    chosen: Option<&str>,
    is_simulated: bool,
) -> io::Result<Option<String>> {
    let told = inspect_variable();
    let Some(address) = told.as_deref().or(chosen) else { return Ok(None) };
    let observer = inspect::watch(address, is_simulated).map_err(|error| match told {
        Some(_) => io::Error::new(error.kind(), format!("BOUCLE_INSPECT: {error}")),
        None => error,
    })?;
    let url = observer.url();
    watch.add(observer);
    Ok(Some(url))
}

/// Says on the standard error stream where the page of a loop is, if the environment asked for it: a
/// program that builds one loop after the other says so once.
#[cfg(feature = "inspect")]
fn announce(event_loop: &EventLoop) {
    /// What was said last.
    static SAID: Mutex<String> = Mutex::new(String::new());

    let Some(url) = event_loop.inspect_url().filter(|_| inspect_variable().is_some()) else {
        return;
    };
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if *said != url {
        url.clone_into(&mut said);
        // Nobody may listen there.
        let _ = writeln!(io::stderr(), "boucle: the loop can be watched at {url}");
    }
}

/// Without the feature there is no page.
#[cfg(not(feature = "inspect"))]
fn announce(_: &EventLoop) {}

/// Without the feature there is no page.
#[cfg(not(feature = "inspect"))]
fn watch_live(_: &mut Watch, _: Option<&str>, _: bool) -> io::Result<Option<String>> {
    match inspect_variable() {
        None => Ok(None),
        Some(_) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "BOUCLE_INSPECT: this program is built without boucle's feature `inspect`",
        )),
    }
}

/// What `BOUCLE_INSPECT` says; nothing is as good as no variable.
fn inspect_variable() -> Option<String> {
    let value = env::var_os("BOUCLE_INSPECT").filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// Makes it a simulated loop if `BOUCLE_SIMULATE` asks for one and the program has not.
fn simulate_if_told(config: &mut Config) -> io::Result<()> {
    let value = env::var_os("BOUCLE_SIMULATE").filter(|value| !value.is_empty());
    let Some(value) = value.filter(|_| !config.simulated) else { return Ok(()) };
    let text = value.to_string_lossy();
    config.seed = match text.parse() {
        Ok(seed) => Some(seed),
        Err(_) if text == "in-order" => None,
        Err(_) => {
            let told = format!(
                "BOUCLE_SIMULATE={} is not understood: `in-order` polls the oldest task first, and a \
                 whole number is the seed from which the order of tasks is drawn",
                text.escape_debug()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
        }
    };
    config.simulated = true;
    Ok(())
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
