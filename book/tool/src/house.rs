//! Where everything stands: the folders of the project.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The project's folders.
#[derive(Debug, Clone)]
pub(crate) struct House {
    /// The project's root.
    pub(crate) root: PathBuf,
}

impl House {
    /// As this program was compiled in it; so it works from any folder.
    pub(crate) fn find() -> anyhow::Result<House> {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = tool.ancestors().nth(2).context("the tool stands two folders below the root")?;
        anyhow::ensure!(
            root.join("book/src/SUMMARY.md").is_file(),
            "{} holds no book: build the tool anew, where the book is now",
            root.display()
        );
        Ok(House { root: root.to_owned() })
    }

    pub(crate) fn book(&self) -> PathBuf {
        self.root.join("book")
    }

    pub(crate) fn traces(&self) -> PathBuf {
        self.root.join("book/traces")
    }

    /// What may be thrown away and made again.
    pub(crate) fn target(&self) -> PathBuf {
        let chosen = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        chosen.unwrap_or_else(|| self.root.join("book/target"))
    }

    /// What scenes have made.
    pub(crate) fn scenes(&self) -> PathBuf {
        self.target().join("scenes")
    }

    /// The text of a file, by its path from the root.
    pub(crate) fn read(&self, path: &str) -> Result<String, String> {
        let is_inside = !path.starts_with('/') && path.split('/').all(|part| part != "..");
        if !is_inside {
            return Err(format!("`{path}`: paths are seen from the project's root"));
        }
        fs::read_to_string(self.root.join(path)).map_err(|error| {
            format!("cannot read `{path}`: {error}; paths are seen from the project's root")
        })
    }
}
