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

use boucle::io::Direction;
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
        let bytes = |salt: usize| (0..LENGTH).map(|n| (n * 31 + salt) as u8).collect::<Vec<u8>>();
        let talk = async |stream: &TcpStream, mine: &[u8]| {
            let writing = async {
                stream.write_all(mine).await?;
                stream.shutdown(Shutdown::Write)
            };
            future::try_zip(writing, read_all(stream)).await.map(|(_, theirs)| theirs)
        };
        let (from_a, from_b) = (bytes(1), bytes(2));
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

#[test]
fn halves_go_to_two_tasks() {
    run(async {
        let (a, b) = tcp_pair().await?;
        let (reader, writer) = a.into_split();
        async fn count(reader: OwnedReadHalf<TcpStream>) -> io::Result<usize> {
            let mut sum = 0;
            loop {
                match reader.read(&mut [0; 1000]).await? {
                    0 => return Ok(sum),
                    read => sum += read,
                }
            }
        }
        let counted = spawn(count(reader));
        let written = spawn(async move { writer.write_all(&[7; 100_000]).await });
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
            sleep(ms(0)).await;
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
