//! `timeout_pending`, `timeout_ready`, `timers_fire`, `timer_sparse`: what time costs.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

use crate::backend::Runtime;

/// The timeout that never elapses.
const LONG: Duration = Duration::from_secs(30);

/// `count` timeouts one after the other, each around a future that is pending once, while `others`
/// sleeps are live.
pub fn timeout_pending<R: Runtime>(count: usize, others: usize) -> Duration {
    timeouts::<R, _>(count, others, || PendingOnce { polled: false })
}

/// The same around a future that is ready at its first poll.
pub fn timeout_ready<R: Runtime>(count: usize, others: usize) -> Duration {
    // No compiler may know that it is ready.
    timeouts::<R, _>(count, others, || poll_fn(|_| black_box(Poll::Ready(()))))
}

fn timeouts<R, F>(count: usize, others: usize, inner: fn() -> F) -> Duration
where
    R: Runtime,
    F: Future<Output = ()> + Send + 'static,
{
    let work = async move {
        let begin = Instant::now();
        for _ in 0..count {
            let in_time = R::timeout(LONG, inner()).await.is_ok();
            assert!(in_time, "nothing takes 30 s here");
        }
        begin.elapsed()
    };
    R::block_on(async {
        // The other sleeps end a minute from now and later, some microseconds apart.
        let first = Duration::from_secs(60);
        sleepers::<R>((0..others).map(|index| first + Duration::from_micros(300) * index as u32))
            .await;
        R::spawn(work).await
    })
}

/// Starts a task for each of these sleeps, and returns when all are asleep.
pub async fn sleepers<R: Runtime>(times: impl Iterator<Item = Duration>) {
    static ASLEEP: AtomicUsize = AtomicUsize::new(0);
    let mut awaited = ASLEEP.load(Relaxed);
    for time in times {
        awaited += 1;
        R::spawn_detached(async move {
            // In the poll that arms the sleep, and before nothing else can run.
            ASLEEP.fetch_add(1, Relaxed);
            R::sleep(time).await;
        });
    }
    while ASLEEP.load(Relaxed) < awaited {
        R::yield_now().await;
    }
}

/// Pending at the first poll, which wakes its task, and ready at the second.
struct PendingOnce {
    polled: bool,
}

impl Future for PendingOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polled {
            return Poll::Ready(());
        }
        self.polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// What came of many sleeps.
pub struct Fired {
    /// CPU time of the process, all threads, from the first spawn to the last task awaited.
    pub cpu: Duration,
    /// How late each was, in rising order; those that ended early are not in it.
    pub lateness: Vec<Duration>,
    /// How many ended before they were due.
    pub early: usize,
}

/// One task for each of `count` sleeps, due spread over one second in an order without a pattern.
///
/// The second begins half a second after the start, when the slowest backend has armed all, so
/// that lateness says something about timers and nothing about a queue of new tasks. CPU time, as
/// most of the wall time is waiting by design; it includes spawning and arming.
pub fn timers_fire<R: Runtime>(count: usize) -> Fired {
    R::block_on(async {
        let cpu = ProcessTime::now();
        let begin = Instant::now() + Duration::from_millis(500);
        let handles: Vec<_> = (0..count)
            .map(|index| {
                // A stride that shares no factor with `count` visits every place once.
                let place = index * 100_003 % count;
                let due = begin + Duration::from_secs(1) * place as u32 / count as u32;
                R::spawn(async move {
                    R::sleep(due - Instant::now()).await;
                    Instant::now().checked_duration_since(due)
                })
            })
            .collect();
        let mut lateness = Vec::with_capacity(count);
        for handle in handles {
            lateness.extend(handle.await);
        }
        let cpu = cpu.elapsed();
        lateness.sort_unstable();
        Fired { cpu, early: count - lateness.len(), lateness }
    })
}

/// Single sleeps of 3 to 15 ms with nothing else to do; how late each was, in rising order.
pub fn timer_sparse<R: Runtime>(count: u64) -> Vec<Duration> {
    R::block_on(async {
        let mut lateness = Vec::new();
        for index in 0..count {
            let time = Duration::from_micros(3_000 + index * 7_919 % 12_000);
            let begin = Instant::now();
            R::sleep(time).await;
            lateness.push(begin.elapsed().saturating_sub(time));
        }
        lateness.sort_unstable();
        lateness
    })
}
