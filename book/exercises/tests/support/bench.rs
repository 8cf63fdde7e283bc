//! The bench: a loop whose turn is given, for organs that come before the turn.
//!
//! It polls all tasks that are ready when its turn begins, and no other; when none is ready its
//! virtual clock jumps to the next deadline. Nothing else comes in: no thread, no socket. So a run
//! on it is the same every time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use boucle::observe::{Cause, Event, Record, WaitReason};

use my_loop::clock::Clock;
use my_loop::context;
use my_loop::engine::{Config, Engine};
use my_loop::timers::Timers;
use my_loop::waker::wake;

/// A loop with a given turn.
pub struct Bench {
    /// The organs.
    pub engine: Rc<Engine>,
    /// What happens.
    pub record: Record,
    /// How many turns there have been.
    turns: Cell<u64>,
}

impl Bench {
    /// A bench with a heap.
    pub fn new() -> Bench {
        Bench::with(Timers::heap(), 61)
    }

    /// A bench with such timers, and so many polls a turn.
    pub fn with(timers: Timers, polls_per_turn: usize) -> Bench {
        let record = Record::new();
        let observer = Some(Box::new(record.clone()) as _);
        let config =
            Config { simulated: true, timers, observer, polls_per_turn, ..Config::default() };
        let engine = Rc::new(Engine::new(config).expect("a simulated loop needs no descriptors"));
        Bench { engine, record, turns: Cell::new(0) }
    }

    /// The time on the virtual clock.
    pub fn now(&self) -> Duration {
        self.engine.clock.now()
    }

    /// Runs what the program does between turns, with the loop at hand.
    pub fn inside<R>(&self, run: impl FnOnce() -> R) -> R {
        let _entered = context::enter(&self.engine);
        run()
    }

    /// Makes a task that nobody joins.
    #[track_caller]
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.engine.executor.spawn_detached(future);
    }

    /// Makes a task, turns until nothing is left to do, and fails unless the task came to its end:
    /// a panic inside of it is its own affair otherwise.
    #[track_caller]
    pub fn complete(&self, future: impl Future<Output = ()> + 'static) {
        let ended = Rc::new(Cell::new(false));
        let end = Rc::clone(&ended);
        self.spawn(async move {
            future.await;
            end.set(true);
        });
        self.run();
        assert!(ended.get(), "the task has panicked, see above, or waits for ever");
    }

    /// Turns until nothing is ready and no timer armed.
    pub fn run(&self) {
        while self.turn(all_ready) {}
    }

    /// As `run`, with the engine's own share of a turn.
    pub fn run_in_shares(&self) {
        while self.turn(|engine| engine.poll_tasks(None)) {}
    }

    /// Polls whom `poll` says, and says whether anything is left to do.
    fn turn(&self, poll: impl FnOnce(&Engine) -> usize) -> bool {
        let (engine, turn) = (&self.engine, self.turns.get() + 1);
        let _entered = context::enter(engine);
        self.turns.set(turn);
        assert!(turn < 100_000, "the bench has turned a hundred thousand times: who never rests?");
        engine.probe.emit(|| Event::TurnBegan { turn });
        let polls = poll(engine);
        engine.probe.set_cause(Cause::Program);
        let mut goes_on = !engine.ready.is_empty();
        if !goes_on && !engine.timers.borrow().is_empty() {
            let next = engine.timers.borrow_mut().next_wakeup().expect("there is a timer");
            let timeout = Clock::moment_of(next).saturating_sub(self.now());
            engine.pass_time(Some(timeout), WaitReason::TimerDue);
            let mut due = Vec::new();
            engine.fire_timers(&mut due);
            for (cause, waker) in due {
                engine.probe.set_cause(cause);
                wake(waker);
            }
            engine.probe.set_cause(Cause::Program);
            goes_on = true;
        }
        engine.probe.emit(|| Event::TurnEnded { turn, polls: polls as u32 });
        goes_on
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What failed has been told; the tasks go without ceremony.
            return;
        }
        let entered = context::Entered::new(&self.engine);
        self.engine.close();
        drop(entered);
    }
}

/// Polls the tasks that are ready now.
fn all_ready(engine: &Engine) -> usize {
    let mut polls = 0;
    for _ in 0..engine.ready.len() {
        let Some(task) = engine.ready.pop() else { break };
        polls += usize::from(engine.executor.poll(task, None));
    }
    polls
}
