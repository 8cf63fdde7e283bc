//! Cancellation: every asynchronous operation is dropped at each of its `.await`s, and nothing is
//! lost or left behind.
//!
//! A scenario is run again and again. In run `n` the operation under test is dropped after its
//! `n`-th poll: at once in one series, and in the other when it has been woken for the next one,
//! which is when a grant that is on its way could be lost. The series ends with the run in which
//! the operation finishes first.

#[path = "support/engine.rs"]
mod support;

use boucle::net::{TcpListener, TcpStream, UdpSocket, lookup};
use boucle::observe::Event;
use boucle::sync::{Notify, Semaphore, mpsc, oneshot};
use boucle::time::{Instant, interval, sleep, timeout};
use boucle::{EventLoop, Handle, TaskGroup, spawn, spawn_blocking, task};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::thread;
use std::time::Duration;
use support::*;

/// Longer than anything here takes: whatever has not come by then is lost.
const LOST: Duration = Duration::from_secs(20);

/// When the operation under test is dropped.
#[derive(Clone)]
struct Cancel {
    /// After so many polls.
    after: usize,
    /// When it is woken for the next poll, instead of at once.
    when_woken: bool,
    /// It was dropped before it was done.
    happened: Rc<Cell<bool>>,
}

impl Cancel {
    /// Runs the operation, and drops it when its time has come.
    async fn run<T>(&self, operation: impl Future<Output = T>) -> Option<T> {
        let mut operation = Some(Box::pin(operation));
        let mut polls = 0;
        poll_fn(|cx| {
            if polls < self.after || self.after == 0 && self.when_woken && polls == 0 {
                polls += 1;
                let polled = operation.as_mut().expect("not dropped yet").as_mut().poll(cx);
                match polled {
                    Poll::Ready(output) => return Poll::Ready(Some(output)),
                    Poll::Pending if polls < self.after || self.when_woken => return Poll::Pending,
                    Poll::Pending => {}
                }
            }
            operation = None;
            self.happened.set(true);
            Poll::Ready(None)
        })
        .await
    }
}

/// What a loop has in its books: it must be nothing once a scenario is over.
#[derive(Default)]
struct Books {
    timers: i64,
    sources: i64,
    tasks: i64,
}

/// Runs the scenario with every cancellation there is.
fn at_every_await<Fut: Future<Output = ()>>(name: &str, scenario: impl Fn(Cancel) -> Fut) {
    for when_woken in [false, true] {
        for after in 0.. {
            let books: Rc<RefCell<Books>> = Rc::default();
            let theirs = Rc::clone(&books);
            let observer = Watch(move |_, event: &Event<'_>| {
                let mut books = theirs.borrow_mut();
                match event {
                    Event::TimerArmed { .. } => books.timers += 1,
                    Event::TimerFired { .. } | Event::TimerCancelled { .. } => books.timers -= 1,
                    Event::SourceAdded { .. } => books.sources += 1,
                    Event::SourceRemoved { .. } => books.sources -= 1,
                    Event::Spawned { .. } => books.tasks += 1,
                    Event::Dropped { .. } => books.tasks -= 1,
                    _ => {}
                }
            });
            let event_loop = EventLoop::builder().observer(observer).build().unwrap();
            let cancel = Cancel { after, when_woken, happened: Rc::default() };
            let run = format!("{name}, after {after} polls, when woken: {when_woken}");
            let in_time = event_loop.block_on(timeout(LOST, scenario(cancel.clone())));
            assert!(in_time.is_ok(), "{run}: something was lost");
            settle(&event_loop);
            let left = books.borrow();
            let left = (left.timers, left.sources, left.tasks);
            assert_eq!(left, (0, 0, 0), "{run}: timers, sources, tasks left");
            if !cancel.happened.get() {
                break;
            }
            assert!(after < 1000, "{run}: no end");
        }
    }
}

#[test]
fn a_sleep_leaves_no_timer() {
    at_every_await("sleep", async |cancel| {
        cancel.run(sleep(ms(2))).await;
    });
    at_every_await("two sleeps", async |cancel| {
        cancel
            .run(async {
                sleep(ms(1)).await;
                sleep(Duration::ZERO).await;
                sleep(ms(1)).await;
            })
            .await;
    });
}

#[test]
fn a_timeout_drops_its_future_and_its_timer() {
    at_every_await("timeout", async |cancel| {
        let dropped = Count::new();
        let noted = dropped.on_drop();
        let inner = async move {
            let _noted = noted;
            sleep(ms(1)).await;
            task::yield_now().await;
            pending::<()>().await;
        };
        cancel.run(timeout(ms(4), inner)).await;
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn no_beat_of_an_interval_is_lost() {
    at_every_await("interval", async |cancel| {
        let start = Instant::now();
        let mut beat = interval(ms(2));
        let mut beats = 0;
        for _ in 0..3 {
            beats += u32::from(cancel.run(beat.tick()).await.is_some());
        }
        // However many were cancelled, the next one is the next one.
        let due = beat.tick().await;
        assert_eq!(due.duration_since(start).as_millis() as u32 / 2, beats);
    });
}

#[test]
fn the_output_of_a_task_waits_for_whoever_asks_again() {
    at_every_await("join", async |cancel| {
        let mut handle = spawn(async {
            task::yield_now().await;
            sleep(ms(1)).await;
            7
        });
        let output = match cancel.run(&mut handle).await {
            Some(output) => output,
            None => handle.await,
        };
        assert_eq!(output.unwrap(), 7);
    });
    at_every_await("join of another thread's", async |cancel| {
        let mut handle = Handle::current().spawn(|| async {
            task::yield_now().await;
            7
        });
        let output = match cancel.run(&mut handle).await {
            Some(output) => output,
            None => handle.await,
        };
        assert_eq!(output.unwrap(), 7);
    });
    at_every_await("join of a job", async |cancel| {
        let mut handle = spawn_blocking(|| {
            thread::sleep(ms(1));
            7
        });
        let output = match cancel.run(&mut handle).await {
            Some(output) => output,
            None => handle.await,
        };
        assert_eq!(output.unwrap(), 7);
    });
}

#[test]
fn a_dropped_handle_lets_its_task_run() {
    at_every_await("join, dropped", async |cancel| {
        let (ran, done) = (Count::new(), Rc::new(Notify::new()));
        let (counted, notify) = (ran.clone(), Rc::clone(&done));
        let handle = spawn(async move {
            task::yield_now().await;
            counted.add();
            notify.notify_one();
        });
        cancel.run(handle).await;
        done.notified().await;
        assert_eq!(ran.get(), 1);
    });
}

#[test]
fn a_group_loses_no_output() {
    at_every_await("join_next", async |cancel| {
        let mut group = TaskGroup::new();
        for n in 0..4_u64 {
            group.spawn(async move {
                if n % 2 == 0 {
                    sleep(ms(n)).await;
                }
                n
            });
        }
        let mut sum = 0;
        while !group.is_empty() {
            // Cancelled once or not at all; then asked again.
            let next = match cancel.run(group.join_next()).await {
                Some(next) => next,
                None => group.join_next().await,
            };
            sum += next.unwrap().unwrap();
        }
        assert_eq!(sum, 6);
    });
}

#[test]
fn a_cancelled_join_all_ends_the_children() {
    at_every_await("join_all", async |cancel| {
        let dropped = Count::new();
        let mut group = TaskGroup::new();
        for n in 0..3 {
            let noted = dropped.on_drop();
            group.spawn(async move {
                let _noted = noted;
                sleep(ms(n)).await;
            });
        }
        cancel.run(group.join_all()).await;
        // Those that were aborted are dropped in their next turn.
        while dropped.get() < 3 {
            task::yield_now().await;
        }
    });
}

#[test]
fn a_oneshot_keeps_its_value() {
    at_every_await("oneshot", async |cancel| {
        let (send, mut receive) = oneshot::channel();
        drop(spawn(async move {
            task::yield_now().await;
            send.send(5).unwrap();
        }));
        let value = match cancel.run(&mut receive).await {
            Some(value) => value,
            None => receive.await,
        };
        assert_eq!(value, Ok(5));
    });
}

/// Case 136.
#[test]
fn a_channel_loses_no_message_by_a_cancelled_receive() {
    at_every_await("recv", async |cancel| {
        let (send, mut receive) = mpsc::channel(1);
        drop(spawn(async move {
            for n in 0..10 {
                send.send(n).await.unwrap();
                if n % 3 == 0 {
                    task::yield_now().await;
                }
            }
        }));
        let mut received = Vec::new();
        loop {
            let message = match cancel.run(receive.recv()).await {
                Some(message) => message,
                None => receive.recv().await,
            };
            match message {
                Some(n) => received.push(n),
                None => break,
            }
        }
        assert_eq!(received, (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn a_channel_gets_a_message_once_or_not_at_all_by_a_cancelled_send() {
    at_every_await("send", async |cancel| {
        let (send, mut receive) = mpsc::channel(1);
        let sender = spawn(async move {
            let mut sent = Vec::new();
            for n in 0..10 {
                if let Some(result) = cancel.run(send.send(n)).await {
                    result.unwrap();
                    sent.push(n);
                }
            }
            sent
        });
        let mut received = Vec::new();
        while let Some(n) = receive.recv().await {
            received.push(n);
            task::yield_now().await;
        }
        assert_eq!(received, sender.await.unwrap());
    });
}

/// Case 139.
#[test]
fn a_semaphore_loses_no_permit() {
    for count in [1, 2] {
        at_every_await("acquire", async |cancel| {
            let semaphore = Rc::new(Semaphore::new(2));
            let mut tasks = Vec::new();
            for _ in 0..3 {
                let (semaphore, cancel) = (Rc::clone(&semaphore), cancel.clone());
                tasks.push(spawn(async move {
                    let permit = cancel.run(semaphore.acquire_many(count)).await;
                    task::yield_now().await;
                    drop(permit);
                }));
            }
            // Somebody behind them in the queue is served in the end.
            drop(semaphore.acquire_many(2).await.unwrap());
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(semaphore.available_permits(), 2);
        });
    }
}

/// Case 141.
#[test]
fn a_notification_is_passed_on() {
    at_every_await("notified", async |cancel| {
        let notify = Rc::new(Notify::new());
        let theirs = Rc::clone(&notify);
        let first = spawn(async move { cancel.run(theirs.notified()).await });
        task::yield_now().await;
        let theirs = Rc::clone(&notify);
        let second = spawn(async move { theirs.notified().await });
        task::yield_now().await;
        notify.notify_one();
        if first.await.unwrap().is_some() {
            notify.notify_one();
        }
        second.await.unwrap();
    });
}

#[test]
fn no_connection_is_lost_by_a_cancelled_accept() {
    at_every_await("accept", async |cancel| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = spawn(async move {
            task::yield_now().await;
            let client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"here").await.unwrap();
        });
        let accepted = match cancel.run(listener.accept()).await {
            Some(accepted) => accepted,
            None => listener.accept().await,
        };
        let (stream, _) = accepted.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 4);
        client.await.unwrap();
    });
}

/// Case 92.
#[test]
fn a_cancelled_connect_leaves_no_socket() {
    at_every_await("connect", async |cancel| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if let Some(connected) = cancel.run(TcpStream::connect(address)).await {
            drop(connected.unwrap());
        }
        // The next one is not disturbed.
        TcpStream::connect(address).await.unwrap();
    });
    at_every_await("connect by name", async |cancel| {
        let listener = TcpListener::bind(("localhost", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let _ = cancel.run(TcpStream::connect(("localhost", port))).await;
        lookup(("localhost", port)).await.unwrap();
    });
    at_every_await("bind", async |cancel| {
        let _ = cancel.run(TcpListener::bind(("localhost", 0))).await;
    });
}

/// A connected pair.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

#[test]
fn no_byte_is_lost_by_a_cancelled_read_or_peek() {
    at_every_await("read", async |cancel| {
        let (writer, reader) = pair().await;
        drop(spawn(async move {
            for chunk in [&b"abc"[..], b"d", b"efghij"] {
                writer.write_all(chunk).await.unwrap();
                sleep(ms(1)).await;
            }
        }));
        let (mut text, mut buffer) = (Vec::new(), [0; 4]);
        loop {
            let _ = cancel.run(reader.peek(&mut buffer)).await;
            let read = match cancel.run(reader.read(&mut buffer)).await {
                Some(read) => read,
                None => reader.read(&mut buffer).await,
            };
            match read.unwrap() {
                0 => break,
                more => text.extend_from_slice(&buffer[..more]),
            }
        }
        assert_eq!(text, b"abcdefghij");
    });
}

#[test]
fn what_a_cancelled_write_did_not_report_was_not_written() {
    at_every_await("write", async |cancel| {
        let (writer, reader) = pair().await;
        let sender = spawn(async move {
            let (block, mut written) = (vec![7; 1 << 20], 0);
            for _ in 0..6 {
                if let Some(more) = cancel.run(writer.write(&block)).await {
                    written += more.unwrap();
                }
            }
            written
        });
        sleep(ms(1)).await;
        let (mut buffer, mut received) = (vec![0; 1 << 16], 0);
        loop {
            match reader.read(&mut buffer).await.unwrap() {
                0 => break,
                more => received += more,
            }
        }
        assert_eq!(received, sender.await.unwrap());
    });
}

#[test]
fn a_cancelled_write_all_leaves_a_beginning() {
    at_every_await("write_all", async |cancel| {
        let (writer, reader) = pair().await;
        let text: Rc<Vec<u8>> = Rc::new((0..6_000_000_u32).map(|n| (n / 7) as u8).collect());
        let theirs = Rc::clone(&text);
        let sender = spawn(async move { cancel.run(writer.write_all(&theirs)).await.is_some() });
        let (mut buffer, mut received) = (vec![0; 1 << 18], Vec::new());
        loop {
            match reader.read(&mut buffer).await.unwrap() {
                0 => break,
                more => received.extend_from_slice(&buffer[..more]),
            }
        }
        assert!(text.starts_with(&received));
        assert!(!sender.await.unwrap() || received.len() == text.len());
    });
}

#[test]
fn no_datagram_is_lost_by_a_cancelled_receive() {
    at_every_await("recv_from", async |cancel| {
        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = receiver.local_addr().unwrap();
        let sender = spawn(async move {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            for n in 0..4 {
                task::yield_now().await;
                socket.send_to(&[n], address).await.unwrap();
            }
        });
        let mut received = Vec::new();
        while received.len() < 4 {
            let mut buffer = [0; 8];
            let from = match cancel.run(receiver.recv_from(&mut buffer)).await {
                Some(from) => from,
                None => receiver.recv_from(&mut buffer).await,
            };
            assert_eq!(from.unwrap().0, 1);
            received.push(buffer[0]);
        }
        assert_eq!(received, [0, 1, 2, 3]);
        sender.await.unwrap();
    });
}

#[test]
fn no_byte_is_lost_in_memory() {
    at_every_await("duplex", async |cancel| {
        let (mut writer, mut reader) = boucle::io::duplex(4);
        let theirs = cancel.clone();
        let sender = spawn(async move {
            let mut written = Vec::new();
            for n in 0..20 {
                if let Some(more) = theirs.run(writer.write(&[n, n, n])).await {
                    written.extend(vec![n; more.unwrap()]);
                }
            }
            drop(writer);
            written
        });
        let (mut received, mut buffer) = (Vec::new(), [0; 3]);
        loop {
            let read = match cancel.run(reader.read(&mut buffer)).await {
                Some(read) => read,
                None => reader.read(&mut buffer).await,
            };
            match read.unwrap() {
                0 => break,
                more => received.extend_from_slice(&buffer[..more]),
            }
        }
        assert_eq!(received, sender.await.unwrap());
    });
}

#[test]
fn a_yield_and_a_spender_leave_nothing() {
    at_every_await("yield_now", async |cancel| {
        cancel.run(task::yield_now()).await;
        task::yield_now().await;
    });
    at_every_await("budget", async |cancel| {
        cancel
            .run(async {
                for _ in 0..1000 {
                    boucle::budget::spend().await;
                }
            })
            .await;
    });
}

/// A task is aborted after each of its polls: the same as the cancellation of what it awaits.
#[test]
fn an_aborted_task_leaves_nothing() {
    for polls in 0..12 {
        let event_loop = new_loop();
        let (dropped, semaphore) = (Count::new(), Rc::new(Semaphore::new(1)));
        let (noted, theirs) = (dropped.on_drop(), Rc::clone(&semaphore));
        let (send, mut receive) = mpsc::channel(1);
        let mut work = Box::pin(async move {
            let _noted = noted;
            for n in 0.. {
                let _permit = theirs.acquire().await.unwrap();
                send.send(n).await.unwrap();
                sleep(Duration::from_micros(100)).await;
                task::yield_now().await;
            }
        });
        let (mut left, reached) = (polls, Rc::new(Notify::new()));
        let notify = Rc::clone(&reached);
        let task = event_loop.spawn(poll_fn(move |cx| {
            if left == 0 {
                notify.notify_one();
                return Poll::<()>::Pending;
            }
            left -= 1;
            let polled: Pin<&mut _> = work.as_mut();
            polled.poll(cx)
        }));
        event_loop.block_on(async {
            let mut reached = pin!(reached.notified());
            loop {
                let received = receive.recv();
                let either = async {
                    received.await;
                    false
                };
                let ended = async {
                    reached.as_mut().await;
                    true
                };
                let limit = timeout(ms(20), futures_lite::future::or(ended, either));
                if limit.await.unwrap_or(true) {
                    break;
                }
            }
            task.abort();
            assert!(task.await.unwrap_err().is_aborted());
            assert_eq!(dropped.get(), 1);
            assert_eq!(semaphore.available_permits(), 1);
            while receive.recv().await.is_some() {}
        });
    }
}
