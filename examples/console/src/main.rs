//! A program whose tasks [tokio-console](https://docs.rs/tokio-console) shows, although tokio does
//! not run them.
//!
//! Run with `cargo run` in this folder, and `tokio-console` beside it. `cargo run -- --check` looks
//! by itself at what a console is told, prints it, and fails if a task is missing.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;
use std::{env, thread};

use boucle::sync::mpsc;
use boucle::task::{spawn_named, yield_now};
use boucle::time::{interval, sleep};
use boucle::{EventLoop, observe};
use console_api::field::{Name, Value};
use console_api::instrument::{InstrumentRequest, Update, instrument_client::InstrumentClient};
use console_api::tasks::Stats;

fn main() -> Result<(), Box<dyn Error>> {
    let check = env::args().nth(1).is_some_and(|argument| argument == "--check");
    // The console's server has a thread of its own, with a tokio of its own.
    console_subscriber::ConsoleLayer::builder()
        .publish_interval(Duration::from_millis(100))
        .with_default_env()
        .init();
    let event_loop = EventLoop::builder().observer(observe::Spans::new()).build()?;
    if !check {
        println!("Now start `tokio-console`. Ctrl-C ends this program.");
        event_loop.block_on(work());
        return Ok(());
    }
    let looker = thread::spawn(|| look().map_err(|error| error.to_string()));
    event_loop.block_on(async {
        spawn_named("work", work());
        while !looker.is_finished() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    Ok(looker.join().expect("a check that does not panic")?)
}

/// Some tasks that wait, wake each other, work hard, come and go.
async fn work() {
    let (sender, mut receiver) = mpsc::channel(8);
    spawn_named("ticker", async move {
        let mut ticks = interval(Duration::from_millis(200));
        for number in 0_u32.. {
            ticks.tick().await;
            if sender.send(number).await.is_err() {
                break;
            }
        }
    });
    spawn_named("listener", async move {
        while let Some(number) = receiver.recv().await {
            spawn_named(format!("guest {number}"), sleep(Duration::from_millis(500)));
        }
    });
    spawn_named("hard worker", async {
        loop {
            sleep(Duration::from_millis(500)).await;
            // This is what one does not do in a task, and what the console shows as busy.
            #[expect(clippy::disallowed_methods)]
            thread::sleep(Duration::from_millis(30));
        }
    });
    spawn_named("impatient", async {
        loop {
            for _ in 0..100 {
                yield_now().await;
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    std::future::pending().await
}

/// Does what a console does, until it has seen what it should.
fn look() -> Result<(), Box<dyn Error>> {
    let address = env::var("TOKIO_CONSOLE_BIND").unwrap_or_else(|_| "127.0.0.1:6669".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut seen = Seen::default();
    let looking = runtime.block_on(async {
        let looking = watch(&address, &mut seen);
        tokio::time::timeout(Duration::from_secs(20), looking).await
    });
    seen.print();
    looking.map_err(|_| "not all was seen within 20 s")?
}

/// Takes note of what the server at `address` tells, until it is enough.
async fn watch(address: &str, seen: &mut Seen) -> Result<(), Box<dyn Error>> {
    let mut client = loop {
        match InstrumentClient::connect(format!("http://{address}")).await {
            Ok(client) => break client,
            // The server is not there yet.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let mut updates = client.watch_updates(InstrumentRequest {}).await?.into_inner();
    while let Some(update) = updates.message().await? {
        seen.note(update);
        if seen.is_enough() {
            return Ok(());
        }
    }
    Err("the server has hung up".into())
}

/// What a console has been told.
#[derive(Default)]
struct Seen {
    /// The names of the tasks, by the numbers of their spans.
    names: HashMap<u64, String>,
    /// Where they were spawned.
    places: HashMap<u64, String>,
    /// The last that is known of each.
    stats: HashMap<u64, Stats>,
}

impl Seen {
    /// Takes note of an update.
    fn note(&mut self, update: Update) {
        let Some(tasks) = update.task_update else { return };
        for task in tasks.new_tasks {
            let Some(id) = task.id else { continue };
            let name = task.fields.iter().find_map(|field| match (&field.name, &field.value) {
                (Some(Name::StrName(name)), Some(Value::StrVal(value))) if name == "task.name" => {
                    Some(value.clone())
                }
                _ => None,
            });
            self.names.insert(id.id, name.unwrap_or_default());
            let place = task.location.map(|it| format!("{}:{}", it.file(), it.line()));
            self.places.insert(id.id, place.unwrap_or_default());
        }
        self.stats.extend(tasks.stats_update);
    }

    /// Whether each task was seen to live as it does.
    fn is_enough(&self) -> bool {
        let is_seen = |name: &str, lives: &dyn Fn(&Stats) -> bool| {
            let named = self.names.iter().filter(|(_, known)| known.starts_with(name));
            named.filter_map(|(id, _)| self.stats.get(id)).any(lives)
        };
        let polls = |stats: &Stats| stats.poll_stats.as_ref().map_or(0, |polls| polls.polls);
        let busy = |stats: &Stats| {
            let busy = stats.poll_stats.as_ref().and_then(|polls| polls.busy_time);
            busy.map_or(0, |busy| busy.seconds * 1_000_000_000 + i64::from(busy.nanos))
        };
        is_seen("block_on", &|it| polls(it) > 1)
            && is_seen("ticker", &|it| polls(it) > 3 && it.wakes > 2)
            && is_seen("listener", &|it| it.wakes > 2 && it.waker_clones > it.waker_drops)
            && is_seen("guest", &|it| it.dropped_at.is_some())
            && is_seen("hard worker", &|it| busy(it) > 50_000_000)
            && is_seen("impatient", &|it| it.self_wakes > 100)
    }

    /// Prints a table of the tasks.
    fn print(&self) {
        let mut ids: Vec<_> = self.names.keys().collect();
        ids.sort();
        println!("task          polls  wakes  self  busy           state     place");
        for id in ids {
            let Some(stats) = self.stats.get(id) else { continue };
            let polls = stats.poll_stats.unwrap_or_default();
            let busy = polls.busy_time.unwrap_or_default();
            println!(
                "{:<12} {:>6} {:>6} {:>5}  {}.{:09} s  {:<8}  {}",
                self.names[id],
                polls.polls,
                stats.wakes,
                stats.self_wakes,
                busy.seconds,
                busy.nanos,
                if stats.dropped_at.is_some() { "done" } else { "lives" },
                self.places[id],
            );
        }
    }
}
