//! boucle: an event loop whose every mechanism can be read and watched.
//!
//! An event loop runs many tasks on one thread: it polls those that can go on, sleeps in the
//! operating system until a socket is ready or a timer due, and wakes whoever waited for that. This
//! crate is such a loop in full (tasks, timers, sockets, blocking work, channels), made to be used
//! and to be read: each mechanism is a file that can be finished in one sitting, everything it does
//! can be watched, and there is no `unsafe` code.
//!
//! ```
//! use boucle::net::{TcpListener, TcpStream};
//! use boucle::time::timeout;
//! use std::io;
//! use std::time::Duration;
//!
//! fn main() -> io::Result<()> {
//!     boucle::block_on(async {
//!         // A server: one task accepts, and each connection has a task of its own.
//!         let listener = TcpListener::bind("127.0.0.1:0").await?;
//!         let address = listener.local_addr()?;
//!         boucle::spawn(async move {
//!             while let Ok((stream, _)) = listener.accept().await {
//!                 boucle::spawn(echo(stream));
//!             }
//!         });
//!
//!         // Three clients at the same time, all on this one thread.
//!         let clients = ["un", "deux", "trois"].map(|word| {
//!             boucle::spawn(async move {
//!                 let stream = TcpStream::connect(address).await?;
//!                 stream.write_all(word.as_bytes()).await?;
//!                 let mut reply = [0; 16];
//!                 let length = timeout(Duration::from_secs(5), stream.read(&mut reply)).await??;
//!                 io::Result::Ok(String::from_utf8_lossy(&reply[..length]).into_owned())
//!             })
//!         });
//!         for client in clients {
//!             println!("{}", client.await??);
//!         }
//!         Ok(())
//!     })
//! }
//!
//! /// Sends back what it is sent, until the other side is done.
//! async fn echo(stream: TcpStream) -> io::Result<()> {
//!     let mut buffer = [0; 1024];
//!     loop {
//!         match stream.read(&mut buffer).await? {
//!             0 => return Ok(()),
//!             length => stream.write_all(&buffer[..length]).await?,
//!         }
//!     }
//! }
//! ```
//!
//! # What you meet first
//!
//! | | |
//! |---|---|
//! | [`block_on`] | runs a future on a new loop, from `main` |
//! | [`spawn`], [`JoinHandle`] | a task; its handle is awaited, or aborts it, or lets it go |
//! | [`TaskGroup`] | tasks that end with the one that began them |
//! | [`time`] | `sleep`, `timeout`, `interval`; and code that takes time |
//! | [`net`] | TCP, UDP, Unix sockets; [`io::Source`] makes any other source awaitable |
//! | [`sync`] | channels, a semaphore, a notification: on any executor |
//! | [`spawn_blocking`] | work that would stop the loop, on a thread |
//! | [`EventLoop`], [`Handle`] | a loop of one's own; the way to it from other threads |
//! | [`EventLoop::simulated`] | virtual time, a seed for the order of things: tests that repeat |
//! | [`observe`] | every step of the loop as an event; `BOUCLE_TRACE=- program` prints the story |
//! | [`callback`] | the loop without `async` |
//!
//! A task stays on the thread of its loop, so its future need not be `Send`. What it awaits
//! (sockets, sleeps, channels, handles) is `Send` all the same.
//!
//! # A turn
//!
//! All the loop does is to turn, again and again, until the future of `block_on` is done:
//!
//! ```text
//!      .---------------------------------------------------------------------------.
//!      v                                                                           |
//!   1. read the inbox       what other threads left: wakes, tasks to spawn         |
//!      |                                                                           |
//!   2. poll ready tasks     oldest first, at most 61, none   .-------------------. |
//!      |                    twice that yields; one that can  |  its waker with   | |
//!      |                    not go on leaves                 |    the reactor    | |
//!   3. how long to sleep?   not at all if a task is ready,   |    the wheel      | |
//!      |                    else until the next deadline,    |    another task   | |
//!      |                    else until something happens     |    a thread       | |
//!   4. wait in the OS       for sockets and for the bell     '-------------------' |
//!      |                    of the inbox: the only sleep                |          |
//!   5. timers that are due  off the wheel                               |          |
//!      |                                                                |          |
//!   6. wake whom 4 and 5 found: their tasks are ready  <----------------'          |
//!      |                                                                           |
//!      '---------------------------------------------------------------------------'
//! ```
//!
//! [`EventLoop::turn`] is one round of it, for programs that have a loop already.
//!
//! # How to read the source
//!
//! `src/` is a house. Each floor knows those below it and none above, nothing imports in a circle,
//! and a test says so. Read it in this order, from the ground up; whoever wants the machine at once
//! begins with `engine/mod.rs`, where `turn` has the six steps above.
//!
//! | file | |
//! |---|---|
//! | | **The ground: knows nothing of the loop** |
//! | `observe/event.rs` | the glossary: everything that can happen in a loop |
//! | `observe/probe.rs` | how a mechanism says what it does |
//! | `clock.rs` | what time it is: the system's, or a virtual one |
//! | `config.rs` | what can be chosen when a loop is built |
//! | `budget.rs` | how much a task may do before others have their turn |
//! | `shield.rs` | where the panics of destructors and wakers end |
//! | `shim.rs` | threads and locks, in one place for the model checker; the numbers of threads |
//! | `shuffle.rs` | how a simulated loop draws the task that it polls next |
//! | `sync/mod.rs` | what the primitives have in common; `sync/error.rs`: what they refuse |
//! | `sync/oneshot.rs` | one value, once |
//! | `sync/waiters.rs` | the line in which futures wait for their turn |
//! | `sync/semaphore.rs` | permits, first come, first served |
//! | `sync/notify.rs` | "look again" |
//! | `sync/mpsc.rs` | a bounded queue |
//! | `blocking/pool.rs` | threads for blocking work, and who wakes whom |
//! | `blocking/simulated.rs` | and what stands for them in a simulated loop |
//! | | **The engine: what turns** |
//! | `engine/arena.rs` | slots with generations, and the keys that everybody holds |
//! | `engine/ready.rs` | the ready queue |
//! | `engine/inbox.rs` | what other threads leave, and the bell |
//! | `engine/waker.rs` | how a task gets back into the ready queue |
//! | `engine/body.rs` | a task's box: its future, then its output |
//! | `engine/spares.rs` | boxes and nodes that are used again |
//! | `engine/executor.rs` | tasks from spawn to output: the only place that polls |
//! | `engine/wheel.rs` | timers without sorting |
//! | `engine/reactor.rs` | sources and who waits for them: the only place that sleeps |
//! | `engine/mod.rs` | the engine, and `turn` |
//! | `engine/context.rs` | how code finds the loop it runs on |
//! | | **What programs use** |
//! | `lib.rs` | this page |
//! | `event_loop.rs` | running a loop, dropping it |
//! | `builder.rs` | building one: what can be chosen, and who is to watch |
//! | `handle.rs` | the door for other threads |
//! | `task/mod.rs` | `spawn`, `JoinHandle`, `yield_now`; `task/error.rs`: how a task can fail |
//! | `task/remote.rs` | handles that cross threads |
//! | `task/group.rs` | tasks that end together |
//! | `time.rs` | `sleep`, `timeout`, `interval`; and code that takes time |
//! | `blocking/mod.rs` | `spawn_blocking` and pools |
//! | `io/mod.rs`, `io/source.rs` | any source of readiness as something to await |
//! | `io/duplex.rs` | streams in memory |
//! | `net/mod.rs` | sockets: `net/address.rs`, `net/stream.rs`, `net/split.rs`, `net/listen.rs`, then `net/tcp.rs`, `net/udp.rs`, `net/unix.rs`, `net/unix_datagram.rs` |
//! | `callback.rs` | the loop without `async` |
//! | | **The window: what can be seen** |
//! | `observe/mod.rs` | who watches; `observe/environment.rs`: from outside of the program |
//! | `observe/story/mod.rs` | events in words |
//! | `observe/story/words.rs` | an event as a sentence; `observe/story/tasks.rs`: and whose it is |
//! | `observe/story/print.rs` | the story, turn by turn; `observe/story/file.rs`: in a file |
//! | `observe/record/mod.rs` | events kept in memory; `observe/record/block.rs`: some in a row |
//! | `observe/record/past.rs` | what a record must not forget when it forgets |
//! | `observe/record/tail.rs` | reading a record that still grows |
//! | `observe/history/mod.rs` | a run to be asked; `observe/history/told.rs`: an event of it; `observe/history/read.rs`: from a trace |
//! | `observe/history/causes.rs` | who did what and when; `observe/history/moment.rs`: and how things stood then |
//! | `observe/history/chain.rs` | the steps of an answer, and where things come from |
//! | `observe/history/why.rs` | why something happened; `observe/history/sleeps.rs`: why the loop slept |
//! | `observe/history/compare.rs` | the first turn at which two runs differ |
//! | `observe/trace/mod.rs` | a record that becomes a file; `observe/trace/target.rs`: that file; `observe/trace/interrupt.rs`: Ctrl-C |
//! | `observe/trace/format.rs` | what the file looks like: one of the next four, or the story |
//! | `observe/trace/schema.rs` | events as JSON |
//! | `observe/trace/length.rs` | lengths of time as one says them, and the marks of an axis |
//! | `observe/trace/lanes.rs` | what lies between the events |
//! | `observe/trace/lanes/weave.rs` | how it is read off them |
//! | `observe/trace/lanes/queue.rs` | how many jobs wait for a thread |
//! | `observe/trace/svg.rs` | that as a picture: `observe/trace/svg/bars.rs`, `observe/trace/svg/text.rs` |
//! | `observe/trace/chrome.rs` | that for other people's tools |
//! | `observe/trace/page.rs` | the replay page |
//! | `observe/debug/mod.rs` | what a program should not do |
//! | `observe/debug/slow_poll.rs` | who keeps the thread to himself; `observe/debug/slow_report.rs`: in words |
//! | `observe/debug/watchdog.rs` | a thread that sees a loop stand still |
//! | `observe/debug/unseen.rs` | who panicked while nobody looked |
//! | `observe/spans.rs` | the tasks as spans, for tokio-console |
//! | `inspect/mod.rs` | the page on a running loop; `inspect/target.rs`: where it is served |
//! | `inspect/guard.rs` | who may ask |
//! | `inspect/http.rs` | requests and answers |
//! | `inspect/server.rs` | the thread that answers |
//! | `inspect/stream.rs` | events as they come; `inspect/tasks.rs`: what the tasks do now |
//! | | **A build without an operating system** |
//! | `absent/reactor.rs`, `absent/pool.rs` | what says there is none |
//!
//! # Features
//!
//! | feature | | default |
//! |---|---|---|
//! | `os` | sockets (`mio`) and threads: the real loop. Without it there is only [`EventLoop::simulated`], which needs neither. | yes |
//! | `trace` | traces as a replay page, a picture, JSON and Chrome's format (`serde_json`; on Linux `signal-hook`, for Ctrl-C), besides text. | yes |
//! | `inspect` | the replay page on the running loop, for a browser on the same machine; needs the other two | yes |
//! | `tracing` | spans by which tokio-console shows the tasks: `observe::Spans` | no |
//!
//! The reactor needs a 64-bit system with epoll, kqueue or IOCP. Linux is what it is tested on.
#![forbid(unsafe_code)]
// What tests, examples and benchmarks may do, but the library may not.
#![cfg_attr(not(test), warn(clippy::disallowed_methods, unreachable_pub))]

pub mod blocking;
pub mod budget;
mod builder;
pub mod callback;
mod clock;
mod config;
mod engine;
mod event_loop;
mod handle;
#[cfg(feature = "inspect")]
pub mod inspect;
pub mod io;
#[cfg(feature = "os")]
pub mod net;
pub mod observe;
mod shield;
mod shim;
mod shuffle;
pub mod sync;
pub mod task;
pub mod time;

pub use blocking::spawn_blocking;
pub use builder::{Builder, block_on};
pub use event_loop::{EventLoop, Stalled};
pub use handle::Handle;
pub use task::{JoinError, JoinHandle, TaskGroup, spawn, yield_now};

/// The program of the README is compiled and run as a test.
#[cfg(all(doctest, feature = "os"))]
#[doc = include_str!("../README.md")]
struct Readme;
