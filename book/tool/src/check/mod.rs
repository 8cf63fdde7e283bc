//! `cargo book check`: whether what the book shows is still so. `cargo book bless`: it shall be.

mod console;
mod golden;
mod links;
mod used;

use std::fs;

use crate::book::{self, Assembled, Missing};
use crate::faults::Faults;
use crate::house::House;

pub(crate) use golden::Golden;

/// Checks the whole book, or some chapters.
pub(crate) fn check(house: &House, wanted: &[String], faults: &Faults) -> anyhow::Result<()> {
    let assembled = book::assemble(house, wanted, faults, Missing::IsAFault)?;
    for made in assembled.scenes.all() {
        Golden::of(house, made).check(faults);
    }
    for chapter in &assembled.chapters {
        console::check(house, chapter, faults);
    }
    let work = book::work_folder(house);
    assembled.render(house, &work)?;
    links::check(&work, &assembled.chapters, faults)?;
    if wanted.is_empty() {
        used::check(house, &assembled, faults);
    }
    fs::remove_dir_all(work)?;
    Ok(())
}

/// Writes golden traces and consoles anew: all, or those of some scenes or chapters.
pub(crate) fn bless(house: &House, wanted: &[String], faults: &Faults) -> anyhow::Result<()> {
    let (chapters, scenes): (Vec<String>, Vec<String>) =
        wanted.iter().cloned().partition(|name| book::names_a_chapter(house, name));
    let some = |what: &str| match what {
        "chapters" => wanted.is_empty() || !chapters.is_empty(),
        _ => !scenes.is_empty(),
    };
    if some("scenes") {
        let all = book::assemble(house, &[], faults, Missing::Warns)?;
        for name in &scenes {
            let is_of = |scene: &str| scene == name || scene.split(':').next() == Some(name);
            let made: Vec<_> = all.scenes.all().filter(|made| is_of(&made.scene.name)).collect();
            anyhow::ensure!(
                !made.is_empty(),
                "no chapter and no scene that was made is called `{name}`"
            );
            for made in made {
                Golden::of(house, made).bless()?;
            }
        }
    }
    if some("chapters") {
        let Assembled { scenes, chapters: texts, .. } =
            book::assemble(house, &chapters, faults, Missing::Warns)?;
        for made in scenes.all() {
            Golden::of(house, made).bless()?;
        }
        for chapter in &texts {
            console::bless(house, chapter, faults)?;
        }
        if wanted.is_empty() {
            used::remove_unused(house, &scenes)?;
        }
    }
    Ok(())
}
