//! Streams in memory.

#[path = "support/sync.rs"]
mod support;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use boucle::io::{DuplexStream, duplex};
use boucle::task::yield_now;
use boucle::time::sleep;
use boucle::{EventLoop, spawn};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future, io::split};

use support::{OnWake, Random, Task, is_send_and_sync};

/// Runs a test in a simulated loop, where a hang is an error.
#[track_caller]
fn run<T>(test: impl Future<Output = io::Result<T>>) -> T {
    EventLoop::simulated(1).block_on(test).unwrap()
}

/// Bytes of which no two neighbours are alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..251).cycle().take(length).collect()
}

#[test]
fn what_is_written_is_read_in_order_in_both_directions() {
    run(async {
        let (mut a, mut b) = duplex(16);
        a.write_all(b"question").await?;
        b.write_all(b"answer").await?;
        let mut buffer = [0; 16];
        assert_eq!(b.read(&mut buffer).await?, 8);
        assert_eq!(&buffer[..8], b"question");
        assert_eq!(a.read(&mut buffer).await?, 6);
        assert_eq!(&buffer[..6], b"answer");
        Ok(())
    });
}

#[test]
fn any_chunks_come_through_any_capacity() {
    let mut random = Random(0x5eed_cafe);
    for capacity in [1, 2, 3, 7, 64, 1000] {
        run(async {
            let (a, b) = duplex(capacity);
            let whole = bytes(5_000);
            let sent = whole.clone();
            let mut chunks = Random(random.below(1 << 30) as u64 + 1);
            let sending = spawn(async move {
                let (mut a, mut rest) = (a, &sent[..]);
                while !rest.is_empty() {
                    let chunk = (1 + chunks.below(200)).min(rest.len());
                    a.write_all(&rest[..chunk]).await.unwrap();
                    rest = &rest[chunk..];
                }
            });
            let (mut b, mut received) = (b, Vec::new());
            loop {
                let mut buffer = vec![0; 1 + random.below(200)];
                match b.read(&mut buffer).await? {
                    0 => break,
                    read => {
                        assert!(read <= capacity);
                        received.extend_from_slice(&buffer[..read]);
                    }
                }
            }
            assert!(received == whole);
            sending.await.unwrap();
            Ok(())
        });
    }
}

#[test]
fn a_writer_waits_while_the_pipe_is_full() {
    run(async {
        let (mut a, mut b) = duplex(4);
        assert_eq!(a.write(b"123456").await?, 4);
        let task = Task::new();
        assert!(task.poll_unpin(&mut a.write(b"56")).is_pending());
        assert_eq!(b.read(&mut [0; 1]).await?, 1);
        assert_eq!(task.wakes(), 1);
        assert_eq!(a.write(b"56").await?, 1, "there is room for one");
        Ok(())
    });
}

#[test]
fn a_reader_is_woken_by_the_first_byte() {
    run(async {
        let (mut a, mut b) = duplex(4);
        let (task, mut buffer) = (Task::new(), [0; 4]);
        assert!(task.poll_unpin(&mut b.read(&mut buffer)).is_pending());
        assert_eq!(task.wakes(), 0);
        a.write_all(b"1").await?;
        a.write_all(b"2").await?;
        assert_eq!(task.wakes(), 1, "once, as it has not asked again");
        assert_eq!(b.read(&mut buffer).await?, 2);
        Ok(())
    });
}

#[test]
fn what_was_written_before_the_end_can_still_be_read() {
    run(async {
        let (mut a, mut b) = duplex(16);
        a.write_all(b"last words").await?;
        drop(a);
        let mut text = String::new();
        b.read_to_string(&mut text).await?;
        assert_eq!(text, "last words");
        for _ in 0..3 {
            assert_eq!(b.read(&mut [0; 4]).await?, 0);
        }
        Ok(())
    });
}

/// Case 102.
#[test]
fn closing_ends_one_direction_only_and_may_be_repeated() {
    run(async {
        let (mut a, mut b) = duplex(16);
        a.close().await?;
        a.close().await?;
        assert_eq!(a.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(b.read(&mut [0; 4]).await?, 0);
        b.write_all(b"answer").await?;
        assert_eq!(a.read(&mut [0; 16]).await?, 6);
        Ok(())
    });
}

#[test]
fn a_dropped_peer_wakes_reader_and_writer() {
    run(async {
        let (mut a, b) = duplex(2);
        a.write_all(b"12").await?;
        let (mut reader, mut writer) = split(a);
        let reading = spawn(async move { reader.read(&mut [0; 4]).await });
        let writing = spawn(async move { writer.write(b"3").await });
        sleep(Duration::from_millis(1)).await;
        assert!(!reading.is_finished() && !writing.is_finished());
        drop(b);
        assert_eq!(reading.await.unwrap()?, 0);
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

/// Case 85.
#[test]
fn a_read_or_write_of_nothing_is_done_at_once() {
    run(async {
        let (mut a, mut b) = duplex(1);
        assert_eq!(b.read(&mut []).await?, 0);
        a.write_all(b"1").await?;
        assert_eq!(a.write(&[]).await?, 0);
        assert_eq!(b.read(&mut [0; 1]).await?, 1);
        Ok(())
    });
}

/// Case 27.
#[test]
fn a_pipe_that_is_always_ready_lets_other_tasks_run() {
    let event_loop = EventLoop::builder().simulated(1).budget(8).build().unwrap();
    event_loop.block_on(async {
        let (mut a, mut b) = duplex(64);
        let busy = spawn(async move {
            for _ in 0..500 {
                a.write_all(b"x").await.unwrap();
                b.read(&mut [0; 1]).await.unwrap();
            }
        });
        let mut beats = 0;
        while !busy.is_finished() {
            beats += 1;
            yield_now().await;
        }
        assert!(beats >= 1000 / 8 / 2, "{beats} beats");
    });
}

/// Case 145.
#[test]
fn a_dropped_end_keeps_no_waker() {
    let (mut a, b) = duplex(1);
    let task = Task::new();
    let mut buffer = [0; 1];
    assert!(task.poll_unpin(&mut a.read(&mut buffer)).is_pending());
    assert!(task.poll_unpin(&mut a.write(b"1")).is_ready());
    assert!(task.poll_unpin(&mut a.write(b"2")).is_pending());
    assert_eq!(task.wakers_kept(), 2);
    drop(a);
    assert_eq!(task.wakers_kept(), 0);
    drop(b);
}

/// Case 11.
#[test]
fn wakers_are_called_with_nothing_locked() {
    let (mut a, b) = duplex(4);
    let b = Arc::new(std::sync::Mutex::new(b));
    let on_wake = OnWake({
        let b = Arc::clone(&b);
        // Looks at both pipes of the stream, and so would wait for a lock that is held.
        move || assert!(format!("{:?}", b.try_lock()).contains("to_read"))
    });
    let waker = Arc::new(on_wake).into();
    let mut cx = std::task::Context::from_waker(&waker);
    {
        let mut b = b.lock().unwrap();
        let mut buffer = [0; 4];
        let reading = std::pin::pin!(b.read(&mut buffer));
        assert!(reading.poll(&mut cx).is_pending());
    }
    future::block_on(a.write_all(b"x")).unwrap();
}

#[test]
fn the_last_task_that_asks_is_woken() {
    let (mut a, mut b) = duplex(4);
    let (first, second) = (Task::new(), Task::new());
    let mut buffer = [0; 4];
    assert!(first.poll_unpin(&mut b.read(&mut buffer)).is_pending());
    assert!(second.poll_unpin(&mut b.read(&mut buffer)).is_pending());
    assert_eq!(first.wakers_kept(), 0);
    future::block_on(a.write_all(b"x")).unwrap();
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
}

#[test]
fn it_works_between_threads_and_without_a_loop() {
    let (mut a, mut b) = duplex(10);
    is_send_and_sync(&a);
    let whole = bytes(100_000);
    let sent = whole.clone();
    let thread = std::thread::spawn(move || {
        future::block_on(async {
            a.write_all(&sent).await.unwrap();
            a
        })
    });
    let mut received = vec![0; whole.len()];
    future::block_on(b.read_exact(&mut received)).unwrap();
    assert!(received == whole);
    drop(thread.join().unwrap());
    assert_eq!(future::block_on(b.read(&mut received)).unwrap(), 0);
}

#[test]
fn two_who_both_wait_are_a_deadlock_that_a_simulation_finds() {
    let (mut a, mut b): (DuplexStream, DuplexStream) = duplex(4);
    let stalled = EventLoop::simulated(0).try_block_on(async {
        let waits = async |stream: &mut DuplexStream| stream.read(&mut [0; 1]).await;
        future::zip(waits(&mut a), waits(&mut b)).await
    });
    assert!(stalled.is_err());
}

#[test]
#[should_panic(expected = "give it at least 1")]
fn a_duplex_without_capacity_is_refused() {
    drop(duplex(0));
}

#[test]
fn a_dropped_read_or_write_has_not_happened() {
    run(async {
        let (mut a, mut b) = duplex(2);
        let task = Task::new();
        assert!(task.poll_unpin(&mut b.read(&mut [0; 2])).is_pending());
        a.write_all(b"12").await?;
        assert!(task.poll_unpin(&mut a.write(b"3")).is_pending());
        let mut buffer = [0; 4];
        let Poll::Ready(Ok(2)) = task.poll_unpin(&mut b.read(&mut buffer)) else { panic!() };
        assert_eq!(&buffer[..2], b"12");
        assert!(task.poll_unpin(&mut b.read(&mut buffer)).is_pending());
        Ok(())
    });
}
