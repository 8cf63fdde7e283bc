//! Whether the book shows all that was made for it.

use std::collections::BTreeSet;
use std::fs;

use crate::book::{Assembled, Chapter};
use crate::exercise::{self, Exercise};
use crate::faults::{Faults, Place};
use crate::house::House;
use crate::scene::Scenes;

/// Listings, museum pieces, steps, exercises and goldens that no chapter shows.
pub(crate) fn check(house: &House, all: &Assembled, faults: &Faults) {
    let place = |file: &str| Place { file: file.to_owned(), line: 0 };
    let scenes: Vec<&str> = all.scenes.names().collect();
    let is_shown = |name: &str, folder: &str| {
        scenes.iter().any(|scene| scene.split(':').next() == Some(name))
            || all.cited.iter().any(|path| path.starts_with(folder))
    };
    for folder in ["book/listings/examples", "book/museum/examples", "book/steps"] {
        for entry in names(house, folder) {
            if entry.ends_with(".md") {
                continue;
            }
            let name = entry.trim_end_matches(".rs");
            let path = format!("{folder}/{entry}");
            if !is_shown(name, &path) {
                faults.add(&place(&path), "no chapter shows it: show it, or remove it");
            }
        }
    }
    let shown: BTreeSet<String> = all
        .chapters
        .iter()
        .flat_map(Chapter::directives)
        .filter(|directive| directive.name == "exercise")
        .filter_map(|directive| directive.words.first().cloned())
        .collect();
    match Exercise::all(house) {
        Ok(exercises) => {
            for exercise in exercises.iter().filter(|it| !shown.contains(&it.name)) {
                let told = format!("no chapter shows the exercise `{}`", exercise.name);
                faults.add(&place(exercise::PATH), told);
            }
        }
        Err(error) => faults.add(&place(exercise::PATH), error),
    }
    for name in unused(house, &all.scenes) {
        let told = "it belongs to no scene of the book: `cargo book bless` removes it";
        faults.add(&place(&format!("book/traces/{name}")), told);
    }
}

/// Removes golden files of no scene.
pub(crate) fn remove_unused(house: &House, scenes: &Scenes) -> anyhow::Result<()> {
    for name in unused(house, scenes) {
        fs::remove_file(house.traces().join(&name))?;
        println!("removed: {name}");
    }
    Ok(())
}

/// Golden files of no scene; one that could not be made keeps its own.
fn unused(house: &House, scenes: &Scenes) -> Vec<String> {
    let stems: BTreeSet<String> = scenes.names().map(|name| name.replace(':', "-")).collect();
    let recorded = scenes.all().filter(|made| made.scene.program.recorded);
    let recorded: BTreeSet<String> = recorded.map(|made| made.scene.stem()).collect();
    let is_unused = |name: &String| {
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        !stems.contains(stem) || recorded.contains(stem)
    };
    names(house, "book/traces").into_iter().filter(is_unused).collect()
}

/// The names in a folder; none if it is not there.
fn names(house: &House, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(house.root.join(folder)).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
