//! The live page: real loops, real sockets, requests byte by byte.

#![cfg(feature = "inspect")]

#[path = "support/http.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod http;
#[path = "support/net.rs"]
mod support;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use boucle::EventLoop;
use boucle::observe::Record;
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;
use serde_json::json;

use http::{Message, Viewer, connect, get, parse_url, send};
use support::ms;

/// A loop whose page is served at a port of its own, and where.
fn watched() -> (EventLoop, SocketAddr) {
    let event_loop = EventLoop::builder().inspect("127.0.0.1:0").build().unwrap();
    let address = address_of(&event_loop);
    (event_loop, address)
}

fn address_of(event_loop: &EventLoop) -> SocketAddr {
    parse_url(event_loop.inspect_url().unwrap()).0
}

/// A port that nobody has just now; on Linux at an address that no other test uses.
fn free_port() -> SocketAddr {
    static USED: AtomicU8 = AtomicU8::new(2);
    let host = if cfg!(target_os = "linux") { USED.fetch_add(1, Ordering::Relaxed) } else { 1 };
    TcpListener::bind(("127.0.0.".to_owned() + &host.to_string(), 0)).unwrap().local_addr().unwrap()
}

/// Nobody listens there any more. A child process that another test is just starting may have what
/// we had open until it is on its feet, so this looks more than once.
fn assert_free(address: SocketAddr) {
    let began = Instant::now();
    while let Err(error) = TcpListener::bind(address) {
        assert!(began.elapsed() < Duration::from_secs(10), "{error}");
        thread::sleep(ms(10));
    }
}

// What is served.

/// Case 162.
#[test]
fn the_page_its_style_and_its_script_are_served_and_nothing_else() {
    let (_event_loop, address) = watched();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/script.js", "text/javascript; charset=utf-8"),
        ("/tasks", "application/json"),
    ] {
        let answer = get(address, path);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some(kind)), "{path}");
        assert_eq!(answer.header("Content-Length"), Some(&*answer.body.len().to_string()));
        let head = format!("HEAD {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let head = send(address, head.as_bytes());
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert!(head.header("Content-Length").is_some());
    }
    assert!(get(address, "/").body.contains("boucle"));
    // No path leads anywhere else.
    for path in [
        "/favicon.ico",
        "/index.html",
        "/page.html",
        "/Cargo.toml",
        "/../Cargo.toml",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/./",
        "/%2f",
        "/events/",
        "/tasks%00",
        "/?loop=2",
        "/?loop=0",
        "/?loop=99999999999",
        "/?loop=-1",
        "/?x",
        "/events?loop=2",
        "/tasks?loop=two",
    ] {
        assert_eq!(get(address, path).status, 404, "{path}");
    }
    assert_eq!(get(address, "/?loop=1").status, 200);
}

/// Case 166.
#[test]
fn every_answer_keeps_other_sites_out() {
    let (_event_loop, address) = watched();
    let refused = "GET / HTTP/1.1\r\nHost: evil.com\r\nOrigin: http://evil.com\r\n\r\n";
    let answers = [
        get(address, "/"),
        get(address, "/tasks"),
        get(address, "/x"),
        send(address, refused.as_bytes()),
    ];
    for answer in answers {
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; img-src data:; frame-ancestors 'none'; \
                      base-uri 'none'; form-action 'none'";
        assert_eq!(answer.header("Content-Security-Policy"), Some(policy));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(answer.header("Cross-Origin-Resource-Policy"), Some("same-origin"));
        assert_eq!(answer.header("Cross-Origin-Opener-Policy"), Some("same-origin"));
        assert_eq!(answer.header("Referrer-Policy"), Some("no-referrer"));
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        assert_eq!(answer.header("Connection"), Some("close"));
        assert!(!answer.head.to_lowercase().contains("access-control-"), "{}", answer.head);
    }
    // JSON is an object, so that no script can take it for its own.
    assert!(get(address, "/tasks").json().is_object());
}

/// Cases 156, 164 and 165.
#[test]
fn what_is_refused_gets_a_status_and_a_word() {
    let (_event_loop, address) = watched();
    let host = format!("Host: {address}\r\n");
    let port = address.port();
    let long = format!("X: {}\r\n", "x".repeat(9_000));
    for (first, headers, status) in [
        ("GET /", String::new(), 400),
        ("GET /", format!("{host}{host}"), 400),
        ("GET /", format!("{host}Content-Length: 3\r\n"), 400),
        ("GET /", format!("{host}Transfer-Encoding: chunked\r\n"), 400),
        ("nonsense", host.clone(), 400),
        ("GET /", "Host: localhost\r\n".into(), 403),
        ("GET /", format!("Host: localhost.:{port}\r\n"), 403),
        ("GET /", format!("Host: localhost6:{port}\r\n"), 403),
        ("GET /", format!("Host: localhost.evil.com:{port}\r\n"), 403),
        ("GET /", format!("Host: user@localhost:{port}\r\n"), 403),
        ("GET /", format!("Host: LOCALHOST:{port}\r\n"), 403),
        ("GET /", format!("{host}Origin: null\r\n"), 403),
        ("GET /events", format!("{host}Origin: http://evil.com\r\n"), 403),
        ("GET /events", format!("{host}Sec-Fetch-Site: cross-site\r\n"), 403),
        ("GET /x", host.clone(), 404),
        ("POST /", host.clone(), 405),
        ("OPTIONS /", format!("{host}Access-Control-Request-Method: GET\r\n"), 405),
        ("GET /", format!("{host}{}", "A: b\r\n".repeat(70)), 431),
        ("GET /", format!("{host}{long}"), 431),
        ("GET /", format!("Host: localhost:{port}\r\n"), 200),
        (
            "GET /",
            format!("{host}Origin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n"),
            200,
        ),
    ] {
        let request = format!("{first} HTTP/1.1\r\n{headers}\r\n");
        let answer = send(address, request.as_bytes());
        assert_eq!(answer.status, status, "{request:.200}");
        assert!(!answer.body.is_empty() || status == 200);
        assert_eq!(answer.header("Allow").is_some(), status == 405);
    }
    // A body of megabytes does not swallow the answer.
    let mut request =
        format!("POST / HTTP/1.1\r\n{host}Content-Length: 50000\r\n\r\n").into_bytes();
    request.resize(50_000, b'x');
    assert_eq!(send(address, &request).status, 405);
}

/// Case 154.
#[test]
fn a_head_that_comes_a_byte_a_second_is_not_waited_for() {
    let (_event_loop, address) = watched();
    let mut slow = connect(address);
    let began = Instant::now();
    let told = slow.try_clone().unwrap();
    let reader = thread::spawn(move || {
        let mut first = String::new();
        BufReader::new(told).read_line(&mut first).unwrap();
        first
    });
    for byte in b"GET / HTTP/1.1" {
        if slow.write_all(&[*byte]).is_err() || reader.is_finished() {
            break;
        }
        // Others are served meanwhile.
        assert_eq!(get(address, "/").status, 200);
        thread::sleep(ms(300));
    }
    assert_eq!(reader.join().unwrap(), "HTTP/1.1 408 Request Timeout\r\n");
    assert!(began.elapsed() > Duration::from_secs(2));
}

/// Case 167.
#[test]
fn a_secret_keeps_other_users_out() {
    let event_loop = EventLoop::builder().inspect("127.0.0.1:0/k7Wq2x").build().unwrap();
    let (address, path) = parse_url(event_loop.inspect_url().unwrap());
    assert_eq!(path, "/k7Wq2x/");
    assert_eq!(get(address, &path).status, 200);
    assert_eq!(get(address, "/k7Wq2x/tasks").json()["loop"], 1);
    Viewer::open(address, "/k7Wq2x/events");
    for path in ["/", "/tasks", "/events", "/k7Wq2/tasks", "/k7Wq2xtasks"] {
        assert_eq!(get(address, path).status, 404, "{path}");
    }
    let to_the_page = get(address, "/k7Wq2x");
    assert_eq!((to_the_page.status, to_the_page.header("Location")), (308, Some("/k7Wq2x/")));
}

// The stream.

#[test]
fn events_come_while_the_program_runs_and_the_end_is_told() {
    let (event_loop, address) = watched();
    let seen = thread::spawn(move || {
        let mut viewer = Viewer::open(address, "/events");
        let header = viewer.next().unwrap();
        assert_eq!((header.kind.as_str(), &header.data["boucle"]), ("", &json!("trace")));
        assert_eq!(header.data["version"], 1);
        assert_eq!((&header.data["dropped"], &header.data["past"]), (&json!(0), &json!(0)));
        assert_eq!(viewer.next().unwrap().data["event"], "loop_built");
        let born = viewer.find(|message| message.data["name"] == "late");
        assert_eq!(born.data["event"], "spawned");
        viewer.event("loop_dropped");
        let end = viewer.next().unwrap();
        assert_eq!((end.kind.as_str(), end.data), ("end", json!({})));
        assert!(viewer.next().is_none());
        viewer.heartbeats
    });
    event_loop.block_on(async {
        sleep(ms(1_500)).await;
        spawn_named("late", async {}).await.unwrap();
    });
    drop(event_loop);
    assert!(seen.join().unwrap() > 0, "more than a second without an event");
}

#[test]
fn two_viewers_see_the_same_and_what_the_loop_did_before_they_came() {
    let (event_loop, address) = watched();
    event_loop.block_on(async { spawn_named("early", yield_now()).await.unwrap() });
    let viewers = [1, 2].map(|_| {
        let mut viewer = Viewer::open(address, "/events");
        thread::spawn(move || {
            // But for the header, which counts what is there already.
            let _ = viewer.next();
            let mut lines = Vec::new();
            while let Some(message) = viewer.next() {
                lines.push(message.data.to_string());
            }
            lines
        })
    });
    event_loop.block_on(sleep(ms(100)));
    drop(event_loop);
    let [one, other] = viewers.map(|viewer| viewer.join().unwrap());
    assert_eq!(one, other);
    assert!(one.iter().any(|line| line.contains("early")));
}

/// Case 169.
#[test]
fn a_slow_viewer_loses_events_and_is_told_how_many() {
    let record = Record::with_limit(1_000);
    let event_loop =
        EventLoop::builder().inspect("127.0.0.1:0").observer(record.clone()).build().unwrap();
    let address = address_of(&event_loop);
    // He does not read, until the loop has done many times what record and sockets hold.
    let mut viewer = Viewer::ask(address, "/events");
    event_loop.block_on(async {
        for _ in 0..300_000 {
            yield_now().await;
        }
        sleep(ms(50)).await;
    });
    let all = record.dropped() + (record.events().len() - record.past()) as u64;
    viewer.read_head();
    let (mut seen, mut lost, mut last, mut past) = (0, 0, 0, 0);
    while seen + lost < all {
        let Message { kind, data } = viewer.next().unwrap();
        if kind == "lagged" {
            assert_eq!(past, 0);
            lost += data["lost"].as_u64().unwrap();
        } else if data["boucle"] == "trace" {
            // At the beginning, and after each gap: what the events that were dropped have left.
            assert_eq!(seen + lost, data["dropped"].as_u64().unwrap());
            past = data["past"].as_u64().unwrap();
            assert!(past > 0 || seen == 0);
        } else if past > 0 {
            past -= 1;
        } else {
            let at = data["at"].as_u64().unwrap();
            assert!(kind.is_empty() && at >= last, "events come in order");
            (seen, last) = (seen + 1, at);
        }
    }
    assert!(lost > 0, "nothing was lost of {seen}");
    assert_eq!(seen + lost, all);
    // From here on the viewer keeps up.
    event_loop.block_on(async { spawn_named("last", async {}).await.unwrap() });
    assert_eq!(viewer.next().unwrap().data["event"], "spawned");
    drop(event_loop);
    viewer.find(|message| message.kind == "end");
}

#[test]
fn a_viewer_that_takes_nothing_does_not_hold_up_the_end_for_long() {
    let address = free_port();
    let event_loop = EventLoop::builder().inspect(address.to_string()).build().unwrap();
    let viewer = Viewer::ask(address, "/events");
    event_loop.block_on(async {
        for _ in 0..100_000 {
            yield_now().await;
        }
        sleep(ms(100)).await;
    });
    let began = Instant::now();
    drop(event_loop);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(viewer);
    // The port is free, and nobody answers there.
    assert_free(address);
}

/// Case 168.
#[test]
fn names_of_tasks_cannot_break_out() {
    let (event_loop, address) = watched();
    let names = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\r\n\r\nevent: end\r\ndata: {}\r\n\r\n",
        "\n\ndata: {\"event\":\"loop_dropped\"}\n\n",
        "\u{2028}\u{2029}\u{202e}\u{1b}[2J\0\u{7f}\u{85}",
        "\"}],\"tasks\":[{\\",
    ];
    let huge = "<".repeat(1 << 20);
    event_loop.block_on(async {
        for name in names.into_iter().chain([huge.as_str()]) {
            drop(spawn_named(name, std::future::pending::<()>()));
        }
        yield_now().await;
    });
    let tasks = get(address, "/tasks").json();
    let found = tasks["tasks"].as_array().unwrap();
    let mut viewer = Viewer::open(address, "/events");
    for (name, task) in names.iter().zip(found.iter().filter(|task| task["name"] != "block_on")) {
        assert_eq!(task["name"], *name);
        let born = viewer.find(|message| {
            message.data["event"] == "spawned" && message.data["name"] != "block_on"
        });
        assert_eq!((born.kind.as_str(), &born.data["name"]), ("", &json!(name)));
    }
    assert!(get(address, "/tasks").body.len() < 20_000, "of a name, a kilobyte is kept");
}

// The table.

#[test]
fn the_table_says_who_waits_for_what() {
    let (event_loop, address) = watched();
    let asked = event_loop.block_on(async {
        spawn_named("sleeper", sleep(Duration::from_secs(600)));
        let awaited = spawn_named("awaited", std::future::pending::<()>());
        spawn_named("waiter", awaited);
        sleep(ms(20)).await;
        boucle::spawn_blocking(move || get(address, "/tasks").json()).await.unwrap()
    });
    let task = |name: &str| {
        let tasks = asked["tasks"].as_array().unwrap();
        tasks.iter().find(|task| task["name"] == name).unwrap_or_else(|| panic!("{asked}"))
    };
    assert_eq!(task("sleeper")["state"], "waiting");
    let deadline = task("sleeper")["waits_for"][0]["deadline"].as_u64().unwrap();
    assert!(deadline > 600_000_000_000, "{deadline}");
    assert_eq!(task("waiter")["waits_for"][0]["name"], "awaited");
    assert_eq!(task("awaited")["waits_for"], json!([]));
    assert!(task("waiter")["place"].as_str().unwrap().starts_with("tests/inspect.rs:"));
    assert!(task("waiter")["for"].as_u64().unwrap() >= 20_000_000);
    // The job that asks is the one that is awaited.
    let job = &task("block_on")["waits_for"][0];
    assert_eq!((&job["job"], &job["pool"], &job["worker"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(asked["doing"]["kind"], "sleeping");
    assert_eq!(asked["left_out"], 0);
}

#[test]
fn a_loop_that_is_stuck_can_be_looked_at_meanwhile() {
    let (event_loop, address) = watched();
    let (stick, is_stuck) = mpsc::channel();
    let (free, is_freed) = mpsc::channel();
    let looking = thread::spawn(move || {
        is_stuck.recv().unwrap();
        thread::sleep(ms(500));
        let mut viewer = Viewer::open(address, "/events");
        viewer.find(|message| message.data["event"] == "poll_began" && message.data["task"] == 2);
        let tasks = get(address, "/tasks").json();
        free.send(()).unwrap();
        tasks
    });
    event_loop.block_on(async {
        let blocking = spawn_named("blocker", async move {
            stick.send(()).unwrap();
            // Until it has been looked at.
            is_freed.recv_timeout(Duration::from_secs(20)).unwrap();
        });
        blocking.await.unwrap();
    });
    let tasks = looking.join().unwrap();
    let doing = &tasks["doing"];
    assert_eq!((&doing["kind"], &doing["name"]), (&json!("polling"), &json!("blocker")), "{tasks}");
    assert!(doing["for"].as_u64().unwrap() >= 500_000_000, "{doing}");
    assert_eq!(tasks["tasks"][1]["state"], "running");
}

#[test]
fn a_simulated_loop_can_be_watched_too() {
    let builder = || EventLoop::builder().inspect("127.0.0.1:0");
    for (builder, seed) in
        [(builder().simulated(7), json!(7)), (builder().simulated_in_order(), json!(null))]
    {
        let event_loop = builder.build().unwrap();
        let address = address_of(&event_loop);
        event_loop.block_on(sleep(Duration::from_secs(86_400)));
        let tasks = get(address, "/tasks").json();
        assert_eq!((&tasks["now"], &tasks["doing"]["for"]), (&json!(null), &json!(null)));
        assert!(tasks["last_event"].as_u64().unwrap() >= 86_400_000_000_000);
        let mut viewer = Viewer::open(address, "/events");
        assert_eq!(viewer.event("loop_built")["seed"], seed);
        drop(event_loop);
        viewer.find(|message| message.kind == "end");
    }
}

#[test]
fn watching_does_not_change_a_simulated_run() {
    let run = |builder: boucle::Builder| {
        let record = Record::new();
        let event_loop = builder.simulated(3).observer(record.clone()).build().unwrap();
        let viewer = event_loop.inspect_url().map(|url| Viewer::open(parse_url(url).0, "/events"));
        event_loop.block_on(async {
            let tasks = [3, 1, 2].map(|n| spawn_named(format!("task {n}"), sleep(ms(n))));
            for task in tasks {
                task.await.unwrap();
            }
        });
        drop((event_loop, viewer));
        record.to_string()
    };
    assert_eq!(run(EventLoop::builder()), run(EventLoop::builder().inspect("127.0.0.1:0")));
}

// Many, and none.

/// Case 176.
#[test]
fn of_too_many_connections_at_once_those_that_were_first_are_served() {
    let (_event_loop, address) = watched();
    let mut viewers: Vec<_> = (0..48).map(|_| connect(address)).collect();
    // Requests come when all are there.
    thread::sleep(ms(100));
    let ask = format!("GET /tasks HTTP/1.1\r\nHost: {address}\r\n\r\n");
    viewers.iter_mut().for_each(|viewer| viewer.write_all(ask.as_bytes()).unwrap());
    let statuses = viewers.into_iter().map(|mut viewer| {
        let mut answer = String::new();
        viewer.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    });
    let statuses: Vec<_> = statuses.collect();
    assert_eq!(
        (&statuses[..32], &statuses[32..]),
        (&["200"; 32].map(String::from)[..], &["503"; 16].map(String::from)[..])
    );
}

/// Case 176.
#[test]
fn so_many_connections_and_no_more() {
    let (event_loop, address) = watched();
    let viewers: Vec<_> = (0..32).map(|_| Viewer::open(address, "/events")).collect();
    assert_eq!(get(address, "/tasks").status, 503);
    // The loop does not know how many look on.
    event_loop.block_on(async { spawn_named("seen by all", async {}).await.unwrap() });
    let rest: Vec<_> = viewers
        .into_iter()
        .map(|mut viewer| {
            viewer.find(|message| message.data["name"] == "seen by all");
            viewer
        })
        .collect();
    // Those who leave make room.
    drop(rest);
    thread::sleep(ms(500));
    // All may see the end.
    let viewers: Vec<_> = (0..20).map(|_| Viewer::open(address, "/events")).collect();
    let ends = thread::spawn(move || {
        for mut viewer in viewers {
            viewer.find(|message| message.kind == "end");
        }
    });
    drop(event_loop);
    ends.join().unwrap();
}

#[test]
fn several_loops_share_an_address() {
    let at = free_port();
    let build = move || EventLoop::builder().inspect(at.to_string()).build().unwrap();
    let one = build();
    assert_eq!(one.inspect_url().unwrap(), format!("http://{at}/"));
    assert!(get(at, "/").body.contains("events?loop=1"));
    let two = build();
    assert_eq!(two.inspect_url().unwrap(), format!("http://{at}/?loop=2"));
    let list = get(at, "/");
    assert_eq!(list.status, 200);
    assert!(list.body.contains("href=\"?loop=1\"") && list.body.contains("href=\"?loop=2\""));
    assert!(get(at, "/?loop=2").body.contains("events?loop=2"));
    let _idle = two.spawn(async {});
    assert_eq!(get(at, "/tasks?loop=1").json()["tasks"], json!([]));
    assert_eq!(get(at, "/tasks?loop=2").json()["tasks"][0]["state"], "queued");
    // Loops of other threads as well, until the last is gone.
    let (mut first, mut second) =
        (Viewer::open(at, "/events?loop=1"), Viewer::open(at, "/events?loop=2"));
    assert_eq!(second.next().unwrap().data["loop"], 2);
    thread::spawn(move || assert!(build().inspect_url().unwrap().ends_with("?loop=3")))
        .join()
        .unwrap();
    drop(one);
    first.find(|message| message.kind == "end");
    assert!(get(at, "/").body.contains("events?loop=2"));
    assert_eq!(get(at, "/tasks?loop=1").status, 404);
    drop(two);
    second.find(|message| message.kind == "end");
    // Then the port is free, and the count begins anew.
    assert_free(at);
    assert_eq!(build().inspect_url().unwrap(), format!("http://{at}/"));
}

#[test]
fn a_port_that_is_taken_is_an_error_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = EventLoop::builder().inspect(&address).build().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let told = error.to_string();
    assert!(told.contains(&address) && told.contains("choose another port"), "{told}");
}

/// Case 163.
#[test]
fn only_loopback_is_served() {
    for address in ["0.0.0.0:0", "[::]:0", "192.168.1.2:4141"] {
        let told = EventLoop::builder().inspect(address).build().unwrap_err().to_string();
        assert!(told.contains("not a loopback address"), "{told}");
    }
    assert_eq!(EventLoop::new().unwrap().inspect_url(), None);
}

// In a process of its own.

/// The program of the tests below: it knows nothing of the page.
#[test]
#[ignore = "the child process of other tests"]
fn child() {
    let event_loop = match EventLoop::new() {
        Ok(event_loop) => event_loop,
        Err(error) => return println!("error: {error}"),
    };
    event_loop.block_on(async {
        spawn_named("program", std::future::pending::<()>());
        // Until somebody says that it is enough.
        boucle::spawn_blocking(|| io::stdin().read_line(&mut String::new()))
            .await
            .unwrap()
            .unwrap();
    });
    // A second one after the first, at the same address.
    drop(event_loop);
    boucle::block_on(async {});
}

/// The program, run with `BOUCLE_INSPECT`.
fn program(value: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture"]);
    command.env("BOUCLE_INSPECT", value).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_variable_is_enough() {
    for value in ["127.0.0.1:0", &free_port().to_string(), "localhost:0/word"] {
        let mut child = program(value).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let url = line.strip_prefix("boucle: the loop can be watched at ").unwrap().trim_end();
        let (address, path) = parse_url(url);
        assert_eq!(get(address, &path).status, 200);
        // The loop that serves the page is not watched in its turn.
        let tasks = get(address, &format!("{path}tasks")).json();
        let tasks = tasks["tasks"].as_array().unwrap();
        assert!(tasks.iter().all(|task| task["name"] == "program" || task["name"] == "block_on"));
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
        // What has been said is not said again.
        let again: Vec<_> = told.lines().map(Result::unwrap).collect();
        assert_eq!(again.is_empty(), !value.contains(":0"), "{again:?}");
    }
}

#[test]
fn a_value_that_is_not_understood_is_an_error() {
    for (value, why) in [
        ("1", "such as `127.0.0.1:4141`"),
        ("0.0.0.0:4141", "not a loopback address"),
        ("example.org:4141", "such as `127.0.0.1:4141`"),
    ] {
        let output = program(value).spawn().unwrap().wait_with_output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("error: BOUCLE_INSPECT: ") && told.contains(why), "{told}");
    }
    // Where standard error cannot be written nothing is said, and nobody is stopped.
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut child = program("127.0.0.1:0").stderr(full).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
    }
    // An empty one is none.
    let mut child = program("").spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}

/// The threads of this process, by name, with how often each went to sleep.
#[cfg(target_os = "linux")]
fn threads() -> Vec<(String, u64)> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let read = |task: io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.ok()?.path().join("status")).ok()?;
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Some((field("Name:")?.to_owned(), field("voluntary_ctxt_switches:")?.parse().ok()?))
    };
    tasks.filter_map(read).collect()
}

/// Case 152.
#[cfg(target_os = "linux")]
#[test]
fn fifty_loops_leave_nothing_behind() {
    if !support::is_child() {
        let test = "fifty_loops_leave_nothing_behind";
        return support::expect_success(support::start_child(test));
    }
    let count = || (threads().len(), std::fs::read_dir("/proc/self/fd").unwrap().count());
    drop(watched());
    let before = count();
    let at = free_port();
    for round in 0..50 {
        let event_loop = EventLoop::builder().inspect(at.to_string()).build().unwrap();
        let viewer = (round % 3 > 0).then(|| Viewer::open(at, "/events"));
        event_loop.block_on(yield_now());
        if round % 3 == 2 {
            drop(viewer);
            drop(event_loop);
        } else {
            drop(event_loop);
            if let Some(mut viewer) = viewer {
                viewer.find(|message| message.kind == "end");
            }
        }
    }
    assert_eq!(count(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_is_woken_while_nobody_looks() {
    if !support::is_child() {
        return support::expect_success(support::start_child("nobody_is_woken_while_nobody_looks"));
    }
    let (_event_loop, address) = watched();
    let sleeps = || {
        let found = threads().into_iter().find(|(name, _)| name == "boucle-inspect");
        found.unwrap().1
    };
    // Somebody looks, and goes away again.
    Viewer::open(address, "/events").event("loop_built");
    assert_eq!(get(address, "/tasks").status, 200);
    thread::sleep(ms(2_500));
    let before = sleeps();
    thread::sleep(ms(1_000));
    assert_eq!(sleeps(), before);
}
