//! TCP: connections on the loopback interface, and all that may befall them.

#![cfg(feature = "os")]

#[path = "support/net.rs"]
mod support;

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use boucle::net::{OwnedReadHalf, TcpListener, TcpStream};
use boucle::task::yield_now;
use boucle::time::{Instant, sleep, timeout};
use boucle::{EventLoop, spawn};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use socket2::{Domain, SockRef, Socket, Type};

use support::{counted, ms, once, run, run_on, tcp_pair, until};

/// Has the connection reset when it is closed, instead of ended.
fn reset_on_close(stream: &TcpStream) {
    SockRef::from(stream.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Reads until the end.
async fn read_all(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(all),
            read => all.extend_from_slice(&buffer[..read]),
        }
    }
}

#[test]
fn bytes_arrive_in_order_in_both_directions_at_once() {
    run(async {
        const LENGTH: usize = 4 << 20;
        let (a, b) = tcp_pair().await?;
        let bytes = |below: u8| (0..below).cycle().take(LENGTH).collect::<Vec<u8>>();
        let talk = async |stream: &TcpStream, mine: &[u8]| {
            let writing = async {
                stream.write_all(mine).await?;
                stream.shutdown(Shutdown::Write)
            };
            future::try_zip(writing, read_all(stream)).await.map(|((), theirs)| theirs)
        };
        let (from_a, from_b) = (bytes(251), bytes(241));
        let (to_a, to_b) = future::try_zip(talk(&a, &from_a), talk(&b, &from_b)).await?;
        assert!(to_a == from_b && to_b == from_a);
        Ok(())
    });
}

#[test]
fn streams_and_halves_have_the_traits_of_futures_io() {
    run(async {
        let (mut a, b) = tcp_pair().await?;
        a.write_all_by_trait(b"by value").await?;
        let (mut reader, mut writer) = b.into_split();
        let mut buffer = [0; 8];
        reader.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"by value");
        AsyncWriteExt::write_all(&mut writer, b"by half").await?;
        writer.close().await?;
        let mut text = String::new();
        (&a).read_to_string(&mut text).await?;
        assert_eq!(text, "by half");
        AsyncWriteExt::flush(&mut a).await
    });
}

/// Calls the trait's method where an inherent one of that name would be taken.
trait ByTrait: AsyncWriteExt + Unpin {
    async fn write_all_by_trait(&mut self, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, bytes).await
    }
}

impl ByTrait for TcpStream {}

#[test]
fn several_buffers_are_read_and_written_at_once() {
    run(async {
        let (mut a, mut b) = tcp_pair().await?;
        let parts = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdef")];
        assert_eq!(a.write_vectored(&parts).await?, 6);
        let (mut first, mut second) = ([0; 3], [0; 8]);
        let parts = &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(b.read_vectored(parts).await?, 6);
        assert_eq!((&first, &second[..3]), (b"abc", &b"def"[..]));
        Ok(())
    });
}

#[test]
fn the_end_is_read_as_zero_bytes_as_often_as_one_asks() {
    run(async {
        let (a, b) = tcp_pair().await?;
        a.write_all(b"the end").await?;
        drop(a);
        assert_eq!(read_all(&b).await?, b"the end");
        for _ in 0..3 {
            assert_eq!(b.read(&mut [0; 8]).await?, 0);
        }
        Ok(())
    });
}

#[test]
fn a_dropped_write_half_ends_its_direction_only() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let (reader, writer) = a.into_split();
        writer.write_all(b"question").await?;
        drop(writer);
        assert_eq!(read_all(&b).await?, b"question");
        b.write_all(b"answer").await?;
        let mut buffer = [0; 16];
        assert_eq!(reader.read(&mut buffer).await?, 6);
        Ok(())
    });
}

#[test]
fn a_dropped_read_half_ends_nothing_while_the_other_lives() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let (reader, writer) = a.into_split();
        drop(reader);
        writer.write_all(b"still").await?;
        drop(writer);
        assert_eq!(read_all(&b).await?, b"still");
        Ok(())
    });
}

#[test]
fn halves_of_one_stream_are_reunited_and_strangers_are_not() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let (reader_a, writer_a) = a.into_split();
        let (reader_b, writer_b) = b.into_split();
        let strangers = reader_a.reunite(writer_b).unwrap_err();
        assert_eq!(strangers.to_string(), "the halves are of different streams");
        let (reader_a, writer_b) = (strangers.0, strangers.1);
        let a = reader_a.reunite(writer_a).unwrap();
        let b = reader_b.reunite(writer_b).unwrap();
        // Neither the failure nor the success has ended anything.
        a.write_all(b"hello").await?;
        b.write_all(b"hello").await?;
        assert_eq!((a.read(&mut [0; 8]).await?, b.read(&mut [0; 8]).await?), (5, 5));
        Ok(())
    });
}

/// Reads until the end, and says how much it was.
async fn count(reader: OwnedReadHalf<TcpStream>) -> io::Result<usize> {
    let mut sum = 0;
    loop {
        match reader.read(&mut [0; 1000]).await? {
            0 => return Ok(sum),
            read => sum += read,
        }
    }
}

#[test]
fn halves_go_to_two_tasks() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let (reader, writer) = a.into_split();
        let counted = spawn(count(reader));
        let written = spawn(async move { writer.write_all(&vec![7; 100_000]).await });
        let echo = async {
            let bytes = read_all(&b).await?;
            b.write_all(&bytes).await?;
            b.shutdown(Shutdown::Write)
        };
        echo.await?;
        written.await.unwrap()?;
        assert_eq!(counted.await.unwrap()?, 100_000);
        Ok(())
    });
}

#[test]
fn a_name_is_looked_up_and_a_std_socket_taken_over() {
    run(async {
        let listener = TcpListener::from_std(std::net::TcpListener::bind("127.0.0.1:0")?)?;
        let port = listener.local_addr()?.port();
        let by_name = TcpStream::connect(("localhost", port)).await?;
        let by_std = TcpStream::from_std(std::net::TcpStream::connect(("127.0.0.1", port))?)?;
        let accepted: Vec<_> = listener.incoming().take(2).collect().await;
        assert!(accepted.iter().all(Result::is_ok));
        assert_eq!(by_name.peer_addr()?.port(), by_std.peer_addr()?.port());
        assert!(TcpStream::connect("127.0.0.1").await.is_err(), "there is no port");
        Ok(())
    });
}

/// Case 82.
#[test]
fn two_tasks_that_read_one_connection_are_both_served() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let b = Rc::new(b);
        let read_one = |b: &Rc<TcpStream>| {
            let b = Rc::clone(b);
            spawn(async move { b.read(&mut [0; 1]).await })
        };
        let readers = [read_one(&b), read_one(&b)];
        yield_now().await;
        a.write_all(b"x").await?;
        sleep(ms(5)).await;
        // One byte serves one of them; the other was woken in vain and waits again.
        assert_eq!(readers.iter().filter(|reader| reader.is_finished()).count(), 1);
        a.write_all(b"y").await?;
        for reader in readers {
            assert_eq!(reader.await.unwrap()?, 1);
        }
        Ok(())
    });
}

/// Case 82.
#[test]
fn one_task_reads_while_another_writes() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let a = Rc::new(a);
        let writing = spawn({
            let a = Rc::clone(&a);
            async move { a.write_all(&vec![1; 8 << 20]).await }
        });
        let reading = spawn(async move { a.read(&mut [0; 1]).await });
        sleep(ms(5)).await;
        assert!(!writing.is_finished() && !reading.is_finished());
        b.write_all(b"!").await?;
        assert_eq!(reading.await.unwrap()?, 1);
        assert!(!writing.is_finished());
        let mut left = 8 << 20;
        while left > 0 {
            left -= b.read(&mut vec![0; 1 << 20]).await?;
        }
        writing.await.unwrap()
    });
}

/// Case 84.
#[test]
fn a_read_that_fills_its_buffer_exactly_does_not_miss_what_follows() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let mut buffer = [0; 8];
        for round in 0..50 {
            a.write_all(&[round; 8]).await?;
            assert_eq!(b.peek(&mut [0; 8]).await?, 8);
            assert_eq!(b.read(&mut buffer).await?, 8);
            // Nothing is left, though the read was full: the next one waits.
            assert!(once(b.read(&mut buffer)).await.is_pending());
            a.write_all(&[round; 3]).await?;
            assert_eq!(b.read(&mut buffer).await?, 3);
            a.write_all(&[round; 12]).await?;
            yield_now().await;
            let mut read = 0;
            while read < 12 {
                read += b.read(&mut buffer).await?;
            }
        }
        Ok(())
    });
}

/// Case 84.
#[cfg(target_os = "linux")]
#[test]
fn a_read_cut_short_by_urgent_data_does_not_hide_what_follows() {
    run(async {
        for wait_first in [false, true] {
            let (a, b) = tcp_pair().await?;
            let mut buffer = [0; 64];
            if wait_first {
                // The news of the urgent byte reaches a loop that waits.
                assert!(once(b.read(&mut buffer)).await.is_pending());
            }
            a.write_all(b"before").await?;
            SockRef::from(a.get_ref()).send_out_of_band(b"!")?;
            a.write_all(b"after").await?;
            sleep(ms(5)).await;
            let mut text = Vec::new();
            while text.len() < b"beforeafter".len() {
                let reading = timeout(ms(1000), b.read(&mut buffer));
                let read = reading.await.expect("the rest is there, and nobody says so")?;
                text.extend_from_slice(&buffer[..read]);
            }
            assert_eq!(text, b"beforeafter");
        }
        Ok(())
    });
}

/// Case 85.
#[test]
fn a_read_or_write_of_nothing_is_done_at_once_and_is_not_the_end() {
    run(async {
        let (mut a, b) = tcp_pair().await?;
        // Nothing is there to be read, and yet nobody has to wait for nothing.
        assert_eq!(a.read(&mut []).await?, 0);
        assert_eq!(a.peek(&mut []).await?, 0);
        assert_eq!(a.write(&[]).await?, 0);
        a.write_all(&[]).await?;
        assert_eq!(AsyncReadExt::read_vectored(&mut a, &mut []).await?, 0);
        assert_eq!(AsyncWriteExt::write_vectored(&mut a, &[IoSlice::new(&[])]).await?, 0);
        b.write_all(b"more").await?;
        assert_eq!(a.read(&mut [0; 8]).await?, 4);
        Ok(())
    });
}

/// Case 85.
#[test]
fn a_peek_takes_nothing_and_one_that_waits_is_woken() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let peeking = spawn(async move {
            let peeked = b.peek(&mut [0; 2]).await;
            (peeked, b)
        });
        sleep(ms(2)).await;
        assert!(!peeking.is_finished());
        a.write_all(b"hello").await?;
        let (peeked, b) = peeking.await.unwrap();
        assert_eq!(peeked?, 2);
        assert_eq!(b.peek(&mut [0; 8]).await?, 5);
        assert_eq!(b.read(&mut [0; 8]).await?, 5);
        // A peek that would block does not hide what comes then.
        assert!(once(b.peek(&mut [0; 8])).await.is_pending());
        a.write_all(b"!").await?;
        assert_eq!(b.read(&mut [0; 8]).await?, 1);
        drop(a);
        assert_eq!(b.peek(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_dropped_read_or_accept_loses_nothing() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        assert!(once(listener.accept()).await.is_pending());
        let a = TcpStream::connect(listener.local_addr()?).await?;
        let (b, _) = listener.accept().await?;
        let mut received = 0;
        let sending = spawn(async move {
            for _ in 0..200 {
                a.write_all(b"1234").await.unwrap();
                yield_now().await;
            }
        });
        let mut buffer = [0; 3];
        while received < 800 {
            match once(b.read(&mut buffer)).await {
                Poll::Ready(read) => received += read?,
                Poll::Pending => yield_now().await,
            }
        }
        sending.await.unwrap();
        Ok(())
    });
}

#[test]
fn idle_connections_cost_no_turns() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let mut pairs = Vec::new();
        for _ in 0..50 {
            pairs.push(Rc::new(tcp_pair().await?));
        }
        for pair in pairs {
            drop(spawn(async move { pair.0.read(&mut [0; 1]).await }));
        }
        sleep(ms(2)).await;
        let before = counts.turns.get();
        sleep(ms(60)).await;
        assert!(counts.turns.get() - before <= 4, "{counts:?}");
        Ok(())
    });
}

/// Case 88.
#[test]
fn a_peer_that_has_ended_its_side_can_still_be_written_to() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let (a, b) = tcp_pair().await?;
        let a = Rc::new(a);
        let writing = spawn({
            let a = Rc::clone(&a);
            async move { a.write_all(&vec![7; 8 << 20]).await }
        });
        sleep(ms(5)).await;
        // The send buffer is full, and the peer says that it will write no more: that is no reason
        // for the writer to be woken, let alone again and again.
        b.shutdown(Shutdown::Write)?;
        assert_eq!(a.read(&mut [0; 8]).await?, 0);
        let before = counts.polls.get();
        sleep(ms(50)).await;
        assert!(counts.polls.get() - before <= 3, "{counts:?}");
        assert!(!writing.is_finished());
        let mut left = 8 << 20;
        while left > 0 {
            left -= b.read(&mut vec![0; 1 << 20]).await?;
        }
        writing.await.unwrap()
    });
}

/// Case 89, 91.
#[test]
fn a_reset_wakes_the_reader_and_the_writer_with_an_error() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let a = Rc::new(a);
        let read = spawn({
            let a = Rc::clone(&a);
            async move { a.read(&mut [0; 8]).await }
        });
        let write = spawn({
            let a = Rc::clone(&a);
            async move { a.write_all(&vec![7; 8 << 20]).await }
        });
        sleep(ms(5)).await;
        assert!(!read.is_finished() && !write.is_finished());
        reset_on_close(&b);
        drop(b);
        // The system tells of the reset once, to whoever asks first; the other finds the end.
        let (read, write) = (read.await.unwrap(), write.await.unwrap().unwrap_err());
        let reset = [ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted];
        match read {
            Ok(read) => assert!(read == 0 && reset.contains(&write.kind()), "{read}, {write}"),
            Err(error) => assert!(reset.contains(&error.kind()), "{error}"),
        }
        assert!(a.write(b"x").await.is_err());
        Ok(())
    });
}

/// Case 91.
#[test]
fn a_connection_reset_before_it_is_accepted_harms_nobody() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gone = TcpStream::connect(listener.local_addr()?).await?;
        reset_on_close(&gone);
        drop(gone);
        let client = TcpStream::connect(listener.local_addr()?).await?;
        // Some systems still hand out the connection that is gone, and tell the reader.
        let (mut stream, mut peer) = listener.accept().await?;
        if peer != client.local_addr()? {
            let error = stream.read(&mut [0; 1]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            (stream, peer) = listener.accept().await?;
        }
        assert_eq!(peer, client.local_addr()?);
        client.write_all(b"x").await?;
        assert_eq!(stream.read(&mut [0; 1]).await?, 1);
        Ok(())
    });
}

/// Case 92.
#[test]
fn a_refused_connection_is_an_error_and_leaves_nothing_registered() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!((counts.added.get(), counts.removed.get()), (1, 1));
        Ok(())
    });
}

/// Case 92.
#[cfg(target_os = "linux")]
#[test]
fn an_attempt_to_connect_that_hangs_can_be_given_up() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        // Linux leaves unanswered whoever knocks at a listener whose queue is full.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into())?;
        socket.listen(0)?;
        let address = socket.local_addr()?.as_socket().unwrap();
        let mut queued = Vec::new();
        let before = loop {
            match timeout(ms(100), TcpStream::connect(address)).await {
                Ok(stream) => queued.push(stream?),
                Err(_) => break counts.added.get(),
            }
        };
        assert_eq!(counts.removed.get(), 1, "the attempt that was given up");
        assert_eq!(before, queued.len() + 1);
        Ok(())
    });
}

/// Case 93.
#[cfg(unix)]
#[test]
fn a_listener_without_descriptors_rests_and_recovers() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::os::fd::AsRawFd;

    if !support::is_child() {
        let child = support::start_child("a_listener_without_descriptors_rests_and_recovers");
        return support::expect_success(child);
    }
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let connect = |_| std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut clients: Vec<_> = (0..8).map(connect).collect();
        // Three descriptors are left, for eight connections.
        let next = u64::try_from(std::fs::File::open("/dev/null")?.as_raw_fd()).unwrap();
        let limit = Rlimit { current: Some(next + 3), ..getrlimit(Resource::Nofile) };
        setrlimit(Resource::Nofile, limit)?;
        let accepted = Rc::new(Cell::new(0));
        drop(spawn({
            let accepted = Rc::clone(&accepted);
            async move {
                let mut streams = Vec::new();
                loop {
                    streams.push(listener.accept().await.unwrap());
                    accepted.set(accepted.get() + 1);
                }
            }
        }));
        until(|| accepted.get() == 3).await;
        let before = counts.turns.get();
        sleep(ms(250)).await;
        assert_eq!(accepted.get(), 3);
        assert!(counts.turns.get() - before < 20, "the listener spins: {counts:?}");
        // As soon as descriptors are given back, within a second, it goes on.
        let start = Instant::now();
        clients.truncate(3);
        until(|| accepted.get() == 8).await;
        assert!(start.elapsed() < ms(1000));
        Ok(())
    });
}

/// Case 27, 94.
#[test]
fn accepting_many_connections_lets_other_tasks_run() {
    let event_loop = EventLoop::builder().budget(8).build().unwrap();
    run_on(&event_loop, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut clients = Vec::new();
        for _ in 0..64 {
            clients.push(std::net::TcpStream::connect(listener.local_addr()?)?);
        }
        let beats = Rc::new(Cell::new(0));
        drop(spawn({
            let beats = Rc::clone(&beats);
            async move {
                loop {
                    beats.set(beats.get() + 1);
                    yield_now().await;
                }
            }
        }));
        let accepting = spawn(async move {
            for _ in 0..64 {
                listener.accept().await.unwrap();
            }
        });
        accepting.await.unwrap();
        assert!(beats.get() >= 64 / 8, "{} beats", beats.get());
        Ok(())
    });
}

/// Case 27.
#[test]
fn a_connection_that_is_always_ready_lets_other_tasks_run() {
    let event_loop = EventLoop::builder().budget(8).build().unwrap();
    run_on(&event_loop, async {
        let (a, b) = tcp_pair().await?;
        a.write_all(&[0; 1000]).await?;
        let reading = spawn(async move {
            for _ in 0..1000 {
                b.read(&mut [0; 1]).await.unwrap();
            }
        });
        let mut beats = 0;
        while !reading.is_finished() {
            beats += 1;
            yield_now().await;
        }
        assert!(beats >= 1000 / 8, "{beats} beats");
        Ok(())
    });
}

/// Case 99.
#[test]
fn a_dropped_connection_causes_no_more_events() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
        let (ours, _) = listener.accept()?;
        // The kernel keeps the connection open for the duplicate, and would go on telling.
        let mut duplicate = ours.try_clone()?;
        let stream = TcpStream::from_std(ours)?;
        assert!(once(stream.read(&mut [0; 1])).await.is_pending());
        sleep(ms(1)).await;
        drop(stream);
        assert_eq!((counts.added.get(), counts.removed.get()), (1, 1));
        let before = counts.ready.get();
        client.write_all(b"hello")?;
        sleep(ms(5)).await;
        assert_eq!(counts.ready.get(), before);
        duplicate.set_nonblocking(false)?;
        assert_eq!(duplicate.read(&mut [0; 8])?, 5);
        Ok(())
    });
}

/// Case 101.
#[cfg(target_os = "linux")]
#[test]
fn signals_interrupt_nothing_that_anybody_sees() {
    use std::io::{BufRead, BufReader};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use rustix::process::{Pid, Signal, kill_process};

    if !support::is_child() {
        let mut child = support::start_child("signals_interrupt_nothing_that_anybody_sees");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready = lines.find(|line| line.contains("ready")).expect("the child ended early");
        let thread = ready.split_whitespace().last().unwrap().parse().unwrap();
        while child.try_wait().unwrap().is_none() {
            // Linux gives the signal to the thread of this number, as long as there is one.
            let _ = kill_process(Pid::from_raw(thread).unwrap(), Signal::USR1);
            thread::sleep(Duration::from_micros(100));
        }
        assert!(lines.any(|line| line.contains("1 passed")));
        return;
    }
    let signalled = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&signalled)).unwrap();
    println!("ready: {}", rustix::thread::gettid());
    run(async {
        let start = Instant::now();
        for _ in 0..20 {
            // Each of these waits in the operating system, and is interrupted there.
            let (a, b) = tcp_pair().await?;
            let sending = spawn(async move {
                sleep(ms(5)).await;
                a.write_all(&vec![7; 1 << 20]).await
            });
            assert_eq!(read_all(&b).await?.len(), 1 << 20);
            sending.await.unwrap()?;
        }
        assert!(start.elapsed() >= ms(100));
        assert!(signalled.load(Relaxed));
        Ok(())
    });
}

/// Case 102.
#[test]
fn shutting_down_what_has_ended_already_is_no_error() {
    run(async {
        let (a, b) = tcp_pair().await?;
        a.shutdown(Shutdown::Write)?;
        a.shutdown(Shutdown::Write)?;
        a.shutdown(Shutdown::Both)?;
        assert_eq!(a.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        reset_on_close(&b);
        drop(b);
        sleep(ms(2)).await;
        a.shutdown(Shutdown::Both)?;
        // Nor is it for a socket that was never connected.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        TcpStream::from_std(socket.into())?.shutdown(Shutdown::Both)
    });
}

#[cfg(unix)]
#[test]
fn two_loops_on_two_threads_share_a_port() {
    fn listen_at(port: u16) -> std::net::TcpListener {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        socket.bind(&address.into()).unwrap();
        socket.listen(128).unwrap();
        socket.into()
    }
    let first = listen_at(0);
    let address = first.local_addr().unwrap();
    let listeners = [first, listen_at(address.port())];
    let (done, served) = mpsc::channel();
    let threads = listeners.map(|listener| {
        let done = done.clone();
        let (stop, stopped) = boucle::sync::oneshot::channel::<()>();
        let serve = async move || {
            let listener = TcpListener::from_std(listener).unwrap();
            let accepted = Cell::new(0);
            let accept = async {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.write_all(b"!").await.unwrap();
                    accepted.set(accepted.get() + 1);
                    done.send(()).unwrap();
                }
            };
            future::or(accept, async { stopped.await.unwrap() }).await;
            accepted.get()
        };
        (stop, thread::spawn(move || boucle::block_on(serve())))
    });
    run(async {
        for _ in 0..64 {
            let stream = TcpStream::connect(address).await?;
            assert_eq!(stream.read(&mut [0; 1]).await?, 1);
        }
        Ok(())
    });
    assert_eq!(served.iter().take(64).count(), 64);
    let counts = threads.map(|(stop, thread)| {
        stop.send(()).unwrap();
        thread.join().unwrap()
    });
    assert!(counts.iter().sum::<u32>() == 64 && !counts.contains(&0), "{counts:?}");
}
