//! A scene is run, and what it wrote is kept.
//!
//! The loop's window writes one form a run, so there are three runs: the page, the picture, the
//! story in words. The trace itself is taken out of the page, so that what a page shows and what is
//! computed for the prose are one run, even where runs differ. Runs of a simulated scene must not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Scene, within};
use crate::house::House;

/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What a run's page holds, between these.
const TRACE: (&str, &str) = ("<script type=\"text/plain\" id=\"trace\">", "</script>");

/// Runs a scene, if it was not since it was built. Its files stand in `house.scenes()`:
/// `.html`, `.svg`, `.jsonl`, `.story`, and last `.console`, which tells that all are there.
pub(crate) fn run(house: &House, scene: &Scene, executable: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("scene `{scene}`: {error}");
    let to = house.scenes();
    let stem = scene.stem();
    let console = to.join(format!("{stem}.console"));
    if is_newer(&console, executable) {
        return Ok(());
    }
    let work = to.join(format!(".{}-{stem}", own_number()));
    fs::create_dir_all(&work).map_err(told)?;
    let outcome = run_in(house, scene, executable, &work);
    let outcome = outcome.and_then(|()| {
        for form in ["html", "svg", "jsonl", "story", "console"] {
            let (from, to) = (work.join(format!("run.{form}")), to.join(format!("{stem}.{form}")));
            // A program without a loop has a console only.
            let moved = if from.exists() { fs::rename(from, to) } else { remove(&to) };
            moved.map_err(told)?;
        }
        Ok(())
    });
    fs::remove_dir_all(&work).map_err(told)?;
    outcome
}

fn run_in(house: &House, scene: &Scene, executable: &Path, work: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("scene `{scene}`: {error}");
    let mut consoles = Vec::new();
    for form in ["html", "svg", "txt"] {
        let mut command = plain(executable);
        command.current_dir(house.book()).env("BOUCLE_TRACE", work.join(format!("run.{form}")));
        consoles.push(console(scene, &mut command)?);
    }
    let page = work.join("run.html");
    if page.exists() {
        let page = fs::read_to_string(page).map_err(told)?;
        let trace = trace_of(&page).ok_or("the replay page holds no trace any more: see run.rs")?;
        if !scene.program.recorded && trace.contains(&*house.root.to_string_lossy()) {
            return Err(format!("the trace of `{scene}` names a folder of this machine"));
        }
        fs::write(work.join("run.jsonl"), trace).map_err(told)?;
        fs::rename(work.join("run.txt"), work.join("run.story")).map_err(told)?;
    }
    if !scene.program.recorded && consoles.iter().any(|console| *console != consoles[0]) {
        return Err(format!(
            "`{scene}` is simulated, but its runs print different things: take what is random out \
             of it, or say `//! Recorded: ` and why in its header"
        ));
    }
    fs::write(work.join("run.console"), &consoles[0]).map_err(told)
}

/// Makes the page of two scenes beside one another.
pub(crate) fn compare(
    house: &House,
    scene: &Scene,
    other: &Scene,
    executable: &Path,
) -> Result<PathBuf, String> {
    let to = house.scenes();
    let page = to.join(format!("{}--{}.html", scene.stem(), other.stem()));
    let other = to.join(format!("{}.jsonl", other.stem()));
    if is_newer(&page, executable) && is_newer(&page, &other) {
        return Ok(page);
    }
    let work = to.join(format!(".{}-{}.html", own_number(), scene.stem()));
    let mut command = plain(executable);
    command.current_dir(house.book()).env("BOUCLE_TRACE", &work).env("BOUCLE_COMPARE", other);
    console(scene, &mut command)?;
    fs::rename(work, &page).map_err(|error| format!("scene `{scene}`: {error}"))?;
    Ok(page)
}

impl Scene {
    /// How this scene runs, but for what is written.
    fn prepare(&self, command: &mut Command) {
        command.args(&self.argument);
        if !self.program.recorded {
            command.env("BOUCLE_SIMULATE", "in-order");
        }
    }
}

/// A number that no other run has, of this process or another.
fn own_number() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed))
}

/// The program with nothing of the caller's environment that would change it.
fn plain(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BOUCLE_") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
    command
}

/// Runs it to its end; what it printed.
fn console(scene: &Scene, command: &mut Command) -> Result<String, String> {
    scene.prepare(command);
    let ended = within(LIMIT, command).map_err(|error| format!("scene `{scene}`: {error}"))?;
    let Some(status) = ended.status else {
        return Err(format!("scene `{scene}` did not end within {} s", LIMIT.as_secs()));
    };
    if !status.success() {
        let last: Vec<&str> = ended.stderr.lines().rev().take(6).collect();
        let last: String = last.iter().rev().map(|line| format!("\n    {line}")).collect();
        return Err(format!("scene `{scene}` ended with {status}:{last}"));
    }
    Ok(ended.stdout)
}

/// The trace in a page: there, each `<` is written as `\u003c`, which no other backslash precedes.
fn trace_of(page: &str) -> Option<String> {
    let begin = page.find(TRACE.0)? + TRACE.0.len();
    let end = begin + page[begin..].find(TRACE.1)?;
    let mut trace = String::new();
    let mut rest = page[begin..end].trim_start_matches('\n');
    while let Some(at) = rest.find('\\') {
        trace.push_str(&rest[..at]);
        if let Some(after) = rest[at..].strip_prefix("\\u003c") {
            trace.push('<');
            rest = after;
        } else {
            // The backslash and what it escapes: an ASCII character, for this is JSON.
            trace.push_str(&rest[at..at + 2]);
            rest = &rest[at + 2..];
        }
    }
    trace.push_str(rest);
    Some(trace)
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |file: &Path| fs::metadata(file).and_then(|it| it.modified()).ok();
    matches!((time(file), time(than)), (Some(file), Some(than)) if file > than)
}

fn remove(file: &Path) -> std::io::Result<()> {
    if file.exists() { fs::remove_file(file) } else { Ok(()) }
}
