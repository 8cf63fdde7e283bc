//! Debug mode: what `BOUCLE_DEBUG=1` reports of programs that know nothing of it, run again as
//! child processes, and the observers behind it.

#![cfg(feature = "os")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use boucle::observe::{SlowPoll, SlowReport, TaskId, UnseenPanics};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;
use boucle::{EventLoop, TaskGroup};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The programs that the tests run as children, by name.
fn programs(name: &str) {
    match name {
        "stuck" => {
            boucle::block_on(async {
                let stuck = spawn_named("stuck", async {
                    eprintln!("marker: begins");
                    until_seen();
                    eprintln!("marker: ends");
                });
                stuck.await.unwrap();
            });
            eprintln!("marker: over");
        }
        "hangs" => boucle::block_on(async { until_seen() }),
        "many" => {
            let run = |number: u32| {
                boucle::block_on(async move {
                    let stuck = async { until_seen() };
                    spawn_named(format!("stuck {number}"), stuck).await.unwrap();
                });
            };
            thread::scope(|scope| {
                (0..4).for_each(|number| drop(scope.spawn(move || run(number))));
            });
        }
        "panics" => {
            let event_loop = EventLoop::new().unwrap();
            let mut kept = None;
            event_loop.block_on(async {
                let panics = |name: &'static str| {
                    spawn_named(name, async move {
                        yield_now().await;
                        panic!("marker: {name}");
                    })
                };
                drop(panics("detached"));
                panics("seen").await.unwrap_err();
                let late = panics("dropped late");
                let aborted = panics("aborted");
                aborted.abort();
                aborted.await.unwrap_err();
                spawn_named("detached and well", async {}).await.unwrap();
                sleep(ms(1)).await;
                eprintln!("marker: the handle goes");
                drop(late);
                kept = Some(panics("never awaited"));
            });
            event_loop.block_on(sleep(ms(1)));
            eprintln!("marker: the loop is dropped");
            drop(event_loop);
            drop(kept);
        }
        "simulated" => {
            EventLoop::simulated(0).block_on(async { thread::sleep(ms(200)) });
            EventLoop::simulated(0).block_on(sleep(Duration::from_secs(5)));
        }
        #[cfg(target_os = "linux")]
        "idle" => {
            let event_loop = EventLoop::new().unwrap();
            event_loop.block_on(sleep(ms(300)));
            let [(_, before)] = watchdogs()[..] else { panic!("{:?}", watchdogs()) };
            event_loop.block_on(sleep(ms(1_500)));
            let [(_, after)] = watchdogs()[..] else { panic!("{:?}", watchdogs()) };
            // Two pauses: for each a call, and two looks.
            assert!(after - before <= 6, "the watchdog of an idle loop woke {before} to {after}");
        }
        #[cfg(target_os = "linux")]
        "cycles" => {
            for _ in 0..1_000 {
                boucle::block_on(yield_now());
            }
            expect_watchdogs(0);
            let [one, other] = [EventLoop::new().unwrap(), EventLoop::new().unwrap()];
            for event_loop in [&one, &other] {
                event_loop.block_on(async {});
            }
            expect_watchdogs(2);
            drop(one);
            expect_watchdogs(1);
            drop(other);
            expect_watchdogs(0);
        }
        #[cfg(target_os = "linux")]
        "no thread" => {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            // Room for a loop, but not for the stack of a thread.
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            let pages: u64 = status.split(' ').next().unwrap().parse().unwrap();
            let limit = Rlimit {
                current: Some(pages * rustix::param::page_size() as u64 + (1 << 20)),
                ..getrlimit(Resource::As)
            };
            setrlimit(Resource::As, limit).unwrap();
            for _ in 0..3 {
                boucle::block_on(async { thread::sleep(ms(120)) });
            }
        }
        other => panic!("there is no program {other}"),
    }
}

/// Waits until the test has seen all it waits for: then it closes our stdin.
fn until_seen() {
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Only runs as a child of the tests below.
#[test]
#[ignore = "the child process of other tests"]
fn child() {
    programs(&std::env::var("PROGRAM").unwrap());
}

/// A child that runs a program in debug mode, with these variables beside.
fn command(program: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture"]).env("PROGRAM", program);
    for name in ["BOUCLE_TRACE", "BOUCLE_SLOW_POLL_MS", "BOUCLE_INSPECT"] {
        command.env_remove(name);
    }
    command.env("BOUCLE_DEBUG", "1").env("RUST_BACKTRACE", "0").envs(variables.iter().copied());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What a program says to stderr in debug mode, by lines. Stuck polls go on until so many reports of
/// them came.
fn run(program: &str, variables: &[(&str, &str)], reports: usize) -> Vec<String> {
    let mut child = command(program, variables).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take();
    let (mut told, mut seen) = (Vec::new(), 0);
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        seen += usize::from(line.contains("is still running"));
        told.push(line);
        if seen == reports {
            drop(stdin.take());
        }
    }
    assert!(child.wait().unwrap().success(), "{told:?}");
    told
}

/// Nothing is slow, however slow the machine is.
const NEVER_SLOW: &[(&str, &str)] = &[("BOUCLE_SLOW_POLL_MS", "3600000")];

/// Where the line is that contains all these.
#[track_caller]
fn line(lines: &[String], words: &[&str]) -> usize {
    let found = lines.iter().position(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no line with {words:?} in\n{}", lines.join("\n")))
}

#[test]
fn a_poll_is_reported_while_it_goes_on_and_when_it_has_ended() {
    let told = run("stuck", &[], 1);
    let begins = line(&told, &["marker: begins"]);
    let while_stuck = line(&told, &["is still running"]);
    let ends = line(&told, &["marker: ends"]);
    let after = line(&told, &["in one poll; nothing else could run meanwhile"]);
    assert_eq!([begins, while_stuck, ends, after, 4], [0, 1, 2, 3, line(&told, &["over"])]);
    let who = "boucle: task 2 `stuck`, spawned at tests/debug.rs:";
    assert!(told[while_stuck].starts_with(who) && told[after].starts_with(who), "{told:?}");
    assert!(told[while_stuck].contains(":29, has kept the loop for "), "{}", told[while_stuck]);
    assert_eq!(told.len(), 5, "{told:?}");
}

#[test]
fn a_poll_that_does_not_end_is_reported_again_and_again_ever_more_rarely() {
    let told = run("hangs", &[("BOUCLE_SLOW_POLL_MS", "20")], 2);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("task 1 `block_on`"), "{told:?}");
    assert!(told[0].contains("ms and is still running"), "{told:?}");
    assert!(told[1].contains("has kept the loop for 1."), "{told:?}");
}

#[test]
fn each_of_several_loops_has_a_watch_of_its_own() {
    let told = run("many", &[], 4);
    for number in 0..4 {
        let name = format!("`stuck {number}`");
        let stuck = line(&told, &[&name, "is still running"]);
        assert!(stuck < line(&told, &[&name, "in one poll"]), "{told:?}");
    }
    assert_eq!(told.len(), 8, "{told:?}");
}

#[test]
fn a_simulated_loop_is_never_stuck() {
    assert_eq!(run("simulated", &[], 0), [""; 0]);
}

#[test]
fn a_panic_that_nobody_saw_is_reported_when_it_is_lost() {
    let told = run("panics", NEVER_SLOW, 0);
    let reports = told.iter().filter(|line| line.contains("panicked and nobody awaited")).count();
    let told_of = |name: &str| line(&told, &["nobody awaited", &format!("`{name}`")]);
    assert_eq!(reports, 3, "{told:?}");
    assert!(told_of("detached") > line(&told, &["marker: detached"]));
    assert!(told_of("detached") < line(&told, &["marker: the handle goes"]));
    assert_eq!(told_of("dropped late"), line(&told, &["marker: the handle goes"]) + 1);
    assert_eq!(told_of("never awaited"), line(&told, &["marker: the loop is dropped"]) + 1);
    let report = &told[told_of("detached")];
    assert!(
        report.starts_with("boucle: task 2 `detached`, spawned at tests/debug.rs:"),
        "{report}"
    );
    assert!(report.ends_with(", panicked and nobody awaited its JoinHandle"), "{report}");
}

#[test]
fn unseen_panics_can_be_told_to_the_program_itself() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let watch = UnseenPanics::with(move |unseen| told.lock().unwrap().push(unseen.clone()));
    let event_loop = EventLoop::builder().simulated(0).observer(watch).build().unwrap();
    event_loop.block_on(async {
        drop(spawn_named("lost", async { panic!("on purpose") }));
        spawn_named("found", async { panic!("on purpose") }).await.unwrap_err();
        // A group passes on what its tasks do.
        let mut group = TaskGroup::new();
        group.spawn(async { panic!("on purpose") });
        while group.join_next().await.is_some() {}
        yield_now().await;
    });
    drop(event_loop);
    let seen = seen.lock().unwrap();
    let names: Vec<&str> = seen.iter().map(|unseen| &*unseen.name).collect();
    assert_eq!(names, ["lost"]);
    assert_eq!((seen[0].task, seen[0].place.file()), (TaskId(2), file!()));
}

/// The panic of `block_on` itself goes to its caller, so somebody sees it.
#[test]
fn the_panic_of_block_on_is_seen() {
    let seen = Arc::new(Mutex::new(0));
    let told = seen.clone();
    let watch = UnseenPanics::with(move |_| *told.lock().unwrap() += 1);
    let event_loop = EventLoop::builder().observer(watch).build().unwrap();
    let run = || event_loop.block_on(async { panic!("on purpose") });
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
    drop(event_loop);
    assert_eq!(*seen.lock().unwrap(), 0);
}

#[test]
fn a_program_is_told_on_another_thread_while_its_loop_is_stuck() {
    let (tell, told) = std::sync::mpsc::channel::<SlowReport>();
    let (end, ended) = std::sync::mpsc::channel();
    let also = tell.clone();
    let watch = SlowPoll::with(ms(30), move |report| tell.send(report.clone()).unwrap());
    let watch = watch.while_stuck(move |report| also.send(report.clone()).unwrap());
    let event_loop = EventLoop::builder().observer(watch).build().unwrap();
    // The poll ends because the report of it came.
    let guard = thread::spawn(move || {
        let report = told.recv().unwrap();
        end.send(()).unwrap();
        (report, told)
    });
    event_loop.block_on(async move { ended.recv().unwrap() });
    let (first, told) = guard.join().unwrap();
    let last = told.recv().unwrap();
    assert!(!first.is_over && last.is_over);
    assert!(first.took >= ms(30) && last.took >= first.took, "{first} {last}");
    assert_eq!((first.began, first.task), (last.began, last.task));
    drop(event_loop);
    assert!(told.recv().is_err());
}

#[test]
fn a_listener_that_panics_is_not_called_again_and_the_loop_goes_on() {
    let watch = SlowPoll::with(ms(1_000), |_| {}).while_stuck(|_| panic!("on purpose"));
    let event_loop = EventLoop::builder().observer(watch).build().unwrap();
    event_loop.block_on(async { thread::sleep(ms(1_200)) });
    event_loop.block_on(sleep(ms(1)));
}

/// The watchdogs of this process: the number of each thread, and how often it has gone to sleep.
#[cfg(target_os = "linux")]
fn watchdogs() -> Vec<(String, u64)> {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap());
    let status = |file: std::fs::DirEntry| {
        let status = std::fs::read_to_string(file.path().join("status")).ok()?;
        let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let sleeps = field("voluntary_ctxt_switches:")?.parse().ok()?;
        (field("Name:")? == "boucle-watchdog").then(|| (field("Pid:").unwrap().to_owned(), sleeps))
    };
    threads.filter_map(status).collect()
}

/// Waits until there are so many: a thread gets its name, and leaves the list, a moment late.
#[cfg(target_os = "linux")]
fn expect_watchdogs(count: usize) {
    let reached = (0..1_000).any(|_| {
        thread::sleep(ms(1));
        watchdogs().len() == count
    });
    assert!(reached, "{:?} instead of {count}", watchdogs());
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_program_is_left_alone() {
    let mut told = run("idle", &[], 0);
    // On a machine that has much to do, a poll may well be slow.
    told.retain(|line| !line.contains("has kept the loop") && !line.contains("in one poll"));
    assert_eq!(told, [""; 0]);
}

/// Case 152.
#[cfg(target_os = "linux")]
#[test]
fn the_watchdog_is_gone_when_its_loop_is() {
    assert_eq!(run("cycles", NEVER_SLOW, 0), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_thread_a_poll_is_reported_when_it_has_ended() {
    let told = run("no thread", &[], 0);
    assert!(told[0].starts_with("boucle: no thread for the watchdog ("), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.contains("in one poll")).count(), 3, "{told:?}");
    assert_eq!(told.len(), 4, "{told:?}");
}
