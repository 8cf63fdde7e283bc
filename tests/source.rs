//! Sources of readiness of any kind: pipes, custom ones, and what the reactor makes of them.

#![cfg(all(unix, feature = "os"))]

#[path = "support/net.rs"]
mod support;
#[path = "support/sync.rs"]
mod wakers;

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::thread;

use boucle::io::{Direction, Source};
use boucle::net::{TcpStream, UdpSocket};
use boucle::observe::{Event, Record};
use boucle::task::yield_now;
use boucle::time::sleep;
use boucle::{EventLoop, spawn};
use mio::unix::SourceFd;
use mio::unix::pipe::{Receiver, Sender};
use mio::{Interest, Registry, Token, event};

use support::{counted, ms, once, run, run_on, tcp_pair, until};
use wakers::Task;

/// A pipe, both ends of which are watched.
fn pipe() -> io::Result<(Source<Sender>, Source<Receiver>)> {
    let (sender, receiver) = mio::unix::pipe::new()?;
    let sender = Source::with_interest(sender, Interest::WRITABLE)?;
    Ok((sender, Source::with_interest(receiver, Interest::READABLE)?))
}

/// Reads from a pipe.
async fn read(pipe: &Source<Receiver>, buffer: &mut [u8]) -> io::Result<usize> {
    pipe.io(Direction::Read, |mut pipe| pipe.read(buffer)).await
}

/// Writes to a pipe.
async fn write(pipe: &Source<Sender>, buffer: &[u8]) -> io::Result<usize> {
    pipe.io(Direction::Write, |mut pipe| pipe.write(buffer)).await
}

/// Any descriptor at all, whose registration may be told to fail.
struct Descriptor {
    fd: OwnedFd,
    register: fn() -> io::Result<()>,
    deregister: fn() -> io::Result<()>,
}

impl Descriptor {
    fn new(fd: impl Into<OwnedFd>) -> Descriptor {
        Descriptor { fd: fd.into(), register: || Ok(()), deregister: || Ok(()) }
    }
}

impl event::Source for Descriptor {
    fn register(&mut self, registry: &Registry, token: Token, both: Interest) -> io::Result<()> {
        (self.register)()?;
        SourceFd(&self.fd.as_raw_fd()).register(registry, token, both)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, both: Interest) -> io::Result<()> {
        SourceFd(&self.fd.as_raw_fd()).reregister(registry, token, both)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        (self.deregister)()?;
        SourceFd(&self.fd.as_raw_fd()).deregister(registry)
    }
}

#[test]
fn a_source_is_told_by_the_name_of_its_type_alone() {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        let (_sender, receiver) = mio::unix::pipe::new().unwrap();
        drop(Source::with_interest(Box::new(receiver), Interest::READABLE).unwrap());
    });
    let events = record.events();
    let kind = events.iter().find_map(|it| match it.event() {
        Event::SourceAdded { kind, .. } => Some(kind),
        _ => None,
    });
    assert_eq!(kind, Some("Box"));
}

#[test]
fn a_pipe_is_read_and_written_like_a_socket() {
    run(async {
        let (sender, receiver) = pipe()?;
        let sending = spawn(async move {
            let mut left = 1 << 20;
            while left > 0 {
                left -= write(&sender, &vec![7; left]).await.unwrap();
            }
        });
        let mut sum = 0;
        loop {
            match read(&receiver, &mut [0; 5000]).await? {
                0 => break,
                read => sum += read,
            }
        }
        assert_eq!(sum, 1 << 20);
        sending.await.unwrap();
        Ok(())
    });
}

/// Case 74.
#[test]
fn readiness_that_changes_a_hundred_thousand_times_is_never_lost() {
    run(async {
        let (sender, receiver) = pipe()?;
        let mut buffer = [0; 1];
        for _ in 0..100_000 {
            assert_eq!(
                receiver.get_ref().read(&mut buffer).unwrap_err().kind(),
                ErrorKind::WouldBlock
            );
            sender.get_ref().write_all(b"x")?;
            assert_eq!(read(&receiver, &mut buffer).await?, 1);
        }
        Ok(())
    });
}

/// Case 76.
#[test]
fn a_source_whose_loop_is_gone_gives_errors() {
    let event_loop = EventLoop::new().unwrap();
    let (mut stream, peer) = run_on(&event_loop, tcp_pair());
    drop(event_loop);
    let misplaced = |error: io::Error| {
        assert!(error.to_string().contains("loop of this socket is gone"), "{error}");
    };
    // On another loop of this thread, on no loop, and on another thread.
    misplaced(boucle::block_on(stream.read(&mut [0; 1])).unwrap_err());
    misplaced(futures_lite::future::block_on(stream.write_all(b"x")).unwrap_err());
    thread::scope(|scope| {
        let reading = || futures_lite::future::block_on(peer.peek(&mut [0; 1]));
        misplaced(scope.spawn(reading).join().unwrap().unwrap_err());
    });
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    let closing = futures_lite::AsyncWriteExt::close(&mut stream);
    futures_lite::future::block_on(closing).unwrap();
    drop((stream, peer));
}

/// Case 76, 150.
#[test]
fn whoever_waits_elsewhere_for_a_source_of_a_loop_that_ends_is_woken() {
    let event_loop = EventLoop::new().unwrap();
    let (stream, _peer) = run_on(&event_loop, tcp_pair());
    let (mut buffer, task) = ([0; 1], Task::new());
    let mut reading = pin!(stream.read(&mut buffer));
    assert!(task.poll(reading.as_mut()).is_pending());
    drop(event_loop);
    assert_eq!(task.wakes(), 1);
    let Poll::Ready(Err(_)) = task.poll(reading) else { panic!("there is no loop") };
    assert_eq!(task.wakers_kept(), 0);
}

/// Case 76, 148.
#[test]
fn a_task_that_waits_for_a_source_is_dropped_with_its_loop() {
    let event_loop = EventLoop::new().unwrap();
    let (stream, mut peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let reading = event_loop.spawn(async {
        let stream = boucle::net::UnixStream::from_std(stream).unwrap();
        stream.read(&mut [0; 1]).await
    });
    event_loop.turn(Some(ms(0)));
    drop(event_loop);
    assert!(reading.is_finished());
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0, "the stream is closed");
}

/// Case 7, 81.
#[test]
fn a_source_dropped_on_another_thread_leaves_its_loop() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let (sender, receiver) = pipe()?;
        let dropper = thread::spawn(move || {
            thread::sleep(ms(5));
            drop(sender);
        });
        // The loop sleeps; the pipe's end wakes it, and so does the message.
        assert_eq!(read(&receiver, &mut [0; 1]).await?, 0);
        dropper.join().unwrap();
        until(|| counts.removed.get() == 1).await;
        assert_eq!(counts.added.get(), 2);
        Ok(())
    });
}

/// Case 77.
#[test]
fn an_event_for_a_source_that_is_gone_does_not_reach_its_successor() {
    run(async {
        let (first_sender, first) = pipe()?;
        let (second_sender, second) = pipe()?;
        // Both wait first, so that the events of one wait wake both.
        assert!(once(second.ready(Direction::Read)).await.is_pending());
        let (first, second) = (Rc::new(first), Rc::new(RefCell::new(Some(second))));
        let successor = Rc::new(RefCell::new(None));
        let handler = spawn({
            let (second, successor) = (Rc::clone(&second), Rc::clone(&successor));
            async move {
                read(&first, &mut [0; 1]).await.unwrap();
                // Both are ready by the same wait. The second goes, and another takes its place
                // in the reactor and its number in the system.
                let fd = second.borrow_mut().take().map(|second| second.get_ref().as_raw_fd());
                let (sender, receiver) = mio::unix::pipe::new().unwrap();
                assert!(Some(receiver.as_raw_fd()) == fd || Some(sender.as_raw_fd()) == fd);
                let receiver = Source::with_interest(receiver, Interest::READABLE).unwrap();
                successor.replace(Some((sender, receiver)));
            }
        });
        yield_now().await;
        first_sender.get_ref().write_all(b"x")?;
        second_sender.get_ref().write_all(b"y")?;
        handler.await.unwrap();
        let (_sender, receiver) = successor.take().unwrap();
        assert!(once(receiver.ready(Direction::Read)).await.is_pending());
        sleep(ms(5)).await;
        assert!(once(receiver.ready(Direction::Read)).await.is_pending());
        Ok(())
    });
}

/// Case 79.
#[test]
fn a_source_that_cannot_be_deregistered_leaves_its_place_all_the_same() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        for _ in 0..100 {
            let mut descriptor = Descriptor::new(std::net::UdpSocket::bind("127.0.0.1:0")?);
            descriptor.deregister = || Err(io::Error::from_raw_os_error(9));
            drop(Source::new(descriptor)?);
        }
        assert_eq!((counts.added.get(), counts.removed.get()), (100, 100));
        let mut descriptor = Descriptor::new(std::net::UdpSocket::bind("127.0.0.1:0")?);
        descriptor.deregister = || Err(io::Error::from_raw_os_error(9));
        let error = Source::new(descriptor)?.into_inner().err();
        assert_eq!(error.and_then(|error| error.raw_os_error()), Some(9));
        assert_eq!((counts.added.get(), counts.removed.get()), (101, 101));
        Ok(())
    });
}

/// Case 79.
#[test]
fn a_source_that_cannot_be_registered_takes_no_place() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        for _ in 0..100 {
            let mut descriptor = Descriptor::new(std::net::UdpSocket::bind("127.0.0.1:0")?);
            descriptor.register = || Err(ErrorKind::OutOfMemory.into());
            assert_eq!(Source::new(descriptor).err().unwrap().kind(), ErrorKind::OutOfMemory);
        }
        // A loop without sources does not ask the system between tasks that are ready.
        let before = counts.waits.get();
        for _ in 0..200 {
            yield_now().await;
        }
        assert_eq!(counts.waits.get(), before);
        Ok(())
    });
}

/// Case 81.
#[test]
fn no_descriptor_is_closed_twice() {
    let done = Arc::new(AtomicBool::new(false));
    let witness = thread::spawn({
        let done = Arc::clone(&done);
        // Whoever closed a number twice would close one of these sooner or later.
        move || {
            while !done.load(Relaxed) {
                let file = File::open("/dev/null").unwrap();
                thread::yield_now();
                assert!(file.metadata().is_ok());
            }
        }
    });
    run(async {
        for _ in 0..500 {
            let ((sender, receiver), (sender_2, receiver_2)) = (pipe()?, pipe()?);
            let elsewhere = thread::spawn(|| drop((sender, receiver)));
            drop(sender_2.into_inner()?);
            drop(receiver_2);
            elsewhere.join().unwrap();
            yield_now().await;
        }
        Ok(())
    });
    done.store(true, Relaxed);
    witness.join().unwrap();
}

/// Case 82.
#[test]
fn every_task_that_waits_for_a_source_is_woken() {
    run(async {
        let (sender, receiver) = pipe()?;
        let receiver = Rc::new(receiver);
        let waiting = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (receiver, waiting) = (Rc::clone(&receiver), Rc::clone(&waiting));
                spawn(async move {
                    waiting.set(waiting.get() + 1);
                    receiver.ready(Direction::Read).await.unwrap();
                    waiting.set(waiting.get() - 1);
                })
            })
            .collect();
        sleep(ms(5)).await;
        assert_eq!(waiting.get(), 100);
        sender.get_ref().write_all(b"x")?;
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(waiting.get(), 0);
        Ok(())
    });
}

#[test]
fn a_crowd_that_waits_does_not_keep_the_loop_busy() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let (_sender, receiver) = pipe()?;
        let receiver = Rc::new(receiver);
        for _ in 0..100 {
            let receiver = Rc::clone(&receiver);
            drop(spawn(async move { receiver.ready(Direction::Read).await }));
        }
        sleep(ms(5)).await;
        let before = counts.polls.get();
        assert!(before < 1000, "{counts:?}");
        sleep(ms(20)).await;
        assert!(counts.polls.get() - before < 4, "{counts:?}");
        Ok(())
    });
}

#[test]
fn waiters_that_have_lost_interest_do_not_accumulate() {
    run(async {
        let (sender, receiver) = pipe()?;
        let receiver = Rc::new(receiver);
        // Some wait for good, while a thousand others come and go.
        let faithful: Vec<_> = (0..10)
            .map(|_| {
                let receiver = Rc::clone(&receiver);
                spawn(async move { receiver.ready(Direction::Read).await })
            })
            .collect();
        yield_now().await;
        let fickle: Vec<_> = (0..1000).map(|_| Task::new()).collect();
        for task in &fickle {
            let mut reading = pin!(receiver.ready(Direction::Read));
            assert!(task.poll(reading.as_mut()).is_pending());
            if task.wakers_kept() % 7 == 0 {
                yield_now().await;
            }
        }
        sleep(ms(1)).await;
        let kept: usize = fickle.iter().map(Task::wakers_kept).sum();
        assert!(kept <= 32, "{kept} wakers are kept");
        sender.get_ref().write_all(b"x")?;
        for task in faithful {
            task.await.unwrap()?;
        }
        Ok(())
    });
}

/// Case 66.
#[test]
fn a_wait_that_moves_to_another_task_wakes_that_one() {
    run(async {
        let (sender, receiver) = pipe()?;
        let (first, second) = (Task::new(), Task::new());
        let mut reading = pin!(receiver.ready(Direction::Read));
        assert!(first.poll(reading.as_mut()).is_pending());
        assert!(second.poll(reading.as_mut()).is_pending());
        sender.get_ref().write_all(b"x")?;
        sleep(ms(1)).await;
        assert_eq!(second.wakes(), 1);
        assert!(second.poll(reading.as_mut()).is_ready());
        assert_eq!((first.wakers_kept(), second.wakers_kept()), (0, 0));
        Ok(())
    });
}

/// Case 89.
#[test]
fn a_pipe_without_its_other_end_wakes_reader_and_writer() {
    run(async {
        let (sender, receiver) = pipe()?;
        write(&sender, b"last words").await?;
        assert_eq!(read(&receiver, &mut [0; 16]).await?, 10);
        let reading = spawn(async move { read(&receiver, &mut [0; 16]).await });
        yield_now().await;
        drop(sender);
        assert_eq!(reading.await.unwrap()?, 0);

        let (sender, receiver) = pipe()?;
        while sender.try_io(Direction::Write, |mut pipe| pipe.write(&[0; 4096])).is_ok() {}
        let writing = spawn(async move { write(&sender, b"x").await });
        yield_now().await;
        drop(receiver);
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

/// Case 96.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_watched_is_refused_and_the_loop_goes_on() {
    run(async {
        let path = std::env::temp_dir().join(format!("boucle-regular-{}", std::process::id()));
        let files = [File::create(&path)?, File::open("/")?, File::open("/dev/null")?];
        std::fs::remove_file(&path)?;
        for file in files {
            let refused = Source::new(Descriptor::new(file)).err().expect("it is always ready");
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        }
        let socket = Source::new(Descriptor::new(std::net::UdpSocket::bind("127.0.0.1:0")?))?;
        socket.ready(Direction::Write).await
    });
}

#[test]
fn a_simulated_loop_has_no_sources() {
    EventLoop::simulated(0).block_on(async {
        let refused = UdpSocket::bind("127.0.0.1:0").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        let refused = TcpStream::connect("127.0.0.1:1").await.unwrap_err();
        assert!(refused.to_string().contains("duplex"), "{refused}");
    });
}

/// Case 39.
#[test]
#[should_panic(expected = "there is no event loop on this thread")]
fn a_source_outside_of_any_loop_panics_with_advice() {
    let (_, receiver) = mio::unix::pipe::new().unwrap();
    drop(Source::new(receiver));
}

/// Case 99, 100.
#[test]
fn a_source_taken_apart_wakes_whoever_waits_and_can_be_used_anew() {
    run(async {
        let (sender, receiver) = pipe()?;
        let task = Task::new();
        let key = receiver.get_ref().as_raw_fd();
        assert!(task.poll(pin!(receiver.ready(Direction::Read))).is_pending());
        let receiver = receiver.into_inner()?;
        assert_eq!((task.wakes(), task.wakers_kept()), (1, 0));
        sender.get_ref().write_all(b"x")?;
        sleep(ms(1)).await;
        // Registered again, it tells at once what it has to tell.
        let receiver = Source::with_interest(receiver, Interest::READABLE)?;
        assert_eq!(receiver.get_ref().as_raw_fd(), key);
        assert_eq!(read(&receiver, &mut [0; 8]).await?, 1);
        Ok(())
    });
}

/// Case 100.
#[test]
fn a_source_may_be_dropped_by_the_task_that_it_wakes() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let (sender, receiver) = pipe()?;
        let both = Rc::new(RefCell::new(Some(receiver)));
        let tasks = [0, 1].map(|_| {
            let both = Rc::clone(&both);
            spawn(poll_fn(move |cx| {
                let mut source = both.borrow_mut();
                let Some(receiver) = &*source else { return Poll::Ready(false) };
                std::task::ready!(receiver.poll_ready(Direction::Read, cx)).unwrap();
                *source = None;
                Poll::Ready(true)
            }))
        });
        yield_now().await;
        sender.get_ref().write_all(b"x")?;
        let [first, second] = tasks;
        assert!(first.await.unwrap() && !second.await.unwrap());
        assert_eq!(counts.removed.get(), 1);
        Ok(())
    });
}

#[test]
fn more_sources_than_one_wait_can_report_are_all_served() {
    run(async {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        // The loop takes 1,024 events at a time; the usual limit of descriptors is no more.
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
        let mut senders = Vec::new();
        let mut readers = Vec::new();
        for _ in 0..1100 {
            let (sender, receiver) = mio::unix::pipe::new()?;
            let receiver = Source::with_interest(receiver, Interest::READABLE)?;
            senders.push(sender);
            readers.push(spawn(async move { read(&receiver, &mut [0; 1]).await }));
        }
        sleep(ms(1)).await;
        for sender in &mut senders {
            sender.write_all(b"x")?;
        }
        for reader in readers {
            assert_eq!(reader.await.unwrap()?, 1);
        }
        Ok(())
    });
}

#[test]
fn an_operation_that_is_interrupted_is_tried_again() {
    run(async {
        let (sender, receiver) = pipe()?;
        sender.get_ref().write_all(b"x")?;
        let mut tries = 0;
        let third = receiver.io(Direction::Read, |mut pipe| {
            tries += 1;
            if tries < 3 { Err(ErrorKind::Interrupted.into()) } else { pipe.read(&mut [0; 1]) }
        });
        assert_eq!(third.await?, 1);
        assert_eq!(tries, 3);
        Ok(())
    });
}

#[test]
fn sources_and_what_is_made_of_them_may_be_sent_and_shared() {
    run(async {
        let (stream, peer) = tcp_pair().await?;
        wakers::is_send_and_sync(&stream.source());
        wakers::is_send_and_sync(&stream.read(&mut [0; 1]));
        wakers::is_send_and_sync(&peer.write_all(b"x"));
        wakers::is_send_and_sync(&stream.into_split());
        Ok(())
    });
}
