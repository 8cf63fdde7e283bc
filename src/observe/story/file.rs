//! The file of a story: it says so once it can be written no more.
//!
//! A story is written while it happens, so its reader, who looks at the end of it to see where the
//! program hangs, must not take the end of a full disk for that.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that tells on the standard error stream what became of it.
pub(crate) struct StoryFile {
    /// The file.
    file: File,
    /// The path as its user knows it.
    path: PathBuf,
}

impl StoryFile {
    /// Makes the file at `path`, or empties the one that is there.
    pub(crate) fn create(path: &Path) -> io::Result<StoryFile> {
        let file = File::create(path).map_err(|error| refused(path, &error))?;
        Ok(StoryFile { file, path: path.to_owned() })
    }
}

impl Write for StoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).inspect_err(|error| {
            let told = refused(&self.path, error);
            // Nobody may listen there.
            let _ = writeln!(io::stderr(), "boucle: the story ends here: {told}");
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A path as messages show it: it may come from somebody else, and must not steer a terminal.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_string_lossy().escape_debug())
    }
}

/// The error for a path that cannot be written.
pub(crate) fn refused(path: &Path, error: &io::Error) -> io::Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => ": its directory must exist",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": choose a directory in which files can be made"
        }
        _ => "",
    };
    io::Error::new(error.kind(), format!("cannot write {}: {error}{remedy}", Shown(path)))
}
