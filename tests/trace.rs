//! Traces in files: each form, and each way in which a program ends. A program is run as a child
//! process, in the window of `BOUCLE_TRACE`; signals are real.

#![cfg(all(feature = "os", feature = "trace"))]

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use boucle::observe::{Event, Format, Observer, Record, Recorded, Trace, WorkerId};
use boucle::task::{spawn_named, yield_now};
use boucle::time::sleep;
use boucle::{EventLoop, spawn, spawn_blocking};
use serde_json::Value;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The same run, as it stood while the job hung, is `tests/page/traces/hanging_job.jsonl`, against
/// which `model.test.mjs` holds the page. `BLESS=1` writes it anew.
#[test]
fn a_job_that_hangs_is_seen_to_run_and_the_one_behind_it_to_wait() {
    let record = Record::new();
    let builder = EventLoop::builder().max_blocking_threads(1).observer(record.clone());
    let event_loop = builder.build().unwrap();
    let (go, gone) = mpsc::channel();
    let (hangs, waits) = event_loop.block_on(async {
        let hangs = spawn_blocking(move || gone.recv().unwrap());
        let waits = spawn_blocking(|| ());
        let has_begun = |it: &Recorded| matches!(it.event(), Event::JobStarted { .. });
        while !record.events().iter().any(has_begun) {
            sleep(ms(1)).await;
        }
        sleep(ms(30)).await;
        (hangs, waits)
    });
    let events = record.events();
    let written = |format| {
        let mut text = Vec::new();
        record.write(format, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    let (svg, jsonl) = (written(Format::Svg), written(Format::Jsonl));
    go.send(()).unwrap();
    event_loop.block_on(async {
        hangs.await.unwrap();
        waits.await.unwrap();
    });

    let of_jobs = events.iter().filter_map(|recorded| match recorded.event() {
        Event::JobQueued { job, .. } => Some((job.0, "is queued")),
        Event::JobStarted { job, worker: WorkerId(0), .. } => Some((job.0, "runs")),
        Event::JobFinished { job, .. } => Some((job.0, "is done")),
        _ => None,
    });
    let of_jobs: Vec<_> = of_jobs.collect();
    assert_eq!(of_jobs, [(1, "is queued"), (2, "is queued"), (1, "runs")]);
    // In the lanes, the worker has the job, and the other one is in the queue.
    for words in ["worker 0 of pool 0", "queue of pool 0", ">job 1, ", ">1 waits<"] {
        assert!(svg.contains(words), "{words} is not in\n{svg}");
    }
    if std::env::var_os("BLESS").is_some() {
        let (header, events) = jsonl.split_once('\n').unwrap();
        let mut header: Value = serde_json::from_str(header).unwrap();
        header["program"] = "hanging_job".into();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/traces/hanging_job.jsonl");
        fs::write(path, format!("{header}\n{events}")).unwrap();
    }
}

/// Only runs as a child of the tests below.
#[test]
#[ignore = "the child process of other tests"]
fn child() -> io::Result<()> {
    let way = std::env::var("BOUCLE_TEST_WAY").unwrap();
    let event_loop = EventLoop::new()?;
    event_loop.block_on(async {
        spawn_named("fetch", async { sleep(ms(5)).await });
        sleep(ms(10)).await;
    });
    match &*way {
        "end" => {}
        "error" => return Err(io::Error::other("as wanted")),
        "panic" => event_loop.block_on(async { panic!("as wanted") }),
        "exit" => std::process::exit(3),
        "sleep" => event_loop.block_on(async {
            println!("\nsleeping");
            std::future::pending::<()>().await;
        }),
        "two" => {
            let other = EventLoop::new()?;
            other.block_on(yield_now());
            event_loop.block_on(async {
                println!("\nsleeping");
                std::future::pending::<()>().await;
            });
        }
        _ => panic!("{way}?"),
    }
    Ok(())
}

/// As `child`, for a loop that never gets so far as to wait.
#[test]
#[ignore = "the child process of other tests"]
fn stuck_child() {
    EventLoop::new().unwrap().block_on(async {
        println!("\nsleeping");
        thread::sleep(Duration::from_secs(60));
    });
}

/// As `child`, with a handler of its own that is there before the loop first sleeps.
#[cfg(unix)]
#[test]
#[ignore = "the child process of other tests"]
fn handling_child() {
    use boucle::io::{Direction, Source};
    use signal_hook::consts::SIGINT;

    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(async {
        let (reader, writer) = mio::net::UnixStream::pair().unwrap();
        signal_hook::low_level::pipe::register(SIGINT, writer).unwrap();
        let reader = Source::new(reader).unwrap();
        sleep(ms(10)).await;
        println!("\nsleeping");
        reader.ready(Direction::Read).await.unwrap();
        spawn_named("goodbye", sleep(ms(50))).await.unwrap();
    });
}

/// A directory that is removed in the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("boucle-trace-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The files in it, by name.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The command for a child whose trace goes to `path`.
fn command(test: &str, way: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command.env_remove("BOUCLE_DEBUG").env_remove("BOUCLE_COMPARE");
    command.env("BOUCLE_TEST_WAY", way).env("BOUCLE_TRACE", path);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a child to its end; returns its exit code and what it says to stderr.
fn run(way: &str, path: &Path) -> (Option<i32>, String) {
    let output = command("child", way, path).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Waits until a child says that it sleeps.
fn wait_until_it_sleeps(child: &mut Child) {
    let stdout = child.stdout.as_mut().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    assert!(lines.any(|line| line.unwrap() == "sleeping"));
    // Then it does so; and the thread that waits for signals is there.
    thread::sleep(ms(400));
}

/// The lines of a trace, checked as far as the header goes.
fn read(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["boucle"], &lines[0]["version"]), (&"trace".into(), &1.into()));
    assert_eq!(lines[0]["events"], lines.len() - 1);
    lines
}

/// Whether some task of that name is in a trace.
fn has_task(trace: &[Value], name: &str) -> bool {
    trace.iter().any(|line| line["event"] == "spawned" && line["name"] == name)
}

#[test]
fn each_form_is_written_when_the_loop_is_dropped() {
    let directory = Directory::new("forms");
    for (name, begins) in [
        ("run.html", "<!doctype html>"),
        ("run.svg", "<svg xmlns="),
        ("run.jsonl", "{\"boucle\":\"trace\",\"version\":1,\"program\":\"trace-"),
        ("run.json", "{\"displayTimeUnit\":"),
        ("run.txt", ""),
    ] {
        let (code, told) = run("end", &directory.path(name));
        assert_eq!((code, &*told), (Some(0), ""));
        let text = fs::read_to_string(directory.path(name)).unwrap();
        assert!(text.starts_with(begins) && text.contains("fetch"), "{name}: {text}");
    }
    // And nothing else is left there.
    assert_eq!(directory.files(), ["run.html", "run.json", "run.jsonl", "run.svg", "run.txt"]);
}

#[test]
fn a_panic_and_an_error_leave_a_trace_and_an_exit_of_a_thread_only_the_story() {
    let directory = Directory::new("ends");
    for way in ["panic", "error"] {
        let path = directory.path(&format!("{way}.jsonl"));
        let (code, _) = run(way, &path);
        assert_eq!(code, Some(101));
        assert!(has_task(&read(&path), "fetch"));
    }
    let (code, _) = run("exit", &directory.path("exit.jsonl"));
    assert_eq!(code, Some(3));
    let (code, _) = run("exit", &directory.path("exit.txt"));
    assert_eq!(code, Some(3));
    assert!(fs::read_to_string(directory.path("exit.txt")).unwrap().contains("`fetch` is done"));
    assert_eq!(directory.files(), ["error.jsonl", "exit.txt", "panic.jsonl"]);
}

#[cfg(target_os = "linux")]
mod signals {
    use super::*;
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::fs::symlink;
    use std::os::unix::process::ExitStatusExt;

    /// Starts a child, sends it a signal when it sleeps, and returns by which signal it ended.
    fn interrupt(mut command: Command, signal: Signal) -> Option<i32> {
        let mut child = command.spawn().unwrap();
        wait_until_it_sleeps(&mut child);
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap().signal()
    }

    #[test]
    fn ctrl_c_and_kill_leave_a_whole_trace_and_end_the_program_by_their_signal() {
        let directory = Directory::new("signals");
        for (name, signal) in
            [("int.jsonl", Signal::INT), ("term.jsonl", Signal::TERM), ("int.html", Signal::INT)]
        {
            let path = directory.path(name);
            let ended_by = interrupt(command("child", "sleep", &path), signal);
            assert_eq!(ended_by, Some(signal.as_raw()));
            if name.ends_with("jsonl") {
                let trace = read(&path);
                assert!(has_task(&trace, "fetch"));
                // It slept.
                assert_eq!(trace.last().unwrap()["event"], "wait_began");
            }
        }
        assert_eq!(directory.files(), ["int.html", "int.jsonl", "term.jsonl"]);
    }

    #[test]
    fn ctrl_c_leaves_the_traces_of_all_loops_that_live() {
        let directory = Directory::new("two");
        let ended_by =
            interrupt(command("child", "two", &directory.path("run.jsonl")), Signal::INT);
        assert_eq!(ended_by, Some(Signal::INT.as_raw()));
        assert_eq!(directory.files(), ["run-2.jsonl", "run.jsonl"]);
        let loops =
            ["run.jsonl", "run-2.jsonl"].map(|it| read(&directory.path(it))[0]["loop"].clone());
        assert_eq!(loops, [1, 2]);
    }

    #[test]
    fn ctrl_c_leaves_the_trace_of_a_loop_that_is_stuck_in_its_first_poll() {
        let directory = Directory::new("stuck");
        let path = directory.path("run.jsonl");
        let mut child = command("stuck_child", "", &path).spawn().unwrap();
        wait_until_it_sleeps(&mut child);
        thread::sleep(ms(1_200));
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::INT.as_raw()));
        assert_eq!(read(&path).last().unwrap()["event"], "poll_began");
    }

    #[test]
    fn a_program_that_handles_ctrl_c_itself_ends_as_it_likes() {
        let directory = Directory::new("handled");
        let path = directory.path("run.jsonl");
        let ended_by = interrupt(command("handling_child", "", &path), Signal::INT);
        assert_eq!(ended_by, None);
        let trace = read(&path);
        assert!(has_task(&trace, "goodbye"));
        // A signal that it does not handle is watched all the same.
        let ended_by = interrupt(command("handling_child", "", &path), Signal::TERM);
        assert_eq!(ended_by, Some(Signal::TERM.as_raw()));
        assert!(!has_task(&read(&path), "goodbye"));
    }

    #[test]
    fn a_program_that_ignores_ctrl_c_goes_on() {
        let directory = Directory::new("ignored");
        let path = directory.path("run.jsonl");
        let mut shell = Command::new("sh");
        let program = command("child", "sleep", &path);
        shell.args(["-c", "trap '' INT; exec \"$0\" \"$@\""]).arg(program.get_program());
        shell.args(program.get_args()).stdout(Stdio::piped()).stderr(Stdio::null());
        shell.env("BOUCLE_TEST_WAY", "sleep").env("BOUCLE_TRACE", &path);
        let mut child = shell.spawn().unwrap();
        wait_until_it_sleeps(&mut child);
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        thread::sleep(ms(300));
        assert!(child.try_wait().unwrap().is_none());
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
        assert!(has_task(&read(&path), "fetch"));
    }

    #[test]
    fn a_trace_may_go_to_where_no_file_is() {
        let directory = Directory::new("special");
        // A pipe.
        let output = command("child", "end", Path::new("/dev/stdout")).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        // The extension decides, and this has none.
        assert!(!output.status.success() && told.contains("`.jsonl`"), "{told}");
        let link = directory.path("pipe.jsonl");
        symlink("/dev/stdout", &link).unwrap();
        let output = command("child", "end", &link).output().unwrap();
        assert!(output.status.success());
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("{\"boucle\":\"trace\"") && told.contains("\"name\":\"fetch\""));
        // A link to a file stays a link.
        let link = directory.path("link.jsonl");
        symlink("real.jsonl", &link).unwrap();
        fs::write(directory.path("real.jsonl"), "old").unwrap();
        run("end", &link);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(has_task(&read(&directory.path("real.jsonl")), "fetch"));
        assert_eq!(directory.files(), ["link.jsonl", "pipe.jsonl", "real.jsonl"]);
    }

    /// What a process that was killed while it wrote has left is in nobody's way.
    #[test]
    fn what_stands_where_the_trace_is_to_be_made_is_replaced() {
        let directory = Directory::new("left");
        let beside = format!(".run.jsonl.{}.tmp", std::process::id());
        fs::write(directory.path(&beside), "half a tra").unwrap();
        let trace = Trace::to_file(directory.path("run.jsonl")).unwrap();
        fs::write(directory.path(&beside), "half a tra").unwrap();
        simulate(trace);
        assert!(!read(&directory.path("run.jsonl")).is_empty());
        assert_eq!(directory.files(), ["run.jsonl"]);
    }

    #[test]
    fn a_story_that_cannot_be_written_any_more_says_so_once() {
        let directory = Directory::new("full");
        let path = directory.path("run.txt");
        symlink("/dev/full", &path).unwrap();
        let (code, told) = run("end", &path);
        assert_eq!(code, Some(0));
        assert!(told.starts_with("boucle: the story ends here: cannot write "), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }

    #[test]
    fn a_trace_that_cannot_be_written_in_the_end_is_told_in_one_line() {
        let directory = Directory::new("lost");
        fs::create_dir(directory.path("gone")).unwrap();
        let path = directory.path("gone/run.svg");
        let mut child = command("child", "sleep", &path).spawn().unwrap();
        wait_until_it_sleeps(&mut child);
        fs::remove_dir(directory.path("gone")).unwrap();
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(Signal::INT.as_raw()));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with("boucle: the trace is lost: cannot write "), "{told}");
        assert!(told.contains("its directory must exist") && told.lines().count() == 1, "{told}");
    }
}

/// A program that is the same on every run.
fn simulate(observer: impl Observer + 'static) {
    let event_loop = EventLoop::builder().simulated(5).observer(observer).build().unwrap();
    event_loop.block_on(async {
        let tasks = [3, 1, 2].map(|it| spawn_named("fetch", sleep(ms(it))));
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn the_same_from_code_with_every_form() {
    let directory = Directory::new("code");
    for name in ["run.html", "run.svg", "run.jsonl", "run.json", "run.txt"] {
        let path = directory.path(name);
        fs::write(&path, "of last time").unwrap();
        let trace = Trace::to_file(&path).unwrap().program("mine").limit(1 << 20);
        if name != "run.txt" {
            assert!(!path.exists(), "an old trace is not to be taken for the new one");
        }
        simulate(trace);
        let record = Record::new();
        simulate(record.clone());
        let mut text = Vec::new();
        record.write(Format::of(&path).unwrap(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let file = fs::read_to_string(&path).unwrap();
        let named = text
            .replace("\"program\":\"\"", "\"program\":\"mine\"")
            .replace("\"program\":\"boucle\"", "\"program\":\"mine\"")
            .replace("\"boucle, loop 1\"", "\"mine, loop 1\"")
            .replace("An event loop: what", "An event loop of mine: what")
            .replace(">An event loop<", ">mine<");
        assert!(named == file, "{name}:\n{named}\n{file}");
        // Nothing of the machine is in it: the same bytes on the next run.
        let again = Record::new();
        simulate(again.clone());
        let mut same = Vec::new();
        again.write(Format::of(&path).unwrap(), &mut same).unwrap();
        assert!(text.as_bytes() == same);
        assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
    }
    assert_eq!(directory.files(), ["run.html", "run.json", "run.jsonl", "run.svg", "run.txt"]);
}

#[test]
fn a_trace_whose_loop_was_never_built_is_not_written() {
    let directory = Directory::new("unborn");
    drop(Trace::to_file(directory.path("run.html")).unwrap());
    assert!(directory.files().is_empty());
}

#[test]
fn a_path_that_cannot_be_is_an_error_that_names_the_remedy() {
    let error = |path: &str| Trace::to_file(path).unwrap_err().to_string();
    for path in ["run", "run.htm", "run.JSON", ".svg"] {
        let told = error(path);
        for possible in ["`.html`", "`.svg`", "`.jsonl`", "`.json`", "`.txt`"] {
            assert!(told.contains(possible), "{path}: {told}");
        }
    }
    let told = error("/no/such/\u{1b}[31m/run.html");
    assert!(told.contains("\\u{1b}[31m") && !told.contains('\u{1b}'), "{told}");
    for path in ["/no/such/directory/run.html", "/no/such/directory/run.txt"] {
        let told = error(path);
        assert!(told.starts_with(&format!("cannot write {path}: ")), "{told}");
        assert!(told.ends_with("its directory must exist"), "{told}");
    }
    let directory = Directory::new("folder");
    fs::create_dir(directory.path("run.html")).unwrap();
    assert!(Trace::to_file(directory.path("run.html")).is_err());
    assert_eq!(directory.files(), ["run.html"]);
}

#[test]
fn two_runs_are_put_on_one_page() {
    let directory = Directory::new("compare");
    let [old, page] = ["old.jsonl", "run.html"].map(|name| directory.path(name));
    simulate(Trace::to_file(&old).unwrap());
    simulate(Trace::to_file(&page).unwrap().compare_with(&old).unwrap());
    let text = fs::read_to_string(&page).unwrap();
    let other = text.split_once("id=\"trace-b\">").unwrap().1.split_once("</script>").unwrap().0;
    assert_eq!(other.replace("\\u003c", "<"), fs::read_to_string(&old).unwrap());
    // The same by a variable; it is an error where there is no page, or no trace to compare with.
    let mut child = command("child", "end", &page);
    assert!(child.env("BOUCLE_COMPARE", &old).output().unwrap().status.success());
    assert!(fs::read_to_string(&page).unwrap().contains(other));
    let error = |trace: &str, compare: &Path| {
        let mut child = command("child", "end", &directory.path(trace));
        let output = child.env("BOUCLE_COMPARE", compare).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error("run.svg", &old).contains("two runs are compared on a page"));
    assert!(error("run.html", &page).contains("it is no trace"));
    assert!(error("run.html", &directory.path("none.jsonl")).contains("BOUCLE_COMPARE: cannot"));
    fs::write(directory.path("2.jsonl"), "{\"boucle\":\"trace\",\"version\":2}\n").unwrap();
    assert!(error("run.html", &directory.path("2.jsonl")).contains("version 2"));
}

/// Case 169. A trace is bounded, and says what it left out; what lives is known all the same.
#[test]
fn a_long_run_leaves_a_bounded_trace_that_says_what_was_dropped() {
    let directory = Directory::new("long");
    let path = directory.path("run.jsonl");
    let trace = Trace::to_file(&path).unwrap().limit(64 << 10);
    let event_loop = EventLoop::builder().simulated(1).observer(trace).build().unwrap();
    event_loop.block_on(async {
        let old = spawn_named("old", sleep(Duration::from_secs(3_600)));
        for _ in 0..3_000 {
            spawn(yield_now()).await.unwrap();
        }
        old.await.unwrap();
    });
    drop(event_loop);
    let trace = read(&path);
    assert!(trace.len() < 3_000, "{}", trace.len());
    assert!(trace[0]["dropped"].as_u64().unwrap() > 15_000, "{}", trace[0]);
    let past = trace[0]["past"].as_u64().unwrap() as usize;
    assert!((4..20).contains(&past), "{past}");
    let told = &trace[1..=past];
    assert!(has_task(told, "old") && told.iter().any(|line| line["event"] == "timer_armed"));
}

/// A disk without room.
struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_record_can_be_written_while_its_loop_goes_on() {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        for form in [Format::Html, Format::Svg, Format::Jsonl, Format::Json, Format::Txt] {
            yield_now().await;
            let mut text = Vec::new();
            record.write(form, &mut text).unwrap();
            assert!(String::from_utf8(text).unwrap().contains("block_on"), "{form:?}");
        }
    });
    // A full disk is an error, not a panic.
    for form in [Format::Html, Format::Svg, Format::Jsonl, Format::Json, Format::Txt] {
        assert_eq!(record.write(form, Full).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
    let polls = |it: &Record| {
        it.events().iter().filter(|it| matches!(it.event(), Event::PollBegan { .. })).count()
    };
    assert_eq!(polls(&record), 6);
}
