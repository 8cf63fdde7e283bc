//! Scenes: runs of real programs, of which the book shows pictures, consoles and figures.
//!
//! ```text
//!     one_waiter       listings/examples/one_waiter.rs, or museum/examples/one_waiter.rs
//!     herd:naive       the same program run with an argument
//!     03-callbacks     the step steps/03-callbacks
//! ```
//!
//! A scene is simulated, and then the same on every machine, unless the header of its program says
//! `//! Recorded: ` and why.

mod build;
mod limit;
mod made;
mod run;

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::house::House;

pub(crate) use limit::within;
pub(crate) use made::{Made, Scenes};

/// A run of a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Scene {
    /// As chapters call it.
    pub(crate) name: String,
    pub(crate) program: Program,
    pub(crate) argument: Option<String>,
}

/// A program that scenes run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Program {
    /// The package that it belongs to.
    pub(crate) package: String,
    /// The example of that package; `None` for the package's own program.
    pub(crate) example: Option<String>,
    /// Its text, from the project's root.
    pub(crate) path: String,
    /// Whether its times are real enough to want an optimized program.
    pub(crate) release: bool,
    /// Whether it runs on the real loop.
    pub(crate) recorded: bool,
}

impl Scene {
    /// The scene of this name.
    pub(crate) fn find(house: &House, name: &str) -> Result<Scene, String> {
        let (program, argument) = match name.split_once(':') {
            Some((program, argument)) => (program, Some(argument.to_owned())),
            None => (name, None),
        };
        let is_plain = |text: &str| {
            !text.is_empty()
                && text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_.".contains(sign))
        };
        if !is_plain(program) || !argument.as_deref().is_none_or(is_plain) {
            return Err(format!(
                "`{name}` is no name of a scene: write PROGRAM or PROGRAM:ARGUMENT"
            ));
        }
        let program = Program::find(house, program)?;
        Ok(Scene { name: name.to_owned(), program, argument })
    }

    /// What its files are called.
    pub(crate) fn stem(&self) -> String {
        self.name.replace(':', "-")
    }

    /// The command that repeats it, in the folder `book`.
    pub(crate) fn command(&self) -> String {
        let Program { package, example, release, recorded, .. } = &self.program;
        let simulate = if *recorded { "" } else { "BOUCLE_SIMULATE=in-order " };
        let release = if *release { " --release" } else { "" };
        let which = match example {
            Some(example) => format!("--example {example}"),
            None => format!("-p {package}"),
        };
        let argument = self.argument.as_ref().map(|it| format!(" -- {it}")).unwrap_or_default();
        format!("{simulate}cargo run{release} {which}{argument}")
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Program {
    fn find(house: &House, name: &str) -> Result<Program, String> {
        let places = [
            (format!("book/listings/examples/{name}.rs"), "book/listings"),
            (format!("book/museum/examples/{name}.rs"), "book/museum"),
            (format!("book/steps/{name}/src/main.rs"), ""),
        ];
        let mut found = places.iter().filter(|(path, _)| house.root.join(path).is_file());
        let Some((path, folder)) = found.next() else {
            return Err(format!(
                "there is no scene `{name}`: none of {} exists",
                places.map(|(path, _)| path).join(", ")
            ));
        };
        if let Some((other, _)) = found.next() {
            return Err(format!("`{name}` is both {path} and {other}: rename one of them"));
        }
        let is_step = folder.is_empty();
        let folder = if is_step { format!("book/steps/{name}") } else { (*folder).to_owned() };
        let package = package_name(&house.root.join(folder).join("Cargo.toml"))?;
        let text = house.read(path)?;
        let header = || text.lines().take_while(|line| line.starts_with("//!"));
        Ok(Program {
            package,
            example: (!is_step).then(|| name.to_owned()),
            path: path.clone(),
            release: header().any(|line| line.contains("cargo run --release")),
            recorded: header().any(|line| line.starts_with("//! Recorded:")),
        })
    }
}

fn package_name(manifest: &PathBuf) -> Result<String, String> {
    let told = |error: &dyn fmt::Display| format!("{}: {error}", manifest.display());
    let text = fs::read_to_string(manifest).map_err(|error| told(&error))?;
    let table: toml::Table = text.parse().map_err(|error| told(&error))?;
    let name = table.get("package").and_then(|package| package.get("name"));
    name.and_then(|name| name.as_str()).map(str::to_owned).ok_or_else(|| told(&"it has no name"))
}
