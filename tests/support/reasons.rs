//! Small programs that show every kind of reason, for the tests of "why?". Their traces are kept
//! in `tests/page/why/`, so a line that moves here changes those: `BLESS=1 cargo test --test why`.

use std::future::pending;
use std::thread;
use std::time::Duration;

use boucle::net::{TcpListener, TcpStream};
use boucle::sync::{Notify, mpsc, oneshot};
use boucle::task::{spawn_named, yield_now};
use boucle::time::{sleep, timeout};
use boucle::{EventLoop, spawn, spawn_blocking};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A program, by its name.
pub type Program = (&'static str, fn(&EventLoop));

/// Those that need no operating system.
pub const SIMULATED: [Program; 8] = [
    ("timers", timers),
    ("handles", handles),
    ("channels", channels),
    ("aborts", aborts),
    ("jobs", jobs),
    ("relay", relay),
    ("turns", turns),
    ("outside", outside),
];

/// Sleeps, a timeout that is not needed, and a timer that comes nearer in steps.
fn timers(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let fetch = spawn_named("fetch", async {
            sleep(ms(50)).await;
            sleep(Duration::from_micros(1_500)).await;
        });
        timeout(ms(400), fetch).await.unwrap().unwrap();
        sleep(Duration::from_secs(7)).await;
    });
}

/// Tasks that await each other, one that panics, one that nobody awaits.
fn handles(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let parse = spawn_named("parse", async {
            let fetch = spawn_named("fetch", sleep(ms(3)));
            fetch.await.unwrap();
        });
        drop(spawn(yield_now()));
        parse.await.unwrap();
        spawn_named("`odd`\n\u{202e}<b>", yield_now()).await.unwrap();
        spawn_named("bad", async { panic!("on purpose") }).await.unwrap_err();
    });
}

/// Tasks that wake each other, and themselves.
fn channels(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let (send, mut receive) = mpsc::channel(1);
        let producer = spawn_named("producer", async move {
            for number in 0..3 {
                send.send(number).await.unwrap();
                sleep(ms(1)).await;
            }
        });
        let consumer =
            spawn_named("consumer", async move { while receive.recv().await.is_some() {} });
        let spins = spawn_named("spins", async {
            for _ in 0..5 {
                yield_now().await;
            }
        });
        let (answer, asked) = oneshot::channel();
        drop(spawn_named("asked", async move { answer.send(5).unwrap() }));
        asked.await.unwrap();
        for task in [producer, consumer, spins] {
            task.await.unwrap();
        }
    });
}

/// Tasks that are aborted: while they sleep, before they begin, by themselves, with their loop.
fn aborts(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let sleeper = spawn_named("sleeper", sleep(ms(1_000)));
        let unborn = spawn_named("unborn", pending::<()>());
        let awaits = spawn_named("awaits", async {
            spawn_named("left", pending::<()>()).await.unwrap_err();
        });
        unborn.abort();
        yield_now().await;
        sleeper.abort();
        sleeper.abort();
        sleeper.await.unwrap_err();
        unborn.await.unwrap_err();
        awaits.abort();
        drop(awaits);
        yield_now().await;
        spawn_named("forever", async { sleep(ms(5_000)).await });
        // Woken twice before it is polled.
        let notify = std::rc::Rc::new(Notify::new());
        let both = notify.clone();
        let twice = spawn_named("twice", async move {
            let _ = timeout(ms(1), both.notified()).await;
        });
        sleep(ms(1)).await;
        notify.notify_one();
        twice.await.unwrap();
    });
}

/// Jobs: done, and panicking.
fn jobs(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let shrink = spawn_named("shrink", async { spawn_blocking(|| 5).await.unwrap() });
        assert_eq!(shrink.await.unwrap(), 5);
        spawn_blocking(|| panic!("on purpose")).await.unwrap_err();
    });
}

/// A chain that is longer than anybody reads.
fn relay(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let (first, mut before) = oneshot::channel::<()>();
        for number in 0..26 {
            let (send, receive) = oneshot::channel();
            let runner = async move {
                before.await.unwrap();
                let _ = send.send(());
            };
            drop(spawn_named(format!("runner {number}"), runner));
            before = receive;
        }
        sleep(ms(1)).await;
        first.send(()).unwrap();
        before.await.unwrap();
    });
}

/// A loop that its program turns itself.
fn turns(event_loop: &EventLoop) {
    let task = event_loop.spawn(async {
        sleep(ms(20)).await;
        yield_now().await;
    });
    for _ in 0..4 {
        event_loop.turn(Some(ms(7)));
    }
    event_loop.turn(Some(Duration::ZERO));
    drop(task);
}

/// A program that does something to its loop between turns.
fn outside(event_loop: &EventLoop) {
    let (sender, receiver) = oneshot::channel();
    let waits = event_loop.spawn(async move { receiver.await.unwrap() });
    event_loop.turn(Some(Duration::ZERO));
    sender.send(()).unwrap();
    let far = event_loop.handle().spawn(pending::<()>);
    event_loop.turn(Some(Duration::ZERO));
    far.abort();
    event_loop.block_on(async {
        waits.await.unwrap();
        far.await.unwrap_err();
    });
}

/// Tasks and timers that outlive the events that a small record holds.
fn ring(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let old = spawn_named("old", sleep(Duration::from_secs(20)));
        let never = spawn_named("never", pending::<()>());
        for _ in 0..20 {
            spawn_named("young", sleep(ms(900))).await.unwrap();
        }
        never.abort();
        old.await.unwrap();
    });
}

/// Those that need a real loop: what happens there is never the same twice.
pub const REAL: [Program; 3] = [("sockets", sockets), ("threads", threads), ("hangs", hangs)];

/// One for a record that is too small for it; what is left depends on the size of an event.
pub const CUT: Program = ("ring", ring);

/// A server and two clients, one of which lets it wait.
fn sockets(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn_named("server", async move {
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                drop(spawn_named("connection", async move {
                    let mut buffer = [0; 64];
                    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                        stream.write_all(&buffer[..length]).await.unwrap();
                    }
                }));
            }
        });
        let clients = [("quick", ms(0)), ("slow", ms(30))].map(|(name, pause)| {
            spawn_named(name, async move {
                let stream = TcpStream::connect(address).await.unwrap();
                sleep(pause).await;
                stream.write_all(b"hello").await.unwrap();
                let mut reply = [0; 5];
                timeout(ms(1_000), stream.read(&mut reply)).await.unwrap().unwrap();
            })
        });
        for task in clients {
            task.await.unwrap();
        }
        server.await.unwrap();
    });
}

/// Messages of another thread, and jobs of a pool.
fn threads(event_loop: &EventLoop) {
    let handle = event_loop.handle();
    event_loop.block_on(async {
        let (answer, asked) = oneshot::channel();
        let other = thread::spawn(move || {
            thread::sleep(ms(5));
            drop(handle.spawn(|| sleep(ms(1))));
            answer.send(1).unwrap();
        });
        let jobs = [10, 3]
            .map(|millis| spawn_named("job", spawn_blocking(move || thread::sleep(ms(millis)))));
        asked.await.unwrap();
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        spawn_blocking(|| panic!("on purpose")).await.unwrap_err();
        other.join().unwrap();
    });
}

/// A job that has not ended when the loop does.
fn hangs(event_loop: &EventLoop) {
    event_loop.block_on(async {
        let (begins, begun) = oneshot::channel();
        let job = spawn_blocking(move || -> () {
            begins.send(()).unwrap();
            loop {
                thread::park();
            }
        });
        let _awaits = spawn_named("awaits", job);
        begun.await.unwrap();
        sleep(ms(5)).await;
    });
}

/// One more that needs no operating system: jobs that send while they run, of which one waits for
/// the other's thread.
pub const SENDERS: Program = ("senders", senders);

fn senders(event_loop: &EventLoop) {
    use boucle::blocking::BlockingPool;
    use boucle::time::block_for;

    event_loop.block_on(async {
        let pool = BlockingPool::new(1);
        let (sender, mut lines) = mpsc::channel(8);
        let reader = spawn_named("reader", async move { while lines.recv().await.is_some() {} });
        let jobs = [30, 20].map(|millis| {
            let sender = sender.clone();
            pool.spawn(move || {
                sender.try_send(millis).unwrap();
                block_for(ms(millis));
            })
        });
        drop(sender);
        for job in jobs {
            job.await.unwrap();
        }
        reader.await.unwrap();
    });
}
