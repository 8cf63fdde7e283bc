//! The inspector: the replay page on a running loop.
//!
//! Set a variable, leave the program as it is, and open the address in a browser:
//!
//! ```text
//!     BOUCLE_INSPECT=127.0.0.1:4141 program
//! ```
//!
//! or choose the address in the program, by [`Builder::inspect`](crate::Builder::inspect). Port 0
//! lets the system choose one; the program says on stderr which (or
//! [`EventLoop::inspect_url`](crate::EventLoop::inspect_url) does). The page shows the loop as it
//! turns: its tasks, who waits for what since when, the events as they come.
//!
//! # What it costs
//!
//! The loop pays for recording its events ([`Record`], some 20 ns each, and 8 MiB at most), whether
//! anybody looks or not. All else is done by a thread of its own with a loop of its own, so that it answers while the watched loop is stuck, which is the most
//! interesting moment. A viewer who is too slow loses events, and is told how many. While nobody
//! looks the thread sleeps. When the loop is dropped its viewers get the last events; dropping the
//! last loop waits for that, half a second at most.
//!
//! # Several loops
//!
//! All loops of a process that ask for the same address share it (but for port 0). The page of
//! several is a list; `/?loop=2` is the second that was built. Another process cannot have the same
//! address: then building the loop is an error. Simulated loops can be watched as well: their time
//! is virtual, and where it stands still nobody can say for how long.
//!
//! # What is served
//!
//! | path | |
//! |---|---|
//! | `/` | the page |
//! | `/events` | the events as server-sent events: first the header of a trace, then those that are kept, then each as it comes; `lagged` says how many the viewer lost, `end` that the loop is gone |
//! | `/tasks` | a JSON object: what the loop does, for how long; every task, and what it waits for |
//!
//! # Who may look
//!
//! Only loopback addresses are accepted, and only requests that name this machine as a browser does
//! that was told to open the page: requests of other sites, and of sites whose name was made to point
//! here, are refused. Nothing can be changed by any request.
//!
//! Other users of the same machine can open the page, and read names of tasks and of source files.
//! Where that matters, add a word that they do not know: `BOUCLE_INSPECT=127.0.0.1:4141/k7Wq2x` is
//! served at `http://127.0.0.1:4141/k7Wq2x/` and nowhere else.

mod guard;
mod http;
mod server;
mod stream;
mod target;
mod tasks;

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::guard::Guard;
use self::target::Target;
use crate::clock::{Clock, Instant};
use crate::observe::{Event, Observer, Record};
use crate::sync::Notify;

/// The bytes of events that are kept for those who come to look: one to three hundred thousand
/// events, which a page takes in at once.
const KEPT: usize = 8 << 20;

/// The servers of this process, each with its thread. Whoever builds the first loop of one, or drops
/// the last, holds the lock until the port is taken, or free.
static SERVERS: Mutex<Vec<(Arc<Server>, Thread)>> = Mutex::new(Vec::new());

/// What a server's thread shares with the loops that it shows.
struct Server {
    /// What was asked for: whoever asks for the same gets the same.
    target: Target,
    /// Who may look.
    guard: Guard,
    /// Where it can be opened.
    url: String,
    /// The loops, and how many there ever were.
    loops: Mutex<Loops>,
    /// The last loop is gone.
    is_closing: AtomicBool,
    /// Tells that a loop is gone.
    changed: Arc<Notify>,
}

/// The loops that a server shows.
#[derive(Default)]
struct Loops {
    /// Those that are there, oldest first.
    present: Vec<Arc<Watched>>,
    /// How many there ever were.
    born: u32,
}

/// A loop that is shown.
struct Watched {
    /// The how-manieth of its server.
    number: u32,
    /// What happened in it.
    record: Record,
    /// When it was built, by the system's clock; `None` if its own is virtual.
    born: Option<Instant>,
    /// It is gone.
    is_over: AtomicBool,
    /// Tells when it is.
    changed: Arc<Notify>,
}

/// The observer of a loop that is shown: it records. Dropped with its loop, it tells the viewers.
pub(crate) struct Watch {
    /// What happens.
    record: Record,
    /// The loop, as the server knows it.
    watched: Arc<Watched>,
    /// Who shows it.
    server: Arc<Server>,
}

/// Serves the page of a loop, which is about to be built, at `target`.
///
/// # Errors
///
/// If the target is not understood, is not on this machine's loopback, or is taken.
pub(crate) fn watch(target: &str, is_simulated: bool) -> io::Result<Watch> {
    let target = Target::parse(target)?;
    let mut servers = lock(&SERVERS);
    let known = servers.iter().find(|(server, _)| target.is_shared() && server.target == target);
    let server = if let Some((server, _)) = known {
        Arc::clone(server)
    } else {
        let (server, thread) = Server::start(target)?;
        servers.push((Arc::clone(&server), thread));
        server
    };
    let watched = server.add(is_simulated);
    Ok(Watch { record: watched.record.clone(), watched, server })
}

impl Watch {
    /// Where the loop can be watched.
    pub(crate) fn url(&self) -> String {
        let Server { url, .. } = &*self.server;
        match self.watched.number {
            1 => url.clone(),
            number => format!("{url}?loop={number}"),
        }
    }
}

impl Observer for Watch {
    #[inline]
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        self.record.event(at, event);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut servers = lock(&SERVERS);
        self.watched.is_over.store(true, Ordering::Release);
        let is_last = self.server.remove(&self.watched);
        self.server.is_closing.store(is_last, Ordering::Release);
        self.server.changed.notify_waiters();
        let at = servers.iter().position(|(server, _)| Arc::ptr_eq(server, &self.server));
        if is_last && let Some(at) = at {
            servers.swap_remove(at).1.join();
        }
    }
}

impl Server {
    /// Listens, and starts the thread that serves.
    fn start(target: Target) -> io::Result<(Arc<Server>, Thread)> {
        let listener = target.listen()?;
        let address = listener.local_addr()?;
        let guard = Guard { port: address.port(), secret: target.secret.clone() };
        let slash = if guard.secret.is_empty() { "" } else { "/" };
        let server = Arc::new(Server {
            url: format!("http://{address}/{}{slash}", guard.secret),
            target,
            guard,
            loops: Mutex::default(),
            is_closing: AtomicBool::new(false),
            changed: Arc::new(Notify::new()),
        });
        let thread = Thread::start(Arc::clone(&server), listener)?;
        Ok((server, thread))
    }

    /// One more loop.
    fn add(&self, is_simulated: bool) -> Arc<Watched> {
        let mut loops = lock(&self.loops);
        loops.born += 1;
        let watched = Arc::new(Watched {
            number: loops.born,
            record: Record::with_limit(KEPT),
            born: (!is_simulated).then(Clock::read),
            is_over: AtomicBool::new(false),
            changed: Arc::clone(&self.changed),
        });
        loops.present.push(Arc::clone(&watched));
        watched
    }

    /// One loop less; says whether it was the last.
    fn remove(&self, watched: &Arc<Watched>) -> bool {
        let mut loops = lock(&self.loops);
        loops.present.retain(|present| !Arc::ptr_eq(present, watched));
        loops.present.is_empty()
    }

    /// Whether the last loop is gone.
    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// The loop of this number, or the oldest.
    fn watched(&self, number: Option<u32>) -> Option<Arc<Watched>> {
        let loops = lock(&self.loops);
        let mut present = loops.present.iter();
        match number {
            Some(number) => present.find(|watched| watched.number == number).cloned(),
            None => present.next().cloned(),
        }
    }

    /// The numbers of the loops that are there.
    fn numbers(&self) -> Vec<u32> {
        lock(&self.loops).present.iter().map(|watched| watched.number).collect()
    }
}

impl Watched {
    /// Whether it is gone, so that nothing will be added to its record.
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// How old it is, if its clock can be read from here.
    fn age(&self) -> Option<Duration> {
        self.born.map(|born| Clock::read().duration_since(born))
    }
}

/// The thread of a server.
struct Thread {
    /// The thread.
    handle: JoinHandle<()>,
    /// Hears nothing more once the thread has dropped all it had.
    ended: Receiver<io::Result<()>>,
}

impl Thread {
    /// Starts it, and waits until it listens.
    fn start(server: Arc<Server>, listener: TcpListener) -> io::Result<Thread> {
        let (built, ended) = mpsc::channel();
        let run = move || server::run(server, listener, &built);
        let handle = thread::Builder::new().name("boucle-inspect".to_owned()).spawn(run)?;
        match ended.recv() {
            Ok(Ok(())) => Ok(Thread { handle, ended }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::other("the thread that serves the page has panicked")),
        }
    }

    /// Waits for its end, but not for long: one that does not come ends with the process.
    fn join(self) {
        let ended = self.ended.recv_timeout(2 * server::FAREWELL);
        if matches!(ended, Err(RecvTimeoutError::Disconnected)) {
            // Nothing is left to do but to return. A panic has been told.
            drop(self.handle.join());
        }
    }
}

/// What the lock guards; nobody can leave it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
