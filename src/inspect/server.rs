//! The server: a thread with a loop of its own, which shows other loops.
//!
//! ```text
//!     the watched loop's thread            the server's thread
//!
//!     the loop --event--> its record <--read-- a task for each connection
//!        |                                        ^
//!        '-- built, dropped: told to -----------> accept
//! ```
//!
//! The two threads share the record, whose lock neither holds for long, and the list of loops. With
//! nobody looking the server sleeps in `accept`, for ever. It ends with the last loop it shows: the
//! viewers get the last events, for at most [`FAREWELL`], then everything is dropped.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::guard::Guard;
use super::http::{self, Answer, Refused, Request};
use super::stream;
use super::tasks::Table;
use super::{Server, Watched};
use crate::config::Config;
use crate::event_loop::EventLoop;
use crate::net::{TcpListener, TcpStream};
use crate::observe::trace::page;
use crate::sync::Semaphore;
use crate::task::spawn_named;
use crate::time::timeout;

/// The most connections at once. A browser keeps one open for each page, and a few for a moment.
const CONNECTIONS: usize = 32;

/// So many more are told that there are too many.
const REFUSED: usize = 16;

/// How long viewers may take to read the last events when the last loop is gone.
pub(super) const FAREWELL: Duration = Duration::from_millis(500);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Builds the loop, says how that went, and serves until the last watched loop is gone.
pub(super) fn run(
    server: Arc<Server>,
    listener: std::net::TcpListener,
    built: &Sender<io::Result<()>>,
) {
    // Whoever builds the first loop listens.
    let built = |result| drop(built.send(result));
    // Not from the environment, or it would watch itself, and that watch another.
    let event_loop = match EventLoop::from_config(Config::default()) {
        Ok(event_loop) => event_loop,
        Err(error) => return built(Err(error)),
    };
    event_loop.block_on(async {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return built(Err(error)),
        };
        built(Ok(()));
        let desk = Rc::new(Desk {
            server,
            free: Arc::new(Semaphore::new(CONNECTIONS + REFUSED)),
            tables: RefCell::default(),
        });
        let accepting = spawn_named("accept", accept(Rc::clone(&desk), listener));
        loop {
            let changed = desk.server.changed.notified();
            if desk.server.is_closing() {
                break;
            }
            changed.await;
        }
        // The port is free from here on.
        accepting.abort();
        let _ = accepting.await;
        let _ = timeout(FAREWELL, desk.free.acquire_many(CONNECTIONS + REFUSED)).await;
    });
}

/// What the tasks of the server share.
struct Desk {
    /// What it shares with the watched loops.
    server: Arc<Server>,
    /// A permit for each connection that may still come.
    free: Arc<Semaphore>,
    /// The table of each loop that was asked for, by the loop's number.
    tables: RefCell<HashMap<u32, Rc<RefCell<Table>>>>,
}

/// Accepts connections, each for a task of its own.
async fn accept(desk: Rc<Desk>, listener: TcpListener) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Nobody may listen there.
                let told = "boucle: the page is not served any more";
                let _ = writeln!(io::stderr(), "{told}: {error}");
                return;
            }
        };
        // Small writes go out at once.
        let _ = stream.set_nodelay(true);
        if desk.free.available_permits() == 0 {
            // Closed, without a word.
            continue;
        }
        let Ok(permit) = Arc::clone(&desk.free).acquire_owned().await else { return };
        // Known now: however many come next, those that were here first are served.
        let is_one_too_many = desk.free.available_permits() < REFUSED;
        let desk = Rc::clone(&desk);
        spawn_named("connection", async move {
            // A connection that breaks has nobody who could be told.
            let _ = desk.serve(&stream, is_one_too_many).await;
            drop(permit);
        });
    }
}

impl Desk {
    /// One request and its answer, which says that there are too many if this is one of them.
    async fn serve(&self, stream: &TcpStream, is_one_too_many: bool) -> io::Result<()> {
        let Some(request) = Request::read(stream).await? else { return Ok(()) };
        let head_only = request.as_ref().is_ok_and(|request| request.method == "HEAD");
        let refused = match &request {
            _ if is_one_too_many => Some(Refused::Busy),
            Ok(request) => self.answer(stream, request, head_only).await?.err(),
            Err(refused) => Some(*refused),
        };
        if let Some(why) = refused {
            Answer::refused(why).send(stream, head_only).await?;
        }
        http::hang_up(stream).await;
        Ok(())
    }

    /// Answers a request, unless it is to be refused.
    async fn answer(
        &self,
        stream: &TcpStream,
        request: &Request,
        head_only: bool,
    ) -> io::Result<Result<(), Refused>> {
        let path = match self.server.guard.admit(request) {
            Ok(path) => path,
            Err(refused) => return Ok(Err(refused)),
        };
        let (kind, body) = match path {
            "/style.css" => (CSS, page::style().to_owned()),
            "/script.js" => (SCRIPT, page::script()),
            // The page's own requests are relative to it, so its path ends in a slash.
            "" => return self.to_the_page(stream, head_only).await.map(Ok),
            "/" if request.query.is_none() && self.server.numbers().len() > 1 => {
                (HTML, index(&self.server.numbers()))
            }
            "/" | "/events" | "/tasks" => {
                let Some(watched) = self.watched(request.query.as_deref()) else {
                    return Ok(Err(Refused::NotFound));
                };
                match path {
                    "/" => (HTML, page::live_html(&format!("events?loop={}", watched.number))),
                    "/tasks" => (JSON, self.tasks(&watched).await),
                    _ if head_only => {
                        return http::send(stream, &http::stream_head()).await.map(Ok);
                    }
                    _ => return stream::events(stream, &watched).await.map(Ok),
                }
            }
            _ => return Ok(Err(Refused::NotFound)),
        };
        Answer::ok(kind, body.as_bytes()).send(stream, head_only).await.map(Ok)
    }

    /// Sends a reader from the bare secret to the page.
    async fn to_the_page(&self, stream: &TcpStream, head_only: bool) -> io::Result<()> {
        let Guard { secret, .. } = &self.server.guard;
        let more = format!("Location: /{secret}/\r\n");
        let kind = "text/plain; charset=utf-8";
        let answer = Answer { status: "308 Permanent Redirect", kind, more, body: b"" };
        answer.send(stream, head_only).await
    }

    /// The loop that a query asks for: `loop=2`, or the oldest.
    fn watched(&self, query: Option<&str>) -> Option<Arc<Watched>> {
        let number = match query {
            None | Some("") => None,
            Some(query) => Some(query.strip_prefix("loop=")?.parse().ok()?),
        };
        self.server.watched(number)
    }

    /// The table of a loop, as JSON.
    async fn tasks(&self, watched: &Watched) -> String {
        let new = || Rc::new(RefCell::new(Table::of(&watched.record)));
        let table = Rc::clone(self.tables.borrow_mut().entry(watched.number).or_insert_with(new));
        // Tables of loops that are gone are of no use.
        let numbers = self.server.numbers();
        self.tables.borrow_mut().retain(|number, _| numbers.contains(number));
        Table::catch_up(&table).await;
        let json = table.borrow().now().to_json(watched.number, watched.age());
        json.to_string()
    }
}

/// The page of several loops.
fn index(numbers: &[u32]) -> String {
    let links: String = (numbers.iter())
        .map(|number| format!("<li><a href=\"?loop={number}\">loop {number}</a></li>\n"))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"stylesheet\" href=\"style.css\">\n<title>boucle</title>\n\
         <h1>This program has several loops</h1>\n<ul>\n{links}</ul>\n</html>\n"
    )
}
