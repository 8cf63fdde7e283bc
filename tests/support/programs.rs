//! Random programs: trees of tasks that spawn, join, abort, sleep, talk, block and panic, always
//! end, and check what they can check from within.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use boucle::callback::later;
use boucle::io::duplex;
use boucle::sync::{Notify, Semaphore, mpsc};
use boucle::task::{JoinError, JoinHandle, TaskGroup, spawn_named, yield_now};
use boucle::time::{Instant, block_for, interval, sleep, timeout};
use boucle::{Handle, spawn, spawn_blocking};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

/// A small generator of numbers (xorshift), so that a program is its seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// What the tasks of a program share.
pub struct World {
    /// The longest sleep, in microseconds.
    longest: u64,
    /// How many tasks may still be spawned.
    left: Cell<u32>,
    /// How many futures of tasks live.
    living: Cell<i32>,
    /// Whether sleeps end exactly when they are due, to the millisecond.
    exact: bool,
    semaphore: Semaphore,
    notify: Notify,
    sender: mpsc::Sender<u64>,
    receiver: RefCell<Option<mpsc::Receiver<u64>>>,
    /// Wakers that somebody left here, of tasks that may be long gone.
    wakers: RefCell<Vec<Waker>>,
}

impl World {
    /// A world for one program. `longest` is how long one of its tasks ever sleeps; with `exact`,
    /// time does not pass while tasks run.
    pub fn new(longest: Duration, exact: bool) -> Rc<World> {
        let (sender, receiver) = mpsc::channel(2);
        Rc::new(World {
            longest: longest.as_micros() as u64,
            left: Cell::new(60),
            living: Cell::new(0),
            exact,
            semaphore: Semaphore::new(2),
            notify: Notify::new(),
            sender,
            receiver: RefCell::new(Some(receiver)),
            wakers: RefCell::default(),
        })
    }

    /// Nothing of the program may be left when its loop is gone.
    pub fn assert_empty(self: &Rc<World>) {
        assert_eq!(self.living.get(), 0, "futures are left");
        assert_eq!(Rc::strong_count(self), 1, "something of a task is left");
        assert_eq!(self.semaphore.available_permits(), 2, "permits were lost");
        self.wakers.take().into_iter().for_each(Waker::wake);
    }

    fn some_time(&self, dice: &mut Dice) -> Duration {
        // Half of them whole milliseconds, so that several are due at once.
        let time = dice.below(self.longest);
        Duration::from_micros(if dice.below(2) == 0 { time / 1_000 * 1_000 } else { time })
    }
}

/// Counts a task's future while it lives; does something when it is dropped.
struct Guard {
    world: Rc<World>,
    at_end: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.world.living.set(self.world.living.get() - 1);
        match self.at_end {
            0 => drop(spawn(async {})),
            1 => self.world.notify.notify_one(),
            2 => self.world.wakers.take().into_iter().for_each(Waker::wake),
            3 if !std::thread::panicking() => resume_unwind(Box::new("in a destructor")),
            _ => {}
        }
    }
}

/// The root of a program: runs a random task, then lets everybody else come to an end too.
pub async fn program(world: Rc<World>, seed: u64) {
    act(&world, seed, 0).await;
    if seed.is_multiple_of(2) {
        while world.living.get() > 0 {
            sleep(Duration::from_millis(7)).await;
        }
    }
}

/// What a task does: a few random things, one after the other.
fn act(world: &Rc<World>, seed: u64, depth: u32) -> Pin<Box<dyn Future<Output = u64>>> {
    world.living.set(world.living.get() + 1);
    let mut dice = Dice::new(seed);
    let guard =
        Guard { world: Rc::clone(world), at_end: if depth > 0 { dice.below(40) } else { 9 } };
    // The guard goes with the future, whether or not it is ever polled.
    Box::pin(async move {
        let guard = guard;
        let mut children: Vec<(u64, JoinHandle<u64>)> = Vec::new();
        let own: Rc<RefCell<Option<JoinHandle<u64>>>> = Rc::default();
        for _ in 0..3 + dice.below(7) {
            step(&guard.world, &mut dice, depth, &mut children, &own).await;
        }
        for (seed, child) in children {
            joined(seed, child.await);
        }
        seed
    })
}

/// A child's output is its own.
fn joined(seed: u64, output: Result<u64, JoinError>) {
    match output {
        Ok(output) => assert_eq!(output, seed),
        Err(error) => assert!(error.is_aborted() || error.to_string().contains(": in a ")),
    }
}

async fn step(
    world: &Rc<World>,
    dice: &mut Dice,
    depth: u32,
    children: &mut Vec<(u64, JoinHandle<u64>)>,
    own: &Rc<RefCell<Option<JoinHandle<u64>>>>,
) {
    let may_spawn = depth < 4 && world.left.get() > 0;
    match dice.below(27) {
        0 | 1 => yield_now().await,
        2 | 3 => {
            let (time, start) = (world.some_time(dice), Instant::now());
            sleep(time).await;
            assert!(start.elapsed() >= time, "a sleep was early");
            let limit = time + Duration::from_millis(1);
            assert!(!world.exact || start.elapsed() < limit, "a sleep was late");
        }
        4..=8 if may_spawn => {
            world.left.set(world.left.get() - 1);
            let seed = dice.below(u64::MAX >> 12);
            let child = act(world, seed, depth + 1);
            let child = match dice.below(3) {
                0 => spawn_named(format!("child\n{seed}"), child),
                _ => spawn(child),
            };
            children.push((seed, child));
        }
        9 if !children.is_empty() => {
            let (seed, child) = children.remove(dice.below(children.len() as u64) as usize);
            joined(seed, child.await);
        }
        10 if !children.is_empty() => {
            children[dice.below(children.len() as u64) as usize].1.abort();
        }
        11 if !children.is_empty() => drop(children.pop()),
        12 => {
            let (limit, time) = (world.some_time(dice), world.some_time(dice));
            let outcome = timeout(limit, sleep(time)).await;
            if world.exact {
                let tick = |time: Duration| time.as_micros().div_ceil(1_000);
                assert!(tick(time) == tick(limit) || outcome.is_ok() == (time < limit));
            }
        }
        13 => {
            let message = dice.below(9);
            let _ = timeout(world.some_time(dice), world.sender.send(message)).await;
        }
        14 => {
            let receiver = world.receiver.take();
            if let Some(receiver) = receiver {
                let mut kept = Kept { world, receiver: Some(receiver) };
                let receiver = kept.receiver.as_mut().unwrap();
                if let Ok(message) = timeout(world.some_time(dice), receiver.recv()).await {
                    assert!(message.unwrap() < 9);
                }
            }
        }
        15 => {
            let time = world.some_time(dice);
            if let Ok(permit) = timeout(world.some_time(dice), world.semaphore.acquire()).await {
                sleep(time).await;
                drop(permit);
            }
        }
        16 => world.notify.notify_one(),
        17 => drop(timeout(world.some_time(dice), world.notify.notified()).await),
        18 => {
            let panics = dice.below(4) == 0;
            let takes = if world.exact { world.some_time(dice) } else { Duration::ZERO };
            let job = spawn_blocking(move || {
                block_for(takes);
                if panics {
                    resume_unwind(Box::new("in a job"));
                }
                5
            });
            if dice.below(5) == 0 {
                job.abort();
            }
            match job.await {
                Ok(five) => assert!(five == 5 && !panics),
                Err(error) => assert!(error.is_aborted() || panics),
            }
        }
        19 if depth > 0 && dice.below(3) == 0 => resume_unwind(Box::new("in a poll")),
        20 if may_spawn => group(world, dice, depth).await,
        21 => {
            // Leaves a waker behind, and is woken through one that somebody left.
            poll_fn(|cx| {
                world.wakers.borrow_mut().push(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            let mut wakers = world.wakers.borrow_mut();
            let any = dice.below(wakers.len() as u64) as usize;
            let waker = if dice.below(2) == 0 { wakers.pop() } else { Some(wakers.remove(any)) };
            drop(wakers);
            waker.unwrap().wake();
        }
        22 => {
            let mut beat = interval(Duration::from_micros(1 + dice.below(world.longest)));
            let first = beat.tick().await;
            assert_eq!(beat.tick().await - first, beat.period());
        }
        23 if may_spawn => {
            // A task that ends itself.
            let handle = Rc::clone(own);
            let suicide = spawn(async move {
                if let Some(handle) = &*handle.borrow() {
                    handle.abort();
                }
                yield_now().await;
                0
            });
            *own.borrow_mut() = Some(suicide);
            yield_now().await;
            own.borrow_mut().take();
        }
        24 => {
            // A task that comes as a message, as from another thread.
            let remote = Handle::current().spawn(|| async {
                yield_now().await;
                7
            });
            if dice.below(5) == 0 {
                remote.abort();
            }
            match remote.await {
                Ok(seven) => assert_eq!(seven, 7),
                Err(error) => assert!(error.is_aborted()),
            }
        }
        25 => {
            // A conversation; the other side reads until it hears the end.
            let (mut near, mut far) = duplex(1 + dice.below(9) as usize);
            let echo = spawn(async move {
                let mut heard = Vec::new();
                far.read_to_end(&mut heard).await.unwrap();
                heard
            });
            let said = vec![dice.below(256) as u8; dice.below(40) as usize];
            if timeout(world.some_time(dice), near.write_all(&said)).await.is_ok() {
                near.close().await.unwrap();
                assert_eq!(echo.await.unwrap(), said);
            }
        }
        26 => {
            let near = Rc::downgrade(world);
            let callback = later(world.some_time(dice), move || drop(near.upgrade()));
            if dice.below(3) == 0 {
                callback.cancel();
            }
        }
        _ => {}
    }
}

/// Gives the receiver back however its user ends.
struct Kept<'a> {
    world: &'a World,
    receiver: Option<mpsc::Receiver<u64>>,
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        *self.world.receiver.borrow_mut() = self.receiver.take();
    }
}

async fn group(world: &Rc<World>, dice: &mut Dice, depth: u32) {
    let mut group = TaskGroup::new();
    for _ in 0..=dice.below(3) {
        let seed = dice.below(u64::MAX >> 12);
        group.spawn(act(world, seed, depth + 1));
    }
    let count = group.len();
    match dice.below(4) {
        0 => assert_eq!(group.join_all().await.len(), count),
        1 => {
            let mut joined = 0;
            while group.join_next().await.is_some() {
                joined += 1;
            }
            assert_eq!(joined, count);
        }
        2 => drop(timeout(world.some_time(dice), group.join_next()).await),
        _ => {
            group.abort_all();
            assert!(group.join_next().await.is_some());
        }
    }
}
