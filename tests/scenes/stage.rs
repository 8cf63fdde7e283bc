//! The stage: plays a scene on a virtual clock, and answers questions about what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[cfg(feature = "trace")]
use crate::golden;
#[cfg(feature = "trace")]
use boucle::Builder;
use boucle::EventLoop;
use boucle::observe::{Event, Record, Recorded, TaskId};

/// So many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Where a scene is played.
pub struct Stage {
    /// The scene, and the file of its trace.
    #[cfg_attr(not(feature = "trace"), expect(dead_code))]
    name: &'static str,
    /// Threads for blocking work, at most.
    workers: usize,
}

impl Stage {
    /// For the scene of this name.
    pub fn new(name: &'static str) -> Stage {
        Stage { name, workers: 512 }
    }

    /// With so many threads for blocking work.
    pub fn workers(self, workers: usize) -> Stage {
        Stage { workers, ..self }
    }

    /// Plays a scene from the beginning of its loop to the end, and compares its trace.
    #[track_caller]
    pub fn play(self, scene: impl Future<Output = ()>) -> Trace {
        let record = Record::new();
        let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
        let builder = builder.max_blocking_threads(self.workers);
        #[cfg(feature = "trace")]
        let builder = golden::traces(self.name).into_iter().fold(builder, Builder::observer);
        let event_loop = builder.build().unwrap();
        event_loop.block_on(scene);
        drop(event_loop);
        #[cfg(feature = "trace")]
        golden::compare(self.name, &record);
        Trace { events: record.events() }
    }
}

/// What happened in a scene.
pub struct Trace {
    events: Vec<Recorded>,
}

impl Trace {
    /// What `tell` makes of the events, with their times.
    fn told<T>(&self, tell: impl Fn(Duration, &Event<'_>) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(|happened| tell(happened.at, &happened.event())).collect()
    }

    /// The most that there was at once, where each event adds so much.
    fn at_once(&self, change: impl Fn(&Event<'_>) -> isize) -> usize {
        let (mut now, mut most) = (0, 0);
        for happened in &self.events {
            now += change(&happened.event());
            most = now.max(most);
        }
        usize::try_from(most).unwrap()
    }

    /// How long it took, on the clock of the loop.
    pub fn took(&self) -> Duration {
        self.events.last().unwrap().at
    }

    /// The names of all tasks in the order of their birth.
    pub fn tasks(&self) -> Vec<String> {
        self.names().into_values().collect()
    }

    /// The tasks by name.
    fn names(&self) -> BTreeMap<TaskId, String> {
        let named = self.told(|_, event| match *event {
            Event::Spawned { task, name, .. } => Some((task, name.to_owned())),
            _ => None,
        });
        named.into_iter().collect()
    }

    /// How many tasks whose names begin so were spawned in a span of time.
    pub fn starts_between(&self, prefix: &str, from: Duration, to: Duration) -> usize {
        let starts = self.told(|at, event| match *event {
            Event::Spawned { name, .. } if name.starts_with(prefix) => Some(at),
            _ => None,
        });
        starts.into_iter().filter(|at| (from..to).contains(at)).count()
    }

    /// How often the task of this name was polled.
    pub fn polls_of(&self, name: &str) -> usize {
        let names = self.names();
        let polled = self.told(|_, event| match *event {
            Event::PollBegan { task } => Some(task),
            _ => None,
        });
        polled.into_iter().filter(|task| names[task] == name).count()
    }

    /// The longest poll, by the name of the task, and how long it took.
    pub fn longest_poll(&self) -> (String, Duration) {
        let mut polls = Vec::new();
        let mut began = Duration::ZERO;
        for happened in &self.events {
            match happened.event() {
                Event::PollBegan { .. } => began = happened.at,
                Event::PollEnded { task, .. } => {
                    polls.push((happened.at.saturating_sub(began), task));
                }
                _ => {}
            }
        }
        let (took, task) = polls.into_iter().max_by_key(|&(took, _)| took).unwrap();
        (self.names()[&task].clone(), took)
    }

    /// The most timers that were armed at once.
    pub fn timers_at_once(&self) -> usize {
        self.at_once(|event| match event {
            Event::TimerArmed { .. } => 1,
            Event::TimerFired { .. } | Event::TimerCancelled { .. } => -1,
            _ => 0,
        })
    }

    /// When each timer fired, and how late it was.
    pub fn fired(&self) -> Vec<(Duration, Duration)> {
        self.told(|at, event| match *event {
            Event::TimerFired { late, .. } => Some((at, late)),
            _ => None,
        })
    }

    /// As [`fired`](Trace::fired), those who were late.
    pub fn late(&self) -> Vec<(Duration, Duration)> {
        self.fired().into_iter().filter(|&(_, late)| !late.is_zero()).collect()
    }

    /// How long the loop slept each time.
    pub fn sleeps(&self) -> Vec<Duration> {
        let began = self.told(|at, event| match event {
            Event::WaitBegan { .. } => Some(at),
            _ => None,
        });
        let ended = self.told(|at, event| match event {
            Event::WaitEnded { .. } => Some(at),
            _ => None,
        });
        ended.iter().zip(began).map(|(ended, began)| ended.saturating_sub(began)).collect()
    }

    /// How many workers had a job.
    pub fn workers(&self) -> usize {
        let workers = self.told(|_, event| match *event {
            Event::JobStarted { worker, .. } => Some(worker),
            _ => None,
        });
        workers.into_iter().collect::<BTreeSet<_>>().len()
    }

    /// The most jobs that ran at once.
    pub fn jobs_at_once(&self) -> usize {
        let mut changes = self.told(|_, event| match *event {
            // One that ends makes room for one that starts in the same moment.
            Event::JobStarted { at, .. } => Some((at, 1)),
            Event::JobFinished { at, .. } => Some((at, -1)),
            _ => None,
        });
        changes.sort_unstable();
        let running = changes.iter().scan(0_isize, |running, &(_, change)| {
            *running += change;
            Some(*running)
        });
        usize::try_from(running.max().unwrap_or_default()).unwrap()
    }
}
