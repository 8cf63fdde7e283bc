//! Golden traces: what a simulated scene does and prints, as it was when somebody looked at it.

use std::fs;
use std::path::PathBuf;

use boucle::observe::History;

use crate::faults::{Faults, Place};
use crate::house::House;
use crate::scene::Made;

/// What is kept of a scene, beside what it is now.
pub(crate) struct Golden {
    scene: String,
    files: Vec<File>,
}

/// `traces/NAME.jsonl` or `traces/NAME.txt`.
struct File {
    path: PathBuf,
    kept: Option<String>,
    now: Option<String>,
}

impl Golden {
    /// Nothing is kept of a scene that is recorded.
    pub(crate) fn of(house: &House, made: &Made) -> Golden {
        let file = |form: &str, extension: &str| {
            let path = house.traces().join(format!("{}.{extension}", made.scene.stem()));
            File { kept: fs::read_to_string(&path).ok(), now: made.text(form).ok(), path }
        };
        let files = if made.scene.program.recorded {
            Vec::new()
        } else {
            vec![file("jsonl", "jsonl"), file("console", "txt")]
        };
        Golden { scene: made.scene.name.clone(), files }
    }

    /// Whether it is what is kept, byte for byte.
    pub(crate) fn check(&self, faults: &Faults) {
        for File { path, kept, now } in self.files.iter().filter(|file| file.kept != file.now) {
            let scene = &self.scene;
            let remedy = format!("see what changed, then `cargo book bless {scene}`");
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let place = |line| Place { file: format!("book/traces/{name}"), line };
            match (kept, now) {
                (None, _) => faults.add(&place(0), format!("`{scene}` has no golden; {remedy}")),
                (_, None) => faults.add(&place(0), format!("`{scene}` leaves none now; {remedy}")),
                (Some(kept), Some(now)) => {
                    let told = format!(
                        "`{scene}` does something else now: {}; {remedy}",
                        difference(kept, now)
                    );
                    faults.add(&place(first_line(kept, now)), told);
                }
            }
        }
    }

    /// Keeps what it is now.
    pub(crate) fn bless(&self) -> anyhow::Result<()> {
        for File { path, kept, now } in self.files.iter().filter(|file| file.kept != file.now) {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            match now {
                Some(now) => fs::write(path, now)?,
                None => fs::remove_file(path)?,
            }
            let what = if kept.is_none() { "new" } else { "changed" };
            println!("{what}: {}", path.file_name().unwrap_or_default().to_string_lossy());
        }
        Ok(())
    }
}

/// The first line that differs, from 1.
fn first_line(one: &str, other: &str) -> usize {
    1 + one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count()
}

/// The difference in words: of traces, the first turn in which the runs part.
fn difference(kept: &str, now: &str) -> String {
    let histories = [kept, now].map(|text| History::read(text.as_bytes()).ok());
    if let [Some(before), Some(after)] = &histories {
        return match before.first_difference(after) {
            Some(difference) => difference.to_string(),
            None if first_line(kept, now) == 1 => "the name of its program".to_owned(),
            None => "the places of its text".to_owned(),
        };
    }
    let line = first_line(kept, now) - 1;
    let of = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    format!("line {} was `{}`, and is `{}`", line + 1, of(kept), of(now))
}
