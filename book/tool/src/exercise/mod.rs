//! The exercises: `book/exercises/exercises.toml` names them.

mod command;
mod judge;

use serde::Deserialize;

use crate::house::House;

pub(crate) use command::{ci, exercise};
pub(crate) use judge::Whose;

/// Where they are named.
pub(crate) const PATH: &str = "book/exercises/exercises.toml";

/// One exercise.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exercise {
    /// As `cargo book exercise NAME` calls it.
    pub(crate) name: String,
    pub(crate) title: String,
    /// What is to be done, in Markdown.
    pub(crate) task: String,
    /// The file with the holes, from `book/exercises`.
    pub(crate) file: String,
    /// The test that judges it: its file's name without `.rs`.
    pub(crate) test: String,
    /// The chapter it belongs to, as `09-executor`.
    pub(crate) chapter: String,
    /// The scene whose trace is compared with that of the reference, if it has one.
    #[serde(default)]
    pub(crate) scene: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    exercise: Vec<Exercise>,
}

impl Exercise {
    /// All of them, in the order of the book.
    pub(crate) fn all(house: &House) -> Result<Vec<Exercise>, String> {
        let list: List =
            toml::from_str(&house.read(PATH)?).map_err(|error| format!("{PATH}: {error}"))?;
        Ok(list.exercise)
    }

    /// The one of this name.
    pub(crate) fn find(house: &House, name: &str) -> Result<Exercise, String> {
        let all = Exercise::all(house)?;
        all.iter().find(|exercise| exercise.name == name).cloned().ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|exercise| exercise.name.as_str()).collect();
            format!("there is no exercise `{name}`; there are {}", names.join(", "))
        })
    }
}
