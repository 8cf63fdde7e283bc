//! What the tests of sockets share: a limit of time, connected pairs, an observer that counts, and
//! a second process.

#![allow(dead_code, reason = "not every test file needs all of it")]

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use boucle::EventLoop;
use boucle::net::{TcpListener, TcpStream};
use boucle::observe::Observer;
use boucle::observe::event::Event;
use boucle::time::timeout;

/// Longer than any test takes that does not hang.
const LIMIT: Duration = Duration::from_secs(20);

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Runs a test on a new loop; one that hangs fails.
#[track_caller]
pub fn run<T>(test: impl Future<Output = io::Result<T>>) -> T {
    run_on(&EventLoop::new().unwrap(), test)
}

/// Runs a test on this loop; one that hangs fails.
#[track_caller]
pub fn run_on<T>(event_loop: &EventLoop, test: impl Future<Output = io::Result<T>>) -> T {
    event_loop.block_on(timeout(LIMIT, test)).expect("the test hangs").unwrap()
}

/// Two ends of a TCP connection: the one that connected, and the one that was accepted.
pub async fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let connecting = TcpStream::connect(listener.local_addr()?);
    let (connected, accepted) =
        futures_lite::future::try_zip(connecting, listener.accept()).await?;
    Ok((connected, accepted.0))
}

/// Polls a future once.
pub async fn once<T>(future: impl Future<Output = T>) -> Poll<T> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Waits until `is_so`, looking once a turn.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        boucle::time::sleep(ms(1)).await;
    }
}

/// How often things happened in a loop.
#[derive(Debug, Default)]
pub struct Counts {
    pub turns: Cell<usize>,
    pub polls: Cell<usize>,
    pub waits: Cell<usize>,
    pub added: Cell<usize>,
    pub ready: Cell<usize>,
    pub removed: Cell<usize>,
}

/// An observer that counts.
struct Counting(Rc<Counts>);

impl Observer for Counting {
    fn event(&mut self, _at: Duration, event: &Event<'_>) {
        let count = match event {
            Event::TurnBegan { .. } => &self.0.turns,
            Event::PollBegan { .. } => &self.0.polls,
            Event::WaitBegan { .. } => &self.0.waits,
            Event::SourceAdded { .. } => &self.0.added,
            Event::SourceReady { .. } => &self.0.ready,
            Event::SourceRemoved { .. } => &self.0.removed,
            _ => return,
        };
        count.set(count.get() + 1);
    }
}

/// A loop, and what happens in it.
pub fn counted() -> (EventLoop, Rc<Counts>) {
    let counts = Rc::new(Counts::default());
    let observer = Counting(Rc::clone(&counts));
    (EventLoop::builder().observer(observer).build().unwrap(), counts)
}

/// Whether this is the second process of a test.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Starts this test, by its name, in a second process, where it can do to the process what would
/// harm other tests. It runs on the main thread there.
pub fn start_child(test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the second process to succeed.
#[track_caller]
pub fn expect_success(child: Child) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{}: {text}", output.status);
}

/// Says that this is the second process.
const CHILD: &str = "BOUCLE_TEST_CHILD";
