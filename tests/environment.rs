//! The environment: a program that knows nothing of observers is run again as a child process.

#![cfg(feature = "os")]

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use boucle::EventLoop;
use boucle::task::spawn_named;
use boucle::time::sleep;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Only runs as a child of the tests below.
#[test]
#[ignore = "the child process of other tests"]
fn child() {
    let build = || EventLoop::builder().build();
    match build() {
        Err(error) => println!("error: {error}"),
        Ok(event_loop) => {
            event_loop.block_on(async {
                spawn_named("slow", async { thread::sleep(ms(120)) }).await.unwrap();
                spawn_named("quick", async { thread::sleep(ms(30)) }).await.unwrap();
            });
            // A second loop, and a simulated one.
            build().unwrap().block_on(async {});
            EventLoop::simulated(0).block_on(sleep(Duration::from_secs(3)));
        }
    }
}

/// What the child says to stdout and stderr.
fn run_child(variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture"]);
    for name in
        ["BOUCLE_TRACE", "BOUCLE_COMPARE", "BOUCLE_DEBUG", "BOUCLE_SLOW_POLL_MS", "BOUCLE_SIMULATE"]
    {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(output.status.success(), "{}", text(output.stderr));
    (text(output.stdout), text(output.stderr))
}

/// A directory that is removed in the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("boucle-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn without_a_variable_nobody_watches() {
    assert_eq!(run_child(&[]).1, "");
    assert_eq!(run_child(&[("BOUCLE_TRACE", ""), ("BOUCLE_DEBUG", "")]).1, "");
    assert_eq!(run_child(&[("BOUCLE_DEBUG", "0"), ("BOUCLE_SLOW_POLL_MS", "1")]).1, "");
}

#[test]
fn a_variable_turns_the_slow_poll_watch_on() {
    let (_, told) = run_child(&[("BOUCLE_DEBUG", "1")]);
    assert!(told.starts_with("boucle: task 2 `slow`, spawned at tests/environment.rs:"), "{told}");
    assert!(!told.contains("`quick`"), "{told}");
    for more in [
        &[("BOUCLE_SLOW_POLL_MS", "20")][..],
        &[("BOUCLE_SLOW_POLL_MS", "20"), ("BOUCLE_DEBUG", "1")],
    ] {
        let (_, told) = run_child(more);
        assert!(told.contains("`slow`") && told.contains("`quick`"), "{told}");
    }
}

#[test]
fn a_variable_has_the_story_written_to_stderr() {
    let (_, story) = run_child(&[("BOUCLE_TRACE", "-")]);
    assert!(story.contains("task 2 `slow` is polled: it is new\n"), "{story}");
    assert!(story.contains("\nloop 2: turn 1\n"), "{story}");
    assert!(
        story.contains("\nloop 3:     3000.000 ms  timer 1 fires, 0ns after its tick\n"),
        "{story}"
    );
}

#[test]
fn a_variable_has_the_story_of_each_loop_written_to_a_file_of_its_own() {
    let directory = Directory::new("trace");
    let path = directory.0.join("run.txt");
    let (_, told) = run_child(&[("BOUCLE_TRACE", path.to_str().unwrap())]);
    assert_eq!(told, "");
    let story = |name: &str| std::fs::read_to_string(directory.0.join(name)).unwrap();
    assert!(story("run.txt").contains("task 2 `slow` is done"));
    assert!(story("run-2.txt").contains("\nturn 1\n"));
    assert!(story("run-3.txt").contains("    3000.000 ms  timer 1 fires"));
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 3);
}

#[cfg(feature = "trace")]
#[test]
fn a_variable_has_every_other_form_written_to_files_too() {
    let directory = Directory::new("forms");
    for form in ["html", "svg", "jsonl", "json"] {
        let path = directory.0.join(format!("run.{form}"));
        let (_, told) = run_child(&[("BOUCLE_TRACE", path.to_str().unwrap())]);
        assert_eq!(told, "");
        let text = |name: String| std::fs::read_to_string(directory.0.join(name)).unwrap();
        assert!(text(format!("run.{form}")).contains("slow"));
        // The second loop has no such task; but the page knows the word.
        assert!(!text(format!("run-2.{form}")).contains("slow") || form == "html");
        let word = if form == "jsonl" { "timer" } else { "sleep" };
        assert!(text(format!("run-3.{form}")).contains(word));
    }
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 12);
}

/// Several paths as the value of one variable.
fn joined(paths: &[PathBuf]) -> String {
    std::env::join_paths(paths).unwrap().into_string().unwrap()
}

#[cfg(feature = "trace")]
#[test]
fn one_run_is_written_in_all_forms_that_are_asked_for() {
    let directory = Directory::new("several");
    let forms = ["html", "svg", "jsonl", "json", "txt"];
    let mut paths = forms.map(|form| directory.0.join(format!("run.{form}"))).to_vec();
    paths.push("-".into());
    let (_, told) = run_child(&[("BOUCLE_TRACE", &joined(&paths))]);
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 3 * forms.len());
    let text = |name: &str| std::fs::read_to_string(directory.0.join(name)).unwrap();
    // It is the same run, to the nanosecond: each event of the one is in the other.
    let (page, lines) = (text("run.html"), text("run.jsonl"));
    let events = || lines.lines().filter(|line| line.starts_with("{\"at\":"));
    assert!(events().count() > 20, "{lines}");
    assert!(events().all(|event| page.contains(&event.replace('<', "\\u003c"))), "{lines}");
    assert!(text("run.svg").contains("slow") && text("run.json").contains("slow"));
    // The two stories too, but for the loop's number before each line.
    let first: String = told.lines().filter(|line| !line.starts_with("loop ")).collect();
    assert_eq!(first, text("run.txt").lines().collect::<String>());
}

#[cfg(feature = "trace")]
#[test]
fn only_the_page_of_several_forms_shows_another_run_beside() {
    let directory = Directory::new("beside");
    let [old, page, picture] =
        ["old.jsonl", "run.html", "run.svg"].map(|name| directory.0.join(name));
    run_child(&[("BOUCLE_TRACE", old.to_str().unwrap())]);
    let several = joined(&[picture.clone(), page.clone()]);
    let (told, _) =
        run_child(&[("BOUCLE_TRACE", &several), ("BOUCLE_COMPARE", old.to_str().unwrap())]);
    assert!(!told.contains("error: "), "{told}");
    let event = std::fs::read_to_string(old).unwrap().lines().nth(3).unwrap().to_owned();
    assert!(std::fs::read_to_string(page).unwrap().contains(&event.replace('<', "\\u003c")));
    assert!(picture.exists());
    let (told, _) = run_child(&[
        ("BOUCLE_TRACE", &joined(&[picture, "-".into()])),
        ("BOUCLE_COMPARE", "old.jsonl"),
    ]);
    assert!(told.contains("two runs are compared on a page"), "{told}");
}

#[test]
fn of_several_paths_the_bad_one_is_named_and_none_is_touched() {
    let directory = Directory::new("bad");
    let good = directory.0.join("run.txt");
    std::fs::write(&good, "old").unwrap();
    let (told, _) = run_child(&[("BOUCLE_TRACE", &joined(&[good.clone(), "run.png".into()]))]);
    assert!(told.contains("error: BOUCLE_TRACE=run.png is not understood: "), "{told}");
    assert_eq!(std::fs::read_to_string(good).unwrap(), "old");
}

#[test]
fn a_value_that_is_not_understood_is_an_error_that_says_what_is_possible() {
    let error = |name, value| {
        let (told, _) = run_child(&[(name, value)]);
        let start = told.find("error: ").unwrap_or_else(|| panic!("no error in {told}"));
        told[start..].lines().next().unwrap().to_owned()
    };
    for value in ["run", "run.png", "stderr", "run.TXT"] {
        let told = error("BOUCLE_TRACE", value);
        assert!(told.starts_with(&format!("error: BOUCLE_TRACE={value} is not understood")));
        for possible in ["`.html`", "`.svg`", "`.jsonl`", "`.json`", "`.txt`", "`-`"] {
            assert!(told.contains(possible), "{told}");
        }
    }
    #[cfg(not(feature = "trace"))]
    for value in ["run.html", "run.svg", "run.jsonl", "run.json"] {
        let told = error("BOUCLE_TRACE", value);
        assert!(told.contains("without the feature `trace` of boucle"), "{told}");
    }
    assert!(error("BOUCLE_DEBUG", "yes").contains("`1` reports slow polls"));
    for value in ["fifty", "-1", "1.5", "50ms"] {
        assert!(error("BOUCLE_SLOW_POLL_MS", value).contains("a whole number of milliseconds"));
    }
    let told = error("BOUCLE_TRACE", "/no/such/directory/run.txt");
    assert!(told.starts_with("error: BOUCLE_TRACE: cannot write /no/such/directory/run.txt: "));
}

/// Only runs as a child of the tests below.
#[test]
#[ignore = "the child process of other tests"]
fn day_child() {
    match EventLoop::new() {
        Err(error) => println!("error: {error}"),
        Ok(event_loop) => event_loop.block_on(async {
            let tasks = ["one", "two", "three"]
                .map(|name| spawn_named(name, async move { println!("task {name}") }));
            for task in tasks {
                task.await.unwrap();
            }
            let began = boucle::time::Instant::now();
            sleep(Duration::from_secs(86_400)).await;
            println!("task slept for {} s", began.elapsed().as_secs());
        }),
    }
}

/// What the tasks of that child say, if the environment says how to simulate.
fn simulated_child(value: &str) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "day_child", "--ignored", "--nocapture"]);
    let output = command.env("BOUCLE_SIMULATE", value).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // The first follows the test's name, on the same line.
    let told = |line: &str| line.find("error: ").or(line.find("task ")).map(|at| line[at..].into());
    text.lines().filter_map(told).collect()
}

#[test]
fn the_environment_makes_a_loop_a_simulated_one() {
    let in_order = ["task one", "task two", "task three", "task slept for 86400 s"];
    assert_eq!(simulated_child("in-order"), in_order);
    // Some seed draws another order, and the same one each time.
    let drawn: Vec<_> = (0..8).map(|seed| simulated_child(&seed.to_string())).collect();
    assert!(drawn.iter().any(|told| told != &in_order));
    assert!(drawn.iter().all(|told| told.len() == in_order.len()));
    assert_eq!(simulated_child("5"), drawn[5]);
}

#[test]
fn a_simulation_that_is_not_understood_is_refused_with_what_is_possible() {
    let told = simulated_child("always").concat();
    assert!(told.contains("BOUCLE_SIMULATE=always is not understood: `in-order`"), "{told}");
}
