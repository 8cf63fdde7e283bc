//! Byte streams in memory, for tests, simulations, and tasks that talk to each other in a protocol.
//!
//! A [`duplex`] is two pipes laid against each other. Each pipe is a buffer of fixed capacity with
//! at most one who waits at each end: the reader while it is empty, the writer while it is full.
//!
//! ```text
//!      a.write ---> [ h e l l o . . . ] ---> b.read
//!      a.read  <--- [ . . . . . . . . ] <--- b.write
//! ```
//!
//! 1. A writer that fills the buffer waits until the reader has made room: back-pressure.
//! 2. What was written before the writer ended can still be read; then comes the end, 0 bytes.
//! 3. A reader that is gone breaks the pipe at once, and what is in it is lost.
//! 4. Wakers are called, and dropped, only with nothing locked.
//!
//! It needs nothing of the loop but its budget, so it works on any executor, also between threads.
//! Cost: a lock (about 16 ns) and a copy a call, a waker when it has to wait. The idea is tokio's.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncRead, AsyncWrite};

use crate::budget;
use crate::sync::{keep, lock, wake};

/// Two streams in memory: what is written to the one is read from the other, and each direction
/// holds `capacity` bytes before a writer has to wait.
///
/// Reading and writing are those of `futures-io`; a duplex needs no operating system, so it works
/// in a simulated loop too. [`DuplexStream`] says how it ends.
///
/// # Panics
///
/// If `capacity` is 0: nothing would ever get through.
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// # boucle::EventLoop::simulated(0).block_on(async {
/// let (mut a, mut b) = boucle::io::duplex(64);
/// a.write_all(b"hello").await?;
/// let mut buffer = [0; 5];
/// b.read_exact(&mut buffer).await?;
/// assert_eq!(&buffer, b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[must_use]
#[track_caller]
pub fn duplex(capacity: usize) -> (DuplexStream, DuplexStream) {
    assert!(capacity > 0, "a duplex without capacity lets nothing through: give it at least 1");
    let there = Arc::new(Pipe::new(capacity));
    let back = Arc::new(Pipe::new(capacity));
    let a = DuplexStream { incoming: Arc::clone(&back), outgoing: Arc::clone(&there) };
    let b = DuplexStream { incoming: there, outgoing: back };
    (a, b)
}

/// One end of a [`duplex`].
///
/// Closing it ends what the peer reads; dropping it does, and fails what the peer writes
/// (`BrokenPipe`) as well. A dropped read or write has not happened. Of several tasks that wait to
/// read, or to write, the last to ask is woken.
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// # boucle::block_on(async {
/// let (mut a, mut b) = boucle::io::duplex(64);
/// a.write_all(b"the end").await?;
/// drop(a);
/// let mut text = String::new();
/// b.read_to_string(&mut text).await?;
/// assert_eq!(text, "the end");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct DuplexStream {
    /// What the peer writes.
    incoming: Arc<Pipe>,
    /// What the peer reads.
    outgoing: Arc<Pipe>,
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_left(cx));
        let read = ready!(self.incoming.poll_read(cx, buffer));
        budget::charge();
        Poll::Ready(read)
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_left(cx));
        let written = ready!(self.outgoing.poll_write(cx, buffer));
        budget::charge();
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is written can be read at once.
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.end_writing();
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        self.outgoing.end_writing();
        self.incoming.end_reading();
    }
}

impl fmt::Debug for DuplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexStream")
            .field("to_read", &lock(&self.incoming.state).bytes.len())
            .field("written", &lock(&self.outgoing.state).bytes.len())
            .finish()
    }
}

/// One direction.
struct Pipe {
    /// How many bytes it holds at most.
    capacity: usize,
    /// What the lock guards.
    state: Mutex<State>,
}

/// The state of a pipe.
struct State {
    /// Written and not yet read.
    bytes: VecDeque<u8>,
    /// Nothing more will be written.
    writer_gone: bool,
    /// Nothing more will be read.
    reader_gone: bool,
    /// Who waits for bytes.
    reader: Option<Waker>,
    /// Who waits for room.
    writer: Option<Waker>,
}

impl Pipe {
    /// An empty pipe. Memory is taken as bytes come.
    fn new(capacity: usize) -> Pipe {
        let state = State {
            bytes: VecDeque::new(),
            writer_gone: false,
            reader_gone: false,
            reader: None,
            writer: None,
        };
        Pipe { capacity, state: Mutex::new(state) }
    }

    /// Moves bytes into `buffer`.
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = lock(&self.state);
        if state.bytes.is_empty() && !state.writer_gone && !buffer.is_empty() {
            let replaced = keep(&mut state.reader, cx.waker());
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        let read = state.bytes.read(buffer);
        let writer = state.writer.take();
        drop(state);
        wake(writer);
        Poll::Ready(read)
    }

    /// Moves bytes out of `buffer`.
    fn poll_write(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = lock(&self.state);
        if state.reader_gone || state.writer_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = self.capacity - state.bytes.len();
        if room == 0 && !buffer.is_empty() {
            let replaced = keep(&mut state.writer, cx.waker());
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        let written = state.bytes.write(&buffer[..room.min(buffer.len())]);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Poll::Ready(written)
    }

    /// The reader will find the end after what is there.
    fn end_writing(&self) {
        let mut state = lock(&self.state);
        state.writer_gone = true;
        let waiting = [state.reader.take(), state.writer.take()];
        drop(state);
        waiting.into_iter().for_each(wake);
    }

    /// The writer will find the pipe broken.
    fn end_reading(&self) {
        let mut state = lock(&self.state);
        state.reader_gone = true;
        let lost = std::mem::take(&mut state.bytes);
        let waiting = [state.reader.take(), state.writer.take()];
        drop(state);
        drop(lost);
        waiting.into_iter().for_each(wake);
    }
}
