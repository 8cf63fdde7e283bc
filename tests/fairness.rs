//! Fairness: whoever is always ready starves nobody.

#![cfg(feature = "os")]

#[path = "support/engine.rs"]
mod support;

use boucle::net::{TcpListener, TcpStream, UdpSocket};
use boucle::sync::{Notify, Semaphore, mpsc};
use boucle::time::{Instant, block_for, sleep, timeout};
use boucle::{EventLoop, TaskGroup, block_on, spawn, task};
use futures_lite::future;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use support::*;

/// What others get done in the meantime: timers, sockets, messages of other threads, and tasks.
async fn everything_else() {
    let start = worked();
    for _ in 0..3 {
        sleep(ms(1)).await;
    }
    // A socket, with a few round trips.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = spawn(TcpStream::connect(listener.local_addr().unwrap()));
    let (server, _) = listener.accept().await.unwrap();
    let client = client.await.unwrap().unwrap();
    for n in 0..5 {
        client.write_all(&[n]).await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(server.read(&mut buffer).await.unwrap(), 1);
        server.write_all(&buffer[..1]).await.unwrap();
        assert_eq!(client.read(&mut buffer).await.unwrap(), 1);
        assert_eq!(buffer[0], n);
    }
    // Another thread, and another task.
    assert_eq!(boucle::spawn_blocking(|| 1).await.unwrap(), 1);
    assert_eq!(spawn(async { 2 }).await.unwrap(), 2);
    let taken = worked().saturating_sub(start);
    assert!(taken < Duration::from_secs(4), "starved for {taken:?}");
}

/// How long this thread has worked. What else the machine does is no concern of fairness.
#[cfg(unix)]
fn worked() -> Duration {
    let worked = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    worked.try_into().unwrap()
}

/// How long this thread has worked, or could have.
#[cfg(not(unix))]
fn worked() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

type Busy = Pin<Box<dyn Future<Output = ()>>>;

/// Runs everything else beside `tasks` busy ones.
fn beside(tasks: usize, busy: impl Fn() -> Busy) {
    let event_loop = new_loop();
    for _ in 0..tasks {
        drop(event_loop.spawn(busy()));
    }
    event_loop.block_on(everything_else());
}

/// Case 25. By `yield_now`, by a wake of its own, and by a future that is woken while it is polled.
#[test]
fn a_task_that_wakes_itself_starves_neither_timers_nor_sockets() {
    beside(1, || {
        Box::pin(async {
            loop {
                task::yield_now().await;
            }
        })
    });
    beside(200, || {
        Box::pin(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        }))
    });
}

/// Case 25. In virtual time, so that it can be said to the piece.
#[test]
fn a_task_that_yields_is_not_polled_twice_before_the_loop_has_looked_at_its_timers() {
    for seed in 0..20 {
        let event_loop = EventLoop::simulated(seed);
        for _ in 0..3 {
            drop(event_loop.spawn(async {
                loop {
                    block_for(ms(1));
                    task::yield_now().await;
                }
            }));
        }
        event_loop.block_on(async {
            let start = Instant::now();
            for _ in 0..100 {
                sleep(ms(10)).await;
            }
            // A timer waits for what is left of its turn, and its task for a turn: three pieces each.
            assert!(start.elapsed() <= 100 * ms(10 + 2 * 3), "{:?}", start.elapsed());
        });
    }
}

/// Case 25. However many yield, others lose nothing by it.
#[test]
fn a_turn_goes_on_for_those_who_stand_before_the_task_that_yields() {
    let event_loop = EventLoop::builder().simulated_in_order().build().unwrap();
    let polled = Rc::new(RefCell::new(String::new()));
    for name in ["a", "b", "c"] {
        let polled = Rc::clone(&polled);
        drop(event_loop.spawn(async move {
            loop {
                polled.borrow_mut().push_str(name);
                task::yield_now().await;
            }
        }));
    }
    for turn in 1..=3 {
        assert_eq!(event_loop.turn(Some(Duration::ZERO)), 3);
        assert_eq!(*polled.borrow(), "abc".repeat(turn));
    }
}

/// Case 25. A yield wakes whoever polls it, and that need not be the task: here it is something like
/// a `FuturesUnordered`, which polls again only who was woken.
#[test]
fn a_yield_inside_of_a_future_with_a_waker_of_its_own_is_not_lost() {
    struct Woken(AtomicBool, Waker);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, SeqCst);
            self.1.wake_by_ref();
        }
    }
    /// Polls the future only if its own waker was called.
    async fn strictly<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut woken: Option<Arc<Woken>> = None;
        poll_fn(move |cx| {
            let task = cx.waker().clone();
            let woken = woken.get_or_insert_with(|| Arc::new(Woken(AtomicBool::new(true), task)));
            if !woken.0.swap(false, SeqCst) {
                return Poll::Pending;
            }
            future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(woken))))
        })
        .await
    }
    let pieces = async {
        for _ in 0..100 {
            task::yield_now().await;
        }
    };
    let (send, mut receive) = mpsc::channel(1);
    let messages = async move {
        for n in 0..1_000 {
            send.send(n).await.unwrap();
            assert_eq!(receive.recv().await, Some(n));
        }
    };
    let beside = spawn_and_yield();
    EventLoop::simulated(1).block_on(async {
        strictly(pieces).await;
        strictly(messages).await;
        strictly(beside).await;
    });
}

/// Yields in two branches of one task, one of which is done at once.
async fn spawn_and_yield() {
    let yields = future::zip(task::yield_now(), async {
        task::yield_now().await;
        spawn(task::yield_now()).await.unwrap();
    });
    yields.await;
    future::or(task::yield_now(), async {}).await;
}

/// Case 26.
#[test]
fn two_tasks_in_ping_pong_starve_no_third() {
    let event_loop = new_loop();
    let (ping, mut pinged) = mpsc::channel(1);
    let (pong, mut ponged) = mpsc::channel(1);
    drop(event_loop.spawn(async move {
        while pinged.recv().await.is_some() {
            pong.send(()).await.unwrap();
        }
    }));
    drop(event_loop.spawn(async move {
        loop {
            ping.send(()).await.unwrap();
            ponged.recv().await.unwrap();
        }
    }));
    event_loop.block_on(everything_else());
    // And in turns: of two that are always ready, each gets as many polls as the other.
    let order: Rc<RefCell<Vec<u8>>> = Rc::default();
    for who in [1, 2] {
        let order = Rc::clone(&order);
        drop(event_loop.spawn(async move {
            for _ in 0..100 {
                order.borrow_mut().push(who);
                task::yield_now().await;
            }
        }));
    }
    event_loop.block_on(async {
        while order.borrow().len() < 200 {
            task::yield_now().await;
        }
    });
    assert!(order.borrow().chunks(2).all(|pair| pair == [1, 2]));
}

/// Case 27. One operation of each kind, always ready, in a loop without any other `.await`.
#[test]
fn an_operation_that_is_always_ready_yields() {
    beside(1, || {
        Box::pin(async {
            let (send, mut receive) = mpsc::channel(2);
            loop {
                send.send(1).await.unwrap();
                receive.recv().await.unwrap();
            }
        })
    });
    beside(1, || {
        Box::pin(async {
            let semaphore = Semaphore::new(1);
            loop {
                drop(semaphore.acquire().await.unwrap());
            }
        })
    });
    beside(1, || {
        Box::pin(async {
            let notify = Notify::new();
            loop {
                notify.notify_one();
                notify.notified().await;
            }
        })
    });
    beside(1, || {
        Box::pin(async {
            loop {
                boucle::budget::spend().await;
            }
        })
    });
    beside(1, || {
        Box::pin(async {
            loop {
                sleep(Duration::ZERO).await;
            }
        })
    });
}

/// Case 27. A socket to which one can always send, and one from which one can always read.
#[test]
fn a_socket_that_is_always_ready_yields() {
    beside(1, || {
        Box::pin(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
            loop {
                let _ = socket.send_to(b"x", nobody).await;
            }
        })
    });
    beside(1, || {
        Box::pin(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            // A thread that keeps the buffer full; it ends with the connection.
            std::thread::spawn(move || {
                use std::io::Write;
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                while stream.write_all(&[0; 65_536]).is_ok() {}
            });
            let (stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            while stream.read(&mut byte).await.unwrap() == 1 {}
        })
    });
}

/// Case 27. A pipe in memory.
#[test]
fn a_stream_in_memory_that_is_always_ready_yields() {
    use futures_lite::{AsyncReadExt, AsyncWriteExt};
    beside(1, || {
        Box::pin(async {
            let (mut one, mut other) = boucle::io::duplex(16);
            let mut buffer = [0; 16];
            loop {
                one.write_all(b"0123").await.unwrap();
                other.read_exact(&mut buffer[..4]).await.unwrap();
            }
        })
    });
}

/// Case 27. As many polls as its budget allows, and no more, go to the busy task.
#[test]
fn the_budget_is_what_was_asked_for() {
    for budget in [1, 7, 128] {
        let event_loop = EventLoop::builder().budget(budget).build().unwrap();
        let (done, other) = (Count::new(), Count::new());
        let counted = done.clone();
        drop(event_loop.spawn(async move {
            loop {
                boucle::budget::spend().await;
                counted.add();
            }
        }));
        event_loop.block_on(async {
            for _ in 0..10 {
                task::yield_now().await;
                other.add();
            }
        });
        // Each ran eleven times, the busy one first.
        assert_eq!(done.get(), 11 * budget as usize);
    }
}

/// Case 28. The budget of one task is no other's, and not that of the next poll.
#[test]
fn a_limit_around_a_spender_beside_spenders_holds() {
    let event_loop = new_loop();
    for _ in 0..50 {
        drop(event_loop.spawn(async {
            loop {
                boucle::budget::spend().await;
            }
        }));
    }
    event_loop.block_on(async {
        let start = worked();
        let busy = async {
            loop {
                boucle::budget::spend().await;
            }
        };
        let ended: Result<(), _> = timeout(ms(20), busy).await;
        assert!(ended.is_err());
        assert!(worked().saturating_sub(start) < Duration::from_secs(2));
    });
}

/// Case 29. The second branch comes first although the first is always ready.
#[test]
fn the_later_branch_of_a_race_is_not_starved() {
    block_on(async {
        let (send, mut receive) = mpsc::channel(4);
        let busy = async {
            loop {
                send.send(1).await.unwrap();
                receive.recv().await.unwrap();
            }
        };
        let limit = async {
            sleep(ms(5)).await;
            2
        };
        assert_eq!(future::or(busy, limit).await, 2);
    });
}

/// Case 30. A task that spawns a task that spawns a task keeps nobody waiting.
#[test]
fn a_task_spawned_while_the_queue_is_drained_waits_for_those_before_it() {
    fn chain(order: Rc<RefCell<Vec<u32>>>, n: u32) {
        drop(spawn(async move {
            order.borrow_mut().push(n);
            chain(order, n + 1);
        }));
    }
    let event_loop = new_loop();
    let order: Rc<RefCell<Vec<u32>>> = Rc::default();
    event_loop.block_on(async {
        chain(Rc::clone(&order), 0);
        let others = Count::new();
        for _ in 0..10 {
            let others = others.clone();
            drop(spawn(async move { others.add() }));
        }
        task::yield_now().await;
        assert_eq!((order.borrow().len(), others.get()), (1, 10));
        task::yield_now().await;
        assert_eq!(order.borrow().len(), 2, "one link a round");
    });
    // A turn ends although the queue never does.
    for polls in [1, 61] {
        let event_loop = EventLoop::builder().polls_per_turn(polls).build().unwrap();
        drop(event_loop.spawn(async move { chain(Rc::default(), 0) }));
        for _ in 0..5 {
            assert_eq!(event_loop.turn(Some(ms(0))), polls);
        }
    }
}

/// Case 31. Sleepers and messages, under a load of a thousand tasks that never rest.
#[test]
fn a_thousand_busy_tasks_starve_nobody() {
    beside(1000, || {
        Box::pin(async {
            loop {
                task::yield_now().await;
            }
        })
    });
}

/// Case 94. A thousand connections wait to be accepted; others are served meanwhile.
#[test]
fn an_accept_loop_shares_the_loop() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> =
            (0..100).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let accepted = Count::new();
        let counted = accepted.clone();
        let acceptor = spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.add();
                drop(stream);
            }
        });
        let mut group = TaskGroup::new();
        group.spawn(everything_else());
        group.spawn(async { sleep(ms(1)).await });
        group.join_all().await;
        while accepted.get() < 100 {
            sleep(ms(1)).await;
        }
        acceptor.abort();
        drop(clients);
    });
}
