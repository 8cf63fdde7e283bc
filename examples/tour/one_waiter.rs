//! One waiter: a web server on the loop, 20 requests by 10 clients.
//!
//! Every answer needs the database (300 ms), from the fourth experiment on also another service
//! (300 ms). The six servers differ in how they wait; the clients are always the same. The seventh
//! is a router: it hands requests on to a service of one second, and limits how many at once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use boucle::net::TcpListener;
use boucle::sync::{Semaphore, oneshot};
use boucle::{TaskGroup, block_on, spawn, spawn_blocking};
use futures_lite::future;

use crate::callbacks;
use crate::delay::{ask, ask_blocking};
use crate::experiment::{Experiment, Outcome, Result, Stopwatch, Theirs, Theme, Tour};
use crate::lines::{Client, serve};

/// The guests.
const CLIENTS: u32 = 10;

/// 20 requests by 10 clients: each client asks twice.
const REQUESTS_EACH: u32 = 2;

/// One query, or one call of the service.
const WAIT: f64 = 0.3;

pub(crate) const EXPERIMENTS: [Experiment; 7] = [
    Experiment {
        id: "X02",
        theme: Theme::OneWaiter,
        what: "handler blocks, 20 requests by 10",
        why: "The handler asks its database with a driver that blocks. While it waits, so does \
              the loop, and with the loop every other guest: twenty waits in a row.",
        theirs: Theirs::Seconds(&[6.201]),
        run: blocking_handler,
    },
    Experiment {
        id: "X03",
        theme: Theme::OneWaiter,
        what: "handler awaits",
        why: "The same query, awaited: the loop serves the other nine guests meanwhile. What \
              remains is two waves, because each client asks twice. Ten times faster, on one \
              thread.",
        theirs: Theirs::Seconds(&[0.622]),
        run: awaiting_handler,
    },
    Experiment {
        id: "X04",
        theme: Theme::OneWaiter,
        what: "query, then HTTP call: callbacks",
        why: "Two waits that need each other, in the style of the first event loops: each step \
              names the function that goes on when its answer is there.",
        theirs: Theirs::Seconds(&[1.260]),
        run: callback_handler,
    },
    Experiment {
        id: "X05",
        theme: Theme::OneWaiter,
        what: "query, then HTTP call: coroutine",
        why: "The same as a coroutine reads from top to bottom, as if it blocked. The style \
              changes, the time does not.",
        theirs: Theirs::Seconds(&[1.281]),
        run: coroutine_handler,
    },
    Experiment {
        id: "X06",
        theme: Theme::OneWaiter,
        what: "query and HTTP call joined",
        why: "If the two waits do not need each other, one task can wait for both at once by \
              polling two futures: half the time.",
        theirs: Theirs::Seconds(&[0.663]),
        run: joined_handler,
    },
    Experiment {
        id: "X07",
        theme: Theme::OneWaiter,
        what: "query and HTTP call as two tasks",
        why: "Or it hands the query to a second task and awaits its handle later. The same time, \
              and each half could now outlive the other.",
        theirs: Theirs::Seconds(&[0.706]),
        run: spawned_handler,
    },
    Experiment {
        id: "X08",
        theme: Theme::OneWaiter,
        what: "router: no limit, then 2 at once",
        why: "A router hands ten requests on to a service of a second. A semaphore says how many \
              may be there at once: ten permits limit nobody; with two, the ten go in five waves, \
              and who waits for a permit costs the service nothing.",
        theirs: Theirs::Seconds(&[1.045, 5.055]),
        run: limiting_router,
    },
];

fn blocking_handler(tour: &Tour) -> Result<Outcome> {
    let (database, wait) = (tour.server, tour.scaled(WAIT));
    let took = requests(REQUESTS_EACH, move |_request| async move {
        ask_blocking(database, wait)?;
        Ok("rows".to_owned())
    })?;
    Ok(Outcome::time(took, wait * CLIENTS * REQUESTS_EACH, "the sum of 20"))
}

fn awaiting_handler(tour: &Tour) -> Result<Outcome> {
    let (database, wait) = (tour.server, tour.scaled(WAIT));
    let took = requests(REQUESTS_EACH, move |_request| async move {
        ask(database, wait).await?;
        Ok("rows".to_owned())
    })?;
    Ok(Outcome::time(took, wait * REQUESTS_EACH, "two waves"))
}

fn callback_handler(tour: &Tour) -> Result<Outcome> {
    let (server, wait) = (tour.server, tour.scaled(WAIT));
    let took = requests(REQUESTS_EACH, move |_request| async move {
        let (respond, response) = oneshot::channel();
        callbacks::handler(server, wait, move |answer| {
            let _ = respond.send(answer);
        });
        Ok(response.await??)
    })?;
    Ok(Outcome::time(took, (wait + wait) * REQUESTS_EACH, "2 waves of both"))
}

fn coroutine_handler(tour: &Tour) -> Result<Outcome> {
    let (server, wait) = (tour.server, tour.scaled(WAIT));
    let took = requests(REQUESTS_EACH, move |_request| async move {
        ask(server, wait).await?;
        ask(server, wait).await?;
        Ok("rows and page".to_owned())
    })?;
    Ok(Outcome::time(took, (wait + wait) * REQUESTS_EACH, "2 waves of both"))
}

fn joined_handler(tour: &Tour) -> Result<Outcome> {
    let (server, wait) = (tour.server, tour.scaled(WAIT));
    let took = requests(REQUESTS_EACH, move |_request| async move {
        let (rows, page) = future::zip(ask(server, wait), ask(server, wait)).await;
        rows.and(page)?;
        Ok("rows and page".to_owned())
    })?;
    Ok(Outcome::time(took, wait * REQUESTS_EACH, "half of X05"))
}

fn spawned_handler(tour: &Tour) -> Result<Outcome> {
    let (server, wait) = (tour.server, tour.scaled(WAIT));
    let took = requests(REQUESTS_EACH, move |_request| async move {
        let rows = spawn(ask(server, wait));
        let page = spawn(ask(server, wait));
        rows.await??;
        page.await??;
        Ok("rows and page".to_owned())
    })?;
    Ok(Outcome::time(took, wait * REQUESTS_EACH, "as X06"))
}

fn limiting_router(tour: &Tour) -> Result<Outcome> {
    let service = tour.scaled(1.0);
    let (mut ours, mut expected) = (Vec::new(), Vec::new());
    for at_once in [CLIENTS, 2] {
        tour.progress.stage(format!("{at_once} at once"));
        ours.push(routed(tour.server, service, at_once)?);
        expected.push(service * CLIENTS.div_ceil(at_once));
    }
    Ok(Outcome::times(&ours, &expected, "ceil(10/2) waves"))
}

/// Ten requests to a service which takes so long, and is asked by so many at once.
fn routed(service: SocketAddr, takes: Duration, at_once: u32) -> Result<Duration> {
    let permits = Arc::new(Semaphore::new(at_once as usize));
    requests(1, move |_request| {
        let permits = permits.clone();
        async move {
            let _permit = permits.acquire().await?;
            ask(service, takes).await?;
            Ok("answer".to_owned())
        }
    })
}

/// Serves so many requests of each client with `handler`, and tells how long the clients needed.
fn requests<H, F>(each: u32, handler: H) -> Result<Duration>
where
    H: Fn(String) -> F + Clone + 'static,
    F: Future<Output = Result<String>> + 'static,
{
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        drop(spawn(serve(listener, handler)));
        // The clients have a thread and a loop of their own: a server that stands still must
        // not stop the watch that measures it.
        let took = spawn_blocking(move || block_on(clients(address, each))).await??;
        Ok(took)
    })
}

async fn clients(server: SocketAddr, requests: u32) -> io::Result<Duration> {
    let clock = Stopwatch::start();
    let mut clients = TaskGroup::new();
    for _ in 0..CLIENTS {
        clients.spawn(client(server, requests));
    }
    for client in clients.join_all().await {
        client.expect("no client panics")?;
    }
    Ok(clock.elapsed())
}

async fn client(server: SocketAddr, requests: u32) -> io::Result<()> {
    let mut client = Client::connect(server).await?;
    for _ in 0..requests {
        client.ask("GET /").await?;
    }
    Ok(())
}
