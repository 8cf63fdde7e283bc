//! The directives and their errors, with real files and real runs of this project.

mod checks;
mod excerpts;
mod expanding;
mod queries;

use std::collections::BTreeSet;

use crate::chapter::directives;
use crate::faults::Faults;
use crate::house::House;
use crate::page::{Needs, Numbered, Pages};
use crate::scene::Scenes;

fn house() -> House {
    House::find().unwrap()
}

/// What a chapter becomes, and what is wrong with it.
fn expanded(text: &str) -> (String, Vec<String>) {
    let (house, faults) = (house(), Faults::default());
    let mut needs = Needs::default();
    for directive in directives(text) {
        needs.directive(&directive);
    }
    let scenes = Scenes::make(&house, &needs.scenes, &needs.pairs).unwrap();
    let files = ["preface.md", "00-where.md", "09-executor.md", "12-timer-wheel.md"];
    let chapters = Numbered::of(files.into_iter());
    let out = Pages::new(&house, &scenes, &faults, chapters).chapter("book/src/test.md", text);
    (out, faults.texts())
}

/// Scenes of these names.
fn scenes(names: &[&str]) -> Scenes {
    let names: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    Scenes::make(&house(), &names, &BTreeSet::new()).unwrap()
}
