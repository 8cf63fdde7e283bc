//! A scene is run, and what it wrote is kept.
//!
//! One run writes all forms: so picture, replay, story and figures agree even where runs differ. A
//! page of two scenes is made of what their runs wrote, and runs nothing.
//!
//! A recorded scene is run twice and the shorter run kept, since a machine that is busy with
//! something else leaves long gaps.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Scene, within};
use crate::house::House;

/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The forms of a trace, and what they are called here.
const FORMS: [(&str, &str); 4] =
    [("html", "html"), ("svg", "svg"), ("jsonl", "jsonl"), ("txt", "story")];

/// Where the trace of another run has its place in a page.
const PLACE: &str = "<script type=\"text/plain\" id=\"trace-b\">";

/// Runs a scene, if it was not since it was built, or since this program was. Its files stand in
/// `house.scenes()`: `.html`, `.svg`, `.jsonl`, `.story`, and last `.console`, which tells that all
/// are there.
pub(crate) fn run(house: &House, scene: &Scene, executable: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("scene `{scene}`: {error}");
    let to = house.scenes();
    let stem = scene.stem();
    let console = to.join(format!("{stem}.console"));
    let this_program = env::current_exe().map_err(told)?;
    if is_newer(&console, executable) && is_newer(&console, &this_program) {
        return Ok(());
    }
    let mut kept = run_once(house, scene, executable)?;
    if scene.program.recorded {
        let again = run_once(house, scene, executable)?;
        if again.length < kept.length {
            kept = again;
        }
    }
    for form in FORMS.map(|(_, name)| name).iter().chain(&["console"]) {
        let (from, to) = (kept.work.0.join(form), to.join(format!("{stem}.{form}")));
        // A program without a loop has a console only.
        let moved = if from.exists() { fs::rename(from, to) } else { remove(&to) };
        moved.map_err(told)?;
    }
    Ok(())
}

/// What a run left.
struct Run {
    /// Its files, each called as its form.
    work: Work,
    /// How long it took, by its own clock; nothing without a loop.
    length: Duration,
}

fn run_once(house: &House, scene: &Scene, executable: &Path) -> Result<Run, String> {
    let told = |error: std::io::Error| format!("scene `{scene}`: {error}");
    let work = Work::new(house, scene).map_err(told)?;
    let path = |(extension, _): &(&str, &str)| work.0.join(format!("run.{extension}"));
    let paths = env::join_paths(FORMS.iter().map(path)).map_err(|error| {
        format!(
            "{error}: a folder that leads to `{}` has that in its name",
            house.scenes().display()
        )
    })?;
    let program = titled(scene, executable, &work.0).map_err(told)?;
    let mut command = plain(&program);
    command.current_dir(house.book()).env("BOUCLE_TRACE", paths);
    fs::write(work.0.join("console"), console(scene, &mut command)?).map_err(told)?;
    for form in FORMS.iter().filter(|form| path(form).exists()) {
        fs::rename(path(form), work.0.join(form.1)).map_err(told)?;
    }
    let trace = work.0.join("jsonl");
    let trace =
        if trace.exists() { fs::read_to_string(trace).map_err(told)? } else { String::new() };
    if !scene.program.recorded && trace.contains(&*house.root.to_string_lossy()) {
        return Err(format!("the trace of `{scene}` names a folder of this machine"));
    }
    Ok(Run { work, length: end_of(&trace) })
}

/// A folder for a run, removed in the end.
struct Work(PathBuf);

impl Work {
    fn new(house: &House, scene: &Scene) -> std::io::Result<Work> {
        /// A number that no other run of this process has.
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let name = format!(".{}-{number}-{}", std::process::id(), scene.stem());
        let folder = house.scenes().join(name);
        fs::create_dir_all(&folder)?;
        Ok(Work(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What is left there disturbs nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program under a name that holds the argument of the scene: a trace has the file name of its
/// executable as its title, and two scenes of one program must be told apart.
fn titled(scene: &Scene, executable: &Path, work: &Path) -> std::io::Result<PathBuf> {
    let Some(argument) = &scene.argument else { return Ok(executable.to_owned()) };
    let mut name = OsString::from(executable.file_stem().unwrap_or_default());
    name.push(format!(" {argument}{}", env::consts::EXE_SUFFIX));
    let link = work.join(name);
    // Not every file system has links.
    fs::hard_link(executable, &link).or_else(|_| fs::copy(executable, &link).map(drop))?;
    Ok(link)
}

/// The time of the last event of a trace.
fn end_of(trace: &str) -> Duration {
    let last = trace.lines().last().and_then(|line| serde_json::from_str(line).ok());
    let last: serde_json::Value = last.unwrap_or_default();
    Duration::from_nanos(last["at"].as_u64().unwrap_or(0))
}

/// Makes the page of two scenes beside one another, of the same runs as their own pages: what
/// `BOUCLE_COMPARE` would have made of the first.
pub(crate) fn compare(house: &House, scene: &Scene, other: &Scene) -> Result<PathBuf, String> {
    let read = |scene: &Scene, form: &str| {
        let file = house.scenes().join(format!("{}.{form}", scene.stem()));
        fs::read_to_string(file).map_err(|error| format!("scene `{scene}` left no trace: {error}"))
    };
    let (page, trace) = (read(scene, "html")?, read(other, "jsonl")?);
    let empty = format!("{PLACE}</script>");
    let (before, after) = page
        .split_once(&empty)
        .ok_or("the replay page has no place for another run: see run.rs")?;
    // As in a page of one: in JSON a `<` stands in strings only.
    let trace = trace.replace('<', "\\u003c");
    let to = house.scenes().join(format!("{}--{}.html", scene.stem(), other.stem()));
    fs::write(&to, format!("{before}{PLACE}{trace}</script>{after}"))
        .map_err(|error| format!("scene `{scene}`: {error}"))?;
    Ok(to)
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

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |file: &Path| fs::metadata(file).and_then(|it| it.modified()).ok();
    matches!((time(file), time(than)), (Some(file), Some(than)) if file > than)
}

fn remove(file: &Path) -> std::io::Result<()> {
    if file.exists() { fs::remove_file(file) } else { Ok(()) }
}
