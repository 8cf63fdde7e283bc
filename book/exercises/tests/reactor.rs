//! Judge of `reactor`: readiness, edges, and draining.

#![allow(clippy::disallowed_methods, reason = "the kernel takes its time")]

mod support;

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use boucle::observe::{Cause, SourceId};
use mio::net::UdpSocket;
use my_loop::arena::Key;
use my_loop::clock::Clock;
use my_loop::inbox::Bell;
use my_loop::probe::Probe;
use my_loop::reactor::{Direction, Reactor};
use my_loop::source::Source;
use support::{Wakes, ms, within_limit};

/// A reactor, its bell, and what its waits brought.
struct Watched {
    reactor: Rc<Reactor>,
    bell: Box<dyn Bell>,
}

impl Watched {
    fn new() -> Watched {
        let (reactor, bell) = Reactor::new().unwrap();
        Watched { reactor: Rc::new(reactor), bell }
    }

    /// Waits, wakes who is concerned, and says which sources were ready, and on whose behalf whom
    /// it woke.
    fn wait(&self, millis: u64) -> (Vec<SourceId>, Vec<Cause>) {
        let (mut due, mut told) = (Vec::new(), Vec::new());
        let tell = |source, _, _| told.push(source);
        let ready = self.reactor.wait(Some(ms(millis)), &mut due, tell).unwrap();
        assert_eq!(ready as usize, told.len());
        let causes = due.iter().map(|&(cause, _)| cause).collect();
        for (_, waker) in due {
            waker.wake();
        }
        (told, causes)
    }

    /// Waits until a source is readable, as far as the reactor remembers.
    fn until_readable(&self, key: Key) {
        for _ in 0..200 {
            self.wait(10);
            if self.poll(key, Direction::Read, &Wakes::new()) == Some(Poll::Ready(())) {
                return;
            }
        }
        panic!("the source never became readable");
    }

    fn poll(&self, key: Key, direction: Direction, task: &Arc<Wakes>) -> Option<Poll<()>> {
        self.reactor.poll_ready(key, direction, &mut Context::from_waker(&task.waker()))
    }
}

/// A socket, and a way to send to it.
fn socket() -> (UdpSocket, impl Fn(&[u8])) {
    let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let to = socket.local_addr().unwrap();
    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    (socket, move |bytes: &[u8]| assert_eq!(sender.send_to(bytes, to).unwrap(), bytes.len()))
}

#[test]
fn an_event_wakes_who_waits_and_is_remembered() {
    let watched = Watched::new();
    let (mut socket, send) = socket();
    let key = watched.reactor.add(&mut socket).unwrap();
    let task = Wakes::new();
    assert_eq!(watched.poll(key, Direction::Read, &task), Some(Poll::Pending));
    watched.wait(0);
    assert_eq!(task.count(), 0, "it can be written to, and that is no reason");
    send(b"1");
    let (told, causes) = watched.wait(1_000);
    assert_eq!(told, [SourceId(key.serial())]);
    assert_eq!(causes, [Cause::Source(SourceId(key.serial()))]);
    assert_eq!(task.count(), 1);
    // As often as one asks, until an operation says otherwise.
    for _ in 0..3 {
        assert_eq!(watched.poll(key, Direction::Read, &task), Some(Poll::Ready(())));
    }
    watched.reactor.clear(key, Direction::Read);
    assert_eq!(watched.poll(key, Direction::Read, &task), Some(Poll::Pending));
}

#[test]
fn an_event_that_nobody_waited_for_is_remembered_too() {
    let watched = Watched::new();
    let (mut socket, send) = socket();
    let key = watched.reactor.add(&mut socket).unwrap();
    send(b"1");
    watched.until_readable(key);
    // The operating system does not tell it again, and need not.
    assert_eq!(watched.wait(20), (vec![], vec![]));
    assert_eq!(watched.poll(key, Direction::Read, &Wakes::new()), Some(Poll::Ready(())));
}

#[test]
fn the_directions_of_a_source_are_two() {
    let watched = Watched::new();
    let (mut socket, _) = socket();
    let key = watched.reactor.add(&mut socket).unwrap();
    let (reader, writer) = (Wakes::new(), Wakes::new());
    assert_eq!(watched.poll(key, Direction::Read, &reader), Some(Poll::Pending));
    assert_eq!(watched.poll(key, Direction::Write, &writer), Some(Poll::Pending));
    watched.wait(1_000);
    assert_eq!((reader.count(), writer.count()), (0, 1));
    watched.reactor.clear(key, Direction::Read);
    assert_eq!(watched.poll(key, Direction::Write, &writer), Some(Poll::Ready(())));
}

#[test]
fn everybody_who_waits_is_woken_once() {
    let watched = Watched::new();
    let (mut socket, send) = socket();
    let key = watched.reactor.add(&mut socket).unwrap();
    let tasks = [Wakes::new(), Wakes::new(), Wakes::new()];
    // The first comes back again and again, as one that is polled for other reasons does.
    for _ in 0..100 {
        let waker = tasks[0].waker();
        for _ in 0..10 {
            let mut cx = Context::from_waker(&waker);
            let _ = watched.reactor.poll_ready(key, Direction::Read, &mut cx);
        }
    }
    for task in &tasks {
        assert_eq!(watched.poll(key, Direction::Read, task), Some(Poll::Pending));
    }
    send(b"1");
    watched.until_readable(key);
    assert_eq!(tasks.each_ref().map(|task| task.count()), [1, 1, 1]);
}

#[test]
fn an_event_for_a_source_that_is_gone_reaches_nobody() {
    let watched = Watched::new();
    let (mut first, send) = socket();
    let old = watched.reactor.add(&mut first).unwrap();
    send(b"for the first");
    // The event is under way when the entry goes, and its slot is given to another.
    thread::sleep(ms(20));
    watched.reactor.remove(old);
    let (mut second, _) = socket();
    let new = watched.reactor.add(&mut second).unwrap();
    assert_eq!(old.index(), new.index());
    let task = Wakes::new();
    assert_eq!(watched.poll(new, Direction::Read, &task), Some(Poll::Pending));
    let (told, _) = watched.wait(100);
    assert!(told.iter().all(|&source| source == SourceId(new.serial())), "{told:?}");
    assert_eq!(task.count(), 0);
    assert_eq!(watched.poll(new, Direction::Read, &task), Some(Poll::Pending));
    assert_eq!(watched.poll(old, Direction::Read, &task), None);
}

#[test]
fn the_bell_ends_a_sleep_and_is_no_source() {
    within_limit(|| {
        let watched = Watched::new();
        // Rung before the sleep.
        watched.bell.ring();
        assert_eq!(watched.wait(60_000), (vec![], vec![]));
        let (bell, mut due) = (&watched.bell, Vec::new());
        let reactor = &watched.reactor;
        thread::scope(|scope| {
            scope.spawn(|| bell.ring());
            let ready = reactor.wait(Some(ms(60_000)), &mut due, |_, _, _| ()).unwrap();
            assert_eq!((ready, due.len()), (0, 0));
        });
    });
}

/// A source of a reactor, outside of any loop.
fn source(watched: &Watched, socket: UdpSocket) -> Source<UdpSocket> {
    let probe = Rc::new(Probe::new(None, Rc::new(Clock::real())));
    Source::new(socket, &watched.reactor, &probe).unwrap()
}

#[test]
fn all_that_came_with_one_edge_is_read_without_another_event() {
    let watched = Watched::new();
    let (socket, send) = socket();
    let source = source(&watched, socket);
    let task = Wakes::new();
    let mut buffer = [0; 8];
    let mut receive = |task: &Arc<Wakes>| {
        task.poll(&mut std::pin::pin!(source.io(Direction::Read, |io| io.recv(&mut buffer))))
    };
    assert!(receive(&task).is_pending());
    (0..3).for_each(|_| send(b"datagram"));
    thread::sleep(ms(20));
    watched.wait(1_000);
    for n in 0..3 {
        assert!(matches!(receive(&task), Poll::Ready(Ok(8))), "datagram {n}");
    }
    assert!(receive(&task).is_pending(), "drained");
    let before = task.count();
    send(b"more");
    watched.wait(1_000);
    assert_eq!(task.count(), before + 1, "the next edge");
    assert!(matches!(receive(&task), Poll::Ready(Ok(4))));
}

#[test]
fn an_operation_that_would_block_waits_instead_and_asks_the_system_once() {
    let watched = Watched::new();
    let (socket, _) = socket();
    let source = source(&watched, socket);
    watched.wait(1_000);
    // It is writable, says the reactor; the operation says otherwise.
    let (tries, task) = (Cell::new(0), Wakes::new());
    let mut write = std::pin::pin!(source.io(Direction::Write, |_| -> io::Result<()> {
        tries.set(tries.get() + 1);
        Err(io::ErrorKind::WouldBlock.into())
    }));
    assert!(task.poll(&mut write).is_pending());
    assert!(task.poll(&mut write).is_pending());
    assert_eq!(tries.get(), 1, "it is not tried again before there is an event");
}

#[test]
fn an_interrupted_operation_is_tried_again_and_an_error_is_told() {
    let watched = Watched::new();
    let (socket, _) = socket();
    let source = source(&watched, socket);
    watched.wait(1_000);
    let (tries, task) = (Cell::new(0), Wakes::new());
    let mut flaky = std::pin::pin!(source.io(Direction::Write, |_| {
        tries.set(tries.get() + 1);
        if tries.get() < 4 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(tries.get()) }
    }));
    assert!(matches!(task.poll(&mut flaky), Poll::Ready(Ok(4))));
    let refused =
        |_: &UdpSocket| -> io::Result<()> { Err(io::ErrorKind::ConnectionRefused.into()) };
    let mut fails = std::pin::pin!(source.io(Direction::Write, refused));
    let Poll::Ready(Err(error)) = task.poll(&mut fails) else { panic!("no error") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn the_end_of_a_stream_can_be_read() {
    let watched = Watched::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut stream = mio::net::TcpStream::from_std(stream);
    let key = watched.reactor.add(&mut stream).unwrap();
    let task = Wakes::new();
    assert_eq!(watched.poll(key, Direction::Read, &task), Some(Poll::Pending));
    peer.flush().unwrap();
    drop(peer);
    watched.until_readable(key);
    assert_eq!(task.count(), 1);
}

#[test]
fn whoever_waits_for_a_source_that_goes_is_told() {
    let watched = Watched::new();
    let (socket, _) = socket();
    let source = source(&watched, socket);
    let task = Wakes::new();
    let mut ready = std::pin::pin!(poll_fn(|cx| source.poll_ready(Direction::Read, cx)));
    assert!(task.poll(&mut ready).is_pending());
    watched.reactor.close().into_iter().for_each(Waker::wake);
    assert_eq!(task.count(), 1);
    assert!(matches!(task.poll(&mut ready), Poll::Ready(Err(_))));
}
