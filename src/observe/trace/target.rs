//! The target: the file that a trace will be, seen only when it is whole.
//!
//! That it can be written is found out when the loop is built, not when there is something to lose:
//! a file beside it is made and removed again. What stood at the path until now is removed too, so
//! that nobody takes an old trace for the new one. In the end the trace is written to the file
//! beside and renamed.
//!
//! ```text
//!     run.html        (nothing)          .run.html.4711.tmp  ------>  run.html
//!     of last time                                           rename
//! ```
//!
//! What is no ordinary file (a pipe, a link to a device), or may be written while its directory may
//! not, is opened at once and written in place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;

use crate::observe::story::file::refused;

/// Where a trace goes.
#[derive(Debug)]
pub(crate) struct Target {
    /// The path as its user knows it.
    path: PathBuf,
    /// How it is written.
    way: Way,
}

/// How a target is written.
#[derive(Debug)]
enum Way {
    /// Under another name, then renamed to this.
    Beside(PathBuf),
    /// Into this, which is open.
    Open(File),
}

impl Target {
    /// Makes sure that `path` can be written.
    pub(crate) fn new(path: &Path) -> io::Result<Target> {
        let way = if is_special(path) {
            Way::Open(OpenOptions::new().append(true).open(path).map_err(|e| refused(path, &e))?)
        } else {
            // If the path is a link, it shall stay one.
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            match create_beside(&real) {
                Ok(_) => {
                    fs::remove_file(beside(&real))?;
                    match fs::remove_file(&real) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(refused(path, &error));
                        }
                        _ => Way::Beside(real),
                    }
                }
                Err(error) => match OpenOptions::new().write(true).truncate(true).open(&real) {
                    Ok(file) => Way::Open(file),
                    Err(_) => return Err(refused(path, &error)),
                },
            }
        };
        Ok(Target { path: path.to_owned(), way })
    }

    /// The path as its user knows it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Has it written by `write`, which may be asked twice.
    pub(crate) fn write(
        &self,
        mut write: impl FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut into = |file: &File| {
            let mut to = BufWriter::with_capacity(64 << 10, file);
            write(&mut to)?;
            to.flush()
        };
        match &self.way {
            Way::Open(file) => into(file),
            Way::Beside(real) => {
                let beside = beside(real);
                let written = create_beside(real).and_then(|file| into(&file));
                let renamed = written.and_then(|()| match fs::rename(&beside, real) {
                    Ok(()) => Ok(()),
                    // The path may be a mount point by itself, which can be written, not replaced.
                    Err(_) if real.exists() => into(&File::create(real)?),
                    Err(error) => Err(error),
                });
                let _ = fs::remove_file(&beside);
                renamed
            }
        }
    }
}

/// Whether a path is none of an ordinary file, or not one that may be replaced.
fn is_special(path: &Path) -> bool {
    let is_other = fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
    is_other || path.starts_with("/dev") || path.starts_with("/proc")
}

/// The name under which a trace is written. Several processes may write the same one.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", process::id()))
}

/// Makes the file beside. One that is there already was left by a process that was killed while it
/// wrote, and had our number: in a container most programs have the same.
fn create_beside(path: &Path) -> io::Result<File> {
    let beside = beside(path);
    match File::create_new(&beside) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&beside)?;
            File::create_new(&beside)
        }
        made => made,
    }
}
