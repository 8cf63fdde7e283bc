//! How a program ends on its main thread, and what becomes of the traces of its loops. Without the
//! test harness, which has a main thread of its own: this program is its own child.

#[cfg(not(all(feature = "os", feature = "trace", target_os = "linux", target_env = "gnu")))]
fn main() {}

/// The ways to end, with the exit codes to which they lead.
#[cfg(all(feature = "os", feature = "trace", target_os = "linux", target_env = "gnu"))]
const WAYS: [(&str, i32); 5] =
    [("return", 0), ("error", 1), ("panic", 101), ("exit", 3), ("exit in a task", 3)];

#[cfg(all(feature = "os", feature = "trace", target_os = "linux", target_env = "gnu"))]
fn main() -> std::io::Result<()> {
    match std::env::var("BOUCLE_TEST_WAY") {
        Ok(way) => child(&way),
        Err(_) => WAYS.into_iter().try_for_each(|(way, code)| the_trace_is_there(way, code)),
    }
}

/// A program with a loop on the main thread, and one on another that never ends.
#[cfg(all(feature = "os", feature = "trace", target_os = "linux", target_env = "gnu"))]
fn child(way: &str) -> std::io::Result<()> {
    use boucle::EventLoop;
    use std::time::Duration;

    let event_loop = EventLoop::new()?;
    event_loop.block_on(async { boucle::task::spawn_named("fetch", async {}).await.unwrap() });
    std::thread::spawn(|| EventLoop::new().unwrap().block_on(std::future::pending::<()>()));
    std::thread::sleep(Duration::from_millis(100));
    match way {
        "return" => Ok(()),
        "error" => Err(std::io::Error::other("as wanted")),
        "panic" => event_loop.block_on(async { panic!("as wanted") }),
        "exit" => std::process::exit(3),
        _ => event_loop.block_on(async { std::process::exit(3) }),
    }
}

/// Runs the child, and looks at what it leaves.
#[cfg(all(feature = "os", feature = "trace", target_os = "linux", target_env = "gnu"))]
fn the_trace_is_there(way: &str, code: i32) -> std::io::Result<()> {
    let directory = std::env::temp_dir().join(format!("boucle-exit-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let output = std::process::Command::new(std::env::current_exe()?)
        .env("BOUCLE_TEST_WAY", way)
        .env("BOUCLE_TRACE", directory.join("run.jsonl"))
        .output()?;
    assert_eq!(output.status.code(), Some(code), "{way}: {output:?}");
    let read = |name: &str| std::fs::read_to_string(directory.join(name));
    let (main, other) = (read("run.jsonl")?, read("run-2.jsonl")?);
    assert!(main.contains("\"name\":\"fetch\""), "{way}");
    let last = other.lines().last().unwrap_or_default();
    assert!(last.contains("\"event\":\"wait_began\""), "{way}: {last}");
    assert_eq!(std::fs::read_dir(&directory)?.count(), 2, "{way}");
    std::fs::remove_dir_all(&directory)?;
    println!("the trace is there after: {way}");
    Ok(())
}
